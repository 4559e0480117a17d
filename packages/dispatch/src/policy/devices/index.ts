/**
 * Policies that `pnpm bench tune` made, a file for each device. To add one: `pnpm bench tune --threads COUNT -o packages/dispatch/src/policy/devices/NAME.json`
 * on a machine with nothing else to do, and a line here.
 */
import type { DevicePolicy } from '../types.js'

export const tuned: readonly DevicePolicy[] = []
