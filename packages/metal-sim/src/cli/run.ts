import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { compile } from '../compile/compile.js'
import type { BufferArgument, Dispatch } from '../simulator/dispatch.js'
import { formatReport } from '../simulator/parse-results.js'
import type { RunResult } from '../simulator/results.js'
import { createSimulator } from '../simulator/simulator.js'
import { bytesOf } from '../simulator/strings.js'
import { type SourceOptions, addSourceOptions, collect, readInput, readSource } from './options.js'
import { UsageError, allocate, parseValues, readValues, typeNamed } from './values.js'

interface RunFlags extends SourceOptions {
  readonly kernel?: string
  readonly grid?: string
  readonly threads?: string
  readonly threadgroup: string
  readonly buffer: readonly string[]
  readonly threadgroupMemory: readonly string[]
  readonly constant: readonly string[]
  readonly print: readonly string[]
  readonly save: readonly string[]
  readonly seed: string
  readonly mode: 'checked' | 'fast' | 'counting'
}

const list = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(collect).default([])

export const runCommand = (setStatus: (status: number) => void): Command =>
  addSourceOptions(new Command('run'))
    .description('run one kernel of a source')
    .argument('<file>', 'Metal source')
    .option('--kernel <name>', 'which kernel; not needed if there is one')
    .option('--grid <x,y,z>', 'threadgroups')
    .option('--threads <x,y,z>', 'threads, in place of --grid')
    .option('--threadgroup <x,y,z>', 'threads of a threadgroup', '1')
    .addOption(
      list('--buffer <index=data>', 'TYPE:1,2,3 | TYPE*COUNT:1,2 | zeros:BYTES | value:TYPE:1 (setBytes) | @FILE'),
    )
    .addOption(list('--threadgroup-memory <index=bytes>', 'bytes of a [[threadgroup(index)]] argument'))
    .addOption(list('--constant <name=value>', 'function constant, by name or index'))
    .addOption(list('--print <index:type>', 'print a buffer after the run'))
    .addOption(list('--save <index=file>', 'write a buffer to a file after the run'))
    .option('--seed <number>', 'order of threads; 0: ascending', '0')
    .addOption(
      new Option('--mode <mode>', 'checked, fast (no checks) or counting (multiply-adds)')
        .choices(['checked', 'fast', 'counting'])
        .default('checked'),
    )
    .action(async (file: string, flags: RunFlags) => {
      const { source, options } = await readSource(file, flags, flags.mode)
      const buffers = await readBuffers(flags.buffer)
      const request: Omit<Dispatch, 'kernel'> = {
        ...gridOf(flags),
        threadgroup: sizeOf(flags.threadgroup),
        buffers,
        threadgroupMemory: Object.fromEntries(
          flags.threadgroupMemory.map((text) => pair(text)).map(([index, bytes]) => [Number(index), Number(bytes)]),
        ),
        constants: Object.fromEntries(
          flags.constant.map((text) => pair(text)).map(([name, value]) => [name, constantOf(value)]),
        ),
      }
      const printed = flags.print.map((text) => {
        const [index = '', type = 'float'] = text.split(':')
        typeNamed(type)
        return { index: Number(index), type, bytes: bufferAt(buffers, index) }
      })
      const saved = flags.save.map((text) => {
        const [index, path] = pair(text)
        return { path, bytes: bufferAt(buffers, index) }
      })
      const program = await compile(source, options)
      const names = program.kernels.map(({ name }) => name)
      const kernel = flags.kernel ?? (names.length === 1 ? names[0] : undefined)
      if (kernel === undefined) throw new UsageError(`[run] expected --kernel, one of ${names.join(', ')}.`)
      await using simulator = await createSimulator({
        mode: flags.mode,
        seed: Number(flags.seed),
        count: true,
        onProgress: (message) => console.error(message),
        ...(flags.clang === undefined ? {} : { clang: flags.clang }),
      })
      await simulator.load(program)
      const result = await simulator.run({ kernel, ...request })
      for (const { path, bytes } of saved) await writeFile(path, bytes)
      if (result.reports.length > 0) setStatus(1)
      print(kernel, result, printed, flags)
    })

const pair = (text: string): [string, string] => {
  const equals = text.indexOf('=')
  if (equals < 1) throw new UsageError(`[run] expected NAME=VALUE, got '${text}'.`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

const sizeOf = (text: string): [number, number, number] => {
  const numbers = text.split(/[,x]/).map(Number)
  if (numbers.length > 3 || numbers.some((one) => !Number.isInteger(one) || one < 1))
    throw new UsageError(`[run] expected X, X,Y or X,Y,Z of at least 1 each, got '${text}'.`)
  const [x = 1, y = 1, z = 1] = numbers
  return [x, y, z]
}

const gridOf = ({ grid, threads }: RunFlags): Pick<Dispatch, 'grid' | 'threads'> => {
  if (grid !== undefined && threads !== undefined) throw new UsageError('[run] expected --grid or --threads, got both.')
  return threads === undefined ? { grid: sizeOf(grid ?? '1') } : { threads: sizeOf(threads) }
}

const constantOf = (text: string): number | boolean | bigint => {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?\d+$/.test(text)) return BigInt(text)
  const value = Number(text)
  if (Number.isNaN(value)) throw new UsageError(`[run] expected a number, true or false, got '${text}'.`)
  return value
}

const readBuffers = async (texts: readonly string[]): Promise<Record<number, BufferArgument>> => {
  const buffers: Record<number, BufferArgument> = {}
  for (const text of texts) {
    const [index, data] = pair(text)
    if (!/^\d+$/.test(index)) throw new UsageError(`[run] expected the index of a buffer, got '${index}'.`)
    if (data.startsWith('@')) buffers[Number(index)] = new Uint8Array(await readInput(data.slice(1)))
    else if (data.startsWith('zeros:')) buffers[Number(index)] = zeros(data.slice(6))
    else if (data.startsWith('value:')) buffers[Number(index)] = { bytes: parseValues(data.slice(6)) }
    else buffers[Number(index)] = parseValues(data)
  }
  return buffers
}

const zeros = (text: string): Uint8Array => {
  if (/^\d+$/.test(text)) return allocate(Number(text), `zeros:${text}`)
  throw new UsageError(`[run] expected zeros:BYTES, got 'zeros:${text}'.`)
}

const bufferAt = (buffers: Readonly<Record<number, BufferArgument>>, index: string): Uint8Array => {
  const buffer = buffers[Number(index)]
  if (!buffer || !ArrayBuffer.isView(buffer))
    throw new UsageError(`[run] expected the index of a --buffer in memory, got '${index}'.`)
  return bytesOf(buffer)
}

const print = (
  kernel: string,
  result: RunResult,
  printed: readonly { index: number; type: string; bytes: Uint8Array }[],
  flags: RunFlags,
): void => {
  const values = printed.map(({ index, type, bytes }) => ({ index, type, values: readValues(bytes, type) }))
  const counts = result.counts.at(0)
  if (flags.json) {
    console.log(
      JSON.stringify(
        { kernel, reports: result.reports, suppressed: result.suppressed, counts, buffers: values },
        null,
        2,
      ),
    )
    return
  }
  for (const report of result.reports) console.log(formatReport(report))
  for (const { index, type, values: list } of values) console.log(`buffer ${String(index)}, ${type}: ${list.join(' ')}`)
  if (counts && flags.mode !== 'fast') {
    const multiplyAdds =
      flags.mode === 'counting'
        ? `, ${String(counts.executedMultiplyAdds)} multiply-adds (${String(counts.usefulMultiplyAdds)} useful)`
        : ''
    console.log(
      `${kernel}: ${String(counts.uniqueBytesRead)} bytes read, ${String(counts.uniqueBytesWritten)} written${multiplyAdds}`,
    )
  }
  const findings = result.reports.length + result.suppressed
  console.log(`${kernel}: ${findings === 0 ? 'ok' : `${String(findings)} ${findings === 1 ? 'finding' : 'findings'}`}`)
}
