const clockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const numberFormat = new Intl.NumberFormat('en')

/** 12:05:09 */
export const clockTime = (atMs: number): string => clockFormat.format(atMs)

/** 8,192 */
export const whole = (value: number): string =>
  Number.isFinite(value) ? numberFormat.format(value) : 'any number'

/** 320 ms, 2.4 s, 3 s, 3 min 5 s */
export function duration(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000)
    return `${Math.max(0, ms / 1_000)
      .toFixed(1)
      .replace('.0', '')} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** One message, 3 messages */
export const count = (value: number, noun: string): string =>
  `${whole(value)} ${noun}${value === 1 ? '' : 's'}`
