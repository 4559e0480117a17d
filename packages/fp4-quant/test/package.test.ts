/** The package keeps its promises: no dependency, nothing of Node, a public surface that is known. */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as api from '../src/index.js'
import * as parallel from '../src/parallel/index.js'
import * as safetensors from '../src/safetensors/index.js'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('the package', () => {
  it('imports nothing but its own files and names nothing of Node, the command apart', () => {
    const files = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    expect(files.length).toBeGreaterThan(15)
    for (const file of files) {
      const text = readFileSync(`${root}/src/${file}`, 'utf8')
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1])
      const command = file.startsWith('cli/')
      const foreign = imports.filter((name) => !name.startsWith('.') && !(command && /^node:|^commander$/.test(name)))
      expect(foreign, file).toEqual([])
      // Nothing else imports the command, and it is the only one to know Node, but for what the pool looks up at run time.
      if (!command) expect(imports.filter((name) => name.includes('/cli/')), file).toEqual([]) // prettier-ignore
      if (command || file === 'parallel/node.ts') continue
      expect(text, file).not.toMatch(/\b(?:process|Buffer|require|__dirname|globalThis)\b\s*[.([]/)
    }
  })
  it.each(['index', 'parallel', 'safetensors', 'worker'])(
    'bundles for browsers without externals: %s',
    async (entry) => {
      const file = {
        index: 'index',
        parallel: 'parallel/index',
        safetensors: 'safetensors/index',
        worker: 'parallel/worker',
      }
      const { metafile, outputFiles } = await build({
      entryPoints: [`${root}/src/${file[entry as 'index']}.ts`],
      bundle: true, write: false, format: 'esm', platform: 'browser', metafile: true, logLevel: 'silent',
    }) // prettier-ignore
      const externals = Object.values(metafile.outputs).flatMap((output) =>
        output.imports.filter((found) => found.external),
      )
      expect(externals).toEqual([])
      expect(outputFiles[0].text).not.toMatch(/\brequire\(/)
    },
  )
  it('has no dependencies', () => {
    const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Record<string, object | undefined>
    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      expect(Object.keys(manifest[kind] ?? {})).toEqual([])
    }
  })
  it('exports what its README lists', () => {
    const readme = readFileSync(`${root}/README.md`, 'utf8')
    const names = [api, parallel, safetensors].flatMap((entry) => Object.keys(entry))
    expect(names.filter((name) => !readme.includes(name))).toEqual([])
  })
  it('has the types that the other packages rely on', () => {
    expectTypeOf(api.quantize).parameters.toEqualTypeOf<[api.WeightValues, api.QuantizeOptions]>()
    expectTypeOf(api.quantize).returns.toEqualTypeOf<api.QuantizedTensor>()
    expectTypeOf(api.dequantize).returns.toEqualTypeOf<Float32Array>()
    expectTypeOf<api.QuantizedTensor['scales']>().toEqualTypeOf<Uint16Array | Uint8Array>()
    expectTypeOf<api.Fp4Format>().toEqualTypeOf<'fp4' | 'mxfp4' | 'nvfp4'>()
    expectTypeOf<api.ScaleRule>().toEqualTypeOf<'absmax' | 'mse'>()
    const measured = api.measureError(Float32Array.of(1), Float32Array.of(1))
    expectTypeOf(measured.sqnrDb).toEqualTypeOf<number>()
  })
  it('knows the formats', () => {
    expect(api.formatInfo).toMatchInlineSnapshot(`
      {
        "fp4": {
          "defaultGroupSize": 128,
          "fixedGroupSize": false,
          "globalScale": false,
          "scaleBytes": 2,
          "scaleType": "half",
        },
        "mxfp4": {
          "defaultGroupSize": 32,
          "fixedGroupSize": true,
          "globalScale": false,
          "scaleBytes": 1,
          "scaleType": "e8m0",
        },
        "nvfp4": {
          "defaultGroupSize": 16,
          "fixedGroupSize": true,
          "globalScale": true,
          "scaleBytes": 1,
          "scaleType": "e4m3",
        },
      }
    `)
    expect(api.bitsPerWeight('fp4')).toBe(4.125)
    expect([16, 32, 64].map((groupSize) => api.bitsPerWeight('fp4', groupSize))).toEqual([5, 4.5, 4.25])
    expect([api.bitsPerWeight('mxfp4'), api.bitsPerWeight('nvfp4')]).toEqual([4.25, 4.5])
    expect(['fp4', 'constructor', 4].map(api.isFp4Format)).toEqual([true, false, false])
  })
})
