/** `fp4-decode convert`: a Hugging Face folder to one that is mapped and used as it is, or to one for MLX. */
import { Command, Option } from 'commander'
import { packModel } from '../checkpoint/pack-writer.js'
import { convertToMlx } from '../convert/mlx.js'
import { OptionError } from '../errors.js'
import type { QuantizeMode } from '../model/host-weights.js'
import { megabytes } from './describe.js'
import { addExamples } from './examples.js'
import { interruptSignal, interrupted } from './interrupt.js'
import { addQuantizeOptions, integer } from './options.js'
import { openProgress } from './progress.js'

interface ConvertFlags {
  readonly to: 'packed' | 'mlx'
  readonly qMode?: QuantizeMode
  readonly qGroupSize?: number
  readonly qScales?: 'absmax' | 'mse'
  readonly threads?: number
  readonly force?: boolean
  readonly json?: boolean
}

/** What `--json` prints. */
interface Outcome {
  readonly target: string
  readonly to: 'packed' | 'mlx'
  readonly format: string
  readonly bytes: number
  readonly [more: string]: unknown
}

export function convertCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('convert')
    .alias('pack')
    .description(
      'Quantize a Hugging Face folder into one that loads at once, or into one for MLX. Interrupted, it leaves the target as it was; run again, it goes on.',
    )
    .argument('<source>', 'Hugging Face folder')
    .argument('<target>', 'folder to write; work under way is in TARGET.partial')
    .addOption(
      new Option('--to <kind>', 'packed: a folder that fp4-decode maps; mlx: one that mlx-lm loads')
        .choices(['packed', 'mlx'])
        .default('packed'),
    )
  addQuantizeOptions(command, 'fp4, or mxfp4 for MLX')
    .option('-t, --threads <n>', 'threads to quantize on (default: the cores that the process may use)', integer(1))
    .option('--force', 'replace what is in the target, though convert has not made it (files of other names stay)')
    .option('--json', 'print one JSON object')
  addExamples(command, [
    ['Half a byte a weight, once and for all', 'fp4-decode convert ./Qwen3-0.6B ./qwen3-fp4 --q-group-size 32'],
    [
      'The format of the Open Compute Project, best scales',
      'fp4-decode convert ./Qwen3-0.6B ./qwen3-mxfp4 --q-mode mxfp4 --q-scales mse',
    ],
    ['For mlx_lm.generate on a Mac', 'fp4-decode convert ./Qwen3-0.6B ./qwen3-mlx --to mlx'],
  ])
  return command.action(async (source: string, target: string, flags: ConvertFlags) => {
    const { signal, end } = interruptSignal()
    const progress = openProgress('converting')
    const onResume = (finished: number): void => {
      process.stderr.write(`[convert] goes on after ${finished} finished tensors in ${target}.partial\n`)
    }
    try {
      const work = flags.to === 'mlx' ? toMlx : toPacked
      const outcome = await work(source, target, flags, {
        onProgress: progress.update,
        onResume,
        signal,
        force: flags.force === true,
        ...(flags.threads === undefined ? {} : { threads: flags.threads }),
      })
      progress.end()
      if (flags.json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
      else process.stderr.write(`${target}: ${megabytes(outcome.bytes)}\n`)
    } catch (error) {
      progress.end()
      if (!signal.aborted) throw error
      process.stderr.write(`[convert] interrupted; run it again to go on, or remove ${target}.partial.\n`)
      finish(interrupted)
    } finally {
      progress.end()
      end()
    }
  })
}

interface Control {
  readonly onProgress: (done: number, total: number) => void
  readonly onResume: (finished: number) => void
  readonly signal: AbortSignal
  readonly force: boolean
  readonly threads?: number
}

async function toPacked(source: string, target: string, flags: ConvertFlags, control: Control): Promise<Outcome> {
  const { qMode: mode = 'fp4', qGroupSize, qScales } = flags
  const bytes = await packModel(source, target, {
    mode,
    ...(qGroupSize === undefined ? {} : { groupSize: qGroupSize }),
    ...(qScales === undefined ? {} : { scales: qScales }),
    ...control,
  })
  return { target, to: 'packed', format: mode, bytes }
}

async function toMlx(source: string, target: string, flags: ConvertFlags, control: Control): Promise<Outcome> {
  const { qMode: mode = 'mxfp4', qGroupSize, qScales } = flags
  if (mode !== 'mxfp4' && mode !== 'nvfp4') {
    throw new OptionError(`[convert] expected --q-mode mxfp4 or nvfp4 for MLX, got ${mode}. MLX has no other FP4.`)
  }
  const fixed = mode === 'mxfp4' ? 32 : 16
  if (qGroupSize !== undefined && qGroupSize !== fixed) {
    throw new OptionError(
      `[convert] expected --q-group-size ${fixed}, which ${mode} defines, got ${qGroupSize}. Leave it out.`,
    )
  }
  const scales = qScales === undefined ? {} : { scales: qScales }
  const done = await convertToMlx(source, target, { mode, ...scales, ...control })
  if (done.unquantized.length > 0) {
    process.stderr.write(
      `[convert] ${done.unquantized.length} matrices stay as they are: not quantized by design, or no multiple of ${fixed} wide\n`,
    )
  }
  if (done.worstSqnrDb < Infinity) {
    process.stderr.write(
      `[convert] MLX keeps no global scale: rounding nvfp4 anew costs up to ${done.worstSqnrDb.toFixed(1)} dB of signal to noise; mxfp4 loses nothing\n`,
    )
  }
  const { byteLength: bytes, files, unquantized, worstSqnrDb } = done
  return {
    target,
    to: 'mlx',
    format: mode,
    bytes,
    files,
    unquantized,
    worstSqnrDb: worstSqnrDb < Infinity ? worstSqnrDb : null,
  }
}
