import { builtins } from './builtins.js'
import type { ProgramConstants } from './constants.js'
import type { KernelSource } from './kernels.js'
import type { ParameterSource } from './parameters.js'

const kinds = { device: 'sim_device_buffer', constant: 'sim_constant_buffer', threadgroup: 'sim_threadgroup_buffer' }

/** The table through which the runner finds kernels and constants; types come from the functions themselves. */
export const epilogue = (kernels: readonly KernelSource[], program: ProgramConstants): string => {
  const lines = ['', '# 1 "metal-sim-table" 1 3', 'namespace metal {']
  for (const [id, kernel] of kernels.entries()) lines.push(...kernelLines(String(id), kernel, program))
  lines.push(
    ...table(
      'sim_kernel',
      'sim_kernels',
      kernels.map((kernel, id) => {
        const count = String(kernel.parameters.length)
        return `{${quote(kernel.name)}, ${count === '0' ? 'nullptr' : `sim_parameters_${String(id)}`}, ${count}, ${String(kernel.maxThreads)}, sim_entry_${String(id)}}`
      }),
    ),
    ...table(
      'sim_constant',
      'sim_constants',
      program.constants.map(
        ({ name, type, index, storage, defined }) =>
          `{${quote(name)}, ${quote(type)}, ${String(index)}, sizeof(${storage}), (void*)&${storage}, &${defined}}`,
      ),
    ),
    `static void sim_initialize() { ${program.initializers.map((name) => `${name}();`).join(' ')} }`,
    `static const sim_library sim_table = {1, ${kernels.length > 0 ? 'sim_kernels' : 'nullptr'}, ${String(kernels.length)}, ${program.constants.length > 0 ? 'sim_constants' : 'nullptr'}, ${String(program.constants.length)}, sim_initialize};`,
    '}',
    `extern "C" __attribute__((used, visibility("default"))) ${raw} const sim_library* sim_library_table() { return &metal::sim_table; }`,
    '',
  )
  return lines.join('\n')
}

const raw = '__attribute__((no_sanitize("address", "undefined", "coverage"), nodebug))'

const quote = (text: string): string => JSON.stringify(text)

const table = (type: string, name: string, rows: readonly string[]): string[] =>
  rows.length === 0 ? [] : [`static const ${type} ${name}[] = {`, ...rows.map((row) => `  ${row},`), '};']

const kernelLines = (id: string, kernel: KernelSource, program: ProgramConstants): string[] => {
  const lines: string[] = []
  const signature = `sim_signature_${id}`
  lines.push(`using ${signature} = sim_signature<decltype(${kernel.symbol})>;`)
  const rows = kernel.parameters.map((parameter, index) => {
    const type = `${signature}::at<${String(index)}>`
    let present = 'nullptr'
    if (parameter.condition !== null && parameter.kind !== 'builtin') {
      present = `sim_present_${id}_${String(index)}`
      lines.push(
        `static bool ${present}() { return bool(${program.names.get(parameter.condition) ?? parameter.condition}); }`,
      )
    }
    const condition = parameter.condition === null ? 'nullptr' : quote(parameter.condition)
    const kind = kindOf(parameter)
    const access = kind === 'sim_builtin' ? '0' : `sim_access<${type}>`
    const size = kind === 'sim_builtin' ? '0, 1' : `sim_bytes<${type}>, sim_alignment<${type}>`
    return `{${quote(parameter.name)}, ${quote(parameter.type)}, ${kind}, ${String(parameter.index)}, ${access}, ${size}, ${condition}, ${present}}`
  })
  lines.push(...table('sim_parameter', `sim_parameters_${id}`, rows))
  const values = kernel.parameters.map((parameter, index) => {
    const type = `${signature}::at<${String(index)}>`
    if (parameter.kind !== 'builtin') return `sim_argument<${type}>(arguments[${String(index)}])`
    return `sim_value<${type}>(sim_builtins::${builtins.get(parameter.builtin) ?? 'position'}${builtins.get(parameter.builtin)?.endsWith(')') ? '' : '()'})`
  })
  lines.push(
    `${raw} static void sim_entry_${id}(void* const* arguments) { (void)arguments; ${kernel.symbol}(${values.join(', ')}); }`,
  )
  return lines
}

const kindOf = (parameter: ParameterSource): string => {
  if (parameter.kind === 'builtin') return 'sim_builtin'
  if (parameter.kind === 'threadgroup') return kinds.threadgroup
  return /\bconstant\b/.test(parameter.type) ? kinds.constant : kinds.device
}
