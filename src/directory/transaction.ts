import { alerts } from '../ledger/alerts.ts';
import { approvals } from '../ledger/approvals.ts';
import { arrivals } from '../ledger/arrivals.ts';
import { delivery } from '../ledger/delivery.ts';
import { evidenceRows } from '../ledger/evidence.ts';
import { exceptions } from '../ledger/exceptions.ts';
import { reservations } from '../ledger/reservations.ts';
import { access } from './access.ts';
import { belongings } from './belongings.ts';
import { delegations } from './delegations.ts';
import { guard } from './guard.ts';
import { holders } from './holders.ts';
import { names } from './names.ts';
import { owned } from './owned.ts';
import { people } from './people.ts';
import { peopleList } from './people-list.ts';
import { propagations } from './propagations.ts';
import type { Session } from './session.ts';
import type { Transaction } from './store.ts';
import { targetHealth } from './target-health.ts';
import { timeline } from './timeline.ts';

/** All that can be done in one transaction, composed of its parts. */
export function transactionOver(session: Session): Transaction {
  return {
    ...guard(session),
    ...people(session),
    ...holders(session),
    ...owned(session),
    ...peopleList(session),
    ...access(session),
    ...belongings(session),
    ...names(session),
    ...timeline(session),
    ...arrivals(session),
    ...delivery(session),
    ...exceptions(session),
    ...approvals(session),
    ...delegations(session),
    ...reservations(session),
    ...alerts(session),
    ...targetHealth(session),
    ...propagations(session),
    ...evidenceRows(session),
  };
}
