/** `fp4-decode doctor`: what this machine can do, and what to install. */
import { Command } from 'commander'
import { type Finding, type FindingStatus, diagnose } from '../doctor/doctor.js'
import { addExamples } from './examples.js'
import { styled } from './style.js'

export function doctorCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('doctor')
    .description(
      'Say what this machine can decode on, why not on more, and what to install. Ends with 0 when something can.',
    )
    .option('--json', 'print one JSON object')
  addExamples(command, [
    ['After installing', 'fp4-decode doctor'],
    ['In a script', 'fp4-decode doctor --json'],
  ])
  return command.action(async (flags: { json?: boolean }) => {
    const diagnosis = await diagnose()
    const { canDecode, summary, findings } = diagnosis
    if (flags.json) process.stdout.write(`${JSON.stringify(diagnosis)}\n`)
    else process.stdout.write(`${findings.map(line).join('')}\n${styled(process.stdout, 'bold', summary)}\n`)
    finish(canDecode ? 0 : 1)
  })
}

const marks: Readonly<Record<FindingStatus, readonly [mark: string, style: 'green' | 'yellow' | 'red' | 'dim']>> = {
  ok: ['ok', 'green'],
  note: ['..', 'dim'],
  missing: ['--', 'yellow'],
  failed: ['NO', 'red'],
}

function line({ status, text, fix }: Finding): string {
  const [mark, style] = marks[status]
  const advice =
    fix === undefined
      ? ''
      : fix
          .split('\n')
          .map((part) => `     ${part}\n`)
          .join('')
  return `${styled(process.stdout, style, mark)}   ${text}\n${advice}`
}
