import { Command, CommanderError } from 'commander'
import { DispatchError, MetalCompileError, SimulationError, ToolchainError } from '../errors.js'
import { packageVersion } from '../paths.js'
import { checkCommand } from './check.js'
import { runCommand } from './run.js'
import { UsageError } from './values.js'

/** Exit status: 0 all is well, 1 something was found, 2 the command line or the machine is at fault. */
export const main = async (argv: readonly string[]): Promise<number> => {
  let status = 0
  const program = new Command('metal-sim')
    .description('Checks Metal compute sources and runs them on the CPU, looking at every access')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(--help shows all options)')
  const setStatus = (value: number): void => {
    status = value
  }
  program.addCommand(checkCommand(setStatus))
  program.addCommand(runCommand(setStatus))
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(--help shows all options)')
  try {
    await program.parseAsync(argv)
    return status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof DispatchError) {
      console.error(error.message)
      return 2
    }
    if (error instanceof MetalCompileError || error instanceof SimulationError) {
      console.error(error.message)
      return 1
    }
    if (error instanceof ToolchainError || error instanceof UsageError || (error instanceof Error && 'code' in error)) {
      console.error(error.message)
      return 2
    }
    throw error
  }
}
