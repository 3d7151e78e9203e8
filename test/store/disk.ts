import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { scratch } from '../engines.ts'

/** A small disk for the running test, or undefined where we may not mount one (the tests then make the engine say the same). */
export function smallDisk(size = '8m'): string | undefined {
  const dir = scratch('disk')
  try { execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'ignore' }) } catch { return undefined }
  onTestFinished(() => { execFileSync('umount', ['-l', dir]) })
  return dir
}
