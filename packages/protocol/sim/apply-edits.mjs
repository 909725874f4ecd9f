/** Finds code however the formatter has broken its lines. */
function loosely(code) {
  const words = code
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
  return new RegExp(words.join('\\s+'), 'g')
}

/** Returns a source file with those edits that are meant for it; an edit that does not fit exactly once is an error. */
export function applyEdits(file, contents, edits) {
  let edited = contents
  for (const { find, replace } of edits.filter((edit) => edit.file === file)) {
    const parts = edited.split(loosely(find))
    if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times, not once: ${find}`)
    edited = parts.join(` ${replace} `)
  }
  return edited
}
