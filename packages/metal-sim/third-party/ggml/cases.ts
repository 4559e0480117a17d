import type { Case } from '../cases.js'
import { attentionCases } from './attention.js'
import { productCases } from './products.js'
import { rowCases } from './rows.js'

/** ggml, src/ggml-metal. */
export const ggmlCases: readonly Case[] = [...productCases, ...rowCases, ...attentionCases]
