/**
 * An ONNX model of one 4-bit matrix many times over: every node has weights of its own, so that none stays in a cache from run to run.
 * Messages and field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The operator, com.microsoft MatMulNBits:
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
import { PbfWriter } from 'pbf'
import { fillRandom } from '../../src/geometry/synthetic.js'

export interface OnnxMatrix {
  readonly n: number
  readonly k: number
  /** Weights along K that share a scale. */
  readonly block: number
  /** Copies of the matrix, each a node and an output. */
  readonly copies: number
  /** What activations may be rounded to: 0 is float32 as they are, 4 is int8. */
  readonly accuracyLevel: 0 | 4
}

/** Numbers of ONNX's types. */
const types = { float: 1, uint8: 2 } as const

/** Attribute type of an integer. */
const intAttribute = 2

/** The file's bytes. Outputs are y0, y1, …; the input x is [rows, k] for any number of rows. */
export function onnxModel(matrix: OnnxMatrix): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, 8) // ir_version
  pbf.writeStringField(2, 'metal-fp4 benchmark')
  pbf.writeMessage(7, writeGraph, matrix)
  pbf.writeMessage(8, writeOpset, { domain: '', version: 17 })
  pbf.writeMessage(8, writeOpset, { domain: 'com.microsoft', version: 1 })
  return pbf.finish()
}

function writeOpset({ domain, version }: { domain: string; version: number }, pbf: PbfWriter): void {
  if (domain !== '') pbf.writeStringField(1, domain)
  pbf.writeVarintField(2, version)
}

function writeGraph(matrix: OnnxMatrix, pbf: PbfWriter): void {
  const { n, k, block, copies } = matrix
  const blocks = Math.ceil(k / block)
  for (let copy = 0; copy < copies; copy++) pbf.writeMessage(1, writeNode, { ...matrix, copy })
  pbf.writeStringField(2, 'matrices')
  for (let copy = 0; copy < copies; copy++) {
    const codes = new Uint32Array((n * blocks * block) / 8)
    fillRandom(codes, copy + 1)
    const scales = new Float32Array(n * blocks).fill(1 / (4.6 * Math.sqrt(k)))
    const b = { name: `b${copy}`, type: types.uint8, dims: [n, blocks, block / 2], data: bytesOf(codes) }
    pbf.writeMessage(5, writeTensor, b)
    pbf.writeMessage(5, writeTensor, { name: `s${copy}`, type: types.float, dims: [n * blocks], data: bytesOf(scales) })
  }
  pbf.writeMessage(11, writeValue, { name: 'x', columns: k })
  for (let copy = 0; copy < copies; copy++) pbf.writeMessage(12, writeValue, { name: `y${copy}`, columns: n })
}

function writeNode({ n, k, block, accuracyLevel, copy }: OnnxMatrix & { copy: number }, pbf: PbfWriter): void {
  for (const input of ['x', `b${copy}`, `s${copy}`]) pbf.writeStringField(1, input)
  pbf.writeStringField(2, `y${copy}`)
  pbf.writeStringField(3, `matmul${copy}`)
  pbf.writeStringField(4, 'MatMulNBits')
  const attributes = { K: k, N: n, bits: 4, block_size: block, accuracy_level: accuracyLevel }
  for (const [name, value] of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, { name, value })
  pbf.writeStringField(7, 'com.microsoft')
}

function writeAttribute({ name, value }: { name: string; value: number }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name)
  pbf.writeVarintField(3, value)
  pbf.writeVarintField(20, intAttribute)
}

interface Initializer {
  readonly name: string
  readonly type: number
  readonly dims: readonly number[]
  readonly data: Uint8Array
}

function writeTensor({ name, type, dims, data }: Initializer, pbf: PbfWriter): void {
  for (const size of dims) pbf.writeVarintField(1, size)
  pbf.writeVarintField(2, type)
  pbf.writeStringField(8, name)
  pbf.writeBytesField(9, data)
}

/** A float tensor [rows, columns]. */
function writeValue({ name, columns }: { name: string; columns: number }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name)
  pbf.writeMessage(2, writeType, columns)
}

function writeType(columns: number, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, columns)
}

function writeTensorType(columns: number, pbf: PbfWriter): void {
  pbf.writeVarintField(1, types.float)
  pbf.writeMessage(2, writeShape, columns)
}

function writeShape(columns: number, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeNamedDimension, 'rows')
  pbf.writeMessage(1, writeDimension, columns)
}

function writeNamedDimension(name: string, pbf: PbfWriter): void {
  pbf.writeStringField(2, name)
}

function writeDimension(size: number, pbf: PbfWriter): void {
  pbf.writeVarintField(1, size)
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
