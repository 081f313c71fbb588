import { z } from 'zod';
import { milliseconds } from '../config.ts';
import { endCategories } from '../model/event.ts';
import { exceptionKinds } from '../model/exception.ts';
import { isDate, isZone } from '../model/time.ts';
import { type Condition, conditionFault } from './conditions.ts';
import { templateFault } from './templates.ts';

const durationText = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)$/, 'must be a duration such as "500ms", "30s", "10m", "2h" or "30d"');

const duration = durationText.transform(milliseconds);

/** A duration that must not be longer than the contract allows. */
const atMost = (longest: string) =>
  durationText
    .refine((text) => !/^\d{1,6}(ms|s|m|h|d)$/.test(text) || milliseconds(text) <= milliseconds(longest), {
      error: `must be ${longest} at most`,
    })
    .transform(milliseconds);

const days = z
  .string()
  .regex(/^\d{1,3}d$/, 'must be a number of days such as "7d"')
  .transform((text) => Number.parseInt(text, 10));

const zone = z
  .string()
  .refine(isZone, { error: 'is not a time zone; use a name from the IANA list, such as America/New_York' });

const checked = (fault: (text: string) => string | undefined) =>
  z
    .string()
    .min(1)
    .check((context) => {
      const problem = fault(context.value);
      if (problem !== undefined) context.issues.push({ code: 'custom', message: problem, input: context.value });
    });

const template = checked(templateFault);
const targetName = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'targets are named as in muster.yaml');
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,60}$/, 'lower case, digits and hyphens');

/** Every item's `name` may stand once; the fault is reported where it stands again. */
const once = <T extends z.ZodType>(item: T, name: (value: z.output<T>) => string) =>
  z.array(item).check((context) => {
    const names = context.value.map(name);
    names.forEach((each, index) => {
      if (names.indexOf(each) === index) return;
      context.issues.push({ code: 'custom', message: `"${each}" stands twice`, path: [index], input: each });
    });
  });

const entitlementIds = z
  .array(z.string().min(1))
  .default([])
  .describe('Ids of entitlements at the target; none: an account alone.');

const accessList = once(
  z.strictObject({ target: targetName.describe('The target, as muster.yaml names it.'), entitlements: entitlementIds }),
  (access) => access.target,
);

const condition = checked(conditionFault);

const rule = z.strictObject({
  id: slug.describe('Names the rule in plans and evidence.'),
  why: z.string().min(1).describe('The condition in words, as plans and evidence show it.'),
  when: condition.describe('CEL over `person`: who the rule is for.'),
  give: accessList.min(1).describe('What those people have.'),
  privileged: z.boolean().default(false).describe('What it gives goes at once when they move: no grace.'),
  approval: slug.exactOptional().describe('Given only after this approval.'),
});

/** Somebody or some people, by what they are to the person concerned. */
const who = z
  .string()
  .regex(
    /^(manager|formerManager|person|owner|requester|group:[a-z][a-z0-9-]{0,60})$/,
    'must be manager, formerManager, person, owner, requester or group:<name>',
  );

const ticket = z.strictObject({
  target: targetName.describe('A target that takes tickets.'),
  kind: slug.describe("The target's kind of ticket."),
  title: template.describe('Template: {{person.id}}, {{person.name}}, {{end.date}}, …'),
  body: template.describe('Template: {{person.id}}, {{person.name}}, {{end.date}}, …'),
  checklist: z.array(template).default([]).describe('Points to work through: sub-tasks where the target has them.'),
});

const message = z
  .strictObject({
    id: slug.describe('Names the message in plans and evidence.'),
    target: targetName.describe('A target that takes messages.'),
    channel: z.string().min(1).exactOptional().describe('A channel or list, as the target names it.'),
    to: who.exactOptional().describe('Or people, by their addresses.'),
    title: template,
    text: template,
  })
  .refine((each) => (each.channel === undefined) !== (each.to === undefined), {
    error: 'needs either "channel" or "to"',
  });

const tickets = once(ticket, (each) => `${each.target}:${each.kind}`).default([]);
const messages = once(message, (each) => each.id).default([]);

const transition = (what: string) =>
  z
    .strictObject({
      tickets: tickets.describe(`Opened when ${what}.`),
      messages: messages.describe(`Sent when ${what}.`),
    })
    .prefault({});

const laterStep = z.strictObject({
  id: slug.describe('Names the step on the timeline.'),
  after: days.describe('After the last day.'),
  do: z
    .enum(['handOverMailbox', 'removeLicences', 'deleteAccounts'])
    .describe('deleteAccounts is never done sooner than 30 days after the end.'),
  targets: z.array(targetName).min(1),
});

/** `8bh`, `2bd`: hours and days of the approver's own calendar; otherwise a duration. */
const patience = z
  .string()
  .regex(/^\d{1,4}(m|h|d|bh|bd)$/, 'must be a duration such as "4h" or "2d", or business time such as "8bh" or "2bd"');

const approvalRule = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        by: who.describe('Whom to ask: manager, owner of the target, group:<name>.'),
        within: patience.default('2bd').describe('After this the next is asked.'),
        remind: patience.exactOptional().describe('A reminder after this long without an answer, and again.'),
      }),
    )
    .min(1)
    .describe('Asked one after the other; every step must agree.'),
});

const group = z.strictObject({
  people: z.array(z.string().min(1)).default([]).describe('Ids of people.'),
  operators: z.array(z.string().min(1)).default([]).describe('Ids of operators in muster.yaml.'),
  email: z.string().min(3).exactOptional().describe('Where the group reads its mail.'),
});

const hours = z.strictObject({
  days: z
    .array(z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']))
    .min(1)
    .default(['Mon', 'Tue', 'Wed', 'Thu', 'Fri']),
  from: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 09:00')
    .default('09:00'),
  to: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 17:00')
    .default('17:00'),
  holidays: z.array(z.string().refine(isDate, { error: 'must be a date such as 2026-12-25' })).default([]),
});

const requestable = z.strictObject({
  id: slug.describe('What events and people ask for.'),
  why: z.string().min(1).describe('What it is, in words.'),
  target: targetName,
  entitlement: z.string().min(1),
  privileged: z.boolean().default(false),
  approval: slug.exactOptional().describe('Who must agree; none: nobody.'),
  automatic: condition.exactOptional().describe('CEL over `person`: agreed to without asking where it holds.'),
  longest: duration.exactOptional().describe('The longest it is given for.'),
  remindBefore: duration.prefault('7d').describe('The person is told this long before it ends.'),
  fromOutside: z
    .enum(['adopt', 'violation'])
    .default('violation')
    .describe('Found granted by somebody else: taken over, or a violation.'),
  order: z
    .strictObject({
      target: targetName.describe('A target that takes orders.'),
      kind: slug,
      title: template,
      body: template,
      within: duration.prefault('5d').describe('Without a confirmation by then: an exception.'),
    })
    .exactOptional()
    .describe('A system that a team serves by hand: ordered there, and given when they confirm.'),
});

const entitlementRef = z.strictObject({ target: targetName, entitlement: z.string().min(1) });

const duty = z.strictObject({
  id: slug,
  why: z.string().min(1).describe('Why nobody may have both.'),
  one: z.array(entitlementRef).min(1).describe('Any of these …'),
  other: z.array(entitlementRef).min(1).describe('… and any of these are too much for one person.'),
});

/** So many people at least, or this share of those active, whichever is more. */
const limit = (least: number, percent: number) =>
  z
    .strictObject({
      least: z.int().min(1).default(least),
      percent: z.number().min(0).max(100).default(percent),
    })
    .prefault({});

const safeguards = z
  .strictObject({
    ends: z
      .strictObject({
        hour: limit(5, 2).describe('Distinct people terminated in any 60 minutes.'),
        day: limit(10, 5).describe('… in any 24 hours.'),
        cap: z.int().min(1).default(50).describe('People an hour, however large the company.'),
      })
      .prefault({}),
    security: z
      .strictObject({ cap: z.int().min(1).default(20).describe('Security events and ends for cause in an hour.') })
      .prefault({}),
    removals: z
      .strictObject({ hour: limit(20, 5), cap: z.int().min(1).default(200) })
      .prefault({})
      .describe('People who lose access otherwise, in any 60 minutes.'),
    blanks: z
      .strictObject({ cap: z.int().min(1).default(10) })
      .prefault({})
      .describe('People for whom a blank replaces a value, in any 60 minutes.'),
    aheadDays: days.prefault('7d').describe('Ends known ahead that would exceed a limit show this long before.'),
  })
  .prefault({})
  .describe('Changes above these are held until somebody releases them.');

const alertRoute = z.strictObject({
  kinds: z.array(z.enum(exceptionKinds)).default([]).describe('Kinds of exceptions; none: all.'),
  incident: targetName.exactOptional().describe('A target that takes incidents.'),
  channel: z
    .strictObject({ target: targetName, name: z.string().min(1) })
    .exactOptional()
    .describe('A channel, as its target names it.'),
  mail: z
    .strictObject({ target: targetName, to: z.array(who).min(1) })
    .exactOptional()
    .describe('Mail to groups and to the manager of the person concerned.'),
});

const deliveryCheck = z.strictObject({
  every: duration.prefault('15m').describe('How often the source is asked what it has.'),
  window: duration.prefault('1h').describe('How long a window of events is.'),
  takeIn: z.boolean().default(false).describe('Missing events are taken in; otherwise alerted alone.'),
  usual: duration.exactOptional().describe('A source that is silent for longer than this is alerted.'),
});

/** policy.yaml. Every key is read by the code of this version; `policy.schema.json` is made from it. */
export const policySchema = z.strictObject({
  version: z.literal(1).describe('The version of this format.'),
  zones: z
    .strictObject({
      default: zone.describe('For people whose location is not listed; their dates open an exception.'),
      byLocation: z
        .record(z.string().min(1), zone)
        .default({})
        .describe('Location as the source writes it: IANA zone.'),
    })
    .describe('Whose midnight it is when a date begins or ends.'),
  rules: once(rule, (each) => each.id)
    .default([])
    .describe('Birthright access: who has what without asking.'),
  requestable: once(requestable, (each) => each.id)
    .default([])
    .describe('What may be asked for, or granted for a time.'),
  separationOfDuties: once(duty, (each) => each.id)
    .default([])
    .describe('What no one person may have together.'),
  names: z
    .strictObject({
      login: z
        .string()
        .min(1)
        .default('{first}.{last}')
        .describe(
          'Of {first}, {last}, {f}, {l} (initials) and {id}, in lower case; a number follows where it is taken.',
        ),
      domain: z.string().min(3).describe('Addresses are login@domain.'),
      maxLength: z.int().min(4).max(64).default(20).describe('Of a login, its number included.'),
      quarantine: z
        .union([z.literal('forever'), days])
        .default('forever')
        .describe('How long after its holder left a name is given to nobody else.'),
    })
    .exactOptional()
    .describe('Logins and addresses; without it sources say the address, and the worker id is the login.'),
  hires: z
    .strictObject({
      preHireLead: days.exactOptional().describe('Pre-hire access begins this long before the start; none: at once.'),
      preHire: accessList.default([]).describe('Access from then until the start.'),
      ahead: z
        .array(targetName)
        .default([])
        .describe('Accounts that are made then, and stay disabled until the start.'),
      credential: z
        .strictObject({
          target: targetName.describe('A target that makes first credentials.'),
          via: targetName.describe('The target that takes the message with it.'),
          to: who.default('manager').describe('Who is given it.'),
          before: z
            .enum(['0h', '12h', '1d'])
            .default('1d')
            .transform(milliseconds)
            .describe('How long before the start; a day at the earliest.'),
          lifetime: duration.prefault('8h').describe('How long it is good for after the start.'),
        })
        .exactOptional()
        .describe('The first credential. It is in no history, log or evidence.'),
    })
    .prefault({})
    .describe('How people begin.'),
  moves: z
    .strictObject({
      grace: duration
        .prefault('7d')
        .describe('Old access stays this long after a move; privileged access goes at once.'),
      longest: duration.prefault('30d').describe('The longest it may be prolonged to.'),
    })
    .prefault({})
    .describe('How people move.'),
  leave: z
    .strictObject({
      default: z.enum(['suspend', 'reduce', 'keep']).default('suspend'),
      byType: z.record(z.string().min(1), z.enum(['suspend', 'reduce', 'keep'])).default({}),
      reducedTo: z.array(slug).default([]).describe('Ids of the rules that hold on during a leave that reduces.'),
    })
    .prefault({})
    .describe('What people on leave keep.'),
  contractEnds: z
    .strictObject({
      reminders: z.array(days).default([30, 7, 1]).describe('Days before the last day.'),
      tell: messages.describe('What is sent then.'),
    })
    .prefault({})
    .describe('Before a contract ends.'),
  groups: z.record(slug, group).default({}).describe('Groups of people who decide or are told.'),
  owners: z
    .record(targetName, z.string().min(1))
    .default({})
    .describe('Who owns a target: a person id or group:<name>.'),
  businessHours: z
    .strictObject({ default: hours.prefault({}), byLocation: z.record(z.string().min(1), hours).default({}) })
    .prefault({})
    .describe("Approvers' calendars."),
  approvals: z
    .strictObject({
      rules: z.record(slug, approvalRule).default({}),
      fallback: slug.exactOptional().describe('The group that is asked when nobody else is left. Without it: refused.'),
      fallbackWithin: patience.default('2bd'),
      via: z.array(targetName).default([]).describe('Targets by which approvers are asked.'),
    })
    .prefault({})
    .describe('Who must agree to what.'),
  transitions: z
    .strictObject({
      hired: transition('somebody is hired'),
      started: transition('somebody starts'),
      moved: transition('somebody moves'),
      leaver: z
        .strictObject({
          tickets: tickets.describe('Opened when access ends.'),
          messages: messages.describe('Sent when access ends.'),
          later: once(laterStep, (each) => each.id)
            .default([])
            .describe('Steps of the days after.'),
        })
        .prefault({}),
      involuntary: z
        .strictObject({
          messages: messages.describe('Sent at once when an involuntary end is to come, to whom may know.'),
        })
        .prefault({}),
      violation: transition('separation of duties is broken'),
    })
    .prefault({})
    .describe('What each transition opens and tells.'),
  continuityGap: days
    .prefault('7d')
    .describe('An end and a start at most this many days apart are one passage: no leaver between.'),
  ends: z
    .strictObject({
      lastDay: z
        .enum(['now', 'endOfDay'])
        .default('now')
        .describe("An end that names today: at once, or when the day is over in the person's zone."),
      confidential: z
        .array(z.enum(endCategories))
        .default(['involuntary', 'forCause'])
        .describe('Categories of which nothing shows before they are effective.'),
      deadline: duration
        .prefault('15m')
        .describe('From arrival or the effective moment, whichever is later, to the last access gone.'),
      deadlines: z
        .array(
          z.strictObject({
            privileged: z.boolean().exactOptional(),
            categories: z.array(z.enum(endCategories)).exactOptional(),
            within: duration,
          }),
        )
        .default([])
        .describe('Other deadlines: the shortest of those that fit counts.'),
      readAgainAfter: duration
        .prefault('2m')
        .describe('All targets are read once more this long after the last of them confirmed.'),
    })
    .prefault({})
    .describe('How and when people leave.'),
  access: z
    .strictObject({
      deadline: duration.prefault('30m').describe('From its moment to the last access given; then an exception.'),
      stopAfter: duration.prefault('24h').describe('Giving access stops then, and somebody must say so to go on.'),
    })
    .prefault({})
    .describe('How long giving access may take.'),
  safeguards,
  alerts: z
    .strictObject({
      routes: z.array(alertRoute).default([]).describe('Every route that fits is taken.'),
      repeatEvery: duration.prefault('30m').describe('Until somebody has taken it.'),
    })
    .prefault({})
    .describe('Where alerts go.'),
  deliveryChecks: z
    .record(targetName, deliveryCheck)
    .default({})
    .describe('By source: what it says it sent is compared with what arrived.'),
  drift: z
    .strictObject({
      every: duration.prefault('24h'),
      unplanned: z.enum(['repair', 'ask', 'report']).default('report').describe('An entitlement nobody planned.'),
      orphan: z.enum(['ask', 'report']).default('report').describe('An account nobody owns.'),
      vanished: z.enum(['repair', 'ask', 'report']).default('report').describe('A grant that is gone.'),
    })
    .prefault({})
    .describe("What is done about differences. A leaver's live account is always closed at once."),
  exceptions: z
    .strictObject({
      owner: z.string().min(1).describe('Who looks after exceptions.'),
      dueIn: duration.prefault('4h').describe('How long they have.'),
    })
    .describe('What a person must see to.'),
  retries: z
    .strictObject({
      first: atMost('1m').prefault('1s').describe('The first pause when a target is throttled or away; it doubles.'),
      longest: atMost('1m').prefault('1m').describe('The longest such pause.'),
      refused: atMost('15m')
        .prefault('15m')
        .describe('Between tries when a target refuses, or refuses our credentials.'),
      call: atMost('30s').prefault('30s').describe('The longest one call to a target may take.'),
    })
    .prefault({})
    .describe('How taking access away is tried again. It never gives up.'),
});

/** policy.yaml, checked, with its defaults and durations in milliseconds. */
export type PolicyFile = z.infer<typeof policySchema>;

/** A rule of birthright access, ready to be asked. */
export type Rule = PolicyFile['rules'][number] & { holds: Condition };

/** Something that may be asked for, ready to be asked whether it is agreed to without a person. */
export type Requestable = PolicyFile['requestable'][number] & { isAutomatic: Condition };

/** The policy in force: policy.yaml with its conditions compiled, and its hash. */
export interface Policy extends PolicyFile {
  rules: Rule[];
  requestable: Requestable[];
  /** SHA-256 of its canonical form, `sha256:…`; in every plan and all evidence. */
  hash: string;
}
