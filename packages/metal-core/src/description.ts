import { checkBoolean, checkInteger, checkObject, checkString, refuse } from './check.js'
import type { Access, KernelArgument, KernelDescription } from './types.js'

/**
 * A copy of the descriptions of a library's kernels, as plain data: what was checked is what is used. undefined gives none.
 * Throws ArgumentError for what is not of their types; the rest (names that differ, alignments, limits) is for native code,
 * which rejects with KernelLibraryError.
 */
export function checkDescriptions(op: string, value: unknown): readonly KernelDescription[] {
  if (value === undefined) return []
  return list(op, 'kernels', value).map((item, i) => {
    const path = `kernels[${i}]`
    const { name, arguments: all, constants, failures } = checkObject(op, path, item)
    return {
      name: checkString(op, `${path}.name`, name),
      arguments: list(op, `${path}.arguments`, all).map((argument, k) =>
        checkArgument(op, `${path}.arguments[${k}]`, argument),
      ),
      constants: list(op, `${path}.constants`, constants).map((constant, k) => {
        const at = `${path}.constants[${k}]`
        const fields = checkObject(op, at, constant)
        return {
          name: checkString(op, `${at}.name`, fields.name),
          defaultValue: checkInteger(op, `${at}.defaultValue`, fields.defaultValue, 0, 0xffffffff),
          maxValue: checkInteger(op, `${at}.maxValue`, fields.maxValue, 0, 0xffffffff),
        }
      }),
      failures: list(op, `${path}.failures`, failures).map((message, k) =>
        checkString(op, `${path}.failures[${k}]`, message),
      ),
    }
  })
}

const accesses: readonly unknown[] = ['read', 'write', 'read_write', 'value'] satisfies readonly Access[]

function checkArgument(op: string, path: string, value: unknown): KernelArgument {
  const { name, access, alignment, valueBytes, optional, mayAlias } = checkObject(op, path, value)
  if (!accesses.includes(access)) refuse(op, `${path}.access to be one of ${accesses.join(', ')}`, access)
  return {
    name: checkString(op, `${path}.name`, name),
    access: access as Access,
    alignment: checkInteger(op, `${path}.alignment`, alignment, 1, 16384),
    valueBytes: checkInteger(op, `${path}.valueBytes`, valueBytes, 0, 4096),
    optional: checkBoolean(op, `${path}.optional`, optional),
    ...(mayAlias === undefined ? {} : { mayAlias: checkString(op, `${path}.mayAlias`, mayAlias) }),
  }
}

function list(op: string, name: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(op, `${name} to be an array`, value)
}
