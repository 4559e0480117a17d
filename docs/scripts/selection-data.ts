/** What dispatch chooses on a CPU for 1 to 64 rows, for the picture of the concept page: the code itself is asked. */
import { writeFile } from 'node:fs/promises'
import { selectKernel } from '@metal-fp4/dispatch'
import { data } from './paths.js'

/** Rows that `gemm_fp4` computes at once, in its tile `rows8`. */
const tileRows = 8

export async function writeSelection(): Promise<void> {
  const choices = Array.from({ length: 64 }, (_, index) => {
    const m = index + 1
    const { kernel } = selectKernel({ m, n: 4096, k: 4096, format: 'nvfp4' }, { backend: 'cpu', name: 'CPU' })
    return { kernel, rows: kernel === 'gemv_fp4' ? m : Math.ceil(m / tileRows) * tileRows }
  })
  await writeFile(`${data}selection.json`, JSON.stringify(choices))
}
