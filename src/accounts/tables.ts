import { tables } from '../store/kit.ts'
import type { Role } from './model.ts'

/** better-auth 1.7 core models (keys are its field names, column names are ours) and who edits which organisation. */
export const accountTables = tables((k) => {
  const user = k.table('users', {
    id: k.text('id').primaryKey(),
    name: k.text('name').notNull(),
    /** Always in lower case. */
    email: k.text('email').notNull().unique(),
    emailVerified: k.flag('email_verified').notNull().default(false),
    image: k.text('image'),
    role: k.text('role').$type<Role>().notNull().default('member'),
    createdAt: k.instant('created_at').notNull(),
    updatedAt: k.instant('updated_at').notNull(),
  })
  const session = k.table('sessions', {
    id: k.text('id').primaryKey(),
    userId: k.text('user_id').notNull().references(() => user.id, { onDelete: 'cascade' }),
    token: k.text('token').notNull().unique(),
    expiresAt: k.instant('expires_at').notNull(),
    ipAddress: k.text('ip_address'),
    userAgent: k.text('user_agent'),
    createdAt: k.instant('created_at').notNull(),
    updatedAt: k.instant('updated_at').notNull(),
  }, (t) => [k.index('sessions_user').on(t.userId)])
  const account = k.table('accounts', {
    id: k.text('id').primaryKey(),
    accountId: k.text('account_id').notNull(),
    providerId: k.text('provider_id').notNull(),
    userId: k.text('user_id').notNull().references(() => user.id, { onDelete: 'cascade' }),
    accessToken: k.text('access_token'),
    refreshToken: k.text('refresh_token'),
    idToken: k.text('id_token'),
    accessTokenExpiresAt: k.instant('access_token_expires_at'),
    refreshTokenExpiresAt: k.instant('refresh_token_expires_at'),
    scope: k.text('scope'),
    password: k.text('password'),
    createdAt: k.instant('created_at').notNull(),
    updatedAt: k.instant('updated_at').notNull(),
  }, (t) => [k.index('accounts_user').on(t.userId), k.uniqueIndex('accounts_provider').on(t.providerId, t.accountId)])
  const verification = k.table('verifications', {
    id: k.text('id').primaryKey(),
    identifier: k.text('identifier').notNull(),
    value: k.text('value').notNull(),
    expiresAt: k.instant('expires_at').notNull(),
    createdAt: k.instant('created_at').notNull(),
    updatedAt: k.instant('updated_at').notNull(),
  }, (t) => [k.index('verifications_identifier').on(t.identifier)])
  /** Which account may edit and speak for which organisation. No foreign key: organisations live in a room above. */
  const editors = k.table('editors', {
    userId: k.text('user_id').notNull().references(() => user.id, { onDelete: 'cascade' }),
    organisationId: k.text('organisation_id').notNull(),
    since: k.instant('since').notNull(),
  }, (t) => [k.primaryKey({ columns: [t.userId, t.organisationId] }), k.index('editors_organisation').on(t.organisationId)])
  /** Accounts that chose to speak in public under a handle: Person actors. The row goes with the account; the handle stays taken. */
  const persons = k.table('persons', {
    userId: k.text('user_id').primaryKey().references(() => user.id, { onDelete: 'cascade' }),
    handle: k.text('handle').notNull().unique(),
    /** As everybody sees it; the account's own name is nobody's business. */
    name: k.text('name').notNull(),
    /** Plain text. */
    summary: k.text('summary').notNull().default(''),
    discoverable: k.flag('discoverable').notNull().default(false),
    since: k.instant('since').notNull(),
  })
  return { user, session, account, verification, editors, persons }
})
