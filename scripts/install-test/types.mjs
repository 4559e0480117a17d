// TypeScript's view of the examples: the packages' declarations as npm installed them.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const nodeTypes = fileURLToPath(new URL('../../node_modules/@types', import.meta.url))

/** Type errors of the `ts` blocks, as text; undefined without any. */
export function typeFaults(examples, folder) {
  const files = examples
    .filter(({ language }) => language === 'ts')
    .flatMap(({ line, code }) => {
      const extensions = /^\s*await\s|[^\w]await\s|^using\s/m.test(code) ? ['mts'] : ['mts', 'cts']
      return extensions.map((extension) => {
        const file = join(folder, `block-${line}.${extension}`)
        writeFileSync(file, `${code}\nexport {}\n`)
        return file
      })
    })
  if (files.length === 0 || !existsSync(join(folder, 'node_modules'))) return undefined
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    typeRoots: [nodeTypes],
    types: ['node'],
  })
  const faults = ts.getPreEmitDiagnostics(program).filter(({ file }) => !file?.fileName.startsWith(nodeTypes))
  if (faults.length === 0) return undefined
  return ts.formatDiagnostics(faults.slice(0, 5), {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => '\n',
  })
}
