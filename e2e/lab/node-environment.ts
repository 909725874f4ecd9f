import * as holdfast from 'holdfast'
import { resume } from 'holdfast/resume'
import { WebSocket } from 'ws'
import { certificate } from './backend.ts'
import type { Environment, Mode } from './lab.ts'

/** Node, with the built package. @param secure trusts the certificate of the tests */
export function nodeEnvironment({
  secure,
  mode,
}: {
  readonly secure: boolean
  readonly mode: Mode
}): Environment {
  const trust = { ca: certificate.cert, perMessageDeflate: false }
  const socket = (url: string, protocols: string[]) => new WebSocket(url, protocols, trust) as never
  const createSocket: holdfast.CreateSocket = (url, protocols, { headers }) =>
    new WebSocket(url, [...protocols], { ...trust, headers })
  return { name: 'node', mode, holdfast, resume, socket, options: secure ? { createSocket } : {} }
}
