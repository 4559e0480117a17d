/** Files packed into files: which tensors, under which names, with which bits; reports, aborts, memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type QuantizedTensor, QuantizationError, float32ToBfloat16Array, dequantize, measureError, quantize, toFloat32Array } from '../src/index.js' // prettier-ignore
import { createQuantizer } from '../src/parallel/index.js'
import { type PackOptions, type SafetensorsFile, type TensorReport, type TensorToWrite, bytesSource, findPacked, openSafetensors, openShardedSafetensors, packSafetensors, readPacked } from '../src/safetensors/index.js' // prettier-ignore
import { normal } from './random.js'
import { bytesOf, collect, fileOf } from './support/files.js'

const up = normal(24 * 128, 1)
const experts = normal(3 * 8 * 64, 2)
const ragged = normal(5 * 100, 3)
const tensors: TensorToWrite[] = [
  { name: 'embed_tokens.weight', dtype: 'F32', shape: [10, 64], data: bytesOf(normal(640, 4)) },
  { name: 'layers.0.up.weight', dtype: 'BF16', shape: [24, 128], data: bytesOf(float32ToBfloat16Array(up)) },
  { name: 'layers.0.experts.gate', dtype: 'F32', shape: [3, 8, 64], data: bytesOf(experts) },
  { name: 'layers.0.ragged.weight', dtype: 'F32', shape: [5, 100], data: bytesOf(ragged) },
  { name: 'layers.0.input_layernorm.weight', dtype: 'F32', shape: [2, 64], data: bytesOf(normal(128, 5)) },
  { name: 'layers.0.bias', dtype: 'F32', shape: [24], data: bytesOf(normal(24, 6)) },
  { name: 'layers.0.narrow.weight', dtype: 'F32', shape: [4, 32], data: bytesOf(normal(128, 7)) },
  { name: 'ids', dtype: 'I64', shape: [2, 64], data: new Uint8Array(1024).fill(1) },
  { name: 'odd', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
]

async function pack(options: PackOptions): Promise<{ file: SafetensorsFile; reports: readonly TensorReport[] }> {
  const packed = await packSafetensors(bytesSource(await fileOf(tensors, { format: 'pt' }), 'in'), options)
  const bytes = await collect(packed.chunks)
  expect(bytes.length).toBe(packed.byteLength)
  expect(bytes.subarray(0, packed.header.length)).toEqual(packed.header)
  return { file: await openSafetensors(bytesSource(bytes, 'out')), reports: packed.tensors }
}

const cases: [PackOptions, string[]][] = [
  [{ format: 'mxfp4' }, ['layers.0.up.weight.packed', 'layers.0.up.weight.scales']],
  [{ format: 'fp4', groupSize: 48, scales: 'mse' }, ['layers.0.up.weight.packed', 'layers.0.up.weight.scales']],
  [{ format: 'nvfp4' }, ['layers.0.up.weight.packed', 'layers.0.up.weight.scales', 'layers.0.up.weight.global_scales']],
  [{ format: 'mxfp4', layout: 'mlx' }, ['layers.0.up.weight', 'layers.0.up.scales']],
  [{ format: 'mxfp4', layout: 'gpt-oss' }, ['layers.0.up.weight_blocks', 'layers.0.up.weight_scales']],
  [{ format: 'mxfp4', layout: 'compressed-tensors' }, ['layers.0.up.weight_packed', 'layers.0.up.weight_scale']],
  [{ format: 'nvfp4', layout: 'compressed-tensors' }, ['layers.0.up.weight_packed', 'layers.0.up.weight_scale', 'layers.0.up.weight_global_scale']],
  [{ format: 'nvfp4', layout: 'modelopt' }, ['layers.0.up.weight', 'layers.0.up.weight_scale', 'layers.0.up.weight_scale_2']],
] // prettier-ignore

describe('packSafetensors', () => {
  it.each(cases)('%o: names, bits, errors, copies', async (options, names) => {
    const { file, reports } = await pack(options)
    const report = new Map(reports.map((tensor) => [tensor.name, tensor]))
    expect(report.get('layers.0.up.weight')).toMatchObject({ names, format: options.format, dtype: 'BF16' })
    const found = new Map(findPacked(file).map((tensor) => [tensor.name, tensor]))
    const fits = (options.layout ?? 'kn') === 'kn'
    expect([...found.keys()].sort()).toEqual(
      ['layers.0.up.weight', 'layers.0.experts.gate', ...(fits ? ['layers.0.ragged.weight'] : [])].sort(),
    )
    const { format, groupSize, scales } = options
    const wanted = { format, ...(groupSize && { groupSize }), ...(scales && { scales }) }
    for (const [name, values, shape] of [
      ['layers.0.up.weight', { type: 'bfloat16', bits: float32ToBfloat16Array(up) }, { n: 24, k: 128 }],
      ['layers.0.experts.gate', experts, { experts: 3, n: 8, k: 64 }],
    ] as const) {
      const expected = quantize(values, { ...shape, ...wanted })
      const tensor: QuantizedTensor = await readPacked(file, found.get(name)!)
      if (options.layout === 'compressed-tensors') {
        // The global scale went through its reciprocal.
        expect({ ...tensor, globalScales: 0 }).toEqual({ ...expected, globalScales: 0 })
      } else expect(tensor).toEqual(expected)
      const error = measureError(toFloat32Array(values), dequantize(expected))
      expect(report.get(name)?.error?.sqnrDb).toBeCloseTo(error.sqnrDb, 4)
      expect(report.get(name)?.bytes).toBe(found.get(name)!.bytes)
    }
    for (const { name, data } of tensors.filter((tensor) => report.get(tensor.name)?.format === undefined)) {
      expect(await file.read(name), name).toEqual(data)
      expect(report.get(name)?.reason).toBeTruthy()
    }
    expect(file.metadata.format).toBe('pt')
  })
  it('says why a tensor is copied', async () => {
    const { reports } = await pack({ format: 'mxfp4', layout: 'mlx', exclude: ['*experts*'] })
    expect(Object.fromEntries(reports.map(({ name, reason }) => [name, reason]))).toEqual({
      'embed_tokens.weight': 'an embedding or a norm, by its name',
      'layers.0.up.weight': undefined,
      'layers.0.experts.gate': 'excluded',
      'layers.0.ragged.weight': 'K is 100, no multiple of 32',
      'layers.0.input_layernorm.weight': 'an embedding or a norm, by its name',
      'layers.0.bias': 'not a matrix (or a stack of experts)',
      'layers.0.narrow.weight': 'K is 32, less than 64',
      ids: 'I64 is no float type that is packed',
      odd: 'U8 is no float type that is packed',
    })
  })
  it('packs what is included, embeddings too', async () => {
    const { reports } = await pack({ format: 'mxfp4', include: ['embed*', '*.up.weigh?'] })
    const packed = reports.filter(({ format }) => format !== undefined).map(({ name }) => name)
    expect(packed).toEqual(['embed_tokens.weight', 'layers.0.up.weight'])
  })
  it('requantizes for MLX when asked to, with the error of what is written', async () => {
    const { file, reports } = await pack({ format: 'nvfp4', layout: 'mlx', requantize: true })
    const tensor = await readPacked(
      file,
      findPacked(file).find(({ name }) => name === 'layers.0.experts.gate')!,
    )
    expect(tensor.globalScales).toEqual(Float32Array.of(1, 1, 1))
    const { sqnrDb } = measureError(experts, dequantize(tensor))
    expect(reports.find(({ name }) => name === 'layers.0.experts.gate')?.error?.sqnrDb).toBeCloseTo(sqnrDb, 4)
    expect(sqnrDb).toBeGreaterThan(18)
  })
  it('copies routers, the output head and scales of other tensors, unless they are included', async () => {
    const kept = [
      'lm_head.weight', 'mlp.gate.weight', 'mlp.router.weight', 'mlp.shared_expert_gate.weight', 'down.weight_scale_inv', 'up.scales',
      'up.biases', 'q.weight_zero_point', 'x.input_scale',
    ] // prettier-ignore
    const names = [...kept, 'mlp.gate_proj.weight', 'blk.0.ffn_gate.weight', 'rescale.weight']
    const data = bytesOf(normal(128, 10))
    const bytes = await fileOf(names.map((name) => ({ name, dtype: 'F32', shape: [2, 64], data })))
    const copied = async (include?: string[]): Promise<string[]> => {
      const { tensors } = await packSafetensors(bytesSource(bytes), { format: 'mxfp4', ...(include && { include }) })
      return tensors.filter(({ reason }) => reason !== undefined).map(({ name }) => name)
    }
    expect(await copied()).toEqual(kept)
    expect(await copied(['*'])).toEqual([])
  })
  it.each([['kn', 'mxfp4', 'nvfp4'], ['mlx', 'mxfp4', 'mxfp4'], ['modelopt', 'nvfp4', 'nvfp4']] as const)('packs in turns: layout %s, then kn', async (layout, format, next) => {
    // So wide that scales are matrices that could be packed.
    const [a, b] = [normal(64 * 2048, 11), normal(64 * 2048, 12)]
    const shape = [64, 2048]
    const source = await fileOf([
      { name: 'mlp.weight', dtype: 'F32', shape, data: bytesOf(a) },
      { name: 'attn.weight', dtype: 'F32', shape, data: bytesOf(b) },
    ])
    const turn = async (bytes: Uint8Array, options: PackOptions): Promise<Uint8Array> =>
      collect((await packSafetensors(bytesSource(bytes), options)).chunks)
    const once = await turn(source, { format, layout, include: ['mlp*'] })
    const twice = await turn(once, { format: next, include: ['*'] })
    const thrice = await turn(twice, { format: 'fp4', groupSize: 16, include: ['*'] })
    expect(thrice).toEqual(twice)
    const file = await openSafetensors(bytesSource(twice))
    const found = findPacked(file)
    expect(found.map((tensor) => [tensor.name, tensor.layout, tensor.format])).toEqual([['mlp.weight', layout, format], ['attn.weight', 'kn', next]]) // prettier-ignore
    for (const [i, values] of [a, b].entries()) {
      expect(await readPacked(file, found[i])).toEqual(quantize(values, { n: 64, k: 2048, format: [format, next][i] }))
    }
  }) // prettier-ignore
  it('refuses a tensor of the name of one that is packed', async () => {
    const data = bytesOf(normal(128, 13))
    const w: TensorToWrite = { name: 'w', dtype: 'F32', shape: [2, 64], data }
    const once = await packSafetensors(bytesSource(await fileOf([w])), { format: 'mxfp4', layout: 'gpt-oss' })
    const file = await openSafetensors(bytesSource(await collect(once.chunks)))
    const both: TensorToWrite[] = [w]
    for (const { name, dtype, shape } of file.entries.values()) both.push({ name, dtype, shape, data: await file.read(name) }) // prettier-ignore
    const source = bytesSource(await fileOf(both, { ...file.metadata }))
    await expect(packSafetensors(source, { format: 'mxfp4' })).rejects.toThrow(/"w": expected one tensor of this name/)
    const { tensors } = await packSafetensors(source, { format: 'mxfp4', exclude: ['w'] })
    expect(tensors.map(({ reason }) => reason).sort()).toEqual(['excluded', 'packed already', 'packed already'])
  })
  it('finds the packed tensors of all shards', async () => {
    const shards = new Map<string, Uint8Array>()
    const weights: Record<string, string> = {}
    for (const [name, format] of [['a', 'mxfp4'], ['b', 'nvfp4']] as const) {
      const bytes = await fileOf([{ name, dtype: 'F32', shape: [2, 64], data: bytesOf(normal(128, 14)) }])
      const shard = await collect((await packSafetensors(bytesSource(bytes), { format })).chunks)
      shards.set(`${name}.safetensors`, shard)
      for (const part of (await openSafetensors(bytesSource(shard))).entries.keys()) weights[part] = `${name}.safetensors`
    } // prettier-ignore
    const index = JSON.stringify({ weight_map: weights })
    const file = await openShardedSafetensors(index, (name) => Promise.resolve(bytesSource(shards.get(name)!)))
    expect(findPacked(file).map(({ name, format }) => [name, format])).toEqual([['a', 'mxfp4'], ['b', 'nvfp4']]) // prettier-ignore
  })
  it.each(['kn', 'gpt-oss'] as const)('refuses parts of %s before it allocates anything', async (layout) => {
    const hostile = { experts: 2 ** 14, n: 1, k: 64, groupSize: 32, stacked: true, parts: Array<number>(2 ** 20).fill(1) }
    const shape = [2 ** 14, 1, 64]
    const bytes = await fileOf([{ name: 'w', dtype: 'F32', shape, data: new Uint8Array(2 ** 22) }])
    const { chunks } = await packSafetensors(bytesSource(bytes), { format: 'mxfp4', layout, measure: false })
    const file = await openSafetensors(bytesSource(await collect(chunks)))
    const error = await readPacked(file, { ...findPacked(file)[0], ...hostile }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(QuantizationError)
    expect((error as Error).message).toMatch(/expected parts that sum to n = 1, got .*, which sums to 1048576/)
    const entries = [['w', { ...findPacked(file)[0], ...hostile }]]
    const metadata = { fp4_quant: JSON.stringify({ version: 1, tensors: entries }) }
    expect(() => findPacked({ ...file, metadata })).toThrow(/expected parts, positive integers that sum to n = 1, got \[1, 1,/)
  }) // prettier-ignore
  it('uses a pool, reports, and measures only when asked to', async () => {
    using quantizer = createQuantizer({ threads: 2 })
    const seen: number[] = []
    const done: string[] = []
    const { reports } = await pack({
      format: 'nvfp4', quantizer, measure: false, onProgress: (at, total) => seen.push(at / total), onTensor: ({ name }) => done.push(name),
    }) // prettier-ignore
    expect(seen.at(-1)).toBe(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(done.sort()).toEqual(tensors.map(({ name }) => name).sort())
    expect(reports.every(({ error }) => error === undefined)).toBe(true)
  })
  it('stops when aborted', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const onTensor = (): void => controller.abort(reason)
    await expect(pack({ format: 'fp4', signal: controller.signal, onTensor })).rejects.toBe(reason)
    await expect(pack({ format: 'fp4', signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
  it('names tensor and index of a value that is not finite', async () => {
    const values = normal(2 * 64, 8)
    values[70] = Infinity
    const bytes = await fileOf([{ name: "w$'", dtype: 'F32', shape: [2, 64], data: bytesOf(values) }])
    const { chunks } = await packSafetensors(bytesSource(bytes, 'in'), { format: 'mxfp4' })
    const error = await collect(chunks).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(QuantizationError)
    expect((error as Error).message).toMatch(
      /^\[packSafetensors\] in, tensor "w\$'": expected finite values, got Infinity at index 70/,
    )
  })
  it.each<[unknown, RegExp]>([
    [undefined, /expected options \{ format \}, got undefined/],
    [{ format: 'fp5' }, /expected format .*, got "fp5"/],
    [{ format: 'fp4', groupSize: 8 }, /groupSize of 16 or more, got 8/],
    [{ format: 'mxfp4', groupSize: 16 }, /groupSize 32 for mxfp4, got 16/],
    [{ format: 'fp4', scales: 'best' }, /scales 'absmax' or 'mse', got "best"/],
    [{ format: 'fp4', layout: 'gguf' }, /layout kn, mlx, .*, got "gguf".*toGguf/],
    [{ format: 'fp4', layout: 'mlx' }, /format mxfp4 or nvfp4 for layout mlx, got fp4/],
    [{ format: 'nvfp4', layout: 'mlx' }, /without a global scale.*requantize/],
    [{ format: 'nvfp4', layout: 'gpt-oss' }, /format mxfp4 for layout gpt-oss, got nvfp4/],
    [{ format: 'fp4', include: 'a' }, /include to be a list of globs, got "a"/],
    [{ format: 'fp4', quantizer: {} }, /a quantizer with a method quantize/],
    [{ format: 'fp4', signal: {} }, /signal to be an AbortSignal/],
  ])('refuses %o', async (options, message) => {
    await expect(pack(options as PackOptions)).rejects.toThrow(message)
    await expect(pack(options as PackOptions)).rejects.toThrow(QuantizationError)
    if ((options as PackOptions | undefined)?.signal !== undefined) return
    await expect(pack(options as PackOptions)).rejects.toMatchObject({
      name: 'OptionError',
      code: 'ERR_FP4_QUANT_OPTION',
    })
  })
  it('refuses names that meet', async () => {
    const clash: TensorToWrite[] = [
      { name: 'a.weight', dtype: 'F32', shape: [2, 64], data: bytesOf(normal(128, 9)) },
      { name: 'a.scales', dtype: 'F32', shape: [1], data: new Uint8Array(4) },
    ]
    const source = bytesSource(await fileOf(clash))
    await expect(packSafetensors(source, { format: 'mxfp4', layout: 'mlx' })).rejects.toThrow(
      /"a.scales": expected names that differ/,
    )
  })
  it('holds one tensor at a time', async () => {
    const each = 2 * 2 ** 20
    const many: TensorToWrite[] = Array.from({ length: 12 }, (_, i) => ({
      name: `layers.${i}.weight`, dtype: 'BF16', shape: [each / 2 / 1024, 1024], data: new Uint8Array(0),
    })) // prettier-ignore
    // A source that makes what is read, so that only what packing holds counts.
    const { planSafetensors } = await import('../src/safetensors/write.js')
    const { header, byteLength } = planSafetensors(many)
    let live = 0
    let most = 0
    const freed = new FinalizationRegistry<number>((bytes) => (live -= bytes))
    const read = (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = offset < header.length ? header.slice(offset, offset + length) : new Uint8Array(length).fill(0x3c)
      live += length
      most = Math.max(most, live)
      freed.register(bytes.buffer, length)
      return Promise.resolve(bytes)
    }
    const { chunks } = await packSafetensors({ byteLength, read }, { format: 'mxfp4' })
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    for await (const chunk of chunks) {
      expect(chunk.length).toBeLessThanOrEqual(each)
      collectGarbage()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(most).toBeGreaterThanOrEqual(each)
    expect(most).toBeLessThan(4 * each)
  })
  it.each(['kn', 'modelopt', 'compressed-tensors'] as const)(
    'holds one tensor at a time where global scales come last: %s',
    async (layout) => {
      const many: TensorToWrite[] = Array.from({ length: 12 }, (_, i) => ({
        name: `layers.${i}.weight`, dtype: 'BF16', shape: [1024, 1024], data: new Uint8Array(0),
      })) // prettier-ignore
      const { planSafetensors } = await import('../src/safetensors/write.js')
      const { header, byteLength } = planSafetensors(many)
      const read = (offset: number, length: number): Promise<Uint8Array> =>
        Promise.resolve(
          offset < header.length ? header.slice(offset, offset + length) : new Uint8Array(length).fill(0x3c),
        )
      const { chunks } = await packSafetensors({ byteLength, read }, { format: 'nvfp4', layout, measure: false })
      setFlagsFromString('--expose-gc')
      const collectGarbage = runInNewContext('gc') as () => void
      const held: number[] = []
      for await (const chunk of chunks) {
        expect(chunk.length).toBeLessThanOrEqual(2 ** 20)
        collectGarbage()
        await new Promise((resolve) => setTimeout(resolve, 1))
        held.push(process.memoryUsage().arrayBuffers)
      }
      expect(held).toHaveLength(1 + 12 * 3)
      // Eleven tensors more than after the first, of 576 KiB each, if all were kept until their global scales are written.
      expect(held[2 * 12] - held[2]).toBeLessThan(3 * 2 ** 20)
    },
  )
})
