/** A device and a model, each in a line. */
import { basename } from 'node:path'
import type { Device } from '@metal-fp4/metal-core'
import type { Model } from '../model/model.js'

export function deviceLine({ info }: Device): string {
  const threads = info.threads > 0 ? `, ${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}` : ''
  return `${info.backend}: ${info.name}${threads}`
}

export function modelLine(model: Model): string {
  const { source, architecture, parameters, activeParameters, weightBytes } = model.describe()
  const active = activeParameters < parameters ? ` (${millions(activeParameters)} active)` : ''
  return `${basename(source)}: ${architecture}, ${millions(parameters)} parameters${active}, ${formatLine(model)}, ${megabytes(weightBytes)}`
}

/** "fp4 (groups of 128)" */
export function formatLine(model: Model): string {
  const { formats, groupSize } = model.describe()
  return formats.join('+') + (groupSize === undefined ? '' : ` (groups of ${groupSize})`)
}

export function millions(count: number): string {
  return `${(count / 1e6).toFixed(1)} M`
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
