import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'

/**
 * Reads what a file imports, exports from, or imports dynamically; types count as well.
 * @returns {string[]} the names as written
 */
export function importsOf(root, file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
  return importedFiles.map(({ fileName }) => fileName)
}

/** Tells which file a relative import means, as a path from the root; `undefined` when there is none. */
export function resolveRelative(root, file, name) {
  const path = posix.join(dirname(file).replaceAll('\\', '/'), name)
  return existsSync(join(root, path)) ? path : undefined
}

/**
 * Finds circles in a graph of files.
 * @param {ReadonlyMap<string, readonly string[]>} graph file to the files it imports
 * @returns {string[][]} each circle as the files on its way
 */
export function cyclesOf(graph) {
  const cycles = []
  const finished = new Set()
  const visit = (file, way) => {
    const seenAt = way.indexOf(file)
    if (seenAt !== -1) return cycles.push(way.slice(seenAt))
    if (finished.has(file)) return undefined
    for (const next of graph.get(file) ?? []) visit(next, [...way, file])
    return finished.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}
