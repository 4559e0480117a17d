import { describe, expect, it } from 'vitest'
import { runDriver } from './helpers.js'

/** Calls and cycles: all of them with METAL_FP4_DEEP=1. */
const deep = process.env.METAL_FP4_DEEP === '1'
const mebibyte = 1 << 20

describe('the boundary', () => {
  it.each(['junk-native.mjs', 'junk-typescript.mjs'])('survives junk: %s', { timeout: 900_000 }, (driver) => {
    const { status, signal, output } = runDriver(driver, deep ? ['100000'] : [], [], deep ? 900_000 : 60_000)
    expect({ status, signal, output }).toMatchObject({ status: 0, signal: null })
    expect(output).toMatch(/[1-9]\d* refused/)
  })

  it('works between the copies that import and require give', () => {
    const { status, signal, output } = runDriver('dual.mjs')
    expect({ status, signal, output }).toMatchObject({ status: 0, signal: null })
    expect(output).toContain('ok')
  })

  it('frees what is disposed: the resident set stays flat', { timeout: 900_000 }, () => {
    const cycles = deep ? '10000' : '600'
    const { status, signal, output } = runDriver('cycles.mjs', [cycles], ['--expose-gc'], 900_000)
    expect({ status, signal, output }).toMatchObject({ status: 0, signal: null })
    const { objects, devices } = JSON.parse(output) as { objects: number; devices: number }
    // A leak of one buffer in each cycle would be 300 MiB, one of 4 KiB in each of 10,000 cycles 20 MiB.
    expect(objects).toBeLessThan(16 * mebibyte)
    expect(devices).toBeLessThan(16 * mebibyte)
  })

  it.each([
    'idle',
    'pending',
    'exit',
    'collect',
    'lookup',
    'dropped',
    'workers',
    'terminate',
    'terminate-settling',
    'terminate-calling',
    'post',
  ])('ends well: %s', (name) => {
    const { status, signal, output } = runDriver('lifecycle.mjs', [name], ['--expose-gc'])
    expect({ status, signal, output }).toMatchObject({ status: 0, signal: null })
    expect(output).toContain('ok')
  })
})
