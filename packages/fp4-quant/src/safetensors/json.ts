/**
 * JSON as a stranger may send it: RFC 8259, with a limit on nesting and without duplicate keys, which `JSON.parse` would drop in silence.
 * A key may be `__proto__`: it is a key like any other.
 */

/** Where the text stops being what it should be. */
export class JsonFault extends Error {
  override readonly name: string = 'JsonFault'
}

/** Parses a text. @throws JsonFault that says what is wrong and at which character. */
export function parseStrictJson(text: string, depthLimit: number): unknown {
  const parser = new Parser(text, depthLimit)
  const value = parser.value(0)
  parser.end()
  return value
}

/**
 * Parses a text whose outermost value is an object, as a Map of its entries: an object of a million keys takes five times as long.
 * Another value is returned as it is.
 */
export function parseStrictEntries(text: string, depthLimit: number): unknown {
  const parser = new Parser(text, depthLimit)
  const value = parser.entries()
  parser.end()
  return value
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const literals = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** Assigning to `__proto__` would change the prototype instead. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

class Parser {
  readonly #text: string
  readonly #depthLimit: number
  #at = 0

  constructor(text: string, depthLimit: number) {
    this.#text = text
    this.#depthLimit = depthLimit
  }

  value(depth: number): unknown {
    this.#skipSpace()
    const letter = this.#text[this.#at] as string | undefined
    if (letter === '"') return this.#string()
    if (letter === '{' || letter === '[') {
      if (depth >= this.#depthLimit) this.#fail(`nesting deeper than ${this.#depthLimit}`)
      return letter === '{' ? this.#object(depth + 1) : this.#array(depth + 1)
    }
    for (const [word, value] of literals) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    }
    return this.#number()
  }

  end(): void {
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#failHere()
  }

  /** The outermost value; a Map where it is an object. */
  entries(): unknown {
    this.#skipSpace()
    if (this.#text[this.#at] !== '{') return this.value(0)
    const map = new Map<string, unknown>()
    this.#members(
      1,
      (key) => map.has(key),
      (key, value) => map.set(key, value),
    )
    return map
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    this.#members(
      depth,
      (key) => Object.hasOwn(object, key),
      (key, value) => {
        if (key === '__proto__') define(object, key, value)
        else object[key] = value
      },
    )
    return object
  }

  /** The members of an object, from its brace on. */
  #members(depth: number, has: (key: string) => boolean, set: (key: string, value: unknown) => void): void {
    this.#at++
    if (this.#ends('}')) return
    for (;;) {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"') this.#failHere()
      const keyAt = this.#at
      const key = this.#string()
      if (has(key)) this.#fail(`the key ${JSON.stringify(key.slice(0, 80))} twice`, keyAt)
      this.#expect(':')
      set(key, this.value(depth))
      if (this.#ends('}')) return
      this.#expect(',')
    }
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = []
    this.#at++
    if (this.#ends(']')) return array
    for (;;) {
      array.push(this.value(depth))
      if (this.#ends(']')) return array
      this.#expect(',')
    }
  }

  #string(): string {
    const start = this.#at + 1
    for (let i = start; i < this.#text.length; i++) {
      const letter = this.#text.charCodeAt(i)
      if (letter === 0x22) {
        this.#at = i + 1
        return this.#text.slice(start, i)
      }
      if (letter === 0x5c) return this.#escapedString(start, i)
      if (letter < 0x20) this.#fail('a control character in a string', i)
    }
    return this.#fail('a string without an end', start - 1)
  }

  /** The rest of a string from its first backslash on; JSON.parse knows the escapes. */
  #escapedString(start: number, firstEscape: number): string {
    for (let i = firstEscape; i < this.#text.length; i++) {
      const letter = this.#text[i]
      if (letter === '\\') i++
      else if (letter === '"') {
        this.#at = i + 1
        try {
          return JSON.parse(this.#text.slice(start - 1, i + 1)) as string
        } catch {
          return this.#fail('a string with a wrong escape', start - 1)
        }
      }
    }
    return this.#fail('a string without an end', start - 1)
  }

  #number(): number {
    number.lastIndex = this.#at
    const match = number.exec(this.#text)
    if (match === null) return this.#failHere()
    this.#at = number.lastIndex
    return Number(match[0])
  }

  #ends(letter: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== letter) return false
    this.#at++
    return true
  }

  #expect(letter: string): void {
    if (!this.#ends(letter)) this.#failHere()
  }

  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const letter = this.#text.charCodeAt(this.#at)
      if (letter !== 0x20 && letter !== 0x0a && letter !== 0x0d && letter !== 0x09) return
    }
  }

  #failHere(): never {
    const letter = this.#text[this.#at] as string | undefined
    this.#fail(letter === undefined ? 'an end too early' : JSON.stringify(letter))
  }

  #fail(what: string, at: number = this.#at): never {
    throw new JsonFault(`${what} at character ${at}`)
  }
}
