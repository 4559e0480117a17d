import type { Case } from '../cases.js'
import { attentionCases } from './attention.js'
import { productCases } from './products.js'
import { rowCases } from './rows.js'

/** MLX, mlx/backend/metal/kernels. */
export const mlxCases: readonly Case[] = [...rowCases, ...productCases, ...attentionCases]
