// A static server for tests and pictures: files of one folder on a free port of this machine.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/**
 * @param {string} folder
 * @param {Record<string, string>} [headers] sent with every file, e.g. a Content-Security-Policy
 * @returns {Promise<{ origin: string, close: () => void }>}
 */
export async function serveFolder(folder, headers = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const path = normalize(decodeURIComponent(pathname))
    const tries = path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`, `${path}/index.html`]
    void send(tries, response)
  })
  async function send(tries, response) {
    for (const path of tries) {
      try {
        const body = await readFile(join(folder, path))
        response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream', ...headers })
        return response.end(body)
      } catch {
        // The next one.
      }
    }
    response.writeHead(404, { 'content-type': 'text/plain' })
    response.end('not found')
  }
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
