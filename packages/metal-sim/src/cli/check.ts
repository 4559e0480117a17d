import { Command } from 'commander'
import { type CheckResult, check } from '../compile/compile.js'
import { formatDiagnostic } from '../errors.js'
import { type SourceOptions, addSourceOptions, readSource } from './options.js'

export const checkCommand = (setStatus: (status: number) => void): Command =>
  addSourceOptions(new Command('check'))
    .description('compile sources: syntax, types, address spaces, and the rules of the language')
    .argument('<file...>', 'Metal sources')
    .action(async (files: string[], options: SourceOptions) => {
      const results: FileResult[] = []
      for (const file of files) results.push(await checkFile(file, options))
      if (results.some(({ ok }) => !ok)) setStatus(1)
      if (options.json) console.log(JSON.stringify({ files: results }, null, 2))
      else for (const result of results) print(result)
    })

interface FileResult extends CheckResult {
  readonly file: string
}

const checkFile = async (file: string, options: SourceOptions): Promise<FileResult> => {
  const { source, options: compileOptions } = await readSource(file, options, 'checked')
  return { file, ...(await check(source, compileOptions)) }
}

const print = ({ file, ok, kernels, diagnostics }: FileResult): void => {
  for (const diagnostic of diagnostics) console.log(formatDiagnostic(diagnostic))
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  if (ok)
    console.log(
      `${file}: ok, ${String(kernels.length)} ${kernels.length === 1 ? 'kernel' : 'kernels'}${kernels.length === 0 ? '' : `: ${kernels.join(', ')}`}`,
    )
  else console.log(`${file}: ${String(errors)} ${errors === 1 ? 'error' : 'errors'}`)
}
