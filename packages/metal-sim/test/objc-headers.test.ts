import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { conformity } from '../scripts/objc-headers/conformity.js'
import { objcHeaders } from '../scripts/objc-headers/headers.js'
import { nameOf } from '../scripts/objc-headers/list.js'
import { readSelectors } from '../scripts/objc-headers.js'
import { objcDirectory } from '../src/index.js'
import { missing, typeCheck } from './objc/build.js'

const files = readSelectors()

describe('the list of selectors', () => {
  it('says for each entry where it was checked', () => {
    for (const { header, sources, declarations } of files) {
      for (const declaration of declarations) {
        const entries = [declaration, ...('members' in declaration ? declaration.members : [])]
        for (const { source } of entries) {
          expect(source, `${header} ${nameOf(declaration)}`).toBeDefined()
          for (const name of source!.split(', '))
            expect(sources, `${header} ${nameOf(declaration)}`).toHaveProperty([name])
        }
      }
    }
  })

  it('declares each name once, and each selector with as many types as it takes', () => {
    const names = files.flatMap(({ declarations }) =>
      declarations.map((d) => ('protocol' in d ? `@${nameOf(d)}` : nameOf(d))),
    )
    expect(new Set(names).size).toBe(names.length)
    for (const declaration of files.flatMap(({ declarations }) => declarations)) {
      if (!('members' in declaration)) continue
      for (const member of declaration.members) {
        if ('method' in member)
          expect(member.parameters.length, member.method).toBe(member.method.split(':').length - 1)
      }
    }
  })
})

describe('the stand-in headers', () => {
  it('are what the list gives', () => {
    const headers = objcHeaders(files)
    const written = ['Foundation', 'Metal'].flatMap((framework) =>
      readdirSync(join(objcDirectory, 'include', framework)).map((name) => `${framework}/${name}`),
    )
    expect([...headers.keys()].sort()).toEqual(written.sort())
    for (const [path, text] of headers)
      expect(readFileSync(join(objcDirectory, 'include', path), 'utf8'), path).toBe(text)
  })
})

describe.skipIf(missing !== undefined)('clang with the stand-in headers', () => {
  const program = (body: string): string => `#import <Foundation/Foundation.h>
#import <Metal/Metal.h>
void use(id<MTLDevice> device, id<MTLComputeCommandEncoder> encoder, id<MTLBuffer> buffer, MTLCompileOptions* options) {
  ${body}
}
`
  it.each(['linux', 'apple'] as const)('takes correct code (%s)', async (target) => {
    const body = `[encoder setBuffer:buffer offset:0 atIndex:1];
  for (id<MTLCounterSet> set in device.counterSets) (void)set.name;
  id<MTLBuffer> other = [device newBufferWithLength:16 options:MTLResourceStorageModePrivate | MTLResourceHazardTrackingModeUntracked];
  [other release];
  if (@available(macOS 15, *)) options.mathMode = MTLMathModeSafe;`
    expect(await typeCheck(program(body), target)).toBe('')
  })

  it.each([
    ['a selector that does not exist', '[encoder setBuffer:buffer atIndex:1];', 'not found'],
    ['a wrong type', '[encoder setBuffer:device offset:0 atIndex:1];', 'cannot initialize a parameter'],
    ['a property that does not exist', '(void)device.cores;', "property 'cores' not found"],
    ['a name of another platform', '(void)MTLStorageModeUnified;', 'undeclared identifier'],
  ])('refuses %s', async (_, body, message) => {
    for (const target of ['linux', 'apple'] as const) expect(await typeCheck(program(body), target)).toContain(message)
  })

  it('refuses for an Apple target what the deployment target lacks', async () => {
    expect(await typeCheck(program('options.mathMode = MTLMathModeSafe;'), 'apple')).toContain(
      'only available on macOS 15.0',
    )
  })

  it('finds them as the list says, and a list that says something else wrong', async () => {
    expect(await typeCheck(conformity(files, 99), 'linux')).toBe('')
    const wrong = JSON.parse(
      JSON.stringify(files).replace(
        '"method":"setBufferOffset:atIndex:","returns":"void","parameters":["NSUInteger"',
        '"method":"setBufferOffset:atIndex:","returns":"BOOL","parameters":["int"',
      ),
    ) as typeof files
    const said = await typeCheck(conformity(wrong, 99), 'linux')
    expect(said).toContain("no viable conversion from 'Check_exactly<int>'")
  })
})
