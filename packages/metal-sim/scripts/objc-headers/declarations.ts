/** One entry of the list as Objective-C. */
import type { Declaration, EnumDeclaration, Member, Method, Property } from './list.js'

interface Availability {
  readonly macos?: string
  readonly deprecated?: string
}

export function declare(declaration: Declaration): string {
  if ('members' in declaration) {
    const isClass = 'class' in declaration
    const head = isClass
      ? `@interface ${declaration.class}${declaration.generics ?? ''}${declaration.superclass ? ` : ${declaration.superclass}` : ''}`
      : `@protocol ${declaration.protocol}`
    const conforms = declaration.conforms.length > 0 ? ` <${declaration.conforms.join(', ')}>` : ''
    // The root class begins with the pointer to its class, as the runtime asks; no other class shows variables.
    const variables = isClass && !declaration.superclass ? ['{\n  Class isa;\n}'] : []
    const root = variables.length > 0 ? '__attribute__((objc_root_class)) ' : ''
    const lines = [root + lead(declaration) + head + conforms, ...variables, ...declaration.members.map(member), '@end']
    return lines.join('\n')
  }
  if ('enum' in declaration) return enumeration(declaration)
  if ('struct' in declaration) {
    return `typedef struct {\n${declaration.fields.map((field) => `  ${field};`).join('\n')}\n} ${declaration.struct}${tail(declaration)};`
  }
  if ('typedef' in declaration) return `${declaration.text};`
  if ('define' in declaration) return `#define ${declaration.define} ${declaration.text}`
  if ('inline' in declaration) return `static inline ${declaration.text} {\n  ${declaration.body}\n}`
  const retained = declaration.retained ? ' NS_RETURNS_RETAINED' : ''
  return `FOUNDATION_EXPORT ${declaration.text}${retained}${tail(declaration)};`
}

function member(entry: Member): string {
  return 'property' in entry ? property(entry) : method(entry)
}

function property({ property: name, type, attributes, ...availability }: Property): string {
  const list = attributes.length > 0 ? `(${attributes.join(', ')}) ` : ''
  return `@property ${list}${join(type, name)}${tail(availability)};`
}

function method({ method: selector, class: isClass, returns, parameters, ...availability }: Method): string {
  const parts = selector.split(':')
  const named = parameters.map((type, i) => `${parts[i]}:(${type})argument${i}`).join(' ')
  return `${isClass ? '+' : '-'} (${returns})${parameters.length > 0 ? named : selector}${tail(availability)};`
}

function enumeration({ enum: name, options, anonymous, type, values, ...availability }: EnumDeclaration): string {
  const lines = values.map(
    (entry) => `  ${entry.name}${tail(entry)}${entry.value === undefined ? '' : ` = ${entry.value}`},`,
  )
  const head = anonymous ? `enum : ${type}` : `typedef ${options ? 'NS_OPTIONS' : 'NS_ENUM'}(${type}, ${name})`
  return `${head} {\n${lines.join('\n')}\n}${tail(availability)};`
}

function join(type: string, name: string): string {
  return type.endsWith('*') ? type + name : `${type} ${name}`
}

function availability({ macos, deprecated }: Availability): string {
  if (deprecated !== undefined) return `API_DEPRECATED("", macos(${macos ?? '10.0'}, ${deprecated}))`
  return macos === undefined ? '' : `API_AVAILABLE(macos(${macos}))`
}

function tail(entry: Availability): string {
  const text = availability(entry)
  return text === '' ? '' : ` ${text}`
}

function lead(entry: Availability): string {
  const text = availability(entry)
  return text === '' ? '' : `${text}\n`
}
