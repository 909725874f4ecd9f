/** Prints what was measured. Seen with `vitest run --project e2e`; the one-line reporter of `npm test` leaves it out. */
export function measured(text: string): void {
  process.stdout.write(`measured: ${text}\n`)
}
