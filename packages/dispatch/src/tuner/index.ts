/**
 * Tuning: what could be chosen for a number of rows, and which of it measurements say to choose. Pure; `bench tune` measures.
 */
export { type CandidateSetting, type TunerCandidate, candidateName, isSame, tunerCandidates } from './candidates.js'
export { type Measurement, type TunedChoice, chooseRules } from './choose.js'
