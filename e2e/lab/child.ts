import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Diary } from './diary.ts'

/** What a child said: one object per line. */
export type Told = Readonly<Record<string, unknown>>

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly told: readonly Told[]
  /** What it wrote to stderr: nothing, if all is well. */
  readonly stderr: string
}

/** A child process that runs one of the files in `children/`. */
export interface Child {
  readonly process: ChildProcess
  readonly told: Diary<Told>
  readonly ended: Promise<ChildEnd>
}

/** Starts a child; one that has not ended after 45 s is killed. @param options.flags are for Node itself */
export function startChild(
  file: string,
  args: readonly string[] = [],
  { flags = [] }: { readonly flags?: readonly string[] } = {},
): Child {
  const path = fileURLToPath(new URL(`../children/${file}`, import.meta.url))
  const child = spawn(process.execPath, [...flags, path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const told = new Diary<Told>(file)
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += String(data)
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => told.push(JSON.parse(line) as Told))
  const tooLate = setTimeout(() => child.kill('SIGKILL'), 45_000)
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(tooLate)
      resolve({ code, signal, told: told.all, stderr })
    })
  })
  return { process: child, told, ended }
}

/** Runs a child to its end. */
export function runChild(...args: Parameters<typeof startChild>): Promise<ChildEnd> {
  return startChild(...args).ended
}
