/** The API reference of every package, by typedoc from the sources. */
import { readFile } from 'node:fs/promises'
import {
  Application,
  Comment,
  type CommentDisplayPart,
  Converter,
  type ProjectReflection,
  ReferenceType,
  ReflectionKind,
} from 'typedoc'
import { docs, packages, pages, repository } from './paths.js'

interface EntryPoint {
  /** `fp4-quant`, `fp4-quant/parallel`. */
  readonly name: string
  readonly file: string
  /** What the package says it is; an entry of its own, what its source says. */
  readonly summary: string
}

/** One program for all packages, so that types of one link to those of another. */
export async function writeApiReference(): Promise<void> {
  const entries = await entryPoints()
  const app = await Application.bootstrapWithPlugins({
    entryPoints: entries.map(({ file }) => file),
    tsconfig: `${docs}typedoc.tsconfig.json`,
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    skipErrorChecking: true,
    logLevel: 'Error',
    validation: false,
    name: 'API',
    basePath: repository,
    out: `${pages}api`,
    ...markdownOptions,
  })
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: { project: ProjectReflection }) => {
    rename(project, entries)
    shortenKernels(project)
  })
  const project = await app.convert()
  if (project === undefined)
    throw new Error('[docs] expected typedoc to read the sources, got nothing. See its messages.')
  await app.generateOutputs(project)
}

/** A page for each function, class and type, with tables, and links that VitePress checks. */
const markdownOptions = {
  outputFileStrategy: 'members',
  entryFileName: 'index',
  publicPath: '/api/',
  hidePageHeader: true,
  hideBreadcrumbs: false,
  useCodeBlocks: true,
  expandParameters: false,
  excludeScopesInPaths: true,
  parametersFormat: 'table',
  propertiesFormat: 'table',
  interfacePropertiesFormat: 'table',
  enumMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  indexFormat: 'table',
  tableColumnSettings: { hideSources: true, hideInherited: true, hideOverrides: true, hideModifiers: true },
  sanitizeComments: true,
}

/** Every entry point of every package, without benchmarks and the script of workers, which export nothing to call. */
async function entryPoints(): Promise<EntryPoint[]> {
  const found: EntryPoint[] = []
  for (const { name, folder } of packages) {
    const manifest = JSON.parse(await readFile(`${repository}${folder}/package.json`, 'utf8')) as {
      description: string
      exports: Record<string, Record<string, unknown> | string>
    }
    for (const [path, conditions] of Object.entries(manifest.exports)) {
      if (typeof conditions === 'string' || path === './bench' || path === './worker') continue
      const source = conditions['@metal-fp4/source']
      if (typeof source !== 'string') continue
      const file = `${repository}${folder}/${source.slice(2)}`
      const opening = /^\/\*\* (.*?) \*\//.exec(await readFile(file, 'utf8'))?.[1]
      const summary = path === '.' ? manifest.description : (opening ?? '')
      found.push({ name: name + path.slice(1), file, summary })
    }
  }
  return found
}

/** Modules are named as they are imported, without the scope, instead of after their files. */
function rename(project: ProjectReflection, entries: readonly EntryPoint[]): void {
  for (const module of project.children ?? []) {
    const entry = entries.find(
      ({ file }) => file.slice(repository.length).replace(/(?:\/index)?\.ts$/, '') === module.name,
    )
    if (entry === undefined) throw new Error(`[docs] expected an entry point, got module '${module.name}'.`)
    module.name = entry.name
    module.comment = new Comment([{ kind: 'text', text: entry.summary }])
  }
}

/**
 * A kernel's definition is an object of literals, a page of them as a type. Its contract reads better in the kernel reference,
 * so its page here has the summary and a link there.
 */
function shortenKernels(project: ProjectReflection): void {
  const definition = project
    .getReflectionsByKind(ReflectionKind.Interface)
    .find(({ name }) => name === 'KernelDefinition')
  if (definition === undefined) return
  for (const reflection of project.getReflectionsByKind(ReflectionKind.Variable)) {
    if (!reflection.isDeclaration() || reflection.type?.type !== 'reflection') continue
    const { type } = reflection
    const literal = (name: string): string | undefined => {
      const found = type.declaration.getChildByName([name])
      const value = found?.isDeclaration() && found.type?.type === 'literal' ? found.type.value : undefined
      return typeof value === 'string' ? value : undefined
    }
    const kernel = literal('name')
    if (kernel === undefined || literal('operations') === undefined) continue
    for (const child of [...(type.declaration.children ?? [])]) project.removeReflection(child)
    reflection.type = ReferenceType.createResolvedReference('KernelDefinition', definition, project)
    delete reflection.defaultValue
    const link: CommentDisplayPart = {
      kind: 'text',
      text: `\n\nArguments, constants, constraints and launches: [\`${kernel}\`](/reference/kernels#${kernel}).`,
    }
    reflection.comment?.summary.push(link)
  }
}
