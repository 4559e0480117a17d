/** The form: what can be chosen together, and what was. */
import { type Fp4Format, type ScaleRule, isFp4Format } from '@metal-fp4/fp4-quant'
import { type FileLayout, layoutFormats } from '@metal-fp4/fp4-quant/safetensors'
import { element } from './dom.js'

export interface Chosen {
  readonly format: Fp4Format
  readonly scales: ScaleRule
  readonly layout: FileLayout
  /** For fp4 alone; the other formats define theirs. */
  readonly groupSize: number | undefined
  readonly exclude: readonly string[]
  readonly requantize: boolean
}

/** Keeps choices that exclude each other from being made. */
export function watchOptions(form: HTMLFormElement): void {
  const update = (): void => {
    const { format, layout } = readOptions(form)
    const select = form.elements.namedItem('layout') as HTMLSelectElement
    for (const option of select.options) {
      option.disabled = !layoutFormats[option.value as FileLayout].includes(format)
    }
    if (!layoutFormats[layout].includes(format)) select.value = 'kn'
    ;(form.elements.namedItem('groupSize') as HTMLSelectElement).disabled = format !== 'fp4'
    element('requantize-row', HTMLElement).hidden = select.value !== 'mlx' || format !== 'nvfp4'
  }
  form.addEventListener('change', update)
  update()
}

export function readOptions(form: HTMLFormElement): Chosen {
  const data = new FormData(form)
  const text = (name: string): string => {
    const value = data.get(name)
    return typeof value === 'string' ? value : ''
  }
  const format = text('format')
  if (!isFp4Format(format)) throw new Error(`[demo] expected a format, got '${format}'.`)
  return {
    format,
    scales: text('scales') === 'mse' ? 'mse' : 'absmax',
    layout: text('layout') as FileLayout,
    groupSize: format === 'fp4' ? Number(text('groupSize')) : undefined,
    exclude: text('exclude')
      .split(',')
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== ''),
    requantize: data.has('requantize'),
  }
}
