import { DispatchError } from '../errors.js'
import type { Counts, Report, ReportPlace, RunResult } from './results.js'
import { decodeString } from './strings.js'

/** The runner's answer to `end` as data. */
export const parseResults = (lines: readonly string[]): RunResult => {
  const reports: Report[] = []
  const counts: Counts[] = []
  const times: { start: number; end: number }[] = []
  let suppressed = 0
  for (const line of lines) {
    const [word = '', ...fields] = line.split(' ')
    if (word === 'report') reports.push(parseReport(fields))
    else if (word === 'count') counts.push(parseCounts(fields.slice(1)))
    else if (word === 'time') times.push({ start: Number(fields[1]), end: Number(fields[2]) })
    else if (word === 'suppressed') suppressed = Number(fields[0])
    else if (word === 'failed') throw new DispatchError(`[simulator] ${decodeString(fields.join(' '))}`, reports)
  }
  return { reports, suppressed, counts, times }
}

const parseReport = (fields: readonly string[]): Report => {
  const [kind = '', kernel = '', label = '', message = '', times = '1', ...places] = fields
  return {
    kind,
    kernel: decodeString(kernel),
    label: decodeString(label),
    message: decodeString(message),
    times: Number(times),
    places: places.map(parsePlace),
  }
}

const parsePlace = (text: string): ReportPlace => {
  const [role = '', file = '', line, column, dispatch, kernel = '', ...positions] = text.split(',')
  const [tx = 0, ty = 0, tz = 0, gx = 0, gy = 0, gz = 0] = positions.map(Number)
  return {
    role,
    file: decodeString(file),
    line: Number(line),
    column: Number(column),
    dispatch: Number(dispatch),
    kernel: decodeString(kernel),
    threadInThreadgroup: [tx, ty, tz],
    threadgroup: [gx, gy, gz],
  }
}

const parseCounts = (fields: readonly string[]): Counts => {
  const number = (index: number): number => (fields[index] === '-' ? Number.NaN : Number(fields[index]))
  return {
    executedMultiplyAdds: number(0),
    usefulMultiplyAdds: number(1),
    bytesRead: number(2),
    bytesWritten: number(3),
    uniqueBytesRead: number(4),
    uniqueBytesWritten: number(5),
    threadgroupBarriers: number(6),
    simdgroupBarriers: number(7),
  }
}

/** One report for a person: message and places, a line each. */
export const formatReport = (report: Report): string => {
  const where = report.places.map((place) => {
    const at = place.file === '' ? 'an unknown place' : `${place.file}:${String(place.line)}:${String(place.column)}`
    const who = `thread (${place.threadInThreadgroup.join(', ')}) of threadgroup (${place.threadgroup.join(', ')})`
    return `  ${place.role} at ${at}, ${place.kernel}, ${who}`
  })
  const times = report.times > 1 ? ` (${String(report.times)} times)` : ''
  return [`${report.kind}: ${report.message}${times}`, ...where].join('\n')
}
