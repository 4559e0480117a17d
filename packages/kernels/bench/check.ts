/** Whether what a case times is right: its results against the kernel's float64 oracle, from the inputs that are timed. */
import type { DeviceBuffer } from '@metal-fp4/metal-core'
import { halfToFloat32Array } from '@metal-fp4/fp4-quant'
import { type KernelDefinition, type ResolvedArgument, nmse, oracles } from '../src/index.js'
import { worstError } from '../src/oracles/compare.js'
import { type ArgumentArray, argumentArray } from './arrays.js'

/**
 * What a product may differ by, on any device and in any precision: over all its elements (`nmse`), and in any one (`worstError`). Sums
 * of float32 are off by what their order rounds (at K = 14336 by 3e-13 and 3e-6), results in half by half an ulp (4e-8 and 5e-4).
 */
const bounds = { f32: { mean: 1e-9, worst: 1e-4 }, f16: { mean: 1e-6, worst: 2e-3 } } as const

/** Multiply-adds that an oracle in JavaScript takes a few seconds for: of larger products only the first rows are compared. */
const mostMultiplyAdds = 1e9

export interface Checked {
  readonly definition: KernelDefinition
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  readonly m: number
  readonly n: number
  readonly k: number
  /** Inputs that were bound instead of `argumentArray`'s. Rows are then not cut: such products are small. */
  readonly inputs?: Readonly<Record<string, ArgumentArray>>
}

type AnyOracle = (
  problem: Readonly<Record<string, number>>,
  constants: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, ArgumentArray | null>>,
) => Readonly<Record<string, ArrayLike<number>>>

/**
 * Compares `out` after `run` with the oracle of the kernel's name. Before, `out` is all NaN: what `run` leaves out is found.
 * @throws Error with the error and its bound when they differ, and when the kernel has no oracle.
 */
export async function checkAgainstOracle(
  { definition, problem, constants, m, n, k, inputs: bound }: Checked,
  args: readonly ResolvedArgument[],
  out: DeviceBuffer,
  run: () => Promise<unknown>,
): Promise<void> {
  // All ones are a NaN as half and as float32.
  await out.write(new Uint8Array(out.byteLength).fill(0xff))
  await run()
  const output = args.find(({ definition: { access } }) => access === 'write')
  if (output === undefined) throw new Error(`[${definition.name}] expected an argument that is written, got none.`)
  const rows = bound ? m : Math.max(1, Math.min(m, Math.floor(mostMultiplyAdds / (n * k))))
  const inputs = Object.fromEntries(
    args
      .filter((argument) => argument !== output)
      .map((argument) => [argument.definition.name, inputOf(argument, rows / m)]),
  )
  const cut = bound ? problem : withRows(problem, rows)
  const expected = oracleOf(definition)(cut, constants, { ...inputs, ...bound })[output.definition.name]
  const bytes = await out.read()
  const got = valuesOf(bytes, output.type).subarray(0, rows * n)
  const most = bounds[output.type === 'f16' ? 'f16' : 'f32']
  const [mean, worst] = [nmse(got, expected), worstError(got, expected)]
  if (mean <= most.mean && worst <= most.worst) return
  throw new Error(
    `[${definition.name}] expected a normalized mean squared error of at most ${most.mean} against its oracle and no element off by more than ${most.worst}, `
      + `got ${mean} and ${worst}. Run the kernel's tests.`,
  )
}

function oracleOf({ name }: KernelDefinition): AnyOracle {
  const key = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const oracle = (oracles as unknown as Readonly<Record<string, AnyOracle | undefined>>)[key]
  if (oracle === undefined)
    throw new Error(`[${name}] expected an oracle '${key}', got none. Add one, or leave the check out.`)
  return oracle
}

/** The same array that was bound; of activations the part that the first rows are. */
function inputOf(argument: ResolvedArgument, share: number): ArgumentArray | null {
  if (!argument.bound) return null
  const array = argumentArray(argument)
  return ['activations', 'A', 'residual'].includes(argument.definition.name)
    ? array.subarray(0, array.length * share)
    : array
}

/** The problem for fewer rows, in the kernel's own names. */
function withRows(problem: Readonly<Record<string, number>>, rows: number): Readonly<Record<string, number>> {
  return 'M' in problem ? { ...problem, M: rows } : { ...problem, m: rows }
}

function valuesOf({ buffer, byteOffset, byteLength }: Uint8Array, type: string): Float32Array {
  return type === 'f16'
    ? halfToFloat32Array(new Uint16Array(buffer, byteOffset, byteLength / 2))
    : new Float32Array(buffer, byteOffset, byteLength / 4)
}
