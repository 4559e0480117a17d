/** The text of src/wasm/binary.ts. @throws Error when assembly/ does not compile. */
export function wasmSource(): Promise<string>
