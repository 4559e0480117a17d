import { describe, expect, it } from 'vitest'
import { runDriver } from './helpers.js'

describe('the boundary', () => {
  it.each(['junk-native.mjs', 'junk-typescript.mjs'])('survives junk: %s', (driver) => {
    const { status, signal, output } = runDriver(driver)
    expect({ status, signal, output }).toMatchObject({ status: 0, signal: null })
    expect(output).toMatch(/[1-9]\d* refused/)
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
