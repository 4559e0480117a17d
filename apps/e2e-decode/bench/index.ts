/** Benchmark suites of the decoder, for `@metal-fp4/bench`. */
import type { AnySuite, Preset, Verb } from '@metal-fp4/bench'
import { decode } from './decode.js'
import { checkModels } from './models.js'
import { pack } from './pack.js'
import { nodeLlamaCpp } from './peers/node-llama-cpp.js'
import { onnxruntimeNode } from './peers/onnxruntime-node.js'
import { prefill } from './prefill.js'
import { targets } from './targets.js'
import { tune } from './tune/index.js'

export const suites: readonly AnySuite[] = [decode, prefill, pack, nodeLlamaCpp, onnxruntimeNode]

/** What `bench` can do besides running suites. */
export const verbs: readonly Verb[] = [tune]

/** What `--preset` names; their lines name suites of the kernels, too. */
export const presets: readonly Preset[] = [targets]

export { checkModels, decode, nodeLlamaCpp, onnxruntimeNode, pack, prefill, targets, tune }
