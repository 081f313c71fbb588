import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homeFiles } from '../../src/home/folder.ts';
import { signWebhook } from '../../src/receiver/standard-webhooks.ts';

export interface LeaveChange {
  /** The event's own id; the person's own usual one otherwise, so that posting again posts the same bytes. */
  id?: string;
  effectiveDate?: string;
}

export interface LeaveAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Posts Workday's word that somebody left, signed with the secret below `home` as Workday signs it. */
export async function postLeave(
  receiver: string,
  home: string,
  person: string,
  { id = `leave-${person}`, effectiveDate = '2025-11-15' }: LeaveChange = {},
): Promise<LeaveAnswer> {
  const event = { event: 'Worker_Terminated', workerId: person, effectiveDate, terminationType: 'Voluntary' };
  const body = Buffer.from(JSON.stringify(event));
  const secret = (await readFile(join(home, homeFiles.secrets, 'workday'), 'utf8')).trim();
  const { timestamp, signature } = signWebhook({ id, timestamp: Date.now() / 1_000, body, secret });
  const answer = await fetch(new URL('/events/workday', receiver), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    },
    body,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
