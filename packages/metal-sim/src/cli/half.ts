const buffer = new DataView(new ArrayBuffer(4))

/** IEEE half, to nearest even. */
export const halfBits = (value: number): number => {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (magnitude >= 65520) return sign | 0x7c00
  // Steps are 2^-24 below 2^-14, and 2^(exponent - 10) above.
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude === 0 ? 1e-30 : magnitude)))
  const step = 2 ** (exponent - 10)
  const quotient = magnitude / step
  let whole = Math.floor(quotient)
  const rest = quotient - whole
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) whole++
  // The bits of subnormals and of carries come out by themselves.
  return sign | (whole + (exponent + 14) * 1024)
}

export const halfValue = (bits: number): number => {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 31
  const mantissa = bits & 1023
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25))
}

/** bfloat, to nearest even. */
export const bfloatBits = (value: number): number => {
  buffer.setFloat32(0, value)
  const bits = buffer.getUint32(0)
  if (Number.isNaN(value)) return 0x7fc0
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

export const bfloatValue = (bits: number): number => {
  buffer.setUint32(0, bits * 65536)
  return buffer.getFloat32(0)
}
