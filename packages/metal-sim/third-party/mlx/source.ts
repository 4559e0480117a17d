import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../cases.js'

const kernels = 'mlx/backend/metal/kernels'

/** A source of MLX as it is. */
export const file =
  (name: string) =>
  async (folder: string): Promise<Source> => ({
    text: await readFile(join(folder, kernels, name), 'utf8'),
    options: { name, includeDirectories: [folder] },
  })

/** Its headers and one kernel made of a template, which is how MLX's run-time compiler has it. */
export const made =
  (name: string, headers: readonly string[], instantiation: string) =>
  (folder: string): Promise<Source> => {
    const includes = ['utils.h', ...headers].map((header) => `#include "${kernels}/${header}"`)
    const text = ['#include <metal_stdlib>', ...includes, `instantiate_kernel("${name}", ${instantiation})`, ''].join(
      '\n',
    )
    return Promise.resolve({ text, options: { name: `${name}.metal`, includeDirectories: [folder] } })
  }
