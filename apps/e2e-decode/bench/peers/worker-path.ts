import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A worker of this folder: plain JavaScript, which tests find beside their sources and everybody else from dist. */
export function workerPath(name: string): string {
  const places = [`./${name}`, `../bench/peers/${name}`].map((path) => fileURLToPath(new URL(path, import.meta.url)))
  return places.find((path) => existsSync(path)) ?? places[0]
}
