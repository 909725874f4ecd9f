/** Where a client core stands; `ended` is final. */
export type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'hello'; readonly attempt: number }
  | { readonly name: 'live'; readonly attempt: number; readonly ext: readonly string[] }
  | { readonly name: 'leaving'; readonly attempt: number; readonly code: number }
  | { readonly name: 'ended' }
