import type { ExpressionNode } from '../../src/manifest/expression.js'

/**
 * An expression as C++: calls of an `Arithmetic` (cpu/arithmetic.h) named `a`, which keeps the same limits as `evaluate` in
 * TypeScript. `name` says how a name is spelled.
 */
export function cppExpression(node: ExpressionNode, name: (name: string) => string): string {
  const visit = (inner: ExpressionNode): string => cppExpression(inner, name)
  switch (node.kind) {
    case 'number':
      return `int64_t{${node.value}}`
    case 'name':
      return name(node.name)
    case 'call':
      return `a.${node.name === 'ceilDiv' ? 'ceil_div' : node.name}(${visit(node.args[0])}, ${visit(node.args[1])})`
    case 'binary': {
      const left = visit(node.left)
      const right = visit(node.right)
      const method = methods[node.operator]
      if (method !== undefined) return `a.${method}(${left}, ${right})`
      const truth = node.operator === '&&' || node.operator === '||'
      return truth
        ? `int64_t{(${left} != 0) ${node.operator} (${right} != 0)}`
        : `int64_t{${left} ${node.operator} ${right}}`
    }
  }
}

const methods: Readonly<Record<string, string | undefined>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'mod',
}
