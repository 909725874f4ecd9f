/** Says what of Node, or of an implementation of the protocol, is in code for browsers. */
export function judgeCode(name: string, code: string): readonly string[]
