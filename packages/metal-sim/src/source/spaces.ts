import type { Findings } from './findings.js'
import type { Token } from './tokens.js'

/**
 * Metal's address spaces in clang's words. With `-fsycl-is-device` clang converts them to the default one (that of `thread`) by itself,
 * which copying a struct needs; that a pointer loses its address space is found in the IR.
 */
export const spaces = {
  device: '__attribute__((opencl_global_device))',
  constant: '__attribute__((opencl_global_host))',
  threadgroup: '__attribute__((opencl_local))',
} as const

// Numbers that clang gives them in the IR with -ffake-address-space-map.
export const spaceNames: ReadonlyMap<number, string> = new Map([
  [5, 'device'],
  [6, 'constant'],
  [3, 'threadgroup'],
])

const words: Record<string, string> = {
  device: spaces.device,
  constant: `const ${spaces.constant}`,
  threadgroup: spaces.threadgroup,
  thread: '',
  kernel: '',
}

const literal = /^(?=.*[.eE])(?:\d[\d']*\.?[\d']*|\.\d[\d']*)(?:[eE][+-]?\d+)?$|^0[xX][\da-fA-F'.]+[pP][+-]?\d+$/

/** The last step: address spaces, and literals (Metal has no double: `1.0` is a float, `1.0h` a half). */
export const rewriteWords = (tokens: Token[], findings: Findings): void => {
  for (const token of tokens) {
    if (token.kind === 'identifier') {
      const word = Object.hasOwn(words, token.text) ? words[token.text] : undefined
      if (word !== undefined) token.text = word
      else if (token.text === 'double') findings.error('double', token, "Metal has no 'double'. Use float.")
    } else if (token.kind === 'number') {
      if (literal.test(token.text)) token.text += 'f'
      else if (/^[\d.]+(?:[eE][+-]?\d+)?[hH]$/.test(token.text)) token.text = `${token.text.slice(0, -1)}f16`
      else if (/^[\d.]+(?:[eE][+-]?\d+)?(?:bf|BF)$/.test(token.text))
        token.text = `((__bf16)${token.text.slice(0, -2)}f)`
    }
  }
}
