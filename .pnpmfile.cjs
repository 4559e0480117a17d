// What `pnpm pack` and `pnpm publish` make of a manifest, beyond publishConfig.
const { asPublished } = require('./scripts/packing.cjs')

module.exports = { hooks: { beforePacking: asPublished } }
