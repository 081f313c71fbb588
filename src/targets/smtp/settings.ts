import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { pemText, secretReference } from '../setting-types.ts';

const loopback = new Set(['localhost', '127.0.0.1', '::1']);

/** What `muster.yaml` says about a mail server; the README lists it for people. */
export const settingsSchema = z
  .strictObject({
    /** The submission server: `smtp.globaltech.example`. */
    host: z.string().regex(/^[\w.:-]+$/, 'must be the name or address of a host, without a port'),
    port: z.int().min(1).max(65_535).default(587),
    /** `starttls`: or nothing is sent. `implicit`: TLS from the first byte, port 465. `none`: a peer on this machine alone. */
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    /** Absent: the server takes our mail without. */
    login: z.strictObject({ username: z.string().min(1), password: secretReference }).exactOptional(),
    /** The address that mail comes from. */
    from: z.email(),
    fromName: z.string().min(1).max(100).default('Muster'),
    /** Addresses by the names that policy uses for channels. */
    lists: z.record(z.string().min(1), z.array(z.email()).min(1)).default({}),
    /** PEM of the authority that signed the server's certificate, or a reference to it. Absent: public authorities. */
    ca: z.union([pemText, secretReference]).exactOptional(),
    /** Milliseconds for the name, the connection and the greeting each; three times that for any other answer. */
    timeoutMs: z.int().positive().default(10_000),
  })
  .refine(({ tls, host }) => tls !== 'none' || loopback.has(host), {
    path: ['tls'],
    message: 'may be "none" to this machine alone, because mail and password travel on it',
  });

export type Settings = z.infer<typeof settingsSchema>;

/** The addresses of a list by the name that policy uses. */
export function listOf({ lists }: Settings, name: string): string[] {
  const found = Object.hasOwn(lists, name) ? lists[name] : undefined;
  if (found !== undefined) return found;
  throw new Failure('misconfigured', `E-mail: no addresses are set for the list "${name}"`, {
    advice: `Set it under "lists" in the target's settings; it has ${Object.keys(lists).join(', ') || 'none'}.`,
  });
}
