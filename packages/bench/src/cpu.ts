/** Tells the CPU time that this process has used up, system calls included, in microseconds. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
