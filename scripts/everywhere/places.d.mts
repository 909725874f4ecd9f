/** Runtimes with a WebSocket of their own beside `ws`. */
export const withOwnSocket: readonly string[]
/** Bundler, by its name in the table, to its name in bundlers/build.mjs. */
export const bundlers: Readonly<Record<string, { readonly build: string; readonly server?: boolean }>>
/** Compiler, by its name in the table, to the set of tools that has it. */
export const compilers: Readonly<Record<string, string>>
