import { describe, expect, it } from 'vitest'
import { check } from '../src/index.js'
import { withClang } from './support/clang.js'

const header = '#include <metal_stdlib>\nusing namespace metal;\n'
// Line 3 of a source is the first of what follows.
const kernel = (
  body: string,
  parameters = 'device float* x [[buffer(0)]], uint i [[thread_position_in_grid]]',
): string => `kernel void k(${parameters}) { ${body} }`

/** Each rule: what breaks it, at which line, and what comes close without breaking it. */
const rules: { rule: string; message: RegExp; line?: number; bad: string; good: string }[] = [
  {
    rule: 'double',
    message: /no 'double'/,
    bad: kernel('double y = 1; x[i] = y;'),
    good: kernel('float y = 1.0; x[i] = y * 2.5e-1;'),
  },
  {
    rule: 'clang',
    message: /const-qualified|read-only|not assignable/,
    bad: kernel('c[0] = 1;', 'constant float* c [[buffer(0)]]'),
    good: kernel('x[0] = c[0];', 'constant float* c [[buffer(0)]], device float* x [[buffer(1)]]'),
  },
  {
    rule: 'address-space',
    message: /'device' becomes one to 'thread'/,
    line: 4,
    bad: `float first(const thread float* p) { return p[0]; }\n${kernel('x[i] = first(x);')}`,
    good: `float first(const device float* p) { return p[0]; }\n${kernel('x[i] = first(x);')}`,
  },
  {
    rule: 'address-space',
    message: /'threadgroup' becomes one to 'thread'/,
    bad: kernel('threadgroup float a[4]; thread float* p = a; x[i] = p[0];'),
    good: kernel('threadgroup float a[4]; threadgroup float* p = a; p[i] = 1; x[i] = p[i];'),
  },
  {
    rule: 'address-space',
    message: /pointer parameter needs an address space/,
    bad: `float first(const float* p) { return p[0]; }\n${kernel('x[i] = 0;')}`,
    good: `float first(const thread float* p) { return p[0]; }\n${kernel('float a[2] = {1, 2}; x[i] = first(a);')}`,
  },
  {
    rule: 'clang',
    message: /no matching function|no known conversion|threadgroup/,
    line: 4,
    bad: `float first(const device float* p) { return p[0]; }\n${kernel('threadgroup float a[4]; x[i] = first(a);')}`,
    good: `struct pair { float a, b; };\n${kernel('pair q = p[0]; threadgroup pair t[2]; t[i] = q; p[1] = t[i];', 'device pair* p [[buffer(0)]], uint i [[thread_position_in_grid]]')}`,
  },
  {
    rule: 'address-space',
    message: /'device' becomes one to 'thread'/,
    bad: kernel('float a[2] = {}; thread float* p = i > 0 ? (thread float*)x : a; x[i] = p[0];'),
    good: kernel('device const float4* v = (device const float4*)x; x[i] = v[0].x;'),
  },
  {
    rule: 'recursion',
    message: /calls itself/,
    bad: `float down(float n) { return n > 0 ? down(n - 1) : n; }\n${kernel('x[i] = down(x[i]);')}`,
    good: `float one(float n) { return n; }\nfloat two(float n) { return one(n); }\n${kernel('x[i] = two(x[i]);')}`,
  },
  {
    rule: 'recursion',
    message: /calls itself/,
    bad: `template <int n> float odd(float);\ntemplate <int n> float even(float v) { return v > 0 ? odd<n>(v) : 0; }\ntemplate <int n> float odd(float v) { return even<n>(v - 1); }\n${kernel('x[i] = even<1>(x[i]);')}`,
    line: 4,
    good: `template <int n> float sum(float v) { return v + sum<n - 1>(v); }\ntemplate <> float sum<0>(float v) { return v; }\n${kernel('x[i] = sum<3>(x[i]);')}`,
  },
  {
    rule: 'lambda',
    message: /no lambda/,
    bad: kernel('auto f = [&](float v) { return v + 1; }; x[i] = f(2);'),
    good: kernel('float a[2] = {1, 2}; x[i] = a[i % 2];'),
  },
  {
    rule: 'virtual',
    message: /no virtual functions/,
    bad: `struct base { virtual float get() { return 1; } };\n${kernel('base b; x[i] = b.get();')}`,
    good: `struct base { float get() { return 1; } };\nstruct derived : base {};\n${kernel('derived b; x[i] = b.get();')}`,
  },
  {
    rule: 'function-pointer',
    message: /function pointers/,
    line: 4,
    bad: `float twice(float v) { return 2 * v; }\n${kernel('float (*f)(float) = twice; x[i] = f(x[i]);')}`,
    good: `float twice(float v) { return 2 * v; }\ntemplate <float (*f)(float)> float use(float v) { return f(v); }\n${kernel('x[i] = use<twice>(x[i]);')}`,
  },
  {
    rule: 'exceptions',
    message: /no exceptions/,
    bad: kernel('if (i > 3) throw 1;'),
    good: kernel('if (i > 3) return;'),
  },
  {
    rule: 'new',
    message: /no new/,
    bad: kernel('thread float* p = new float; x[i] = *p;'),
    good: `struct none { none() = default; none(thread const none&) = delete; };\n${kernel('x[i] = 1;')}`,
  },
  {
    rule: 'goto',
    message: /no goto/,
    bad: kernel('again: x[i] += 1; if (x[i] < 3) goto again;'),
    good: kernel('while (x[i] < 3) x[i] += 1;'),
  },
  {
    rule: 'missing-attribute',
    message: /parameter 'n' of a kernel needs an attribute/,
    bad: kernel('x[i] = n;', 'device float* x [[buffer(0)]], uint n, uint i [[thread_position_in_grid]]'),
    // Memory without an index takes the next.
    good: kernel('x[i] = n;', 'device float* x, constant uint& n, uint i [[thread_position_in_grid]]'),
  },
  {
    rule: 'duplicate-index',
    message: /'y' and 'x' are both/,
    bad: kernel('x[0] = y[0];', 'device float* x [[buffer(0)]], device float* y [[buffer(0)]]'),
    good: kernel('x[0] = y[0];', 'device float* x [[buffer(0)]], device float* y [[buffer(1)]]'),
  },
  {
    rule: 'index',
    message: /a number from 0 to 30/,
    bad: kernel('x[0] = 1;', 'device float* x [[buffer(31)]]'),
    good: kernel('x[0] = 1;', 'device float* x [[buffer(2 * 15)]]'),
  },
  {
    rule: 'address-space',
    message: /needs the address space device or constant/,
    bad: kernel('x[0] = 1;', 'thread float* x [[buffer(0)]]'),
    good: kernel('x[0] = 1;', 'threadgroup float* x [[threadgroup(0)]]'),
  },
  {
    rule: 'kernel-result',
    message: /must return void/,
    bad: 'kernel float k(device float* x [[buffer(0)]]) { return x[0]; }',
    good: '[[kernel]] void k(device float* x [[buffer(0)]]) { x[0] = 1; }',
  },
  {
    rule: 'kernel-name',
    message: /two kernels have the name 'same'/,
    bad: 'template <typename T> kernel void k(device T* x [[buffer(0)]]) { x[0] = 1; }\ntemplate [[host_name("same")]] kernel void k<float>(device float*);\ntemplate [[host_name("same")]] kernel void k<int>(device int*);',
    line: 5,
    good: 'template <typename T> kernel void k(device T* x [[buffer(0)]]) { x[0] = 1; }\ntemplate [[host_name("one")]] kernel void k<float>(device float*);\ntemplate [[host_name("two")]] kernel void k<int>(device int*);',
  },
  {
    rule: 'program-scope',
    message: /must be in the constant address space/,
    bad: `static float scale = 2;\n${kernel('x[i] = scale;')}`,
    good: `constant float scale = 2;\nconstant constexpr float table[2] = {1, 2};\n${kernel('x[i] = scale * table[i % 2];')}`,
  },
  {
    rule: 'static',
    message: /no static variables/,
    bad: kernel('static int n = 0; x[i] = n++;'),
    good: `static float one() { return 1; }\n${kernel('constexpr float n = 2; x[i] = n * one();')}`,
  },
  {
    rule: 'clang',
    message: /'vector' file not found. Metal has no host library/,
    bad: '#include <vector>\n',
    good: '#include <metal_math>\n#include <metal_simdgroup>\n',
  },
  {
    rule: 'clang',
    message: /undeclared identifier 'std'/,
    bad: kernel('x[i] = std::sqrt(x[i]);'),
    good: kernel('x[i] = metal::sqrt(x[i]);'),
  },
  {
    rule: 'clang',
    message: /a vector is built from as many elements as it has/,
    bad: kernel('float4 v = float4(float2(1, 2), 3); x[i] = v.x;'),
    good: kernel('float4 v = float4(float2(1, 2), 3, 4); x[i] = v.x;'),
  },
  {
    rule: 'asm',
    message: /no inline assembly/,
    bad: kernel('asm("nop");'),
    good: kernel('x[i] = 0;'),
  },
]

withClang('rules of the language', () => {
  describe.concurrent.each(rules.map((one, index) => ({ ...one, index })))(
    '$index $rule',
    ({ rule, message, line, bad, good }) => {
      it('is broken', async () => {
        const { ok, diagnostics } = await check(header + bad, { name: 'bad.metal' })
        const found = diagnostics.filter((one) => one.rule === rule && message.test(one.message))
        expect(diagnostics.length, bad).toBeGreaterThan(0)
        expect(ok).toBe(false)
        expect(found[0], JSON.stringify(diagnostics)).toMatchObject({
          severity: 'error',
          file: 'bad.metal',
          line: line ?? 3,
        })
      })

      it('is kept', async () => {
        expect(await check(header + good, { name: 'good.metal' })).toMatchObject({ ok: true, diagnostics: [] })
      })
    },
  )

  it('speaks of a null pointer that may be a place in threadgroup memory', async () => {
    const parameters = 'device float* x [[buffer(0)]], uint i [[thread_position_in_grid]]'
    const source = (space: string, argument: string): string =>
      `${header}float first(${space} float* p) { if (p != nullptr) return p[0]; return 0; }\n`
      + kernel(`threadgroup float a[4]; a[i] = 1; x[i] = first(${argument});`, parameters)
    const { ok, diagnostics } = await check(source('threadgroup', 'a'), { name: 'bad.metal' })
    expect(ok).toBe(true)
    expect(diagnostics).toMatchObject([{ severity: 'warning', rule: 'threadgroup-null', file: 'bad.metal', line: 3 }])
    expect((await check(source('device', 'x'))).diagnostics).toEqual([])
  })

  it('are warnings where the caller says so', async () => {
    const source = `${header}float down(float n) { return n > 0 ? down(n - 1) : n; }\n${kernel('double y = down(x[i]); x[i] = y;')}`
    const { ok, diagnostics } = await check(source, { allow: ['recursion', 'double'] })
    expect(ok).toBe(true)
    expect(diagnostics.map(({ severity, rule, line }) => [severity, rule, line])).toEqual([
      ['warning', 'double', 4],
      ['warning', 'recursion', 3],
    ])
  })
})
