/** `fp4-decode info`: what a model is and where it would run. */
import { Command } from 'commander'
import type { Model } from '../model/model.js'
import { formatLine, megabytes, millions } from './describe.js'
import { addExamples } from './examples.js'
import { type ModelFlags, addModelOptions } from './options.js'
import { withModel } from './session.js'

export function infoCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('info').description('Describe a model and the device that it runs on.')
  command.option('--json', 'print one JSON object')
  addExamples(addModelOptions(command), [
    ['The model that comes with the package', 'fp4-decode info'],
    ['A Hugging Face folder in another format, for a program', 'fp4-decode info -m ./Qwen3-0.6B --q-mode mxfp4 --json'],
  ])
  return command.action(async (flags: ModelFlags & { json?: boolean }) => {
    const show = (model: Model): Promise<number> => {
      const description = { ...model.describe(), device: model.device.info }
      process.stdout.write(flags.json ? `${JSON.stringify(description)}\n` : table(model))
      return Promise.resolve(0)
    }
    finish(await withModel(flags, show))
  })
}

function table(model: Model): string {
  const d = model.describe()
  const { info } = model.device
  const rows: [string, string | number][] = [
    ['model', d.source],
    ['architecture', d.architecture],
    ['layers', d.layers],
    ['vocabulary', d.vocabSize],
    ['context', d.contextLength],
    ['parameters', `${millions(d.parameters)}, ${millions(d.activeParameters)} active`],
    ['weights', `${formatLine(model)}, ${megabytes(d.weightBytes)}, ${megabytes(d.bytesPerToken)} a token`],
    ['cache', `half, ${(d.cacheBytesPerToken / 1024).toFixed(1)} KiB a token`],
    ['precision', d.precision],
    ['device', `${info.backend}: ${info.name}, ${info.threads} threads, ${info.features.join(' ')}`],
    ['copy bandwidth', `${info.copyGigabytesPerSecond.toFixed(1)} GB/s`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}\n`).join('')
}
