/** What every conversion begins with: the checkpoint, a target that may be written, and what tells this conversion from others. */
import { copyFile, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type HuggingFaceCheckpoint, openCheckpoint } from '../checkpoint/index.js'
import { failOption } from '../errors.js'

/** What a conversion makes: our packed folder, or one for MLX. */
export type Kind = 'packed' | 'mlx'

/** Copied beside the weights where the checkpoint has them. */
export const companionsOf: Readonly<Record<Kind, readonly string[]>> = {
  packed: ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'chat_template.jinja'],
  mlx: [
    ...['tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'chat_template.jinja'],
    ...['special_tokens_map.json', 'added_tokens.json', 'vocab.json', 'merges.txt'],
  ],
}

/** Opens the Hugging Face folder to convert. The caller closes its store. @throws CheckpointError, OptionError */
export async function openSource(op: string, source: string, target: string): Promise<HuggingFaceCheckpoint> {
  const checkpoint = await openCheckpoint(source)
  if (checkpoint.kind !== 'huggingface') {
    return failOption(
      op,
      'a Hugging Face folder',
      `${source}, which is packed already`,
      'Take the original checkpoint.',
    )
  }
  try {
    const existing = await realpath(target).catch(() => undefined)
    if (existing !== undefined && existing === (await realpath(source))) {
      failOption(op, 'a folder other than the checkpoint', `${target} for both`, 'Name another folder to write.')
    }
    return checkpoint
  } catch (error) {
    await checkpoint.store.close()
    throw error
  }
}

/** Names, sizes and times of the files that a conversion reads: when one changes, nothing of an earlier run is used. */
export async function fingerprint(source: string): Promise<readonly (readonly [string, number, number])[]> {
  const names = (await readdir(source)).filter((name) => /\.(safetensors|json|jinja)$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(source, name))
      return [name, size, mtimeMs] as const
    }),
  )
}

/** Copies files of the checkpoint that are read beside the weights, those that it has. */
export async function copyCompanions(source: string, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await copyFile(join(source, name), join(folder, name)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  }
}
