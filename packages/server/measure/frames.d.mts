import type { Socket } from 'node:net'

export function upgradeText(host: string, port: number, protocol?: string): string
export function textFrame(text: string): Buffer
export function openRaw(where: {
  readonly host: string
  readonly port: number
  readonly protocol?: string
  readonly onBytes?: (chunk: Buffer) => void
}): Promise<Socket>
