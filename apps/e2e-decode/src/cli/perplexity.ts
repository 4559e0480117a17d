/** `fp4-decode perplexity`: how well a model predicts a text. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { measurePerplexity, splitDocuments } from '../perplexity.js'
import { FileError } from '../errors.js'
import { addExamples } from './examples.js'
import { type ModelFlags, addModelOptions, integer } from './options.js'
import { openProgress } from './progress.js'
import { withModel } from './session.js'

interface PerplexityFlags extends ModelFlags {
  readonly first?: number
  readonly last?: number
  readonly stride?: number
  readonly json?: boolean
}

export function perplexityCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('perplexity')
    .description('Measure the perplexity of a model on documents, separated by <|endoftext|>.')
    .argument('<text>', 'a text file, a folder of .txt files, or - for stdin')
    .option('--first <n>', 'only the first documents (of the last, with --last)', integer(1))
    .option('--last <n>', 'only the last documents', integer(1))
    .option(
      '--stride <n>',
      'tokens between windows, of documents longer than the context (default: half of it)',
      integer(1),
    )
    .option('--json', 'print one JSON object')
  addExamples(addModelOptions(command), [
    ['How well the model of this package predicts a text', 'fp4-decode perplexity story.txt'],
    [
      'What a format costs, for a program',
      'fp4-decode perplexity story.txt -m ./Qwen3-0.6B --q-mode nvfp4 --first 2 --json',
    ],
  ])
  return command.action(async (path: string, flags: PerplexityFlags) => {
    const documents = select(splitDocuments(readText(path)), flags)
    const code = await withModel(flags, async (model, signal) => {
      const progress = openProgress('measuring')
      try {
        const stride = flags.stride === undefined ? {} : { stride: flags.stride }
        const result = await measurePerplexity(model, documents, { ...stride, onProgress: progress.update, signal })
        progress.end()
        const { perplexity, tokens } = result
        const { source, precision } = model.describe()
        const long = result.windowed > 0 ? `; ${result.windowed} longer than the context, in windows` : ''
        const line = `perplexity ${perplexity.toFixed(4)} over ${tokens} tokens of ${result.documents} documents${long}`
        process.stdout.write(flags.json ? `${JSON.stringify({ ...result, model: source, precision })}\n` : `${line}\n`)
        return 0
      } finally {
        progress.end()
      }
    })
    finish(code)
  })
}

function select(documents: string[], { first, last }: PerplexityFlags): string[] {
  const tail = last === undefined ? documents : documents.slice(-last)
  return first === undefined ? tail : tail.slice(0, first)
}

function readText(path: string): string {
  try {
    if (path === '-') return readFileSync(0, 'utf8')
    if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8')
    const names = readdirSync(path)
      .filter((name) => name.endsWith('.txt'))
      .sort()
    return names.map((name) => readFileSync(join(path, name), 'utf8')).join('<|endoftext|>')
  } catch (error) {
    const got = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new FileError(`[perplexity] expected a text file or folder at ${path}, got ${got}. Check the path.`, path, {
      cause: error,
    })
  }
}
