import {
  HttpTransportType,
  HubConnectionBuilder,
  type IHttpConnectionOptions,
  LogLevel,
} from '@microsoft/signalr'
import { WebSocket } from 'ws'
import type { Start } from '../contender.ts'

/** SignalR with its JSON protocol, against a server of a few lines: an invocation each way. */
export const startSignalr: Start = ({ url, setup, events }) => {
  // The newer `ws` that the others use as well; its types keep this option to themselves.
  const options = { skipNegotiation: true, transport: HttpTransportType.WebSockets, WebSocket }
  const builder = new HubConnectionBuilder()
    .withUrl(url.replace('ws:', 'http:'), options as IHttpConnectionOptions)
    .configureLogging(LogLevel.None)
    .withAutomaticReconnect(setup === 'eager' ? Array(100).fill(50) : [0, 2_000, 10_000, 30_000])
  if (setup === 'watchful') builder.withServerTimeout(1_500).withKeepAliveInterval(1_000)
  const connection = builder.build()
  connection.on('echo', (data: unknown) => events.message(data))
  connection.onreconnecting(() => events.lost?.())
  const send = (message: unknown) => void connection.send('echo', message).catch(() => {})
  return { link: { send, close: () => void connection.stop() }, opened: connection.start() }
}
