import { buildTestInputs } from './drivers/build.mjs'

/** Runs once before all test files. */
export default async function setup(): Promise<void> {
  await buildTestInputs()
}
