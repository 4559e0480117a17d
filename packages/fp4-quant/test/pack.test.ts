/** Files packed into files: which tensors, under which names, with which bits; reports, aborts, memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type QuantizedTensor, QuantizationError, float32ToBfloat16Array, dequantize, measureError, quantize, toFloat32Array } from '../src/index.js' // prettier-ignore
import { createQuantizer } from '../src/parallel/index.js'
import { type PackOptions, type SafetensorsFile, type TensorReport, type TensorToWrite, bytesSource, findPacked, openSafetensors, packSafetensors, readPacked } from '../src/safetensors/index.js' // prettier-ignore
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
    const bytes = await fileOf([{ name: 'w', dtype: 'F32', shape: [2, 64], data: bytesOf(values) }])
    const { chunks } = await packSafetensors(bytesSource(bytes, 'in'), { format: 'mxfp4' })
    const error = await collect(chunks).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(QuantizationError)
    expect((error as Error).message).toMatch(
      /^\[packSafetensors\] in, tensor "w": expected finite values, got Infinity at index 70/,
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
})
