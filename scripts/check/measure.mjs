import ts from 'typescript'

/**
 * Measures a source file. A code line is a line on which some code stands: comments and blank lines do not count.
 * @param {ts.SourceFile} source
 * @returns {{ codeLines: number, functions: { name: string, line: number, codeLines: number }[] }}
 */
export function measure(source) {
  const lines = codeLineNumbers(source)
  const functions = []
  const visit = (node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const [first, last] = [node.getStart(source), node.end].map((at) => lineOf(source, at))
      const codeLines = lines.filter((line) => line >= first && line <= last).length
      functions.push({ name: nameOf(node, source), line: first + 1, codeLines })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { codeLines: lines.length, functions }
}

function codeLineNumbers(source) {
  const lines = new Set()
  const visit = (node) => {
    const children = node.getChildren(source)
    if (children.length > 0) {
      for (const child of children) if (!ts.isJSDoc(child)) visit(child)
    } else if (node.end > node.getStart(source)) {
      const [first, last] = [node.getStart(source), node.end].map((at) => lineOf(source, at))
      for (let line = first; line <= last; line += 1) lines.add(line)
    }
  }
  visit(source)
  return [...lines]
}

function lineOf(source, position) {
  return source.getLineAndCharacterOfPosition(position).line
}

function nameOf(node, source) {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined)
  return named?.getText(source) ?? (ts.isConstructorDeclaration(node) ? 'constructor' : 'function')
}

/** Tells the middle of numbers; of an even count, the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}
