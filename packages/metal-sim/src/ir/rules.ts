import { match } from '../match.js'
import type { Diagnostic } from '../source/findings.js'
import { spaceNames } from '../source/spaces.js'
import { type FunctionRange, type Module, nameIn } from './module.js'

/** Rules that show in the IR: lost address spaces, recursion, calls through pointers, null pointers that may be none. */
export const checkModule = (module: Module, spaced: ReadonlySet<string>): Diagnostic[] => {
  const found: Diagnostic[] = []
  const library = new Set(
    module.functions
      .filter(({ user, place }) => !user || (place && spaced.has(`${place.file}:${String(place.line)}`)))
      .map((one) => one.name),
  )
  for (const range of module.functions)
    if (range.user)
      found.push(
        ...addressSpaces(module, range, library),
        ...pointerCalls(module, range),
        ...nullComparisons(module, range),
      )
  found.push(...recursion(module))
  return unique(found)
}

const debugOf = (line: string): number => Number(/!dbg !(\d+)/.exec(line)?.[1] ?? -1)

const finding = (module: Module, rule: string, message: string, debug: number): Diagnostic => {
  const place = module.placeOf(debug) ?? { file: '', line: 0, column: 0 }
  return { severity: 'error', rule, message, ...place }
}

const castPattern = /^ +(%[\w.$"-]+) = addrspacecast ptr (?:addrspace\((\d+)\) )?\S+ to ptr(?: addrspace\((\d+)\))?/

// A pointer that is converted to another address space, other than to copy a struct or to call a function of the headers.
const addressSpaces = (module: Module, range: FunctionRange, library: ReadonlySet<string>): Diagnostic[] => {
  const found: Diagnostic[] = []
  const casts = new Map<string, { line: string; from: number; to: number }>()
  for (let i = range.first; i < range.last; i++) {
    const line = module.lines[i]
    const found = match(castPattern, line)
    if (found) casts.set(found[1] ?? '', { line, from: Number(found[2] ?? 0), to: Number(found[3] ?? 0) })
  }
  if (casts.size === 0) return found
  const bad = new Set<string>()
  for (let i = range.first; i < range.last; i++) {
    const line = module.lines[i]
    for (const name of line.match(/%[\w.$-]+/g) ?? []) {
      const cast = casts.get(name)
      if (!cast || line === cast.line || bad.has(name) || line.startsWith(`  ${name} = `)) continue
      if (/ call void @llvm\.mem(?:cpy|move|set)/.test(line) || / call void @llvm\.lifetime/.test(line)) continue
      if (/ (?:call|invoke) /.test(line) && library.has(nameIn(line))) continue
      // One of two operands of `?:`, which may be copied in turn.
      const joined = match(/^ +(%[\w.$-]+) = (?:phi|select) /, line)?.[1]
      if (joined !== undefined && joined !== name) {
        if (!casts.has(joined)) casts.set(joined, cast)
        continue
      }
      // Checks that a copy is made of.
      if (/ = (?:ptrtoint|icmp|call i64 @llvm\.objectsize)/.test(line)) continue
      bad.add(name)
      const from = spaceNames.get(cast.from) ?? 'thread'
      const to = spaceNames.get(cast.to) ?? 'thread'
      const message = `a pointer or reference to '${from}' becomes one to '${to}': an address space cannot be dropped`
      found.push(finding(module, 'address-space', message, debugOf(cast.line)))
    }
  }
  return found
}

const pointerCalls = (module: Module, range: FunctionRange): Diagnostic[] => {
  const found: Diagnostic[] = []
  for (let i = range.first; i < range.last; i++) {
    const line = module.lines[i]
    if (/ call [^@]*? %[\w.$-]+\(/.test(line) && !line.includes(' asm '))
      found.push(finding(module, 'function-pointer', 'Metal has no calls through function pointers', debugOf(line)))
  }
  return found
}

const nullPattern = / = icmp (?:eq|ne) ptr addrspace\(3\) (?:%[\w.$-]+, null|null, %[\w.$-]+)(?:,|$)/

// The memory of a threadgroup may begin at address 0: a pointer to its first variable is then no other than a null pointer.
const nullComparisons = (module: Module, range: FunctionRange): Diagnostic[] => {
  const found: Diagnostic[] = []
  for (let i = range.first; i < range.last; i++) {
    const line = module.lines[i]
    // clang's own checks have no place in the source.
    if (!nullPattern.test(line) || line.includes('!nosanitize')) continue
    const message = "a pointer to 'threadgroup' is compared with null, which may be a place in threadgroup memory"
    found.push({ ...finding(module, 'threadgroup-null', message, debugOf(line)), severity: 'warning' })
  }
  return found
}

// Functions on a cycle of calls, each once.
const recursion = (module: Module): Diagnostic[] => {
  const calls = new Map<string, Set<string>>()
  for (const range of module.functions) {
    const called = new Set<string>()
    for (let i = range.first + 1; i < range.last; i++) {
      const line = module.lines[i]
      if (/ (?:call|invoke) /.test(line)) called.add(nameIn(line))
    }
    calls.set(range.name, called)
  }
  const reaches = (from: string, goal: string, seen: Set<string>): boolean => {
    for (const next of calls.get(from) ?? []) {
      if (next === goal) return true
      if (seen.has(next) || !calls.has(next)) continue
      seen.add(next)
      if (reaches(next, goal, seen)) return true
    }
    return false
  }
  const found: Diagnostic[] = []
  for (const range of module.functions) {
    if (!range.user || !reaches(range.name, range.name, new Set())) continue
    const place = range.place ?? { file: '', line: 0, column: 0 }
    found.push({
      severity: 'error',
      rule: 'recursion',
      message: 'Metal has no recursion: this function calls itself, at last',
      ...place,
    })
  }
  return found
}

const unique = (all: readonly Diagnostic[]): Diagnostic[] => {
  const seen = new Set<string>()
  return all.filter(({ rule, message, file, line, column }) => {
    const key = [rule, message, file, line, column].join('\n')
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
