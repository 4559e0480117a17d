/** Metal sources checked by clang against metal/type-check, where a clang is installed. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../metal/', import.meta.url))

/** A clang that knows address spaces in C++, or undefined. */
export const clang: string | undefined = ['clang++-19', 'clang++-20', 'clang++-18', 'clang++'].find(
  (name) => spawnSync(name, ['--version'], { encoding: 'utf8' }).status === 0,
)

/** The text of metal/<name>.metal. */
export function metalSource(name: string): string {
  return readFileSync(`${folder}${name}.metal`, 'utf8')
}

/** One parameter of a function, as clang sees it. */
export interface Parameter {
  readonly name: string
  /** With its address space, e.g. `device const half *`. */
  readonly type: string
}

/**
 * Type-checks Metal text.
 * @returns what clang has to say against it; empty when it is well-formed.
 */
export function typeCheck(source: string): string {
  return run(source, []).stderr
}

/** The parameters of a function of well-formed Metal text, in order. */
export function parametersOf(source: string, name: string): Parameter[] {
  const { stdout, stderr } = run(source, ['-Xclang', '-ast-dump=json', '-Xclang', `-ast-dump-filter=${name}`])
  if (stderr !== '') throw new Error(stderr)
  const declaration = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Declaration
  const parameters = declaration.inner?.filter(({ kind }) => kind === 'ParmVarDecl') ?? []
  return parameters.map((parameter) => ({ name: parameter.name ?? '', type: parameter.type?.qualType ?? '' }))
}

interface Declaration {
  readonly kind: string
  readonly name?: string
  readonly type?: { readonly qualType: string }
  readonly inner?: readonly Declaration[]
}

function run(source: string, flags: readonly string[]): { stdout: string; stderr: string } {
  if (clang === undefined) throw new Error('no clang')
  // C++ allows a local variable in an address space only when it is static.
  const rewritten = source.replaceAll(/^( +)threadgroup (\w+ \w+\[)/gm, '$1static threadgroup $2')
  const options = ['-x', 'c++', '-std=c++14', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-Wno-unknown-attributes']
  const args = [...options, `-I${folder}type-check`, ...flags, '-']
  const { stdout, stderr, error } = spawnSync(clang, args, { input: rewritten, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (error !== undefined) throw error
  return { stdout, stderr }
}
