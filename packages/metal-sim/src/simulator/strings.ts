/** The runner's strings: percent-encoded UTF-8; a lone `%` is the empty one. */
export const encodeString = (text: string): string => {
  if (text === '') return '%'
  let encoded = ''
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte)
    encoded += /[\w.~/-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

export const decodeString = (text: string): string => (text === '%' ? '' : decodeURIComponent(text))

export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

export const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
