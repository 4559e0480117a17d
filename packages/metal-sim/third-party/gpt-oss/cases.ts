import type { Case } from '../cases.js'
import { denseCases } from './dense.js'
import { expertCases } from './experts.js'
import { normCases } from './norms.js'

/** openai/gpt-oss, gpt_oss/metal. */
export const gptOssCases: readonly Case[] = [...normCases, ...denseCases, ...expertCases]
