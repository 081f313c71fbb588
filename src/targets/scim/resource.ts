/** A user as it is sent and shown. */
export type Resource = Record<string, unknown>;

/** `urn:…:User:department` → the extension and the attribute in it; `name.middleName` → the two steps. */
export function stepsOf(path: string): { extension?: string; steps: string[] } {
  const end = path.startsWith('urn:') ? path.lastIndexOf(':') : -1;
  const extension = end === -1 ? undefined : path.slice(0, end);
  const steps = path.slice(end + 1).split('.');
  return extension === undefined ? { steps } : { extension, steps: [extension, ...steps] };
}

/** Writes a value where the steps lead, and what lies on the way; null takes it out. */
export function put(resource: Resource, [step = '', ...rest]: string[], value: unknown): void {
  if (rest.length > 0) {
    const inner = asResource(resource[step]);
    resource[step] = inner;
    put(inner, rest, value);
  } else if (value === null) delete resource[step];
  else resource[step] = value;
}

/** What stands where the steps lead. */
export const valueAt = (resource: Resource, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((inner, step) => asResource(inner)[step], resource);

/** A copy of what has attributes of its own; empty for anything else. */
export const asResource = (value: unknown): Resource =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
