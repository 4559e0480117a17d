import { describe, expect, it } from 'vitest'
import { type Suite, defineSuite } from '../src/index.js'

const cases: Suite['cases'] = () => []

describe('defineSuite', () => {
  it('gives the suite back, frozen', () => {
    const suite = defineSuite({ name: 'gemv', summary: 'one row', cases })
    expect(suite).toEqual({ name: 'gemv', summary: 'one row', cases })
    expect(Object.isFrozen(suite)).toBe(true)
  })

  it.each(['', 'Gemv', 'two words', '-o', undefined])('refuses the name %j', (name) => {
    const define = (): Suite => defineSuite({ name: name as string, summary: '', cases })
    expect(define).toThrow('[defineSuite] expected a name of lower-case letters, digits and dashes, got ')
  })

  it('refuses what has no cases, or is no suite', () => {
    expect(() => defineSuite({ name: 'gemv', summary: '' } as unknown as Suite)).toThrow(
      "[defineSuite] expected suite 'gemv' to have cases(context), got undefined.",
    )
    expect(() => defineSuite(null as unknown as Suite)).toThrow('[defineSuite] expected a name')
  })
})
