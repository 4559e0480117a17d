import { statSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSafetensors } from '../src/checkpoint/safetensors.js'
import { CheckpointError } from '../src/errors.js'
import { cleanUp, newFolder } from './support/checkpoints.js'
import { normals } from './support/random.js'
import { type HeaderEntry, fileBytes, layOut, writeSafetensors } from './support/safetensors-writer.js'

afterAll(cleanUp)

const good = {
  first: { dtype: 'F32', shape: [2, 3], values: normals(1, 6) },
  second: { dtype: 'BF16', shape: [4], values: Float32Array.of(1, -2, 0.5, 3) },
  third: { dtype: 'F16', shape: [2], values: Float32Array.of(0.25, -6) },
} as const

/** Writes a file with a changed header (or other bytes) and opens it. */
async function open(change: (header: Record<string, HeaderEntry>) => unknown): Promise<string> {
  const { header, data } = layOut(good)
  const changed = change(header)
  const path = join(newFolder(), 'model.safetensors')
  writeFileSync(path, changed instanceof Uint8Array ? changed : fileBytes(JSON.stringify(header), data))
  const file = await openSafetensors(path)
  await file.close()
  return path
}

describe('safetensors', () => {
  it('reads F32, F16 and BF16 tensors', async () => {
    const path = join(newFolder(), 'model.safetensors')
    writeSafetensors(path, good)
    const file = await openSafetensors(path)
    const first = await file.read(file.entries.get('first')!)
    expect(first).toEqual({ type: 'f32', shape: [2, 3], data: good.first.values })
    expect(await file.read(file.entries.get('second')!)).toMatchObject({ type: 'bf16', data: Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x4040) }) // prettier-ignore
    expect(await file.read(file.entries.get('third')!)).toMatchObject({ type: 'f16', data: Uint16Array.of(0x3400, 0xc600) }) // prettier-ignore
    await file.close()
  })

  it('accepts metadata and empty tensors', async () => {
    await open((header) => {
      Object.assign(header, {
        __metadata__: { format: 'pt' },
        empty: { dtype: 'F32', shape: [0, 4], data_offsets: [0, 0] },
      })
    })
  })

  it('reads tensors beyond 4 GiB', async () => {
    const path = join(newFolder(), 'model.safetensors')
    const begin = 5 * 2 ** 30
    const header = {
      // A hole in the file: it takes no space on the disk.
      padding: { dtype: 'U8', shape: [begin], data_offsets: [0, begin] },
      far: { dtype: 'F32', shape: [2], data_offsets: [begin, begin + 8] },
    }
    writeFileSync(path, fileBytes(JSON.stringify(header), new Uint8Array(0)))
    const { size } = statSync(path)
    const handle = await openFile(path, 'r+')
    await handle.write(new Uint8Array(Float32Array.of(1.5, -2).buffer), 0, 8, size + begin)
    await handle.close()
    const file = await openSafetensors(path)
    expect(await file.read(file.entries.get('far')!)).toEqual({
      type: 'f32',
      shape: [2],
      data: Float32Array.of(1.5, -2),
    })
    await file.close()
  })

  const faults: [string, RegExp, (header: Record<string, HeaderEntry>) => unknown][] = [
    ['a file without a header length', /expected at least 8 bytes, got 3/, () => Uint8Array.of(1, 2, 3)],
    ['a huge header', /expected a header of at most 100000000 bytes, got 4611686018427387904 bytes/, () => fileBytes('{}', new Uint8Array(0), 2n ** 62n)], // prettier-ignore
    ['a header longer than the file', /expected a header of 5000 bytes, got a file of 10 bytes/, () => fileBytes('{}', new Uint8Array(0), 5000n)], // prettier-ignore
    ['a header that is no JSON', /expected valid JSON, got/, () => fileBytes('{"first": ', new Uint8Array(0))],
    ['a header that is no object', /expected a JSON object, got \[1\]/, () => fileBytes('[1]', new Uint8Array(0))],
    ['an entry that is no object', /tensor "first": expected an object with dtype, shape and data_offsets, got 3/, () => fileBytes('{"first": 3}', new Uint8Array(0))], // prettier-ignore
    ['an unknown dtype', /tensor "first": expected a known dtype .*, got "F31"/, (header) => (header.first.dtype = 'F31')], // prettier-ignore
    ['a negative size', /tensor "first": expected a shape of non-negative integers, got \[-2, 3\]/, (header) => (header.first.shape = [-2, 3])], // prettier-ignore
    ['a fractional size', /tensor "first": expected a shape of non-negative integers, got \[1.5, 4\]/, (header) => (header.first.shape = [1.5, 4])], // prettier-ignore
    ['offsets out of range', /tensor "third": expected data_offsets within the 36 bytes of data, got \[32, 360\]/, (header) => (header.third.data_offsets = [32, 360])], // prettier-ignore
    ['offsets in the wrong order', /tensor "first": expected data_offsets within .*, got \[24, 0\]/, (header) => (header.first.data_offsets = [24, 0])], // prettier-ignore
    ['a size that does not fit the shape', /tensor "first": expected 20 bytes for F32 of \[5\], got 24 bytes/, (header) => (header.first.shape = [5])], // prettier-ignore
    ['a shape whose product overflows', /tensor "first": expected .* bytes for F32/, (header) => (header.first.shape = [2 ** 40, 2 ** 40])], // prettier-ignore
    ['overlapping tensors', /tensor "second": expected data that begins at byte 24, where "first" ends, got byte 20, which overlaps it/, (header) => (header.second.data_offsets = [20, 28])], // prettier-ignore
    ['a hole', /tensor "third": expected data that begins at byte 24, where "first" ends, got byte 32, which leaves a hole/, (header) => delete header.second], // prettier-ignore
    ['data beyond the last tensor', /expected 32 bytes of data, as the header says, got 36/, (header) => delete header.third], // prettier-ignore
  ]
  it.each(faults)('refuses %s', async (_, message, change) => {
    const error = await open(change).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect((error as CheckpointError).message).toMatch(message)
    expect((error as CheckpointError).message).toContain((error as CheckpointError).file)
  })

  it('refuses a truncated file', async () => {
    const { header, data } = layOut(good)
    const bytes = fileBytes(JSON.stringify(header), data.subarray(0, data.length - 2))
    await expect(open(() => bytes)).rejects.toThrow(/tensor "third": expected data_offsets within the 34 bytes of data/)
  })

  it('refuses to read a dtype that it does not convert', async () => {
    const path = join(newFolder(), 'model.safetensors')
    const header = { ids: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }
    writeFileSync(path, fileBytes(JSON.stringify(header), new Uint8Array(8)))
    const file = await openSafetensors(path)
    await expect(file.read(file.entries.get('ids')!)).rejects.toThrow(
      /tensor "ids": expected dtype F32, F16 or BF16, got "I64"/,
    )
    await file.close()
  })
})
