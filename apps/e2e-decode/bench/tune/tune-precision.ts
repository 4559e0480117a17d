/** One sweep, what it says to choose, and whether that holds when it is measured anew. */
import { type Precision, chooseRules, libraryFor, profileOfLibrary } from '@metal-fp4/dispatch'
import { type Sweep, type Tuning, tunedPolicy } from './policy.js'
import { type SweepOptions, confirm, fieldAt, sweep } from './sweep.js'

/** `progress` gives a listener for each of the steps by its name. @throws the signal's reason. */
export async function tunePrecision(
  precision: Precision,
  made: Sweep,
  options: Omit<SweepOptions, 'precision' | 'fallback' | 'onProgress'>,
  progress: (step: string) => NonNullable<SweepOptions['onProgress']>,
): Promise<Tuning> {
  const { fallback } = made
  const profile = profileOfLibrary(await libraryFor(options.device))
  const fields = options.m.map((m) => ({ m, field: fieldAt(m, { ...options, precision, fallback }, profile) }))
  const unmeasured = fields.filter(({ field }) => field !== 'some')
  const m = fields.filter(({ field }) => field === 'some').map((one) => one.m)
  if (m.length === 0) return { precision, choices: [], confirmed: [], unmeasured }
  const common = { ...options, m, precision, fallback }
  const measured = await sweep({ ...common, onProgress: progress(`${precision}, sweep`) })
  const first = { precision, choices: chooseRules(measured), confirmed: [] }
  const again = await confirm({ ...common, onProgress: progress(`${precision}, confirm`) }, tunedPolicy(made, [first]))
  // What was not faster the second time was luck: the fallback's choice stays.
  const lucky = new Set(again.filter(({ isFallback, high }) => !isFallback && high >= 1).map(({ m }) => m))
  return {
    precision,
    unmeasured,
    choices: chooseRules(measured.filter((one) => one.isFallback || !lucky.has(one.m))),
    confirmed: again.map((one) => (lucky.has(one.m) ? { ...one, ratio: 1, low: 1, high: 1 } : one)),
  }
}
