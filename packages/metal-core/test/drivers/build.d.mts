export const outDir: string
export const bundle: string
export const defects: number
export function buildTestInputs(): Promise<void>
