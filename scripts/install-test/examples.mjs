// The examples of a README as programs: each block as an ES module and as CommonJS, in the folder where its packages were installed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { codeBlocks, runnableBlocks } from '../code-blocks.mjs'

/**
 * The blocks of a README that run, each with its programs. Words in the info string: `no-run`, `needs=clang`, and `file=NAME`, which
 * puts the block there for those that follow.
 * @returns {{ line: number, shell?: string, code: string, needs?: string, programs: { format: 'esm' | 'cjs', file: string, code: string }[], imports: string[], language: string }[]}
 */
export function examplesOf(markdown) {
  return runnableBlocks(markdown).map(({ language, attributes, code, line }) => {
    const value = (name) => attributes.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
    const common = { line, language, code, needs: value('needs') }
    if (language === 'sh') return { ...common, shell: code, programs: [], imports: [] }
    const programs = []
    if (language !== 'cjs')
      programs.push({ format: 'esm', file: `block-${line}.mjs`, code: language === 'ts' ? toEsm(code) : code })
    if (language !== 'mjs')
      programs.push({ format: 'cjs', file: `block-${line}.cjs`, code: language === 'cjs' ? code : toCommonJs(code) })
    return { ...common, programs, imports: importsOf(code) }
  })
}

/** The lines of `sh` blocks that install a package, of those that a test does not run too: they are what a reader does first. */
export function installLines(markdown, name) {
  return codeBlocks(markdown)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .filter((line) => /^npm install\s/.test(line) && line.split(/\s+/).includes(name))
}

/** Writes the blocks that are files, of whatever language: `file=scale.metal`. */
export function writeFiles(markdown, folder) {
  for (const { attributes, code } of codeBlocks(markdown)) {
    const name = attributes.find((word) => word.startsWith('file='))?.slice('file='.length)
    if (name !== undefined) writeFileSync(join(folder, name), code)
  }
}

const options = { target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: false, esModuleInterop: true }
const imported = /^import\s[^'"]*['"]([^'"]+)['"];?[^\S\n]*(?:\/\/.*)?$/gm

function toEsm(code) {
  return ts.transpileModule(code, { compilerOptions: { ...options, module: ts.ModuleKind.ES2022 } }).outputText
}

/** `await` at the top is not for CommonJS: what is no import or export moves into an async function. */
function toCommonJs(code) {
  const imports = [...code.matchAll(imported)].map(([text]) => text)
  const rest = code.replace(imported, '')
  const body = /^export\s/m.test(rest)
    ? rest
    : `async function main() {\n${rest}\n}\nmain().catch((error: unknown) => { console.error(error); process.exit(1) })`
  const compilerOptions = { ...options, module: ts.ModuleKind.CommonJS }
  return ts.transpileModule(`${imports.join('\n')}\n${body}`, { compilerOptions }).outputText
}

/** Packages that a block imports; not Node's own, not files. */
function importsOf(code) {
  return [...code.matchAll(imported)]
    .map(([, specifier]) => specifier)
    .filter((specifier) => !/^(node:|[./])/.test(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
}
