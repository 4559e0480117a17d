/** Type-checks blocks as modules of a package, against the sources of the workspace. */
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { repository } from './pages.js'

/** What is to be compiled: the folder decides which packages it can import. */
export interface Module {
  /** The page that it is in. */
  readonly page: string
  /** Not a file that has to exist. */
  readonly file: string
  readonly code: string
  /** Line of the page on which the code begins. */
  readonly line: number
}

/** Messages by module, for those that have any. One program for all, since the packages' sources are the same. */
export function typeErrors(modules: readonly Module[]): Map<Module, string[]> {
  const { config } = ts.readConfigFile(join(repository, 'tsconfig.base.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...(config as { compilerOptions: object }).compilerOptions,
      lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.AsyncIterable'],
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      typeRoots: [join(repository, 'node_modules/@types')],
    },
    repository,
  )
  const texts = new Map(modules.map((module) => [module.file, module.code]))
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.fileExists = (path) => texts.has(path) || disk.fileExists(path)
  host.readFile = (path) => texts.get(path) ?? disk.readFile(path)
  host.directoryExists = (path) =>
    modules.some(({ file }) => dirname(file) === path) || disk.directoryExists?.(path) === true
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path)
    return text === undefined
      ? disk.getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, text, version, true)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  const found = new Map<Module, string[]>()
  for (const module of modules) {
    const source = program.getSourceFile(module.file)!
    const messages = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const { line } = source.getLineAndCharacterOfPosition(start)
        return `line ${module.line + line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      },
    )
    if (messages.length > 0) found.set(module, messages)
  }
  return found
}
