/** Where the parts of the Metal library are. */
import { readFileSync } from 'node:fs'
import { manifest } from '../../src/manifest/index.js'
import { metalParams } from './metal-params.js'
import type { ReadSource } from './metal-library.js'

const folder = new URL('../../metal/', import.meta.url)

/** A file of `metal/`, or `params.h`, which follows from the manifest. */
export const readMetalSource: ReadSource = (name) =>
  name === 'params.h' ? metalParams(manifest) : readFileSync(new URL(name, folder), 'utf8')
