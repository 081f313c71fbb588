import { z } from 'zod';
import type { Transaction } from '../src/directory/store.ts';
import type { PendingChange, PendingKind, Person } from '../src/model/person.ts';
import { transitions } from '../src/policy/notices.ts';

/** Rows of the timeline that one plan of access answers, all that are due together. */
export const accessKinds: ReadonlySet<PendingKind> = new Set(['access', 'grace', 'reminder', 'later']);

const entitlementRef = z.object({ target: z.string(), entitlement: z.string() });

const accessData = z.object({
  /** For the Web UI. */
  process: z.enum(['joiner', 'mover', 'leaver', 'privilege', 'leave', 'security', 'policy', 'drift']).default('mover'),
  /** Targets are read before the plan is made. */
  see: z.boolean().default(false),
  /** A move: what is not privileged stays for policy's grace. */
  grace: z.boolean().default(false),
  attributes: z.boolean().default(false),
  transition: z.enum(transitions).exactOptional(),
  date: z.string().exactOptional(),
  /** False: tells and opens what the transition says, and leaves their access as it is. */
  align: z.boolean().default(true),
  /** Its event is told when this is done. */
  settles: z.boolean().default(false),
  /** Taken away whatever rules say. */
  revoke: z.array(entitlementRef).default([]),
  /** `target/id` of accounts that were there before the hire that is off; the others are removed. */
  had: z.array(z.string()).exactOptional(),
  /** What was on those accounts then; the rest is taken from them. */
  keeps: z.array(entitlementRef).default([]),
  /** What an event took and people agreed to give back, account by account. */
  restore: z
    .object({
      event: z.string(),
      accounts: z.array(
        z.object({ target: z.string(), account: z.string(), enable: z.boolean(), entitlements: z.array(z.string()) }),
      ),
    })
    .exactOptional(),
  /** A message of the policy, by its id in `contractEnds.tell` or for a privilege that ends. */
  tell: z.enum(['contractEnd', 'privilegeEnds']).exactOptional(),
  what: z.string().exactOptional(),
  /** Something to say to people by their ids (persons, `operator:<id>`), by every way that policy asks approvers. */
  message: z
    .object({
      id: z.string(),
      title: z.string(),
      text: z.string(),
      people: z.array(z.string()),
      actions: z
        .array(
          z.object({
            id: z.string(),
            label: z.string(),
            value: z.string(),
            style: z.enum(['primary', 'danger']).exactOptional(),
          }),
        )
        .exactOptional(),
    })
    .exactOptional(),
  /** A step of the days after. */
  action: z.enum(['handOverMailbox', 'removeLicences', 'deleteAccounts', 'credential', 'readAgain']).exactOptional(),
  targets: z.array(z.string()).default([]),
  priority: z.number().exactOptional(),
  /** The safeguard's hold that keeps it. */
  hold: z.string().exactOptional(),
  /** Of a removal that a hold has let go. */
  released: z.boolean().default(false),
});

/** What a row of the timeline asks for. */
export type AccessData = z.infer<typeof accessData>;

/** The row at which old access that an event left for a while is over. */
export const graceRow = (event: string): string => `grace:${event}`;

/** Reads what a row asks for. */
export const readAccessData = (change: PendingChange): AccessData => accessData.parse(change.data);

/** Has access planned anew, now or at `dueAt`. One row for each event and purpose. */
export async function planLater(
  tx: Transaction,
  person: Pick<Person, 'id'>,
  row: {
    event: string;
    dueAt: string;
    id?: string;
    kind?: PendingKind;
    date?: string;
    zone?: string;
    confidential?: boolean;
  },
  data: Partial<AccessData>,
): Promise<PendingChange> {
  const { event, dueAt, id = `access:${event}`, kind = 'access', date, zone, confidential = false } = row;
  const change: PendingChange = {
    id,
    kind,
    dueAt,
    event,
    confidential,
    data: { ...data },
    ...(date === undefined ? {} : { date }),
    ...(zone === undefined ? {} : { zone }),
  };
  await tx.putPending(person.id, change);
  return change;
}
