// The packages with native code, and the platforms that there are prebuilt packages for: `<package>-<os>-<cpu>`, made by platform.mjs. They
// are optional dependencies of the published packages only (`.pnpmfile.cjs` adds them when a package is packed), so that a clone
// installs without packages that its own release is yet to publish.

/**
 * The newest glibc that a Linux package may need: that of Debian 12. A static libstdc++ needs that of the machine that it was made for; the
 * published packages are made on Ubuntu 22.04 and need 2.35 (`--glibc 2.35` in .github/workflows/platform-packages.yml).
 */
const glibc = '2.36'

const platforms = [
  { os: 'linux', cpu: 'x64', libc: 'glibc' },
  { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { os: 'darwin', cpu: 'arm64' },
]

/** By package: its folder, what its native part is, and the file that the build makes of it. */
const nativeParts = {
  '@metal-fp4/metal-core': { folder: 'packages/metal-core', what: 'The native addon', file: () => 'metal_core.node' },
  '@metal-fp4/kernels': {
    folder: 'packages/kernels',
    what: 'The CPU kernels',
    file: (os) => `kernels.${os === 'darwin' ? 'dylib' : 'so'}`,
  },
  '@metal-fp4/bench': {
    folder: 'packages/bench',
    what: 'The kernel that measures the memory roof',
    file: () => 'stream_read.so',
  },
}

const platformPackage = (name, { os, cpu }) => `${name}-${os}-${cpu}`

/** A package's manifest as it is published. Prebuilt packages have the version of the package that they belong to. */
function withPlatformPackages(manifest) {
  if (!(manifest.name in nativeParts)) return manifest
  const names = platforms.map((platform) => platformPackage(manifest.name, platform))
  const optional = Object.fromEntries(names.map((name) => [name, manifest.version]))
  return { ...manifest, optionalDependencies: { ...manifest.optionalDependencies, ...optional } }
}

module.exports = { glibc, nativeParts, platformPackage, platforms, withPlatformPackages }
