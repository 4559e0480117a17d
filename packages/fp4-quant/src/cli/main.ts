/** The command `fp4-quant`. */
import { main } from './run.js'

void main()
