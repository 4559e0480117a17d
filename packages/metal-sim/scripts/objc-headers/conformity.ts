/**
 * A source that compiles only where Foundation and Metal are as the list says: on a Mac against Apple's headers.
 *
 *   node_modules/.bin/tsx scripts/objc-headers.ts --conformity > check.mm
 *   clang++ -std=c++20 -fsyntax-only -fno-objc-arc -Wno-deprecated-declarations -Wno-unguarded-availability-new check.mm
 */
import type { ClassDeclaration, EnumDeclaration, Member, ProtocolDeclaration, SelectorFile } from './list.js'

const helpers = [
  'template <class A, class B> constexpr bool check_same = false;',
  'template <class A> constexpr bool check_same<A, A> = true;',
  'template <class T> struct Check_exactly { template <class U> requires check_same<U, T> operator U() const; };',
]

/** Entries that came after the SDK of this version of macOS are left out. */
export function conformity(files: readonly SelectorFile[], sdk: number): string {
  const known = ({ macos, source }: { readonly macos?: string; readonly source?: string }): boolean =>
    Number.parseFloat(macos ?? '0') <= sdk && Number(/^sdk(\d+)/.exec(source ?? '')?.[1] ?? 0) <= sdk
  const checks = files
    .flatMap(({ declarations }) => declarations)
    .filter(known)
    .map((declaration) => {
      if ('members' in declaration) {
        const members = declaration.members.filter(known).filter(comparable)
        return typed({ ...declaration, members })
      }
      if ('enum' in declaration) return values({ ...declaration, values: declaration.values.filter(known) })
      if ('struct' in declaration) {
        const fields = declaration.fields.map((field) => `${field};`).join(' ')
        return `struct Check_${declaration.struct} { ${fields} };\nstatic_assert(sizeof(${declaration.struct}) == sizeof(Check_${declaration.struct}));`
      }
      if ('extern' in declaration)
        return `[[maybe_unused]] auto* const check_${declaration.extern} = &${declaration.extern};`
      return ''
    })
  return ['#import <Foundation/Foundation.h>', '#import <Metal/Metal.h>', ...helpers, ...checks, ''].join('\n')
}

/** What the language itself declares, or changes from class to class. */
const comparable = (member: Member): boolean =>
  !('method' in member && /^(init|new|alloc|self|class|retain|autorelease|load|initialize)/.test(member.method))
  || ('method' in member && /^(new[A-Z]|init[A-Z]\w*:)/.test(member.method) && member.returns !== 'instancetype')

function typed(declaration: ClassDeclaration | ProtocolDeclaration): string {
  const isClass = 'class' in declaration
  const name = isClass ? declaration.class : declaration.protocol
  const receiver = isClass ? `${name} *` : `id<${name}>`
  return declaration.members.map((member) => exists(member, name, receiver)).join('\n')
}

/** The member is there, takes what the list says (an argument that converts to nothing else) and gives what it says. */
function exists(member: Member, owner: string, receiver: string): string {
  const plain = (type: string): string =>
    type
      .replace(/\boneway /, '')
      .replace(/\binstancetype\b/, receiver)
      .replace(/<(ObjectType|KeyType)>/, '')
      .replace(/\b(ObjectType|KeyType)\b( <NSCopying>)?/g, 'id')
      .replace(/(?:\b_Nonnull|\b_Nullable)? ?\[\w*\]/, ' *')
      .replace(/__autoreleasing |\b_(Nullable|Nonnull)(_result)?\b/g, '')
  const object = `((${receiver})nullptr)`
  if ('property' in member) {
    const target = member.attributes.includes('class') ? owner : object
    return same(`${target}.${member.property}`, plain(member.type))
  }
  const parts = member.method.split(':')
  const sent = member.parameters.map((type, i) => `${parts[i]}:Check_exactly<${alias(plain(type))}>()`).join(' ')
  const target = member.class ? owner : object
  return same(`[${target} ${member.parameters.length > 0 ? sent : member.method}]`, plain(member.returns))
}

const same = (expression: string, type: string): string =>
  `static_assert(check_same<decltype(${expression}), ${alias(type)}>);`

/** Types with blocks and pointers to them are written where a template takes them. */
const alias = (type: string): string => (type.includes('(^') ? type.replace(/\(\^\s*\)/, '(^)') : type)

function values({ values: entries }: EnumDeclaration): string {
  return entries
    .map(({ name, value }, i) => {
      const expected = value ?? (i === 0 ? '0' : `(long)${entries[i - 1].name} + 1`)
      return `static_assert((long)${name} == (long)(${expected}));`
    })
    .join('\n')
}
