/** Value of a constant expression of integers (`1200 + 3`), or NaN. */
export const integerOf = (text: string | null): number => {
  const words = (text ?? '').match(/0[xX][\da-fA-F]+|\d+|\S/g) ?? []
  let at = 0
  const primary = (): number => {
    const word = words[at++] ?? ''
    if (word === '-') return -primary()
    if (word === '(') {
      const inner = sum()
      return words[at++] === ')' ? inner : Number.NaN
    }
    // A suffix: 3u.
    const number = /^\d/.test(word) ? Number(word) : Number.NaN
    while (/^[uUlL]$/.test(words[at] ?? '')) at++
    return number
  }
  const product = (): number => {
    let value = primary()
    for (let word = words[at]; word === '*' || word === '/' || word === '%'; word = words[at]) {
      at++
      const other = primary()
      value = word === '*' ? value * other : word === '/' ? Math.trunc(value / other) : value % other
    }
    return value
  }
  const sum = (): number => {
    let value = product()
    for (let word = words[at]; word === '+' || word === '-'; word = words[at]) {
      at++
      value += word === '+' ? product() : -product()
    }
    return value
  }
  const value = sum()
  return at === words.length ? value : Number.NaN
}
