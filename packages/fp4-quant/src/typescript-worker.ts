/** Rows to FP4 in plain TypeScript, group by group: largest magnitude, scale, codes. What every other path must equal, bit for bit. */
import { type ScaleRule, formatInfo } from './formats.js'
import { absmaxBits, encodeGroup, floatOfBits, infinityBits } from './group.js'
import { storeStrip, stripRows } from './layouts/kn.js'
import { failNotFinite } from './not-finite.js'
import type { RowWorker } from './row-worker.js'
import { chooseScaleBy } from './rules/choose-scale.js'
import { scaleChoices } from './rules/scale-choice.js'
import type { QuantizedTensor } from './tensor.js'
import { type WeightValues, openRows } from './weight-values.js'

export function typescriptWorker(values: WeightValues, tensor: QuantizedTensor, rule: ScaleRule): RowWorker {
  const { n, k, groupSize, packed, scales } = tensor
  const rows = openRows(values, k)
  const { floats, bits } = rows
  const choice = scaleChoices[formatInfo[tensor.format].scaleType]
  const scaleValues = choice.values()
  const chooseScale = chooseScaleBy(rule, choice)
  const wordsPerRow = Math.ceil(k / 8)
  const groupsPerRow = Math.ceil(k / groupSize)
  const words = new Uint32Array(stripRows * wordsPerRow)
  const codes = new Uint16Array(stripRows * groupsPerRow)

  /** Row `row` of the input to row `r` of the strip. */
  function quantizeRow(row: number, r: number, globalScale: number): void {
    const at = rows.seek(row)
    for (let k0 = 0, group = r; k0 < k; k0 += groupSize, group += stripRows) {
      const k1 = Math.min(k0 + groupSize, k)
      const largest = absmaxBits(bits, at + k0, at + k1)
      if (largest >= infinityBits) failNotFinite(rows, row, k)
      if (largest === 0) {
        codes[group] = 0
        continue
      }
      const code = chooseScale(floats, at + k0, at + k1, floatOfBits(largest), globalScale)
      codes[group] = code
      encodeGroup(bits, at, k0, k1, scaleValues[code] * globalScale, words, r)
    }
  }

  return {
    absmax(first, count) {
      let largest = 0
      for (let row = first; row < first + count; row++) {
        const at = rows.seek(row)
        largest = Math.max(largest, absmaxBits(bits, at, at + k))
        if (largest >= infinityBits) failNotFinite(rows, row, k)
      }
      return floatOfBits(largest)
    },
    quantizeRows(expert, row, count, globalOfRow) {
      words.fill(0)
      for (let r = 0; r < count; r++) quantizeRow(expert * n + row + r, r, globalOfRow[row + r])
      storeStrip(words, count, wordsPerRow, packed, expert * wordsPerRow * n, n, row)
      storeStrip(codes, count, groupsPerRow, scales, expert * groupsPerRow * n, n, row)
    },
  }
}
