// Runs a program of this repository: `node scripts/run.mjs PROGRAM [WORD…]`. Of `npm run bench -- gemv` some runners of scripts leave the dashes,
// which are no word of the program's.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [program, ...words] = process.argv.slice(2)
if (words[0] === '--') words.shift()
process.argv.splice(1, Infinity, resolve(program), ...words)
await import(pathToFileURL(process.argv[1]))
