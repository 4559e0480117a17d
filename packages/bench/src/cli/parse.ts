/** Parsers of flags: each gives a value, or an InvalidArgumentError that says what was expected. */
import { InvalidArgumentError } from 'commander'
import { type PeerRequest, parsePeer } from '../peers/resolve.js'
import type { GeometryRequest, Shape } from '../suite.js'

/** A flag that may be repeated and that takes a comma list. */
export function listOf<T>(
  parse: (text: string) => T,
): (text: string, previous: readonly T[] | undefined) => readonly T[] {
  return (text, previous) => [...(previous ?? []), ...text.split(',').map((part) => parse(part.trim()))]
}

export function collect(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text]
}

/** Weights of a matrix that is still worth trying: 8 GB as float32. */
const mostWeights = 2 ** 31

/** "4096x14336": N outputs by K inputs. */
export function parseShape(text: string): Shape {
  const match = /^(\d+)x(\d+)$/i.exec(text)
  if (!match) throw new InvalidArgumentError(`Expected NxK such as 4096x14336, got '${text}'.`)
  const [n, k] = [parseCount(match[1]), parseCount(match[2])]
  if (n * k > mostWeights) throw new InvalidArgumentError(`Expected at most ${mostWeights} weights, got '${text}'.`)
  return { n, k }
}

/** Sizes beyond this are typing errors: no dimension of a model comes near it. */
const largestCount = 2 ** 24

export function parseCount(text: string): number {
  return parseUpTo(largestCount)(text)
}

/** A whole number from 1. */
export function parseUpTo(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text)
    if (!/^\d+$/.test(text) || count < 1 || count > most) {
      throw new InvalidArgumentError(`Expected an integer from 1 to ${most}, got '${text}'.`)
    }
    return count
  }
}

/** One of some words. */
export function parseWord(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text)) throw new InvalidArgumentError(`Expected one of ${words.join(', ')}, got '${text}'.`)
    return text
  }
}

export function parseGeometry(text: string): GeometryRequest {
  const match = /^([\w.-]+)(?::(\d+))?$/.exec(text)
  if (!match) {
    throw new InvalidArgumentError(`Expected NAME or NAME:LAYERS such as llama-3-8b:8, got '${text}'.`)
  }
  const [, name, layers] = match as unknown as [string, string, string | undefined]
  return layers === undefined ? { name } : { name, layers: parseCount(layers) }
}

export function parsePeerFlag(text: string): PeerRequest {
  try {
    return parsePeer(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
