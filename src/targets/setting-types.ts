import { z } from 'zod';

/** `env:NAME` or `file:path`: a secret by reference, resolved at each use. */
export const secretReference = z
  .string()
  .regex(/^(env:[A-Za-z_]\w*|file:.+)$/, 'must be a reference: "env:NAME" or "file:path", never the secret itself');

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** `https://host/base`. Plain http only to this machine, because tokens travel on it. */
export const httpUrl = z.url({ protocol: /^https?$/ }).refine((value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined) return true;
  return url.protocol === 'https:' || loopback.has(url.hostname);
}, 'must be https (plain http only to this machine)');

/** A certificate as text; its beginning is looked at, so that a file's name in its place is found out at start. */
export const pemText = z.string().startsWith('-----BEGIN', 'must be the PEM itself, -----BEGIN CERTIFICATE-----');
