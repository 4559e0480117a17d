import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cppExpression } from '../scripts/generate/cpp-expression.js'
import { evaluate, parseExpression } from '../src/manifest/expression.js'

const scope = { names: ['m', 'n', 'k'], constants: { format: ['fp4', 'mxfp4', 'nvfp4'], epilogue: ['none', 'swiglu'] } }
const value = (text: string, values: Record<string, number> = {}): number =>
  evaluate(parseExpression(text, scope), values)

describe('evaluation', () => {
  test.each([
    ['1 + 2 * 3 - 4', 3],
    ['(1 + 2) * 3', 9],
    ['7 / 2 + 7 % 4', 6],
    ['2 * 3 % 4', 2],
    ['ceilDiv(7, 2) + align(65, 64)', 132],
    ['min(3, 5) + max(3, 5)', 8],
    ['1 < 2 && 2 <= 2 || 1 / 0', 1],
    ['1 > 2 && 1 / 0', 0],
    ['3 != 3 || 4 == 4', 1],
    ["format == 'nvfp4'", 1],
    ["(1 + (epilogue == 'swiglu')) * 10", 20],
    ["format != 'fp4' && epilogue == 'none'", 0],
    ['m - n', -2],
  ])('%s is %i', (text, expected) => {
    expect(value(text, { m: 3, n: 5, format: 2, epilogue: 1 })).toBe(expected)
  })

  test('whole numbers up to 2^53 - 1 are exact, larger ones fail', () => {
    expect(value('m * n', { m: 2 ** 31, n: 2 ** 21 })).toBe(2 ** 52)
    expect(value('ceilDiv(m, 2)', { m: 2 ** 53 - 1 })).toBe(2 ** 52)
    expect(value('m / n', { m: 2 ** 53 - 1, n: 2 ** 53 - 2 })).toBe(1)
    for (const text of ['m * n', 'm * n - m * n', 'align(n, m)']) {
      expect(() => value(text, { m: 2 ** 27, n: 2 ** 53 - 1 })).toThrow('2^53')
    }
  })

  test.each(['m / 0', 'm % (n - n)', 'ceilDiv(m, 0)', 'align(m, 0)'])('%s fails', (text) => {
    expect(() => value(text, { m: 1, n: 1 })).toThrow('[expression] division by zero')
  })

  test('a name without a value fails', () => {
    expect(() => value('m')).toThrow('[expression] m has no value')
    expect(() => value('m', { m: 1.5 })).toThrow('not an integer')
  })

  test('ceilDiv and align agree with their definition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 20 }), (m, n) => {
        const quotient = value('ceilDiv(m, n)', { m, n })
        expect(quotient * n >= m && (quotient - 1) * n < m).toBe(true)
        expect(value('align(m, n)', { m, n })).toBe(quotient * n)
      }),
    )
  })
})

describe('errors name the text', () => {
  test.each([
    ['m +', 'expected more in "m +"'],
    ['m n', `unexpected 'n' in "m n"`],
    ['(m', 'expected more in "(m"'],
    ['ceilDiv(m)', `expected ',', got ')' in "ceilDiv(m)"`],
    ['floor(m, n)', `unknown function 'floor' in "floor(m, n)"`],
    ['q', `unknown name 'q' in "q"`],
    ["m == 'fp4'", `'fp4' must be compared (==, !=) with a constant on its left`],
    ["format + 'fp4'", `'fp4' must be compared (==, !=) with a constant on its left`],
    ["format == 'q4'", `'q4' is not a value of format`],
    ['m ^ n', `unexpected '^' in "m ^ n"`],
    ['', 'expected more in ""'],
  ])('%s', (text, message) => {
    expect(() => parseExpression(text, scope)).toThrow(message)
  })
})

test('C++ is emitted with every operation checked', () => {
  const emit = (text: string): string => cppExpression(parseExpression(text, scope), (name) => `p.${name}`)
  expect(emit('ceilDiv(m, 8) * n')).toBe('a.mul(a.ceil_div(p.m, int64_t{8}), p.n)')
  expect(emit("(format == 'nvfp4') + 1")).toBe('a.add(int64_t{p.format == int64_t{2}}, int64_t{1})')
  expect(emit('m >= 1 && n % m == 0')).toBe(
    'int64_t{(int64_t{p.m >= int64_t{1}} != 0) && (int64_t{a.mod(p.n, p.m) == int64_t{0}} != 0)}',
  )
})
