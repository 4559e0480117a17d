/** Which FP4 kernel, variant and grid for a problem on a device, and why. */
export { DispatchError } from './errors.js'
export { type Explanation, explain } from './explain.js'
export { libraryFor } from './library.js'
export { type MatmulOptions, matmul, matmulFp4 } from './matmul.js'
export { hasKernels } from './policy/check-rules.js'
export { parsePolicy, policyJson } from './policy/file.js'
export {
  type DevicePolicy,
  type Margin,
  type PolicyRule,
  type Provenance,
  type RuleSource,
  type SplitRule,
  addPolicy,
  policies,
  policyFor,
} from './policy/index.js'
export { type PrecisionRule, defaultPrecision } from './policy/precision.js'
export {
  type DenseType,
  type Epilogue,
  type MatmulProblem,
  type Precision,
  type WeightFormat,
  precisions,
} from './problem.js'
export { type DeviceIdentity, type DeviceProfile, profileOf, profileOfLibrary } from './profile.js'
export { type ExpertsShape, type ExpertsSpec, recordExperts, scratchForExperts } from './record-experts.js'
export { type MatmulSpec, recordMatmul, recordMatmulFp4 } from './record-matmul.js'
export {
  type Candidate,
  type CombinePass,
  type MatmulKernelName,
  type QuantizePass,
  legalCandidates,
} from './selection.js'
export { scratchFor, scratchForMatmul } from './scratch.js'
export { type Choice, type SelectOptions, selectKernel } from './select-kernel.js'
export { type DenseWeights, type Fp4Weights, type WeightMemory, type Weights } from './weights.js'
export { denseWeightsFrom, fp4WeightsFrom } from './weights-from.js'
export {
  type CandidateSetting,
  type Measurement,
  type TunedChoice,
  type TunerCandidate,
  candidateName,
  chooseRules,
  isSame as isSameCandidate,
  tunerCandidates,
} from './tuner/index.js'
export { type UploadOptions, uploadDense, uploadFp4 } from './upload.js'
