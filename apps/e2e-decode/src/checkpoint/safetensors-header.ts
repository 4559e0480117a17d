/** The header of a safetensors file, read strictly by fp4-quant; what is wrong with it becomes a CheckpointError. */
import {
  type SafetensorsHeader, SafetensorsError, parseSafetensorsHeader, safetensorsHeaderBytes,
} from '@metal-fp4/fp4-quant/safetensors' // prettier-ignore
import { failCheckpoint } from '../errors.js'

export type { TensorEntry } from '@metal-fp4/fp4-quant/safetensors'

/** Bytes of the whole header, its length field included, from the first 8 bytes of the file. @throws CheckpointError */
export function headerEnd(file: string, prefix: Uint8Array, fileBytes: number): number {
  return checked(() => safetensorsHeaderBytes(prefix, fileBytes, file))
}

/** Parses the header, its length field included, of a file of `fileBytes` bytes. @throws CheckpointError */
export function parseHeader(file: string, header: Uint8Array, fileBytes: number): SafetensorsHeader {
  return checked(() => parseSafetensorsHeader(header, fileBytes, file))
}

function checked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error
    const { file, tensor, expected, got, fix } = error
    return failCheckpoint({ file, ...(tensor !== undefined && { tensor }), expected, got, fix })
  }
}
