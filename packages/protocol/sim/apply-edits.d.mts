import type { Mutant } from './mutant-list.mjs'
export declare function applyEdits(file: string, contents: string, edits: Mutant['edits']): string
