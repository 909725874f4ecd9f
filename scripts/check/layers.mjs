// Imports point down only. The picture is in ARCHITECTURE.md, the same as data in layers.json.
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { runIfMain } from '../run/report-problems.mjs'
import { cyclesOf, importsOf, resolveRelative } from './imports.mjs'
import { filesUnder, packageNames } from './source-files.mjs'

const builtins = new Set(builtinModules)
const ruleFile = 'scripts/check/layers.json'

/**
 * Checks every import of the sources against the rules.
 * @param {string} root
 * @param {object} [rules] as in layers.json
 */
export function checkLayers(
  root,
  rules = JSON.parse(readFileSync(join(import.meta.dirname, 'layers.json'), 'utf8')),
) {
  const folders = packageFolders(root)
  const problems = []
  const graph = new Map()
  for (const [folder, name] of Object.entries(folders)) {
    const rule = rules.packages[folder]
    if (!rule) {
      problems.push(`packages/${folder}: has no rule; add it to "packages" in ${ruleFile}`)
      continue
    }
    for (const file of filesUnder(root, `packages/${folder}/src`, /\.ts$/)) {
      const seen = readImports(root, file)
      graph.set(
        file,
        seen.flatMap(({ target }) => target ?? []),
      )
      const context = { root, rules, rule, folders, folder, name, file }
      problems.push(...unplaced(context), ...seen.flatMap((one) => judge(context, one)))
    }
  }
  problems.push(...outsiders(root, rules, folders))
  problems.push(...cyclesOf(graph).map((way) => `${[...way, way[0]].join(' -> ')}: imports form a circle`))
  return { problems, report: `${graph.size} files` }
}

function packageFolders(root) {
  return Object.fromEntries(
    packageNames(root).map((folder) => {
      const { name } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
      return [folder, name]
    }),
  )
}

function readImports(root, file) {
  return importsOf(root, file).map((name) => ({
    name,
    target: name.startsWith('.') ? resolveRelative(root, file, name) : undefined,
  }))
}

/** Names the rules that one import breaks. */
function judge(context, { name, target }) {
  const { file } = context
  const broken = name.startsWith('.') ? judgeRelative(context, name, target) : judgeBare(context, name)
  return broken.map((rule) => `${file}: imports '${name}': ${rule}`)
}

function judgeRelative({ rules, folder, file }, name, target) {
  if (!target) return ['no such file; relative imports end in .ts']
  if (!target.startsWith(`packages/${folder}/src/`))
    return ['another package is imported by its name, not by its path']
  const inside = target.slice(`packages/${folder}/src/`.length)
  if (/(^|\/)index\.ts$/.test(inside)) return ['nobody imports index.ts; import the file that has it']
  const layers = rules.layers[folder]
  if (!layers) return []
  const [from, to] = [layerOf(layers, folder, file), layerOf(layers, folder, target)]
  if (from === -1 || to === -1 || to <= from) return []
  return [`imports point down: layer ${from + 1} does not know layer ${to + 1}`]
}

function judgeBare({ rules, rule, folders, folder, file }, name) {
  const packageName = packageOf(name)
  if (name.startsWith('node:') || builtins.has(packageName)) {
    return rule.nodeBuiltins ? [] : [`${folder} runs in browsers and has no Node built-ins`]
  }
  const other = Object.keys(folders).find((one) => folders[one] === packageName)
  if (other === folder) return ['a package imports its own files by relative paths']
  if (other && !rule.may.includes(other))
    return [`${folder} does not know ${other}; it may know: ${list(rule.may)}`]
  const homes = rules.onlyIn[packageName]
  if (homes && !homes.includes(file)) return [`only ${homes.join(', ')} knows ${packageName}`]
  return []
}

/** A file of a layered package must have its place in the list: a new file is a decision. */
function unplaced({ rules, folder, file }) {
  const layers = rules.layers[folder]
  if (!layers || layerOf(layers, folder, file) !== -1) return []
  return [`${file}: stands in no layer; add it to "layers" in ${ruleFile}`]
}

function layerOf(layers, folder, file) {
  const inside = file.slice(`packages/${folder}/src/`.length)
  return layers.findIndex((layer) =>
    layer.some((place) => (place.endsWith('/') ? inside.startsWith(place) : inside === `${place}.ts`)),
  )
}

/** What stands outside of `packages/` uses the published packages by their public names only. */
function outsiders(root, rules, folders) {
  return Object.entries(rules.publicOnly).flatMap(([folder, may]) =>
    filesUnder(root, folder, /\.(ts|tsx|js|mjs)$/).flatMap((file) =>
      readImports(root, file).flatMap(({ name, target }) => {
        if (target?.startsWith('packages/'))
          return [`${file}: imports '${name}': ${folder} uses public exports only`]
        const other = Object.keys(folders).find((one) => folders[one] === packageOf(name))
        if (!other || may.includes(other)) return []
        return [`${file}: imports '${name}': ${folder} does not know ${other}; it may know: ${list(may)}`]
      }),
    ),
  )
}

function packageOf(name) {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

function list(names) {
  return names.length === 0 ? 'no other package' : names.join(', ')
}

await runIfMain(import.meta.url, checkLayers)
