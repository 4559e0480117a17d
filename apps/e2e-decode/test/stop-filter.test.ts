import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StopFilter } from '../src/generation/stop-filter.js'

describe('StopFilter', () => {
  it('keeps back what may begin a stop string, and no more', () => {
    const filter = new StopFilter(['END', 'ENOUGH'])
    expect(filter.push('the E')).toEqual({ text: 'the ', stopped: false })
    expect(filter.push('N')).toEqual({ text: '', stopped: false })
    expect(filter.push('E of EN')).toEqual({ text: 'ENE of ', stopped: false })
    expect(filter.push('D of it')).toEqual({ text: '', stopped: true })
  })

  it('gives the rest at the end', () => {
    const filter = new StopFilter(['END'])
    filter.push('EN')
    expect(filter.end()).toBe('EN')
    expect(filter.end()).toBe('')
  })

  it('finds the first stop string however the text is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    const stop = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(letters), fc.array(stop, { maxLength: 3 }), (pieces, stops) => {
        const filter = new StopFilter(stops)
        let text = ''
        let stopped = false
        for (const piece of pieces) {
          const next = filter.push(piece)
          text += next.text
          stopped = next.stopped
          if (stopped) break
        }
        if (!stopped) text += filter.end()
        const whole = pieces.join('')
        // Ends of stop strings decide which comes first: none of them may be seen whole in what is given out.
        for (const one of stops) expect(text.includes(one)).toBe(false)
        expect(whole.startsWith(text)).toBe(true)
        expect(stopped).toBe(stops.some((one) => whole.includes(one)))
        if (!stopped) expect(text).toBe(whole)
        else expect(stops.some((one) => whole.startsWith(one, text.length))).toBe(true)
      }),
    )
  })
})
