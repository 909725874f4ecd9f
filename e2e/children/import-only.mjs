// Importing has no effect: no timer, no listener, no output. The process ends at once.
const before = [process.getActiveResourcesInfo().length, process.eventNames().length]
await import('holdfast')
await import('holdfast/adaptive')
await import('holdfast/breaker')
await import('holdfast/rate')
await import('holdfast/testing')
const after = [process.getActiveResourcesInfo().length, process.eventNames().length]
const { tell } = await import('./tell.mjs')
tell({ before, after })
