// What a manifest gets when its package is packed or published, beyond publishConfig (`.pnpmfile.cjs` calls it).
const { relative, sep } = require('node:path')
const { withPlatformPackages } = require('./platforms.cjs')
const { repository } = require('../package.json')

/** The manifest as it is published; `folder` is that of the package. */
function asPublished(manifest, folder = process.cwd()) {
  return withPlatformPackages({ ...manifest, ...whereItIs(folder) })
}

/** Links follow from the one of the root's package.json; provenance needs it to be where the release runs. */
function whereItIs(folder) {
  const directory = relative(`${__dirname}/..`, folder).split(sep).join('/')
  return {
    repository: { type: 'git', url: `git+${repository}.git`, directory },
    homepage: `${repository}/tree/main/${directory}#readme`,
    bugs: `${repository}/issues`,
  }
}

module.exports = { asPublished, whereItIs }
