/** Differences between two records, field by field, for histories and versions. */
export interface Difference { field: string; before: unknown; after: unknown }

/** JSON with the keys of every object in order, so that equal values have equal text (jsonb gives keys back in an order of its own). */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'object' && v !== null && !Array.isArray(v)
    ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v)) ?? 'null'
}

const given = (value: unknown): unknown => (value === undefined ? null : value)

/** The fields in which two records differ, in the order of the fields of the later one. An absent field counts as null. */
export function differences(before: object, after: object, fields?: readonly string[]): Difference[] {
  const a = before as Record<string, unknown>, b = after as Record<string, unknown>
  const names = fields ?? [...new Set([...Object.keys(b), ...Object.keys(a)])]
  return names.filter((f) => stable(given(a[f])) !== stable(given(b[f]))).map((field) => ({ field, before: given(a[field]), after: given(b[field]) }))
}
