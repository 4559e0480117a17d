// A registry on this machine with the packages of the scope @metal-fp4, as npm sees them once they are published.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename } from 'node:path'

/**
 * Serves packages until `close()`.
 * @param {{ manifest: object, path?: string }[]} packages those without a path are known by their manifest only, as prebuilt packages for other
 *   platforms are, which npm leaves alone.
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function startRegistry(packages) {
  const tarballs = new Map(packages.filter(({ path }) => path).map(({ path }) => [basename(path), path]))
  const documents = new Map()
  const server = createServer((request, response) => {
    const wanted = decodeURIComponent(request.url ?? '').slice(1)
    const document = documents.get(wanted)
    const tarball = tarballs.get(wanted.replace(/^-\//, ''))
    if (document !== undefined) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
    } else if (tarball !== undefined) {
      response.setHeader('content-type', 'application/octet-stream').end(readFileSync(tarball))
    } else {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  for (const { manifest, path } of packages) {
    const { name, version } = manifest
    const file = path === undefined ? `${name.split('/')[1]}.tgz` : basename(path)
    const dist = { tarball: `${url}/-/${file}`, ...(path === undefined ? {} : { integrity: integrityOf(path) }) }
    documents.set(name, { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } })
  }
  return { url, close: () => server.close() }
}

function integrityOf(path) {
  return `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
}
