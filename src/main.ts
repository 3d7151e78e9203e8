import 'temporal-polyfill/global' // Node 24 has no Temporal; before anything that imports Fedify
import path from 'node:path'
import { readConfig } from './config.ts'
import { safeReason, StartRefused } from './kernel/errors.ts'
import { runServer } from './server.ts'

/** 2: this start can never work (a setting, another origin, a newer database). 1: it broke, and a supervisor may try again. */
try {
  process.exitCode = await runServer(readConfig(process.env, path.resolve(import.meta.dirname, '..')))
} catch (e) {
  console.error(`toadlane: ${e instanceof StartRefused ? e.message : safeReason(e)}`)
  process.exitCode = e instanceof StartRefused ? 2 : 1
}
