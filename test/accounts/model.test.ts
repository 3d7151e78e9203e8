import { describe, expect, test } from 'vitest'
import { actions, allow, commandLine, may, roles, system, type Action, type Who } from '../../src/accounts/model.ts'
import { Problem } from '../../src/kernel/errors.ts'

const account = (role: Who['role'], ...editorOf: string[]): Who => ({ by: 'user:1', role, editorOf: new Set(editorOf), userId: '1' })

/** Written out rather than computed: a change of a right must be seen here. */
const matrix: Record<Action, string> = {
  'organisation.list': 'admin curator',
  'organisation.edit': 'admin curator editor',
  'organisation.confirm': 'admin curator editor',
  'organisation.consent': 'admin curator',
  'organisation.status': 'admin curator',
  'organisation.remove': 'admin',
  'membership.confirm': 'admin curator',
  'evidence.record': 'admin curator',
  'lever.edit': 'admin curator editor',
  'post.publish': 'admin editor',
  'post.edit': 'admin editor',
  'post.remove': 'admin curator editor',
  'follower.manage': 'admin editor',
  'actor.follow': 'admin editor',
  'actor.react': 'admin editor',
  'report.decide': 'admin curator',
  'domain.block': 'admin',
  'person.speak': 'admin curator member',
  'directory.speak': 'admin',
  'comment.moderate': 'admin curator',
  'audit.read': 'admin curator',
  'account.manage': 'admin',
  'peer.manage': 'admin',
  'delivery.manage': 'admin',
  'instance.settings': 'admin',
}

describe.each(actions)('%s', (action) => {
  const allowed = matrix[action].split(' ')
  test.each(roles)('%s', (role) => expect(may(account(role), action, 'a')).toBe(allowed.includes(role)))
  test('an editor of this organisation, of another, of none named', () => {
    expect(may(account('member', 'a'), action, 'a')).toBe(allowed.includes('editor') || allowed.includes('member'))
    const anybody = allowed.includes('member')
    expect(may(account('member', 'b'), action, 'a')).toBe(anybody)
    expect(may(account('member', 'a'), action)).toBe(anybody)
  })
  test('the instance and the command line may; nobody may not', () => {
    expect(may(system, action, 'a')).toBe(true)
    expect(may(commandLine, action)).toBe(true)
    expect(may(undefined, action, 'a')).toBe(false)
  })
})

test('allow says whether signing in would help', () => {
  const refusal = (who: Who | undefined): Problem => {
    try { allow(who, 'account.manage') } catch (e) { return e as Problem }
    throw new Error('was allowed')
  }
  expect(refusal(undefined)).toMatchObject({ code: 'sign-in-needed', status: 401 })
  expect(refusal(account('member', 'a'))).toMatchObject({ code: 'forbidden', status: 403 })
  expect(() => allow(account('admin'), 'account.manage')).not.toThrow()
})
