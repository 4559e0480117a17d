/** The command line: verbs, options, help. */
import { createRequire } from 'node:module'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type InspectFlags, inspect } from './inspect.js'
import type { Terminal } from './output.js'
import { type PackFlags, pack } from './pack.js'

/** Makes the program; its verbs run with this terminal. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('fp4-quant')
    .description('FP4 weights in safetensors files: packs them, and says what is in packed ones.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 a file is at fault, 2 the command line is, 130 interrupted. With DEBUG set, errors come with a stack.',
    )

  program
    .command('pack')
    .description('pack the float matrices of a checkpoint; the other tensors are copied')
    .argument('<input>', 'a .safetensors file, a .safetensors.index.json, or the folder that holds one')
    .argument('<output>', 'the file to write; it is there when it is whole')
    .addOption(new Option('--format <name>', 'format of the packed tensors').choices(['fp4', 'mxfp4', 'nvfp4']).makeOptionMandatory())
    .addOption(new Option('--group-size <n>', 'values that share a scale (fp4 only; default 128)').argParser(count))
    .addOption(new Option('--scales <rule>', 'how scales are chosen: mse has less error and takes longer').choices(['absmax', 'mse']).default('absmax'))
    .addOption(new Option('--layout <name>', 'names and layout of the packed tensors').choices(['kn', 'mlx', 'gpt-oss', 'compressed-tensors', 'modelopt']).default('kn'))
    .option('--include <glob>', 'pack only tensors with such names (* and ?), also those kept by default; repeatable', collect)
    .option('--exclude <glob>', 'copy tensors with such names; repeatable', collect)
    .option('--requantize', 'nvfp4 in layout mlx: round a second time, as it has no global scale')
    .addOption(new Option('--threads <n>', 'threads at most (default: all there are)').argParser(count))
    .option('--no-measure', 'do not compare with the original')
    .option('--json', 'print a report as JSON')
    .option('--force', 'replace an output that is there')
    .addHelpText('after', '\nKept by default: embeddings, norms, routers, lm_head, scales of other tensors, and what is packed already.')
    .addHelpText('after', 'A layout is names and arrays: the configuration that its project reads is yours to write.')
    .addHelpText('after', '\nExample:\n  fp4-quant pack model.safetensors packed.safetensors --format nvfp4 --scales mse --layout modelopt')
    .action(async (input: string, output: string, flags: PackFlags) => pack(input, output, flags, terminal)) // prettier-ignore

  program
    .command('inspect')
    .description('list the tensors of a file: formats, layouts, bytes, error against the original')
    .argument('<file>', 'a .safetensors file, a .safetensors.index.json, or the folder that holds one')
    .option('--against <original>', 'compare the packed tensors with those of this file')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  fp4-quant inspect packed.safetensors --against model.safetensors')
    .action(async (file: string, flags: InspectFlags) => inspect(file, flags, terminal))

  for (const command of program.commands) command.copyInheritedSettings(program).helpOption('-h, --help', 'print help')
  return program
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new InvalidArgumentError('It has to be a positive integer.')
}

function collect(glob: string, before: readonly string[] = []): string[] {
  return [...before, glob]
}

function version(): string {
  const manifest = createRequire(import.meta.url)('@metal-fp4/fp4-quant/package.json') as { version: string }
  return manifest.version
}
