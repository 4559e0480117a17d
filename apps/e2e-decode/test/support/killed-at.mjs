// Preloaded (`node --import`): the process kills itself after it has written KILLED_AT lines to a file, as a power cut would. Only
// the journal of a conversion is written in lines of text; weights are bytes.
import { open } from 'node:fs/promises'

const limit = Number(process.env.KILLED_AT)
const file = await open(process.execPath)
const prototype = Object.getPrototypeOf(file)
await file.close()

const { write } = prototype
let lines = 0
prototype.write = async function (data, ...rest) {
  const result = await write.call(this, data, ...rest)
  if (typeof data === 'string' && ++lines === limit) process.kill(process.pid, 'SIGKILL')
  return result
}
