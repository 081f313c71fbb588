import { z } from 'zod';
import type { Place } from './sandbox-web.ts';
import { Refusal } from './sandbox-web.ts';

const patchSchema = z.strictObject({
  schemas: z.tuple([z.literal('urn:ietf:params:scim:api:messages:2.0:PatchOp')]),
  Operations: z
    .array(z.strictObject({ op: z.string(), path: z.string().optional(), value: z.unknown().optional() }))
    .min(1),
});

/** One operation of a PATCH with its attribute, however it was written. */
export interface Operation {
  op: 'add' | 'remove' | 'replace';
  attribute: string;
  value: unknown;
  /** The value in `members[value eq "…"]`. */
  member?: string;
  /** It came without a path, as a part of the value: a name at the top of the resource. */
  top?: true;
}

/** The operations of a PATCH; a server with a dialect of its own refuses every other. */
export function operationsOf(body: unknown, { vendor }: Place): Operation[] {
  if (vendor('noPatch')) throw new Refusal(501, 'PATCH is not implemented');
  return patchSchema.parse(body).Operations.flatMap(({ op: written, path, value }) => {
    const op = z.enum(['add', 'remove', 'replace']).parse(written.toLowerCase());
    const capital = written !== op;
    if (vendor('capitalOperations') !== capital)
      throw new Refusal(400, `unknown operation ${written}`, 'invalidSyntax');
    const [, attribute, member] = /^([\w:.$-]+)(?:\[value eq ("(?:[^"\\]|\\.)*")\])?$/.exec(path ?? '') ?? [];
    if (path !== undefined && attribute === undefined) throw new Refusal(400, `no such path ${path}`, 'invalidPath');
    if (attribute !== undefined) {
      if (vendor('pathlessOnly') && op !== 'remove') throw new Refusal(400, 'path is not supported', 'invalidPath');
      return [
        { op, attribute, value, ...(member === undefined ? {} : { member: z.string().parse(JSON.parse(member)) }) },
      ];
    }
    if (op === 'remove') throw new Refusal(400, 'remove wants a path', 'noTarget');
    if (!vendor('pathlessOnly')) throw new Refusal(400, 'path is missing', 'invalidPath');
    return Object.entries(z.record(z.string(), z.unknown()).parse(value)).map(([name, one]) => ({
      op,
      attribute: name,
      value: one,
      top: true as const,
    }));
  });
}

/** A boolean as this server takes it. */
export function booleanOf(value: unknown, { vendor }: Place): boolean {
  if (!vendor('stringBooleans')) return z.boolean().parse(value);
  return z.enum(['True', 'False']).parse(value) === 'True';
}

/** A boolean as this server shows it. */
export const shownBoolean = (value: boolean, { vendor }: Place): boolean | string =>
  vendor('stringBooleans') ? (value ? 'True' : 'False') : value;
