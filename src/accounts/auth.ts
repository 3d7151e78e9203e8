import { getLogger } from '@logtape/logtape'
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { safeReason } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { Sealer } from '../kernel/seal.ts'
import type { Store } from '../store/store.ts'
import { PASSWORD_MAX, PASSWORD_MIN } from './model.ts'
import { accountTables } from './tables.ts'

const log = getLogger(['toadlane', 'accounts'])

export interface AuthSettings { store: Store; /** Decides where the cookie goes and whether it needs https. */ origin: string; sealer: Pick<Sealer, 'subkey'> }

/** Seconds. A session is prolonged when it is used a day after the last time. */
const SESSION = 14 * 86_400

/**
 * better-auth as a library: our routes call `auth.api.*` on the server; its own HTTP endpoints (`/api/auth/*`: sign-up,
 * change of e-mail, listing of sessions …) are not mounted anywhere.
 */
export const makeAuth = ({ store, origin, sealer }: AuthSettings) => {
  const { user, session, account, verification } = accountTables(store.kit)
  const secure = origin.startsWith('https:')
  return betterAuth({
    appName: 'Toadlane',
    baseURL: origin,
    secret: Buffer.from(sealer.subkey('sessions')).toString('base64url'),
    // store.auto: its writes queue behind store.write, or take part in the one around them. Leave `transaction` off.
    database: drizzleAdapter(store.auto as never, { provider: store.engine === 'sqlite' ? 'sqlite' : 'pg', schema: { user, session, account, verification } }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: PASSWORD_MIN, maxPasswordLength: PASSWORD_MAX },
    user: { additionalFields: { role: { type: 'string', required: true, defaultValue: 'member', input: false } } },
    session: { expiresIn: SESSION, updateAge: 86_400, cookieCache: { enabled: false } },
    account: { encryptOAuthTokens: true }, // plain by default
    rateLimit: { enabled: false }, // ours counts by account as well (limits.ts)
    advanced: {
      cookiePrefix: 'toadlane',
      useSecureCookies: secure,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure, path: '/' },
      ipAddress: { disableIpTracking: true }, // we keep no addresses of people
      database: { generateId: () => newId() },
    },
    telemetry: { enabled: false },
    logger: {
      level: 'error', // "User not found" and the like are nobody's business
      log: (_level, message, ...more) => {
        const error = more.find((x) => x instanceof Error)
        log.error('better-auth: {reason}', { reason: error ? safeReason(error) : safeReason(new Error(message)) })
      },
    },
  })
}
export type Auth = ReturnType<typeof makeAuth>
