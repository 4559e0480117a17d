import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { check, compile, createSimulator } from '../src/index.js'
import { halfBits } from '../src/cli/half.js'
import { withClang } from './support/clang.js'

const head = '#include <metal_stdlib>\nusing namespace metal;\n'

// What kernels of ggml and MLX have, and a header or a rule was found to lack.
withClang('constructs of kernels that others wrote', () => {
  const run = async (source: string, buffers: ArrayBufferView[]): Promise<void> => {
    await using simulator = await createSimulator()
    await simulator.load(await compile(head + source))
    const { reports } = await simulator.run({ kernel: 'k', grid: 1, threadgroup: 1, buffers })
    expect(reports).toEqual([])
  }

  it('converts vectors between bfloat and half', async () => {
    const bfloats = Uint16Array.of(0x3f80, 0xc020, 0x4780, 0x3380) // 1, -2.5, 65536, 2^-24
    const halves = new Uint16Array(4)
    await run(
      `kernel void k(device bfloat4* a [[buffer(0)]], device half4* b [[buffer(1)]]) {
         b[0] = half4(a[0]);
         a[0] = bfloat4(half4(1.0h, 0.5h, -2.0h, 3.0h));
       }`,
      [bfloats, halves],
    )
    expect([...halves]).toEqual([1, -2.5, Infinity, 2 ** -24].map(halfBits))
    expect([...bfloats]).toEqual([0x3f80, 0x3f00, 0xc000, 0x4040])
  })

  it('has strings in the constant address space', async () => {
    const out = new Int32Array(3)
    await run(
      `struct Log { constexpr Log(constant char*, constant char*) constant {} void say(constant char*) const constant {} };
       constexpr constant Log logger("a", "b");
       int second(constant char* text) { return text[1]; }
       static_assert(sizeof(int) == 4, "not touched");
       kernel void k(device int* out [[buffer(0)]]) {
         logger.say("it runs");
         out[0] = second("xyz"); out[1] = second("a,(b"); out[2] = second("xyz");
       }`,
      [out],
    )
    expect([...out]).toEqual(['y', ',', 'y'].map((letter) => letter.charCodeAt(0)))
  })

  it('takes definitions of static constants', async () => {
    const out = new Float32Array(1)
    await run(
      `template <int n> struct Table {};
       template <> struct Table<2> { static constexpr constant float values[2] = {3, 4}; };
       constant constexpr const float Table<2>::values[2];
       kernel void k(device float* out [[buffer(0)]]) { out[0] = Table<2>::values[1]; }`,
      [out],
    )
    expect(out[0]).toBe(4)
  })

  it('keeps overloads that differ in their result', async () => {
    const out = new Float32Array(3)
    await run(
      `struct Half {
         template <typename T> enable_if_t<is_integral_v<T>, T> operator()(T x) thread { return x >> 1; }
         template <typename T> enable_if_t<!is_integral_v<T>, T> operator()(T x) thread { return x / 2; }
         template <> bool operator()(bool x) thread { return !x; }
       };
       kernel void k(device float* out [[buffer(0)]]) { out[0] = Half()(5); out[1] = Half()(5.0f); out[2] = Half()(false); }`,
      [out],
    )
    expect([...out]).toEqual([2, 2.5, 1])
  })

  // clang names a file by its way from the current folder.
  it('converts structs in device memory, in a file with an absolute name', async () => {
    const folder = mkdtempSync(join(process.cwd(), 'node_modules', '.metal-sim-'))
    try {
      writeFileSync(
        join(folder, 'pair.h'),
        `struct Pair { float a, b;
           template <typename T> operator T() const thread { return a; }
           template <typename T> operator T() const device { return a; } };`,
      )
      const source = `${head}#include "pair.h"\nkernel void k(device Pair* in [[buffer(0)]], device float* out [[buffer(1)]]) { out[0] = in[1]; }`
      const name = join(folder, 'k.metal')
      expect(await check(source, { name, includeDirectories: [folder] })).toMatchObject({ ok: true, diagnostics: [] })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
