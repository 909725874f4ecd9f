import { ChaosError } from './chaos-error.ts'

/** Says in words why a port could not be opened. */
export function listenError(
  what: string,
  host: string,
  port: number,
  cause: NodeJS.ErrnoException,
): ChaosError {
  if (cause.code === 'EADDRINUSE')
    return new ChaosError('port-in-use', `${what}: port ${port} on ${host} is already in use`, { cause })
  return new ChaosError(
    'listen-failed',
    `${what}: cannot listen on ${host}:${port} (${cause.code ?? cause.message})`,
    {
      cause,
    },
  )
}
