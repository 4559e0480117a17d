import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDeclarations } from '../src/source/declarations.js'
import { integerOf } from '../src/source/integers.js'
import { rewrite } from '../src/source/rewrite.js'
import { textOf, tokenize } from '../src/source/tokens.js'
import { decodeString, encodeString } from '../src/simulator/strings.js'

// Whitespace and markers apart: what of a source clang will read.
const code = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    // Columns are restored: no space next to a sign means anything.
    .replaceAll(/ ?([^\w ]) ?/g, '$1')
    .trim()

const rewritten = (source: string): string =>
  code(rewrite(`# 1 "x.metal"\n${source}`).source.split('# 1 "metal-sim-table"')[0] ?? '')

const expectCode = (got: string): { toBe: (expected: string) => void } => ({
  toBe: (expected) => {
    expect(got).toBe(code(expected))
  },
})

describe('tokens', () => {
  it('are the source again', () => {
    for (const name of ['language', 'library']) {
      const text = readFileSync(new URL(`metal/${name}.metal`, import.meta.url), 'utf8')
        .replaceAll(/^#.*\n/gm, '')
        .replaceAll(/\/\/.*/g, '')
      expect(textOf(tokenize(text))).toBe(text)
    }
    const words = fc.constantFrom(
      'a',
      'float4',
      '1.5e-3f',
      '0x1p4',
      '<',
      '>',
      '>>',
      '->',
      '::',
      '[[',
      ']]',
      '{',
      '}',
      '(',
      ')',
      ' ',
      '\n',
      '"s\\""',
      "'c'",
      '+=',
      '...',
    )
    fc.assert(
      fc.property(fc.array(words), (list) => {
        const text = list.join('')
        expect(textOf(tokenize(text))).toBe(text)
      }),
    )
  })

  it('know their places, and leave the text of system headers alone', () => {
    const source = '# 1 "a.metal"\nfirst\n# 1 "/include/h" 1 3\nnot this\n# 7 "a.metal" 2\n  second // third\n'
    expect(
      tokenize(source)
        .flatMap(({ text, file, line, column }) => (text === '' ? [] : [[text, file, line, column]]))
        .slice(0, 2),
    ).toEqual([
      ['first', 'a.metal', 1, 1],
      ['second', 'a.metal', 7, 3],
    ])
    expect(textOf(tokenize(source))).toBe(source)
  })
})

describe('rewriting', () => {
  it('turns constructors and casts of vectors into calls', () => {
    const body = (text: string): string => rewritten(`void f() { ${text} }`).slice('void f(){'.length, -1)
    expectCode(body('x = float4(a, 1.0);')).toBe('x = ::metal::sim_make<float4>(a, 1.0f);')
    expectCode(body('x = metal::vec<float, 2>(a);')).toBe('x = ::metal::sim_make<metal::vec<float, 2>>(a);')
    expectCode(body('x = (half4)y * 2;')).toBe('x = ::metal::sim_make<half4>(y) * 2;')
    expectCode(body('x = -(int2)p[i].xy;')).toBe('x = -::metal::sim_make<int2>(p[i].xy);')
    expectCode(body('x = float4(a < b);')).toBe('x = ::metal::sim_make_mask<float4>(a < b);')
    expectCode(body('float4 v(1, 2, 3, 4);')).toBe('float4 v= ::metal::sim_make<float4>(1, 2, 3, 4);')
    expectCode(body('x = static_cast<uint2>(y);')).toBe('x = ::metal::sim_make<uint2>(y);')
    expectCode(body('n = sizeof(float4) + f(float4());')).toBe('n = sizeof(float4) + f(float4());')
    expectCode(body('g({1, 2});')).toBe('g(::metal::sim_list(1, 2));')
  })

  it('gives threadgroup variables memory, and leaves pointers to it', () => {
    expectCode(rewritten('void f() { alignas(16) threadgroup float a[2][n], b; threadgroup float* p = a[0]; }')).toBe(
      'void f() { static char sim_key_0; auto& a = ::metal::sim_threadgroup<float[(2)][(n)], (16)>(&sim_key_0); '
        + 'static char sim_key_1; auto& b = ::metal::sim_threadgroup<float, (16)>(&sim_key_1); '
        + '__attribute__((opencl_local)) float* p = a[0]; }',
    )
  })

  it('keeps one of member functions that differ by their address space', () => {
    const methods = 'struct s { float get() const device; float get() const thread; void set() threadgroup {} };'
    expectCode(rewritten(methods)).toBe('struct s { float get() const; void set() {} };')
  })

  it('reads literals', () => {
    expectCode(rewritten('constant float x = 1.0 + 1e3 + .5f + 2.h + 0x1.8p3;')).toBe(
      'const __attribute__((opencl_global_host)) float x = 1.0f + 1e3f + .5f + 2.f16 + 0x1.8p3f;',
    )
  })
})

describe('declarations', () => {
  it('are found in namespaces, classes and behind templates', () => {
    const source = `namespace a { namespace b {
      template <typename T, int n> struct s : base<T> { int x = 3; s() : x(1), y{2} {} T operator()(T v) const { return v; } };
      constant float c[2] = {1, 2};
    } template <> inline void f<int>(device int* p) { if (p[0] < 3) { g(p); } } }
    template [[host_name("h")]] kernel void k<float, 4>(device float*);`
    const tokens = tokenize(source)
    const found = parseDeclarations(tokens).map(({ kind, scope, name, template }) => [
      kind,
      scope,
      tokens[name]?.text,
      template,
    ])
    expect(found).toEqual([
      ['class', '::a::b', 's', true],
      ['variable', '::a::b', 'x', false],
      ['function', '::a::b', 's', false],
      ['function', '::a::b', 'operator', false],
      ['variable', '::a::b', 'c', false],
      ['function', '::a', 'f', true],
      ['instantiation', '', 'k', false],
    ])
  })

  it('take integer expressions as indices', () => {
    expect(integerOf('3')).toBe(3)
    expect(integerOf('(1200 + 2 * 3) / 2 - 1u')).toBe(602)
    expect(integerOf('n + 1')).toBeNaN()
    expect(integerOf(null)).toBeNaN()
  })
})

describe('strings of the protocol', () => {
  it('survive', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        (text) => decodeString(encodeString(text)) === text && !/[\s%]$/.test(encodeString(`${text}x`)),
      ),
    )
    expect(encodeString('')).toBe('%')
    expect(encodeString('a b=c')).toBe('a%20b%3Dc')
  })
})
