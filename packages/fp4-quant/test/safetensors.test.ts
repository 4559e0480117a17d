/** The reader believes nothing, the writer writes what the reader (and the format's own) reads. */
import { describe, expect, it } from 'vitest'
import {
  type TensorToWrite, SafetensorsError, blobSource, bytesSource, openSafetensors, openShardedSafetensors,
  parseSafetensorsHeader, safetensorsHeaderBytes, writeSafetensors,
} from '../src/safetensors/index.js' // prettier-ignore
import { bytesOf, collect, fileOf, rawFile } from './support/files.js'

const first: TensorToWrite = {
  name: 'first',
  dtype: 'F32',
  shape: [2, 3],
  data: bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6)),
}
const second: TensorToWrite = {
  name: 'second',
  dtype: 'BF16',
  shape: [4],
  data: bytesOf(Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x4040)),
}
const third: TensorToWrite = { name: 'third', dtype: 'F16', shape: [2], data: bytesOf(Uint16Array.of(0x3400, 0xc600)) }

const open = (bytes: Uint8Array): ReturnType<typeof openSafetensors> =>
  openSafetensors(bytesSource(bytes, 'a.safetensors'))

/** Written by the format's own library: safetensors 0.8.0 for Python, save({'b': float16 [[1, 2]], 'a': uint8 [7]}, metadata={'k': 'v'}). */
const written = Buffer.from(
  '88000000000000007b225f5f6d657461646174615f5f223a7b226b223a2276227d2c2262223a7b226474797065223a22463136222c227368617065223a5b312c325d2c226461'
  + '74615f6f666673657473223a5b302c345d7d2c2261223a7b226474797065223a225538222c227368617065223a5b315d2c22646174615f6f666673657473223a5b342c355d7d'
  + '7d202020003c004007',
  'hex',
) // prettier-ignore

describe('reading', () => {
  it("reads the format's own library's files", async () => {
    const file = await open(new Uint8Array(written))
    expect({ ...file.metadata }).toEqual({ k: 'v' })
    expect(await file.readValues('b')).toEqual({ type: 'half', bits: Uint16Array.of(0x3c00, 0x4000) })
    expect(await file.read('a')).toEqual(Uint8Array.of(7))
  })
  it('reads F32, F16 and BF16 values and the bytes of anything, from memory and from blobs', async () => {
    const bytes = await fileOf([first, second, third], { format: 'pt' })
    for (const source of [bytesSource(bytes), blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>]))]) {
      const file = await openSafetensors(source)
      expect([...file.entries.keys()]).toEqual(['first', 'second', 'third'])
      expect(await file.readValues('first')).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
      expect(await file.readValues('second')).toMatchObject({ type: 'bfloat16' })
      expect(await file.readValues('third')).toEqual({ type: 'half', bits: Uint16Array.of(0x3400, 0xc600) })
      expect(await collect(file.chunks('first', 7))).toEqual(first.data)
    }
  })
  it('takes names that would be trouble in an object', async () => {
    const names = ['__proto__', 'constructor', '', 'a\nb', 'ä"\\', '1']
    const bytes = await fileOf(names.map((name, i) => ({ name, dtype: 'U8', shape: [1], data: Uint8Array.of(i) })))
    const file = await open(bytes)
    expect([...file.entries.keys()]).toEqual(names)
    for (const [i, name] of names.entries()) expect(await file.read(name)).toEqual(Uint8Array.of(i))
    await expect(file.read('toString')).rejects.toThrow(
      /tensor "toString": expected a tensor of the file, got no such tensor/,
    )
  })
  it('takes empty tensors, scalars, and types of less than a byte', async () => {
    const tensors: TensorToWrite[] = [
      { name: 'empty', dtype: 'F32', shape: [0, 4], data: new Uint8Array(0) },
      { name: 'scalar', dtype: 'F64', shape: [], data: bytesOf(Float64Array.of(2)) },
      { name: 'f4', dtype: 'F4', shape: [3, 2], data: Uint8Array.of(1, 2, 3) },
      { name: 'e4m3', dtype: 'F8_E4M3', shape: [2], data: Uint8Array.of(0x38, 0x7e) },
    ]
    const file = await open(await fileOf(tensors))
    expect(file.entries.get('f4')).toMatchObject({ dtype: 'F4', byteLength: 3 })
    await expect(file.readValues('e4m3')).rejects.toThrow(
      'tensor "e4m3": expected dtype F32, F16 or BF16, got "F8_E4M3"',
    )
  })
  it('reads shards by their index', async () => {
    const files: Record<string, Uint8Array> = {
      'm-1.safetensors': await fileOf([first]),
      'm-2.safetensors': await fileOf([second, third]),
    }
    const opened: string[] = []
    const openFile = (name: string): Promise<ReturnType<typeof bytesSource>> => {
      opened.push(name)
      return Promise.resolve(bytesSource(files[name], name))
    }
    const map = { first: 'm-1.safetensors', second: 'm-2.safetensors', third: 'm-2.safetensors' }
    const file = await openShardedSafetensors(JSON.stringify({ metadata: {}, weight_map: map }), openFile)
    expect(opened).toEqual(['m-1.safetensors', 'm-2.safetensors'])
    expect(await file.readValues('first')).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
    expect(await file.read('third')).toEqual(third.data)
    const bad = (weights: unknown): Promise<unknown> =>
      openShardedSafetensors(JSON.stringify({ weight_map: weights }), openFile)
    await expect(bad({ first: '../../etc/m.safetensors' })).rejects.toThrow(
      /tensor "first": expected the name of a .safetensors file/,
    )
    await expect(bad({ other: 'm-1.safetensors' })).rejects.toThrow(
      /m-1.safetensors, tensor "other": expected the tensor/,
    )
    await expect(bad([])).rejects.toThrow(/expected an object "weight_map"/)
  })
})

describe('refuses', () => {
  const entry = (change: object = {}): string =>
    JSON.stringify({ dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change })
  const data = new Uint8Array(8)
  it.each<[string, RegExp, Uint8Array]>([
    ['a file without a header length', /expected at least 8 bytes, got 3/, Uint8Array.of(1, 2, 3)],
    [
      'a huge header',
      /a header of at most 100000000 bytes, got 4611686018427387904 bytes/,
      rawFile('{}', data, 2n ** 62n),
    ],
    ['a header longer than the file', /a header of 5000 bytes, got a file of 18 bytes/, rawFile('{}', data, 5000n)],
    [
      'bytes that are no text',
      /valid JSON, got bytes that are not UTF-8/,
      rawFile(Uint8Array.of(0x7b, 0xff, 0x7d), data),
    ],
    ['no JSON', /valid JSON, got an end too early at character 10/, rawFile('{"first": ', data)],
    ['JSON of another kind', /a JSON object, got \[1\]/, rawFile('[1]', data)],
    ['text after the end', /valid JSON, got "x" at character 3/, rawFile('{} x', data)],
    ['a key twice', /valid JSON, got the key "a" twice at character/, rawFile(`{"a":${entry()},"a":${entry()}}`, data)],
    ['a key twice within', /the key "dtype" twice/, rawFile('{"a":{"dtype":"F32","dtype":"F16"}}', data)],
    ['a key twice by an escape', /the key "a" twice/, rawFile(`{"a":${entry()},"\\u0061":${entry()}}`, data)],
    ['deep nesting', /nesting deeper than 8/, rawFile('['.repeat(1e6), data)],
    [
      'metadata of numbers',
      /"__metadata__": expected an object of strings, got 1 for "a"/,
      rawFile('{"__metadata__":{"a":1}}', data),
    ],
    [
      'an entry that is no object',
      /"a": expected an object with dtype, shape and data_offsets, got 3/,
      rawFile('{"a":3}', data),
    ],
    [
      'an entry with more',
      /"a": expected only dtype, shape and data_offsets, got "strides"/,
      rawFile(`{"a":${entry({ strides: [1] })}}`, data),
    ],
    [
      'an unknown dtype',
      /"a": expected a known dtype .*, got "F31"/,
      rawFile(`{"a":${entry({ dtype: 'F31' })}}`, data),
    ],
    ['a dtype of Object', /got "toString"/, rawFile(`{"a":${entry({ dtype: 'toString' })}}`, data)],
    [
      'a negative size',
      /a shape of non-negative integers, got \[-2\]/,
      rawFile(`{"a":${entry({ shape: [-2] })}}`, data),
    ],
    ['a fractional size', /non-negative integers, got \[1.5\]/, rawFile(`{"a":${entry({ shape: [1.5] })}}`, data)],
    [
      'a shape whose product overflows',
      /expected .* bytes for F32/,
      rawFile(`{"a":${entry({ shape: [2 ** 40, 2 ** 40] })}}`, data),
    ],
    [
      'a size that does not fit',
      /20 bytes for F32 of \[5\], got 8 bytes/,
      rawFile(`{"a":${entry({ shape: [5] })}}`, data),
    ],
    [
      'offsets out of range',
      /within the 8 bytes of data, got \[0, 80\]/,
      rawFile(`{"a":${entry({ data_offsets: [0, 80] })}}`, data),
    ],
    [
      'offsets in the wrong order',
      /within the 8 bytes of data, got \[8, 0\]/,
      rawFile(`{"a":${entry({ data_offsets: [8, 0] })}}`, data),
    ],
    [
      'overlapping tensors',
      /"b": expected data that begins at byte 8, where "a" ends, got byte 4, which overlaps it/,
      rawFile(`{"a":${entry()},"b":${entry({ data_offsets: [4, 8], shape: [1] })}}`, data),
    ],
    [
      'a hole',
      /"a": expected data that begins at byte 0, where "the header" ends, got byte 4, which leaves a hole/,
      rawFile(`{"a":${entry({ data_offsets: [4, 8], shape: [1] })}}`, data),
    ],
    ['data that nobody owns', /expected 0 bytes of data, as the header says, got 8/, rawFile('{}', data)],
  ])('%s', async (_, message, bytes) => {
    const error = await open(bytes).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SafetensorsError)
    expect(error).toMatchObject({ code: 'ERR_FP4_QUANT_SAFETENSORS', file: 'a.safetensors' })
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toMatch(/^\[safetensors\] a\.safetensors.*: expected .*, got .*\. /s)
  })
  it('a file that shrinks while it is read', async () => {
    const bytes = await fileOf([first])
    const source = {
      ...bytesSource(bytes, 'a'),
      read: (at: number, length: number) => Promise.resolve(bytes.subarray(at, at + length - 1)),
    }
    await expect(openSafetensors(source)).rejects.toThrow(/expected 8 bytes at 0, got 7/)
  })
  it('parses a header by itself', async () => {
    const bytes = await fileOf([first])
    const end = safetensorsHeaderBytes(bytes.subarray(0, 8), bytes.length)
    expect(parseSafetensorsHeader(bytes.subarray(0, end), bytes.length).entries.get('first')).toMatchObject({
      offset: end,
    })
    expect(() => parseSafetensorsHeader(bytes.subarray(0, end - 1), bytes.length)).toThrow(/bytes of header/)
  })
})

describe('writing', () => {
  it('aligns every tensor to its elements', async () => {
    const odd: TensorToWrite[] = [
      { name: 'u8', dtype: 'U8', shape: [3], data: new Uint8Array(3) },
      { name: 'f16', dtype: 'F16', shape: [5], data: new Uint8Array(10) },
      { name: 'f32', dtype: 'F32', shape: [1], data: new Uint8Array(4) },
      { name: 'f64', dtype: 'F64', shape: [3], data: new Uint8Array(24) },
    ]
    const file = await open(await fileOf(odd))
    for (const [name, size] of [['f16', 2], ['f32', 4], ['f64', 8]] as const) expect(file.entries.get(name)!.offset % size).toBe(0) // prettier-ignore
  })
  it('asks for data when its turn comes, as bytes, promises or streams', async () => {
    const asked: string[] = []
    const tensors: TensorToWrite[] = [
      { name: 'a', dtype: 'U8', shape: [8], data: () => (asked.push('a'), Promise.resolve(new Uint8Array(8).fill(1))) },
      { name: 'b', dtype: 'U8', shape: [8], data: async function* () { asked.push('b'); yield new Uint8Array(3); yield new Uint8Array(5) } },
    ] // prettier-ignore
    const pieces = writeSafetensors(tensors)[Symbol.asyncIterator]()
    await pieces.next()
    expect(asked).toEqual([])
    await pieces.next()
    expect(asked).toEqual(['a'])
    await pieces.next()
    expect(asked).toEqual(['a', 'b'])
  })
  it.each<[string, RegExp, TensorToWrite[], Record<string, string>?]>([
    ['a name twice', /tensor "first": expected names that differ/, [first, first]],
    ['metadata as a tensor', /expected names that differ/, [{ ...first, name: '__metadata__' }]],
    ['a dtype that is none', /expected a dtype of the format, got "F31"/, [{ ...first, dtype: 'F31' as never }]],
    ['a shape that is none', /expected a shape/, [{ ...first, shape: [-1] }]],
    ['half a byte', /expected a whole number of bytes, got 4 bits/, [{ ...first, dtype: 'F4', shape: [1] }]],
    ['data too short', /tensor "first": expected 24 bytes of data, got 23/, [{ ...first, data: new Uint8Array(23) }]],
    ['data too long', /expected 24 bytes of data, got 25/, [{ ...first, data: new Uint8Array(25) }]],
    ['metadata that is no text', /expected strings as metadata, got 1 for "a"/, [first], { a: 1 as never }],
  ])('refuses %s', async (_, message, tensors, metadata) => {
    await expect(fileOf(tensors, metadata)).rejects.toThrow(message)
  })
})
