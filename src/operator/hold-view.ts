import type { z } from 'zod';
import type { Hold, Reservation } from '../model/hold.ts';
import type { holdDetailShape, holdShape } from './hold-shapes.ts';

export type ShownHold = z.input<typeof holdShape>;
export type ShownDetail = z.input<typeof holdDetailShape>;

/** A hold as lists show it, of what is inside as far as it may be seen. */
export function holdSummary(
  { id, kind, state, reason, openedAt, closedAt, data }: Hold,
  inside: Reservation[],
): ShownHold {
  const many = (of: Reservation['state']) => inside.filter((each) => each.state === of).length;
  const people = new Set(inside.map(({ person }) => person));
  return {
    ...{ id, kind, state, reason, limit: data.limit, causes: data.causes, openedAt },
    ...(closedAt === undefined ? {} : { closedAt }),
    ...(data.ahead === undefined ? {} : { ahead: data.ahead }),
    releasing: data.releasing.map(({ by, at, reason: why, people: named }) => ({
      ...{ by, at, reason: why },
      // Whom they named may be nobody that whoever looks may see.
      ...(named === undefined ? {} : { people: named.filter((person) => people.has(person)) }),
    })),
    ...{ held: many('held'), released: many('taken'), rejected: many('rejected') },
  };
}

/** The same with what it would do to whom. */
export function holdDetail(hold: Hold, inside: Reservation[]): ShownDetail {
  const items = inside.map(({ person, event, source, at, state, data }) => {
    const { summary, priority, confidential = false, decided } = data;
    return {
      ...{ person, event, source, at, state, summary, priority, confidential },
      ...(decided === undefined ? {} : { decidedBy: decided.by, decidedAt: decided.at }),
    };
  });
  return { ...holdSummary(hold, inside), items };
}
