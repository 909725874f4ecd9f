import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

/**
 * Lists what an application can import from an entry without finding a doc comment: exports, every option, and what can be
 * called on exported classes and interfaces. A member that implements a documented one is documented.
 * @param {string} root
 * @param {readonly string[]} entries files, as paths from the root; one that does not exist is left out
 * @returns {string[]}
 */
export function undocumentedExports(root, entries) {
  const files = entries.map((file) => join(root, file)).filter(existsSync)
  const program = ts.createProgram(files, compilerOptions(root))
  const checker = program.getTypeChecker()
  const found = new Set()
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file))
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      for (const [name, of] of [[exported.name, symbol], ...members(checker, symbol, exported.name)]) {
        if (!isOurs(root, of) || of.getDocumentationComment(checker).length > 0) continue
        found.add(`${placeOf(root, of)}: ${name} is public and has no doc comment`)
      }
    }
  }
  return [...found].sort((a, b) => a.localeCompare(b))
}

function compilerOptions(root) {
  const path = join(root, 'tsconfig.json')
  if (!existsSync(path))
    return { module: ts.ModuleKind.Preserve, allowImportingTsExtensions: true, noLib: true }
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file))
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options
}

/** Options always need words: unit, default, what 0 means. Of other members those that are called; data speaks by its name. */
function members(checker, symbol, owner) {
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return []
  if (owner.endsWith('Like')) return [] // the part of a platform's type that is used: documented there
  return [...(symbol.members?.values() ?? [])]
    .filter((member) => member.declarations?.some(isVisible))
    .filter((member) => owner.endsWith('Options') || isCalled(checker, member))
    .map((member) => [`${owner}.${member.name}`, member])
}

function isCalled(checker, member) {
  const [declaration] = member.declarations
  const type = checker.getTypeOfSymbolAtLocation(member, declaration)
  return checker.getNonNullableType(type).getCallSignatures().length > 0
}

function isVisible(declaration) {
  if (ts.isConstructorDeclaration(declaration) || ts.isTypeParameterDeclaration(declaration)) return false
  if (!declaration.name || !ts.isIdentifier(declaration.name)) return false
  return !(ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private)
}

function isOurs(root, symbol) {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName
  return file !== undefined && !file.includes('/node_modules/') && !relative(root, file).startsWith('..')
}

function placeOf(root, symbol) {
  const [declaration] = symbol.declarations
  const source = declaration.getSourceFile()
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart(source))
  return `${relative(root, source.fileName)}:${line + 1}`
}
