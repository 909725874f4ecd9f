import * as holdfast from 'holdfast'
import { WebSocket } from 'ws'
import { certificate } from './backend.ts'
import type { Environment } from './lab.ts'

/** Node, with the built package. @param secure trusts the certificate of the tests */
export function nodeEnvironment({ secure }: { readonly secure: boolean }): Environment {
  const createSocket: holdfast.CreateSocket = (url, protocols, { headers }) =>
    new WebSocket(url, [...protocols], { ca: certificate.cert, headers, perMessageDeflate: false }) as never
  return { name: 'node', holdfast, options: secure ? { createSocket } : {} }
}
