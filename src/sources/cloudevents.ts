import { CloudEvent, ValidationError } from 'cloudevents';
import { z } from 'zod';
import { eventTypes } from '../model/event.ts';
import { identifier, instant, readEventData } from './event-data.ts';
import { faultsFrom } from './faults.ts';
import { parseJson, pointer, type Read } from './json.ts';
import type { Fault, Normalised, NormalisedEvent, RawRequest, SourceDefinition } from './source.ts';

const structured = 'application/cloudevents+json';
const batched = 'application/cloudevents-batch+json';
const prefix = 'muster.';
/** A batch is checked and started as one; a longer one is better sent in parts. */
const longestBatch = 1_000;

const settingsSchema = z.strictObject({});

/** CloudEvents 1.0 over HTTP, in binary, structured and batch mode; types are Muster's own with the prefix `muster.`. */
export const cloudevents: SourceDefinition = {
  kind: 'cloudevents',
  settings: settingsSchema,
  mediaTypes: [structured, batched, 'application/json'],
  normalise(request) {
    const body = parseJson(request.body);
    if (!body.ok) return { status: 400, ...body };
    if (request.mediaType === batched) return readBatch(body.value);
    const envelope = request.mediaType === structured ? body : fromHeaders(request, body.value);
    const read = envelope.ok ? readEvent(envelope.value) : envelope;
    return read.ok ? { ok: true, events: [read.value], batch: false } : { status: 400, ...read };
  },
};

function readBatch(body: unknown): Normalised {
  if (!Array.isArray(body)) return refuse('', 'must be a list of CloudEvents');
  if (body.length > longestBatch) return refuse('', `must have at most ${longestBatch} events`);
  const reads = body.map((item: unknown) => readEvent(item));
  const faults = reads.flatMap((read, index) =>
    read.ok ? [] : read.faults.map((fault) => ({ ...fault, path: pointer('', index) + fault.path })),
  );
  if (faults.length > 0) return { ok: false, status: 400, faults };
  return { ok: true, events: reads.flatMap((read) => (read.ok ? [read.value] : [])), batch: true };
}

/** Binary mode: attributes come as headers, percent-encoded (HTTP binding 3.1.3.2), and the body is the data. */
function fromHeaders(request: RawRequest, data: unknown): Read<unknown> {
  const attributes: Record<string, unknown> = { datacontenttype: 'application/json', data };
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith('ce-')) continue;
    try {
      attributes[name.slice(3)] = decodeURIComponent(value);
    } catch {
      faults.push({ path: `/${name.slice(3)}`, problem: 'is not percent-encoded UTF-8' });
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: attributes };
}

const envelopeSchema = z.looseObject({
  specversion: z.literal('1.0', 'must be "1.0"'),
  id: z.string().min(1, 'must not be empty'),
  source: z.string().min(1, 'must not be empty'),
  type: z.string(),
  subject: identifier,
  time: instant.exactOptional(),
  sequence: z.string().exactOptional(),
  datacontenttype: z
    .string()
    .regex(/^application\/([\w.-]+\+)?json\s*(;|$)/i, 'must be JSON')
    .exactOptional(),
  data: z.record(z.string(), z.unknown()),
  data_base64: z.never('is not taken; send the data as JSON').exactOptional(),
});

function readEvent(value: unknown): Read<NormalisedEvent> {
  const attributes = withoutNulls(value);
  const envelope = envelopeSchema.safeParse(attributes);
  const faults = envelope.success ? specificationFaults(envelope.data) : faultsFrom(envelope.error);
  const given = typeof attributes['type'] === 'string' ? attributes['type'] : undefined;
  const type = eventTypes.find((known) => given === prefix + known);
  if (given !== undefined && type === undefined) {
    faults.push({ path: '/type', problem: `must be one of ${eventTypes.map((name) => prefix + name).join(', ')}` });
  }
  const details = readEventData(type ?? 'policy-changed', attributes['data'] ?? {});
  if (!details.ok) faults.push(...details.faults.map((fault) => ({ ...fault, path: `/data${fault.path}` })));
  if (!envelope.success || type === undefined || !details.ok || faults.length > 0) return { ok: false, faults };
  const { id, source, subject, time, sequence } = envelope.data;
  return {
    ok: true,
    value: {
      type,
      subject,
      id: ownId(source, id),
      ...(time === undefined ? {} : { enteredAt: time }),
      ...(sequence === undefined ? {} : { sequence }),
      ...details.value,
    },
  };
}

/** The specification's JSON format treats an attribute that is null as one that is absent. */
function withoutNulls(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, attribute]) => attribute !== null));
}

/** Readable where both are plain. Otherwise apart by a space, which no source has, so that no two pairs make the same id. */
const ownId = (source: string, id: string): string =>
  /^[\w-]+$/.test(source) && /^[\w.-]+$/.test(id) ? `${source}.${id}` : `${source} ${id}`;

/** What the CloudEvents specification asks of an envelope beyond what is read here: URI references, names of extensions. */
function specificationFaults(attributes: Record<string, unknown>): Fault[] {
  try {
    const { data: _, ...envelope } = attributes;
    new CloudEvent(envelope, true);
    return [];
  } catch (error) {
    if (!(error instanceof ValidationError)) return [{ path: '', problem: 'is not a CloudEvent' }];
    const named = (error.errors ?? []).flatMap((each) =>
      typeof each === 'string' ? [] : [{ path: each.instancePath, problem: each.message ?? 'is not allowed' }],
    );
    return named.length > 0 ? named : [{ path: '', problem: error.message }];
  }
}

const refuse = (path: string, problem: string): Normalised => ({ ok: false, status: 400, faults: [{ path, problem }] });
