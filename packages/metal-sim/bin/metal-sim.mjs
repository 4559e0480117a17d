#!/usr/bin/env node
// metal-sim: checks and runs Metal sources. Not built, so that it can be linked before the build.
await import('../dist/cli.js')
