import { createHash } from 'node:crypto';

/** The field holds 100 characters, and what is longer would be cut and never found again; `^` would end the condition. */
export function correlationOf(id: string): string {
  if (/^[\w.:/@+-]{1,100}$/.test(id) && !id.startsWith('javascript:')) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
