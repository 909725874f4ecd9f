import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readCommand } from '../src/cli-arguments.ts'

// The example manifests start the command with arguments it knows, and give it the time it asks for.

const fileOf = (name: string) => fileURLToPath(new URL(`../deploy/${name}`, import.meta.url))
const read = (name: string) => readFileSync(fileOf(name), 'utf8')

const quoted = (list: string) => [...list.matchAll(/["']([^"']+)["']/g)].map(([, word = '']) => word)

const argumentsOf: Record<string, () => string[]> = {
  Dockerfile: () => quoted(/^CMD \[(.*)\]$/m.exec(read('Dockerfile'))?.[1] ?? ''),
  'kubernetes.yaml': () => quoted(/^ +args: \[(.*)\]$/m.exec(read('kubernetes.yaml'))?.[1] ?? ''),
  'holdfast-server.service': () =>
    (/^ExecStart=.* node \S+ (.*)$/m.exec(read('holdfast-server.service'))?.[1] ?? '').split(' '),
}

test.each(Object.keys(argumentsOf))('%s gives the command arguments that it takes', (name) => {
  expect(readCommand(argumentsOf[name]?.() ?? [])).toMatchObject({
    name: 'serve',
    json: true,
    deadlineMs: 25_000,
    options: { host: '0.0.0.0', port: 8787 },
  })
})

test('what supervises the server waits longer than the server asks its clients to take', () => {
  const grace = Number(/terminationGracePeriodSeconds: (\d+)/.exec(read('kubernetes.yaml'))?.[1])
  const preStop = Number(/'sleep', '(\d+)'/.exec(read('kubernetes.yaml'))?.[1])
  expect(grace).toBeGreaterThan(preStop + 25)
  expect(Number(/TimeoutStopSec=(\d+)/.exec(read('holdfast-server.service'))?.[1])).toBeGreaterThan(25)
})

test('probes ask for what the server answers', () => {
  const paths = [...read('kubernetes.yaml').matchAll(/path: (\S+),/g)].map(([, path]) => path)
  expect(paths).toEqual(['/readyz', '/readyz', '/healthz'])
  expect(read('Dockerfile')).toContain('/healthz')
})

test('the systemd unit has no mistakes that systemd can see', (context) => {
  const { error, status, stderr } = spawnSync(
    'systemd-analyze',
    ['verify', fileOf('holdfast-server.service')],
    {
      encoding: 'utf8',
    },
  )
  if (error !== undefined) return context.skip('systemd-analyze is not installed here')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return undefined
})
