/**
 * The expressions of the manifest (see `Expression` in types.ts): parsed once, evaluated exactly, emitted as C++ by
 * `scripts/generate`. Both evaluators keep every intermediate result within ±2^53, where float64 is exact, and fail on
 * any other; && and || look at their right side only when the left one does not decide.
 */
import { type Token, tokenize } from './tokens.js'

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%'
export type FunctionName = 'ceilDiv' | 'align' | 'min' | 'max'

export type ExpressionNode =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: ExpressionNode
      readonly right: ExpressionNode
    }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly [ExpressionNode, ExpressionNode] }

/** What names may occur: those of numbers, and constants with the names of their values. */
export interface ExpressionScope {
  readonly names: readonly string[]
  readonly constants: Readonly<Record<string, readonly string[]>>
}

/** An expression that cannot be parsed, or whose value is not exact. */
export class ExpressionError extends Error {
  override readonly name: string = 'ExpressionError'
}

/** @throws ExpressionError naming the text and what is wrong with it. */
export function parseExpression(text: string, scope: ExpressionScope): ExpressionNode {
  const tokens = tokenize(text)
  let at = 0
  const fail = (problem: string): never => {
    throw new ExpressionError(`[expression] ${problem} in "${text}"`)
  }
  const next = (): Token => tokens[at++] ?? fail('expected more')
  const expect = (symbol: string): void => {
    const token = next()
    if (token.kind !== 'symbol' || token.text !== symbol) fail(`expected '${symbol}', got '${token.text}'`)
  }

  const primary = (other?: ExpressionNode): ExpressionNode => {
    const token = next()
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) }
    if (token.kind === 'quoted') return quoted(token.text, other)
    if (token.kind === 'name') return tokens[at]?.text === '(' ? call(token.text) : name(token.text)
    if (token.text !== '(') return fail(`unexpected '${token.text}'`)
    const inner = binary(0)
    expect(')')
    return inner
  }
  const name = (text: string): ExpressionNode => {
    if (!scope.names.includes(text) && !Object.hasOwn(scope.constants, text)) fail(`unknown name '${text}'`)
    return { kind: 'name', name: text }
  }
  const call = (text: string): ExpressionNode => {
    if (!isFunctionName(text)) return fail(`unknown function '${text}'`)
    expect('(')
    const first = binary(0)
    expect(',')
    const second = binary(0)
    expect(')')
    return { kind: 'call', name: text, args: [first, second] }
  }
  /** The index of a value of the constant on the left. */
  const quoted = (text: string, other: ExpressionNode | undefined): ExpressionNode => {
    if (other?.kind !== 'name' || !Object.hasOwn(scope.constants, other.name)) {
      return fail(`'${text}' must be compared (==, !=) with a constant on its left`)
    }
    const value = scope.constants[other.name].indexOf(text)
    if (value < 0) fail(`'${text}' is not a value of ${other.name}`)
    return { kind: 'number', value }
  }
  const binary = (level: number, other?: ExpressionNode): ExpressionNode => {
    if (level === precedence.length) return primary(other)
    let left = binary(level + 1, other)
    for (;;) {
      const operator = precedence[level].find(
        (candidate) => tokens[at]?.kind === 'symbol' && tokens[at].text === candidate,
      )
      if (operator === undefined) return left
      at++
      const compared = operator === '==' || operator === '!=' ? left : undefined
      left = { kind: 'binary', operator, left, right: binary(level + 1, compared) }
    }
  }

  const node = binary(0)
  if (at < tokens.length) fail(`unexpected '${tokens[at].text}'`)
  return node
}

/**
 * The value of an expression, exact.
 * @throws ExpressionError when a name has no value, a divisor is 0, or a result leaves ±2^53.
 */
export function evaluate(node: ExpressionNode, values: Readonly<Record<string, number>>): number {
  switch (node.kind) {
    case 'number':
      return node.value
    case 'name': {
      const value = Object.hasOwn(values, node.name) ? values[node.name] : undefined
      if (value === undefined) throw new ExpressionError(`[expression] ${node.name} has no value`)
      return exact(value)
    }
    case 'call':
      return exact(apply(node.name, evaluate(node.args[0], values), evaluate(node.args[1], values)))
    case 'binary': {
      const left = evaluate(node.left, values)
      if (node.operator === '&&' && left === 0) return 0
      if (node.operator === '||' && left !== 0) return 1
      return exact(operate(node.operator, left, evaluate(node.right, values)))
    }
  }
}

const precedence: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
]

function isFunctionName(text: string): text is FunctionName {
  return text === 'ceilDiv' || text === 'align' || text === 'min' || text === 'max'
}

function operate(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '||':
    case '&&':
      return Number(right !== 0)
    case '==':
      return Number(left === right)
    case '!=':
      return Number(left !== right)
    case '<':
      return Number(left < right)
    case '<=':
      return Number(left <= right)
    case '>':
      return Number(left > right)
    case '>=':
      return Number(left >= right)
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return quotient(left, right)
    case '%':
      return left % divisor(right)
  }
}

function apply(name: FunctionName, a: number, b: number): number {
  if (name === 'min') return Math.min(a, b)
  if (name === 'max') return Math.max(a, b)
  const ceiling = exact(quotient(a, b) + Number(a % b > 0))
  return name === 'ceilDiv' ? ceiling : ceiling * b
}

/** Truncated, and exact: a / b itself rounds when both are large. */
function quotient(a: number, b: number): number {
  return (a - (a % divisor(b))) / b
}

function divisor(value: number): number {
  if (value === 0) throw new ExpressionError('[expression] division by zero')
  return value
}

function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ExpressionError('[expression] a value is not an integer within 2^53')
  return value === 0 ? 0 : value
}
