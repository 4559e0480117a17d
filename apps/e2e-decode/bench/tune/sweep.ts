/** Times candidates for a product, in turns, over cold weights. */
import { type Shape, copiesFor, medianInterval, medianOf } from '@metal-fp4/bench'
import {
  type DeviceIdentity,
  type DevicePolicy,
  type Fp4Weights,
  type Measurement,
  type Precision,
  type TunerCandidate,
  addPolicy,
  candidateName,
  isSameCandidate,
  libraryFor,
  profileOfLibrary,
  recordMatmul,
  scratchForMatmul,
  selectKernel,
  tunerCandidates,
  uploadFp4,
} from '@metal-fp4/dispatch'
import { type Fp4Format, formatInfo, quantize } from '@metal-fp4/fp4-quant'
import type { CommandGraph, Device, KernelLibrary } from '@metal-fp4/metal-core'

export interface SweepOptions {
  readonly device: Device
  readonly fallback: DevicePolicy
  /** Of all products: kernels are compared in it, and what is found decides for it alone. */
  readonly precision: Precision
  readonly shapes: readonly Shape[]
  readonly formats: readonly Fp4Format[]
  readonly m: readonly number[]
  /** How often each candidate is timed. */
  readonly rounds: number
  /** Bytes between two uses of the same weights; for tests. */
  readonly minColdBytes?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: number, total: number, what: string) => void
}

/** Ratios of time to the fallback's, by round, of one candidate at one number of rows: the geometric mean over shapes and formats. */
interface Series {
  readonly m: number
  readonly candidate: TunerCandidate
  readonly isFallback: boolean
  /** By shape and format, then by round. */
  readonly ratios: number[][]
}

type Asked = Pick<SweepOptions, 'fallback' | 'precision' | 'shapes' | 'formats' | 'm'>

/**
 * What there is to choose from at a number of rows: `some` candidates, `one` kernel alone, or `mixed`: the fallback takes different kernels
 * for these matrices, whose times say nothing of one another.
 */
export type Field = 'some' | 'one' | 'mixed'

export function fieldAt(m: number, asked: Asked, profile: DeviceIdentity): Field {
  const fields = asked.shapes.flatMap((shape) =>
    asked.formats.map((format) => candidatesFor(shape, format, m, asked, profile)),
  )
  if (fields.every((one) => one.length === 1)) return 'one'
  return new Set(fields.map(([usual]) => candidateName(usual))).size > 1 ? 'mixed' : 'some'
}

/** What the fallback takes, then all that runs other code. */
function candidatesFor(
  { n, k }: Shape,
  format: Fp4Format,
  m: number,
  { fallback, precision }: Asked,
  profile: DeviceIdentity,
): readonly TunerCandidate[] {
  const problem = { n, k, format, precision }
  const [usual, { order }] = [m, 1].map((rows) => under(fallback, () => selectKernel({ ...problem, m: rows }, profile)))
  const first: TunerCandidate = { kernel: usual.kernel, ...(usual.tile && { tile: usual.tile }) }
  const others = tunerCandidates({ ...problem, m }, profile, order)
  return [first, ...others.filter((one) => !isSameCandidate(one, first, { ...profile, precision }))]
}

/** Every candidate of the tuner at every number of rows at which there are some. @throws the signal's reason. */
export async function sweep(options: SweepOptions): Promise<readonly Measurement[]> {
  const profile = profileOfLibrary(await libraryFor(options.device))
  return measure(
    options,
    (shape, format, m) => candidatesFor(shape, format, m, options, profile),
    options.m.filter((m) => fieldAt(m, options, profile) === 'some'),
  )
}

/** A whole policy against the fallback, measured anew: what was chosen for being fast is luckier than it will be. */
export async function confirm(options: SweepOptions, tuned: DevicePolicy): Promise<readonly Measurement[]> {
  const { device, fallback, precision, m: ms } = options
  const profile = profileOfLibrary(await libraryFor(device))
  const choiceOf = (policy: DevicePolicy, { n, k }: Shape, format: Fp4Format, m: number): TunerCandidate => {
    const problem = { m, n, k, format, precision }
    const { kernel, tile, rule } = under(policy, () => selectKernel(problem, profile))
    return { kernel, ...(tile && { tile }), ...(rule?.constants && { constants: rule.constants }) }
  }
  return measure(
    options,
    (shape, format, m) => [choiceOf(fallback, shape, format, m), choiceOf(tuned, shape, format, m)],
    ms,
  )
}

async function measure(
  options: SweepOptions,
  candidatesFor: (shape: Shape, format: Fp4Format, m: number) => readonly TunerCandidate[],
  ms: readonly number[],
): Promise<readonly Measurement[]> {
  const { device, shapes, formats, signal, onProgress } = options
  const library = await libraryFor(device)
  const setting = { ...profileOfLibrary(library), precision: options.precision }
  const series = new Map<string, Series>()
  let done = 0
  for (const shape of ms.length === 0 ? [] : shapes) {
    for (const format of formats) {
      const weights = await upload(options, shape, format)
      try {
        for (const m of ms) {
          signal?.throwIfAborted()
          onProgress?.(done++, shapes.length * formats.length * ms.length, `${format} ${shape.n}x${shape.k}, M = ${m}`)
          const candidates = candidatesFor(shape, format, m)
          const alone = candidates.every((one) => isSameCandidate(one, candidates[0], setting))
          // Measuring a choice against itself says how much is noise, and nothing else.
          const ratios = alone
            ? candidates.map(() => Array.from({ length: options.rounds }, () => 1))
            : await race(options, library, weights, shape, m, candidates)
          for (const [i, candidate] of candidates.entries()) {
            const key = `${m} ${i === 0} ${candidateName(candidate)}`
            const one = series.get(key) ?? { m, candidate, isFallback: i === 0, ratios: [] }
            one.ratios.push(ratios[i])
            series.set(key, one)
          }
        }
      } finally {
        for (const one of weights) one.dispose()
      }
    }
  }
  // A candidate that is not legal everywhere was not measured everywhere: no rule may name it.
  const all = shapes.length * formats.length
  return [...series.values()].filter(({ ratios }) => ratios.length === all).map(measurementOf)
}

function measurementOf({ m, candidate, isFallback, ratios }: Series): Measurement {
  const byRound = ratios[0].map((_, round) => geometricMean(ratios.map((one) => one[round])))
  return { m, candidate, isFallback, ratio: medianOf(byRound), ...medianInterval(byRound) }
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

/** Ratios of each candidate's time to the first one's, by round. */
async function race(
  { device, precision, rounds, signal }: SweepOptions,
  library: KernelLibrary,
  weights: readonly Fp4Weights[],
  { n, k }: Shape,
  m: number,
  candidates: readonly TunerCandidate[],
): Promise<number[][]> {
  const data = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i))
  const activations = device.createBuffer({ data, storage: 'private', label: 'activations' })
  const out = device.createBuffer({ byteLength: m * n * 4, storage: 'private', label: 'out' })
  const made: { dispose(): void }[] = [activations, out]
  try {
    // Bytes of activations, or sums over parts of K: products run one after the other and share them.
    const needed = candidates.map((one) =>
      under(only(one, device), () => scratchForMatmul(library, { m, weights: weights[0], precision })),
    )
    const byteLength = Math.max(...needed)
    const scratch =
      byteLength > 0 ? device.createBuffer({ byteLength, storage: 'private', label: 'scratch' }) : undefined
    if (scratch) made.push(scratch)
    // One dispatch after the other over all copies hides what a submission costs; many rows take long enough by themselves.
    const perGraph = m <= 8 ? weights.length : 1
    const graphs = candidates.map((candidate) =>
      weights
        .filter((_, i) => i % perGraph === 0)
        .map((_, g) => {
          const graph: CommandGraph = device.createGraph()
          made.push(graph)
          under(only(candidate, device), () => {
            for (const one of weights.slice(g * perGraph, (g + 1) * perGraph)) {
              recordMatmul(graph, library, { m, activations, weights: one, out, scratch, precision })
            }
          })
          return graph
        }),
    )
    let turn = 0
    const time = async (i: number): Promise<number> =>
      (await graphs[i][turn % graphs[i].length].submit().completed).durationNs
    for (const i of candidates.keys()) await time(i)
    const times: number[][] = candidates.map(() => [])
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another one, so that none is always the first after a pause.
      for (let j = 0; j < candidates.length; j++) {
        signal?.throwIfAborted()
        turn++
        const i = (j + round) % candidates.length
        times[i].push(await time(i))
      }
    }
    return times.map((own) => own.map((ns, round) => ns / times[0][round]))
  } finally {
    for (const one of made.reverse()) one.dispose()
  }
}

async function upload(
  { device, minColdBytes }: SweepOptions,
  { n, k }: Shape,
  format: Fp4Format,
): Promise<readonly Fp4Weights[]> {
  const values = Float32Array.from({ length: n * k }, (_, i) => Math.sin(i * 12.9898) / Math.sqrt(k))
  const quantized = quantize(values, { n, k, format })
  const { scaleBytes, defaultGroupSize } = formatInfo[format]
  const made: Fp4Weights[] = []
  try {
    const copies = copiesFor((n * k) / 2 + (n * k * scaleBytes) / defaultGroupSize, minColdBytes)
    while (made.length < copies) made.push(await uploadFp4(device, quantized))
    return made
  } catch (error) {
    for (const one of made) one.dispose()
    throw error
  }
}

/** A policy that takes this candidate and nothing else. */
function only(candidate: TunerCandidate, { info }: Device): DevicePolicy {
  const rule = { ...candidate, maxM: null, source: { kind: 'default', why: 'being measured' } } as const
  return { name: 'sweep', backend: info.backend, fp4: [rule], dense: [rule] }
}

/** What `work` gives while a policy stands before all others for every device of its backend. */
function under<T>(policy: DevicePolicy, work: () => T): T {
  const { device: _, ...everywhere } = policy
  const remove = addPolicy(everywhere)
  try {
    return work()
  } finally {
    remove()
  }
}
