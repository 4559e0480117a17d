/** What the project wants to be measured by on a CPU, as one run: `bench --preset targets --save targets.json`. */
import type { Preset } from '@metal-fp4/bench'
import { goalsOf } from './goals.js'

export const targets: Preset = {
  name: 'targets',
  summary:
    'what the project is measured by on a CPU: GEMVs by format and rows, experts, a GEMM, a decode step by kernel',
  lines: [
    // One row against the roof of the memory, and two to eight against one.
    'gemv --shape 4096x14336 --m 1,2,4,8 --format fp4,mxfp4,nvfp4 --precision int8,float32',
    // Smaller matrices, whose rows are over before all threads are under way.
    'gemv --shape 4096x4096,1024x1024 --m 1 --format fp4,mxfp4,nvfp4 --precision int8',
    // 32 experts, of which a token takes 4.
    'experts --shape 2880x2880 --m 1 --format fp4,mxfp4,nvfp4 --precision int8,float32',
    // A prompt: arithmetic, not memory.
    'gemm --shape 4096x14336 --m 512 --format fp4,mxfp4,nvfp4 --precision int8 --threads 1',
    // The default model: where its step goes, and what of it is no kernel.
    'decode --geometry stories',
    // The packer, whose one thread has nothing to do with the device's.
    'pack --shape 4096x4096 --format mxfp4,nvfp4,fp4 --threads 1',
  ],
  goals: goalsOf,
}
