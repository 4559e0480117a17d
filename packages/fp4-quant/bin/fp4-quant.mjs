#!/usr/bin/env node
// Not built, so that it can be linked before the build.
import '../dist/cli.cjs'
