/** `fp4-decode pack`: a Hugging Face folder to a folder that is mapped and used as it is. */
import { Command } from 'commander'
import { packModel } from '../checkpoint/pack-writer.js'
import type { QuantizeMode } from '../model/host-weights.js'
import { megabytes } from './describe.js'
import { interruptSignal, interrupted } from './interrupt.js'
import { addQuantizeOptions } from './options.js'
import { openProgress } from './session.js'

interface PackFlags {
  readonly qMode?: QuantizeMode
  readonly qGroupSize?: number
  readonly qScales?: 'absmax' | 'mse'
}

export function packCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('pack')
    .description('Quantize a Hugging Face folder into a folder that loads at once.')
    .argument('<source>', 'Hugging Face folder')
    .argument('<target>', 'folder to write')
  return addQuantizeOptions(command).action(async (source: string, target: string, flags: PackFlags) => {
    const { signal, end } = interruptSignal()
    const progress = openProgress('packing')
    try {
      const bytes = await packModel(source, target, {
        mode: flags.qMode ?? 'fp4',
        ...(flags.qGroupSize === undefined ? {} : { groupSize: flags.qGroupSize }),
        ...(flags.qScales === undefined ? {} : { scales: flags.qScales }),
        onProgress: progress.update,
        signal,
      })
      progress.end()
      process.stderr.write(`${target}: ${megabytes(bytes)}\n`)
    } catch (error) {
      progress.end()
      if (!signal.aborted) throw error
      finish(interrupted)
    } finally {
      end()
    }
  })
}
