/** Who answers whom, whatever they say of it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Post } from '../../src/talk/model.ts'
import { branches, DEPTH_MAX, type Branch } from '../../src/talk/thread.ts'

const post = (uri: string, inReplyTo: string | null): Post => ({ uri, inReplyTo }) as Post
const flat = (list: readonly Branch[]): string[] => list.flatMap((b) => [b.post.uri, ...flat(b.replies)])
const depth = (list: readonly Branch[]): number => (list.length ? 1 + Math.max(...list.map((b) => depth(b.replies))) : 0)
const shape = (list: readonly Branch[]): unknown[] => list.map((b) => (b.replies.length ? [b.post.uri, shape(b.replies)] : b.post.uri))

test('answers under what they answer, in their order', () => {
  expect(shape(branches([post('a', 'root'), post('b', 'root'), post('c', 'a'), post('d', 'c'), post('e', 'a')]))).toEqual([['a', [['c', ['d']], 'e']], 'b'])
})
test('what goes deeper stands beside each other', () => {
  const line = ['1', '2', '3', '4', '5', '6'].map((n) => post(n, n === '1' ? 'root' : String(Number(n) - 1)))
  expect(shape(branches(line))).toEqual([['1', [['2', [['3', ['4', '5', '6']]]]]]])
})
test('a part of it: what answers one of them', () => {
  const all = [post('a', 'root'), post('b', 'root'), post('c', 'a'), post('d', 'c'), post('lost', 'gone')]
  expect(shape(branches(all.slice(1), 'a'))).toEqual([['c', ['d']]])
})
test('each once and never too deep, whoever answers whom or themselves', () => {
  const name = fc.integer({ min: 0, max: 30 }).map(String)
  fc.assert(fc.property(fc.uniqueArray(fc.tuple(name, fc.option(name)), { selector: ([uri]) => uri, maxLength: 31 }), (said) => {
    const all = said.map(([uri, to]) => post(uri, to))
    const found = branches(all)
    expect(flat(found).sort()).toEqual(all.map((p) => p.uri).sort())
    expect(depth(found)).toBeLessThanOrEqual(DEPTH_MAX)
    const part = flat(branches(all, '0'))
    expect(new Set(part).size).toBe(part.length)
  }), { numRuns: 500 })
})
