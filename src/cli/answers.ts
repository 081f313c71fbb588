import { z } from 'zod';
import type { Answer } from './api.ts';
import type { Cli } from './cli.ts';

const takenSchema = z.object({
  status: z.enum(['accepted', 'duplicate']),
  eventId: z.string(),
  workflowId: z.string(),
  outcome: z.string().optional(),
});
const answerSchema = z.union([takenSchema, z.object({ items: z.array(takenSchema) })]);

/** Prints what the receiver made of an event, one line for each of a batch. */
export function printTaken(cli: Cli, answer: Answer, options: { json: boolean }): void {
  const read = answerSchema.safeParse(answer.json);
  if (options.json || !read.success) {
    cli.out(JSON.stringify(answer.json));
    return;
  }
  const items = 'items' in read.data ? read.data.items : [read.data];
  for (const { status, eventId, workflowId, outcome } of items) {
    cli.out(
      status === 'accepted'
        ? `accepted: ${eventId} (workflow ${workflowId})`
        : `duplicate: ${eventId} was taken before${outcome === undefined ? '' : `, its outcome is "${outcome}"`} (workflow ${workflowId})`,
    );
  }
}
