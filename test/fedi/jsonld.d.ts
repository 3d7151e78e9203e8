/** The package has no types of its own; this is what we use. */
declare module 'jsonld' {
  interface ExpandOptions {
    documentLoader?: (url: string) => Promise<{ contextUrl: string | null; documentUrl: string; document: unknown }>
    eventHandler?: (e: { event: { code: string; details: Record<string, unknown> } }) => void
  }
  const jsonld: {
    expand(document: object, options?: ExpandOptions): Promise<unknown[]>
    flatten(document: object, context?: object, options?: ExpandOptions): Promise<unknown>
  }
  export default jsonld
}
