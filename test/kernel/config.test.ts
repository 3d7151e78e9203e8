import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { databaseName, loadSecret, readConfig } from '../../src/config.ts'
import { StartRefused } from '../../src/kernel/errors.ts'
import { sealer } from '../../src/kernel/seal.ts'
import { scratch } from '../engines.ts'

const root = '/srv/toadlane'
const read = (env: Record<string, string>) => readConfig(env, root)
const long = 'a secret that is long enough to be one'

describe('settings', () => {
  test('without any: SQLite under the root, loopback only, ids on the port', () => {
    expect(read({})).toEqual({
      origin: 'http://localhost:8000', named: false, host: '127.0.0.1', port: 8000, databaseUrl: 'sqlite:/srv/toadlane/data/toadlane.db',
      handleHost: 'localhost:8000', role: 'all', allowPrivate: false, signedFetch: false, smtpUrl: undefined, trustProxy: 0,
      secretFile: '/srv/toadlane/config/secret', secret: undefined,
    })
    expect(read({ PORT: '8123' })).toMatchObject({ origin: 'http://localhost:8123', handleHost: 'localhost:8123', port: 8123 })
  })
  test('an empty variable counts as unset', () => {
    expect(read({ TOADLANE_ORIGIN: '', PORT: ' ', DATABASE_URL: '', TOADLANE_SECRET: '', SMTP_URL: '', TOADLANE_ROLE: '' })).toEqual(read({}))
  })
  test('a named instance', () => {
    const c = read({ TOADLANE_ORIGIN: 'https://Directory.Coops.example/', TOADLANE_HANDLE_HOST: 'Coops.example', TOADLANE_TRUST_PROXY: '1', TOADLANE_ROLE: 'web', DATABASE_URL: 'postgres://u:p@db/x' })
    expect(c).toMatchObject({ origin: 'https://directory.coops.example', named: true, handleHost: 'coops.example', host: '0.0.0.0', trustProxy: 1, role: 'web', databaseUrl: 'postgres://u:p@db/x' })
    expect(databaseName(c.databaseUrl)).toBe('postgres://db/x')
    expect(read({ TOADLANE_ORIGIN: 'https://coops.example:8443' })).toMatchObject({ origin: 'https://coops.example:8443', handleHost: 'coops.example:8443' })
    expect(read({ TOADLANE_ORIGIN: 'http://localhost:9000' }).host).toBe('127.0.0.1')
    expect(read({ HOST: '::' }).host).toBe('::')
    expect(read({ TOADLANE_ORIGIN: 'http://[::1]:9000' }).origin).toBe('http://[::1]:9000')
    expect(read({ TOADLANE_ORIGIN: 'http://a.test', TOADLANE_ALLOW_PRIVATE: '1' })).toMatchObject({ origin: 'http://a.test', allowPrivate: true })
    expect([read({ TOADLANE_SIGNED_FETCH: '1' }), read({ TOADLANE_SIGNED_FETCH: '0' })].map((c) => c.signedFetch)).toEqual([true, false])
    expect(read({ TOADLANE_ORIGIN: 'https://kooperation-für-alle.example' }).origin).toBe('https://xn--kooperation-fr-alle-ibc.example')
  })
  test('paths are taken from the root that is given', () => {
    expect(read({ DATABASE_URL: 'sqlite:a.db', TOADLANE_SECRET_FILE: '../s' })).toMatchObject({ databaseUrl: 'sqlite:/srv/toadlane/a.db', secretFile: '/srv/s' })
    expect(read({ DATABASE_URL: 'sqlite:///var/lib/a.db' }).databaseUrl).toBe('sqlite:/var/lib/a.db')
    expect(read({ DATABASE_URL: 'sqlite::memory:' }).databaseUrl).toBe('sqlite::memory:')
  })
  test.each([
    [{ TOADLANE_ORIGIN: 'coops.example' }, /^TOADLANE_ORIGIN must be an address like/],
    [{ TOADLANE_ORIGIN: 'localhost:8000' }, /^TOADLANE_ORIGIN must be an address like/],
    [{ TOADLANE_ORIGIN: 'ftp://coops.example' }, /^TOADLANE_ORIGIN must be an address like/],
    [{ TOADLANE_ORIGIN: 'https:coops.example' }, /^TOADLANE_ORIGIN must be an address like/],
    [{ TOADLANE_ORIGIN: 'https://coops.example/directory' }, /^TOADLANE_ORIGIN must not have a path/],
    [{ TOADLANE_ORIGIN: 'https://coops.example/?' }, /^TOADLANE_ORIGIN must not have a path/],
    [{ TOADLANE_ORIGIN: 'https://me:hidden@coops.example' }, /^TOADLANE_ORIGIN must not contain a user name/],
    [{ TOADLANE_ORIGIN: 'https://coops.example.' }, /^TOADLANE_ORIGIN must not end with a dot/],
    [{ TOADLANE_ORIGIN: 'http://coops.example' }, /^TOADLANE_ORIGIN must begin with https/],
    [{ TOADLANE_ORIGIN: 'http://localhost.evil.example' }, /^TOADLANE_ORIGIN must begin with https/],
    [{ TOADLANE_HANDLE_HOST: 'https://coops.example' }, /^TOADLANE_HANDLE_HOST must be a host name/],
    [{ TOADLANE_HANDLE_HOST: 'coops.example/x' }, /^TOADLANE_HANDLE_HOST must be a host name/],
    [{ TOADLANE_HANDLE_HOST: 'a b' }, /^TOADLANE_HANDLE_HOST must be a host name/],
    [{ PORT: 'http' }, /^PORT must be a number/],
    [{ PORT: '65536' }, /^PORT must be a number/],
    [{ PORT: '-1' }, /^PORT must be a number/],
    [{ PORT: '0' }, /^PORT 0 .*needs TOADLANE_ORIGIN/],
    [{ HOST: 'not a host' }, /^HOST must be/],
    [{ DATABASE_URL: 'mysql://root:hidden@db/x' }, /^DATABASE_URL must be/],
    [{ DATABASE_URL: 'postgres://u:hidden@db:port/x' }, /^DATABASE_URL must be/],
    [{ DATABASE_URL: 'sqlite:' }, /^DATABASE_URL must be/],
    [{ DATABASE_URL: 'sqlite://data/a.db' }, /^DATABASE_URL must be/],
    [{ DATABASE_URL: 'sqlite:a.db?mode=ro' }, /^DATABASE_URL must be/],
    [{ TOADLANE_SECRET: 'hidden' }, /^TOADLANE_SECRET must have 32/],
    [{ TOADLANE_ROLE: 'both' }, /^TOADLANE_ROLE must be all, web or worker/],
    [{ TOADLANE_ROLE: 'worker' }, /^TOADLANE_ROLE worker needs PostgreSQL/],
    [{ TOADLANE_ALLOW_PRIVATE: 'yes' }, /^TOADLANE_ALLOW_PRIVATE must be 1 or 0/],
    [{ TOADLANE_SIGNED_FETCH: 'on' }, /^TOADLANE_SIGNED_FETCH must be 1 or 0/],
    [{ SMTP_URL: 'http://u:hidden@mail' }, /^SMTP_URL must be/],
    [{ TOADLANE_TRUST_PROXY: 'true' }, /^TOADLANE_TRUST_PROXY must be the number/],
  ] as [Record<string, string>, RegExp][])('%j is refused in one sentence', (env, sentence) => {
    let said = ''
    try { read(env) } catch (e) { expect(e).toBeInstanceOf(StartRefused); said = (e as Error).message }
    expect(said).toMatch(sentence)
    expect(said).not.toContain('hidden')
    expect(said).not.toContain('\n')
  })
  test('a secret is never shown', () => {
    const c = read({ TOADLANE_SECRET: long })
    for (const text of [JSON.stringify(c), inspect(c, { depth: 9, showHidden: true }), String(c.secret)]) expect(text).not.toContain(long)
  })
})

describe('the secret', () => {
  const place = () => scratch('secret')
  const load = (dir: string, env: Record<string, string> = {}) => loadSecret(readConfig(env, dir))
  const same = async (a: Promise<unknown>, b: Promise<unknown>) => {
    const key = (s: unknown) => Buffer.from(sealer(s as never).subkey('x')).toString('hex')
    expect(key(await a)).toBe(key(await b))
  }

  test('is made at first use, for its owner alone, and read from then on', async () => {
    const dir = place()
    await same(load(dir), load(dir)) // both at once: one is made
    const file = path.join(dir, 'config/secret')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
    expect(readFileSync(file, 'utf8').trim()).toHaveLength(43)
    await same(load(dir), load(dir, { TOADLANE_SECRET: readFileSync(file, 'utf8').trim() }))
  })
  test('from the environment needs no file', async () => {
    const dir = place()
    await load(dir, { TOADLANE_SECRET: long })
    expect(existsSync(path.join(dir, 'config'))).toBe(false)
  })
  test('is refused where a copy of the database would hold it', async () => {
    const dir = place()
    for (const file of ['data/secret', 'data/keys/secret']) {
      await expect(load(dir, { TOADLANE_SECRET_FILE: file })).rejects.toThrow(/^TOADLANE_SECRET_FILE .* lies in the folder of the database/)
    }
    mkdirSync(path.join(dir, 'data'))
    symlinkSync(path.join(dir, 'data'), path.join(dir, 'elsewhere'))
    await expect(load(dir, { TOADLANE_SECRET_FILE: 'elsewhere/secret' })).rejects.toThrow(/lies in the folder/)
    expect(existsSync(path.join(realpathSync(dir), 'data/secret'))).toBe(false)
    await load(dir, { TOADLANE_SECRET_FILE: 'data-keys/secret' })
    await load(dir, { TOADLANE_SECRET_FILE: 'data/secret', DATABASE_URL: 'postgres://db/x' })
  })
  test.each([
    ['', 0o600, /is empty/], ['short\n', 0o600, /is too short/], [long, 0o644, /is open to other users \(mode 644\)/], [long, 0o640, /is open to other users/],
  ])('a file with %j and mode %o is refused', async (text, mode, reason) => {
    const dir = place()
    const file = path.join(dir, 'secret')
    writeFileSync(file, text)
    chmodSync(file, mode)
    const refused = load(dir, { TOADLANE_SECRET_FILE: 'secret' })
    await expect(refused).rejects.toThrow(reason)
    await expect(refused).rejects.toBeInstanceOf(StartRefused)
    await expect(refused).rejects.not.toThrow('long enough')
  })
  test('a place that cannot hold a file is refused', async () => {
    const dir = place()
    writeFileSync(path.join(dir, 'file'), '')
    await expect(load(dir, { TOADLANE_SECRET_FILE: '.' })).rejects.toThrow(/cannot be read \(EISDIR\)|lies in/)
    await expect(load(dir, { TOADLANE_SECRET_FILE: 'file/secret' })).rejects.toThrow(/cannot be (read|made) \(ENOTDIR\)/)
  })
})
