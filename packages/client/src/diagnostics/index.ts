// For applications, in Node; elsewhere it does nothing.
export {
  type DiagnosticsEvents,
  type DiagnosticsMessage,
  publishDiagnostics,
} from './publish-diagnostics.ts'
