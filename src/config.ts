import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Failure } from './model/failure.ts';

/** `env:NAME` or `file:path` (relative to muster.yaml); never the secret itself. */
export const secretReference = z
  .string()
  .regex(/^(env:[A-Za-z_]\w*|file:.+)$/, 'must be a reference: "env:NAME" or "file:path", never the secret itself');

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'must be a duration such as "500ms", "30s", "10m", "2h" or "30d"')
  .transform(milliseconds);

const mode = z.enum(['observe', 'propose', 'enforce']);

const authentication = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('standard-webhooks'),
    /** `whsec_…` for HMAC (`v1`), `whpk_…` for ed25519 (`v1a`); several during a rotation. */
    secrets: z.array(secretReference).min(1),
  }),
  z.strictObject({ type: z.literal('basic'), username: z.string().min(1), password: secretReference }),
  z.strictObject({ type: z.literal('bearer'), tokens: z.array(secretReference).min(1) }),
  /** Outright, with a reason, or Muster does not start. */
  z.strictObject({ type: z.literal('none'), reason: z.string().min(10) }),
]);
export type Authentication = z.infer<typeof authentication>;

const sourceShape = z.strictObject({
  kind: z.string().min(1),
  /** Only such a source creates people. */
  authoritative: z.boolean().default(false),
  mode: mode.default('observe'),
  /** Slack's clicks alone have none: they are signed with the secret in its settings. */
  authentication: z.array(authentication).default([]),
  /** Events without an own id: an equal one within this time is a duplicate. Default 10 min. */
  duplicateWindow: duration.default(600_000),
  /** Requests a minute before 429. */
  rateLimit: z.int().positive().default(6_000),
  settings: z.record(z.string(), z.unknown()).default({}),
});
const source = sourceShape.refine(({ kind, authentication }) => kind === 'slack' || authentication.length > 0, {
  path: ['authentication'],
  error: 'a source needs authentication; say {"type":"none","reason":"…"} if it has none',
});
export type SourceConfig = z.infer<typeof source>;

const target = z.strictObject({
  kind: z.string().min(1),
  mode: mode.default('observe'),
  /** Calls at once. */
  concurrency: z.int().positive().max(200).default(10),
  /** Calls a second over all workers, where the vendor has a limit. */
  ratePerSecond: z.number().positive().optional(),
  /** Another system provisions here: what is its own, Muster never writes. */
  managedBy: z
    .strictObject({
      /** As people call it: `SailPoint`. */
      system: z.string().min(1),
      /** Attributes that are its own, by Muster's names: `department`. */
      attributes: z.array(z.string().min(1)).default([]),
      /** Whether the accounts themselves are. */
      accounts: z.boolean().default(true),
    })
    .exactOptional(),
  settings: z.record(z.string(), z.unknown()).default({}),
});
export type TargetConfig = z.infer<typeof target>;

export const roles = ['viewer', 'operator', 'approver', 'security', 'auditor', 'admin'] as const;
export type Role = (typeof roles)[number];

const operator = z.strictObject({
  id: z.string().regex(/^[\w.@-]{1,100}$/),
  token: secretReference,
  roles: z.array(z.enum(roles)).min(1),
});
export type OperatorConfig = z.infer<typeof operator>;

const named = <T extends z.ZodType>(schema: T) =>
  z.record(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'names are lower case, digits and hyphens'), schema);

export const configSchema = z.strictObject({
  /** `postgres://…` by reference; absent: embedded PGlite below the home folder. */
  database: secretReference.optional(),
  /** Key for the API's proofs to workflows, by reference. */
  proofKey: secretReference.optional(),
  /** Key of the hashes by which former people are recognised, by reference; never changed. Absent: dates of birth are dropped. */
  birthDateKey: secretReference.optional(),
  sources: named(source).default({}),
  targets: named(target).default({}),
  operators: z.array(operator).default([]),
  alerts: z
    .strictObject({
      /** The target with tickets that takes incidents. */
      incidents: z.string().optional(),
    })
    .default({}),
});
export type Config = z.infer<typeof configSchema> & {
  /** Folder of muster.yaml: `file:` references are relative to it. */ folder: string;
};

/** `10m` → 600000. */
export function milliseconds(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new Failure('misconfigured', `"${text}" is not a duration such as "30s" or "10m"`);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'ms' | 's' | 'm' | 'h' | 'd'];
  return Number(match[1]) * unit;
}

/** Reads muster.yaml. Every fault is named with line and column, all at once. */
export function loadConfig(path: string): Config {
  if (!existsSync(path)) {
    throw new Failure('misconfigured', `${path} does not exist`, { advice: 'Name it by --config or MUSTER_CONFIG.' });
  }
  return { ...parseYaml(readFileSync(path, 'utf8'), path, configSchema), folder: dirname(resolve(path)) };
}

/** YAML text → checked value; faults as `file:line:column: path: problem`, one a line. */
export function parseYaml<T extends z.ZodType>(text: string, file: string, schema: T): z.infer<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new Failure('misconfigured', document.errors.map((error) => `${file}: ${error.message}`).join('\n'));
  }
  const result = schema.safeParse(document.toJS());
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => ({ path, problem: message }));
  throw new Failure('misconfigured', placed(document, lines, file, faults).join('\n'));
}

/** Something that is wrong in a file, by the path of the value that it is about. */
export interface PlacedFault {
  path: readonly PropertyKey[];
  problem: string;
}

/** Faults in a YAML text that can be read, each as `file:line:column: path: problem`. */
export function placedFaults(text: string, file: string, faults: readonly PlacedFault[]): string[] {
  const lines = new LineCounter();
  return placed(parseDocument(text, { lineCounter: lines }), lines, file, faults);
}

function placed(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  file: string,
  faults: readonly PlacedFault[],
): string[] {
  return faults.map(({ path, problem }) => {
    const at = positionOf(document, path, lines);
    return `${file}${at}: ${path.join('.') || '(top)'}: ${problem}`;
  });
}

function positionOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lines: LineCounter,
): string {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      const { line, col } = lines.linePos(Number(node.range[0]));
      return `:${line}:${col}`;
    }
  }
  return '';
}
