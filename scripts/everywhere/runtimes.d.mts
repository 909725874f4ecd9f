/** The names of the runtimes. */
export const runtimes: readonly string[]
/** Gives the program of a runtime. Throws when it is not installed. */
export function programOfRuntime(runtime: string): string
/** Gives the pinned version of a runtime. */
export function versionOfRuntime(runtime: string): string | undefined
