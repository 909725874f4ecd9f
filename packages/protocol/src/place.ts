/** Where a server session stands. */
export type Place =
  | { readonly name: 'detached' }
  | { readonly name: 'attached'; readonly connection: number }
  | { readonly name: 'leaving'; readonly connection: number }
  | { readonly name: 'ended' }
