/** NodeInfo 2.0 and 2.1: both, because Takahē asks for 2.0 and refuses 2.1 (WIRE.md 9). */
import type { NodeUsage } from '../fedi.ts'

export const SCHEMA = 'http://nodeinfo.diaspora.software/ns/schema/'
export const VERSIONS = ['2.0', '2.1'] as const
export type NodeInfoVersion = (typeof VERSIONS)[number]

export const discovery = (origin: string) => ({ links: VERSIONS.map((v) => ({ rel: SCHEMA + v, href: `${origin}/nodeinfo/${v}` })) })

export interface NodeFacts { software: { name: string; version: string }; usage: NodeUsage; about: { name?: string; description?: string } }

export function nodeInfo(version: NodeInfoVersion, f: NodeFacts) {
  const { usage, about } = f
  return {
    version,
    software: { name: f.software.name.toLowerCase().replace(/[^a-z0-9-]/g, ''), version: f.software.version },
    protocols: ['activitypub'],
    services: { inbound: [], outbound: [] },
    openRegistrations: usage.openRegistrations ?? false,
    usage: {
      users: {
        total: usage.users,
        ...(usage.activeMonth === undefined ? {} : { activeMonth: usage.activeMonth }),
        ...(usage.activeHalfyear === undefined ? {} : { activeHalfyear: usage.activeHalfyear }),
      },
      localPosts: usage.posts,
      ...(usage.comments === undefined ? {} : { localComments: usage.comments }),
    },
    metadata: { ...(about.name ? { nodeName: about.name } : {}), ...(about.description ? { nodeDescription: about.description } : {}) },
  }
}
