/** The shape of `objc/selectors`: what of Foundation and Metal a compute backend uses, each entry with where it was checked. */
export interface SelectorFile {
  /** As it is imported: `Metal/MTLBuffer.h`. */
  readonly header: string
  /** What the names in `source` stand for. */
  readonly sources: Readonly<Record<string, string>>
  readonly declarations: readonly Declaration[]
}

/** Versions of macOS are those that the entry is available from; it has none where it was always there. */
interface Entry {
  readonly source?: string
  readonly macos?: string
  readonly deprecated?: string
  readonly note?: string
}

export type Declaration = ClassDeclaration | ProtocolDeclaration | EnumDeclaration | PlainDeclaration

export interface ClassDeclaration extends Entry {
  readonly class: string
  readonly generics?: string
  /** None for the root class. */
  readonly superclass?: string
  readonly conforms: readonly string[]
  readonly members: readonly Member[]
}

export interface ProtocolDeclaration extends Entry {
  readonly protocol: string
  readonly conforms: readonly string[]
  readonly members: readonly Member[]
}

export type Member = Method | Property

export interface Method extends Entry {
  readonly method: string
  readonly class?: true
  readonly returns: string
  readonly parameters: readonly string[]
}

export interface Property extends Entry {
  readonly property: string
  readonly type: string
  readonly attributes: readonly string[]
}

export interface EnumDeclaration extends Entry {
  readonly enum: string
  /** A set of flags, which C++ sees as an integer. */
  readonly options?: true
  readonly anonymous?: true
  readonly type: string
  readonly values: readonly EnumValue[]
}

export interface EnumValue extends Entry {
  readonly name: string
  readonly value?: string
}

export type PlainDeclaration = Entry
  & (
    | { readonly struct: string; readonly fields: readonly string[] }
    | { readonly typedef: string; readonly text: string }
    | { readonly extern: string; readonly text: string; readonly retained?: true }
    | { readonly inline: string; readonly text: string; readonly body: string }
    | { readonly define: string; readonly text: string }
  )

/** The name that a declaration brings into scope. */
export function nameOf(declaration: Declaration): string {
  for (const key of ['class', 'protocol', 'enum', 'struct', 'typedef', 'extern', 'inline', 'define'] as const) {
    if (key in declaration) return (declaration as unknown as Record<string, string>)[key]
  }
  throw new TypeError(`[selectors] expected a declaration, got ${JSON.stringify(declaration)}. See list.ts.`)
}
