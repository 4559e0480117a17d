/**
 * Policies that `pnpm bench tune` made, a file for each device. To add one: `pnpm bench tune --threads COUNT -o packages/dispatch/src/policy/devices/NAME.json`
 * on a machine with nothing else to do, and a line here.
 */
import { parsePolicy } from '../file.js'
import type { DevicePolicy } from '../types.js'
import amdEpyc from './amd-epyc-2-threads.json' with { type: 'json' }

export const tuned: readonly DevicePolicy[] = [parsePolicy(amdEpyc, 'amd-epyc-2-threads.json')]
