/** Stand-in headers of Foundation and Metal, made from the list in `objc/selectors` and from nothing else. */
import { declare } from './declarations.js'
import { type SelectorFile, nameOf } from './list.js'

/** Path below `objc/include` -> text. */
export function objcHeaders(files: readonly SelectorFile[]): Map<string, string> {
  const homes = new Map<string, Home>()
  for (const { header, declarations } of files) {
    for (const declaration of declarations) {
      const forward = 'class' in declaration ? 'class' : 'protocol' in declaration ? 'protocol' : undefined
      const name = nameOf(declaration)
      // NSObject is both; the class is what type names mean.
      const generics = 'class' in declaration ? (declaration.generics ?? '') : ''
      if (forward !== 'protocol' || !homes.has(name)) homes.set(name, { header, forward, generics })
    }
  }
  const result = new Map<string, string>()
  for (const file of files) result.set(file.header, oneHeader(file, homes))
  for (const framework of ['Foundation', 'Metal']) {
    const headers = files.map(({ header }) => header).filter((header) => header.startsWith(`${framework}/`))
    const first = framework === 'Metal' ? ['Foundation/Foundation.h'] : []
    const last = framework === 'Foundation' ? ['MetalSim/ConstantString.h'] : []
    result.set(
      `${framework}/${framework}.h`,
      `${notice}${[...first, ...headers.sort(), ...last].map(include).join('\n')}\n`,
    )
  }
  return result
}

/** Where a name is declared, and how it is announced elsewhere (a type that cannot be announced has to be imported). */
interface Home {
  readonly header: string
  readonly forward: 'class' | 'protocol' | undefined
  readonly generics: string
}

const notice = '// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.\n#pragma once\n'

function include(header: string): string {
  return `#import <${header}>`
}

function oneHeader({ header, declarations }: SelectorFile, homes: ReadonlyMap<string, Home>): string {
  const imports = new Set<string>()
  const forwards = { class: new Set<string>(), protocol: new Set<string>() }
  const need = (name: string, complete: boolean): void => {
    const home = homes.get(name)
    if (home === undefined) return
    if (complete || home.forward === undefined) {
      if (home.header !== header) imports.add(home.header)
    } else forwards[home.forward].add(name)
  }
  for (const declaration of declarations) {
    if ('members' in declaration) {
      for (const name of declaration.conforms) need(name, true)
      if ('superclass' in declaration) need(declaration.superclass, true)
    }
    for (const name of words(typesOf(declaration))) need(name, false)
  }
  const forward = [
    ...[...forwards.protocol].sort().map((name) => `@protocol ${name};`),
    ...[...forwards.class].sort().map((name) => `@class ${name}${homes.get(name)!.generics};`),
  ]
  return [
    notice + ['MetalSim/Defines.h', ...[...imports].sort()].map(include).join('\n'),
    'NS_ASSUME_NONNULL_BEGIN',
    ...(forward.length > 0 ? [forward.join('\n')] : []),
    ...declarations.map(declare),
    'NS_ASSUME_NONNULL_END\n',
  ].join('\n\n')
}

/** Everything in a declaration that names types. */
function typesOf(declaration: SelectorFile['declarations'][number]): string {
  if ('members' in declaration) {
    return declaration.members
      .map((entry) => ('property' in entry ? entry.type : [entry.returns, ...entry.parameters].join(' ')))
      .join(' ')
  }
  if ('enum' in declaration) return [declaration.type, ...declaration.values.map(({ value }) => value ?? '')].join(' ')
  if ('struct' in declaration) return declaration.fields.join(' ')
  return declaration.text
}

function words(text: string): Set<string> {
  return new Set(text.match(/\b[A-Z]\w+/g))
}
