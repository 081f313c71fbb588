import { z } from 'zod';
import { milliseconds } from '../config.ts';
import { endCategories } from '../model/event.ts';
import { isZone } from '../model/time.ts';
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

const rule = z.strictObject({
  id: slug.describe('Names the rule in plans and evidence.'),
  why: z.string().min(1).describe('The condition in words, as plans and evidence show it.'),
  when: checked(conditionFault).describe('CEL over `person`: who the rule is for.'),
  give: once(
    z.strictObject({
      target: targetName.describe('The target, as muster.yaml names it.'),
      entitlements: z
        .array(z.string().min(1))
        .default([])
        .describe('Ids of entitlements at the target; none: an account alone.'),
    }),
    (access) => access.target,
  )
    .min(1)
    .describe('What those people have.'),
});

const ticket = z.strictObject({
  target: targetName.describe('A target that takes tickets.'),
  kind: slug.describe("The target's kind of ticket."),
  title: template.describe('Template: {{person.id}}, {{person.name}}, {{end.date}}, …'),
  body: template.describe('Template: {{person.id}}, {{person.name}}, {{end.date}}, …'),
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
  transitions: z
    .strictObject({
      leaver: z
        .strictObject({
          tickets: once(ticket, (each) => `${each.target}:${each.kind}`)
            .default([])
            .describe('Opened when access ends.'),
        })
        .prefault({}),
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
      readAgainAfter: duration
        .prefault('2m')
        .describe('All targets are read once more this long after the last of them confirmed.'),
    })
    .prefault({})
    .describe('How and when people leave.'),
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

/** The policy in force: policy.yaml with its conditions compiled, and its hash. */
export interface Policy extends PolicyFile {
  rules: Rule[];
  /** SHA-256 of its canonical form, `sha256:…`; in every plan and all evidence. */
  hash: string;
}
