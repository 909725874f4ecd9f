const watchEveryMs = 250

/**
 * Resolves when this process is asked to end: by a signal, or because the process that started it is gone. `npm` runs a
 * script through a shell, and a shell that is killed takes nobody with it.
 * @returns {Promise<string>} what asked
 */
export function askedToEnd() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve(signal))
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(watch)
      resolve('the end of the parent process')
    }, watchEveryMs)
    watch.unref()
  })
}
