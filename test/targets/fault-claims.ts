import { describe, expect } from 'vitest';
import { Failure, type FailureCode } from '../../src/model/failure.ts';
import type { Target } from '../../src/targets/target.ts';
import { byId } from './bench.ts';
import type { Status, SuiteTools } from './suite-tools.ts';

const usual: Record<Status, FailureCode> = {
  401: 'credentials',
  403: 'refused',
  409: 'conflict',
  429: 'throttled',
  500: 'unavailable',
  503: 'unavailable',
};
const statuses: Status[] = [401, 403, 409, 429, 500, 503];

/** Every failure is in its class, and nothing was changed by the call that met it. */
export function faultClaims(tools: SuiteTools): void {
  const { suite, keys, find, claim } = tools;
  describe('faults', () => {
    /** A read and a changing call, whatever the target can do; the fault is there when each is made. */
    const read = (target: Target, context = tools.bench.context()): Promise<unknown> =>
      target.accounts === undefined ? target.check(context) : target.accounts.find(keys, context);
    const change = async (target: Target, spoil: () => Promise<void> | void): Promise<unknown> => {
      const context = tools.bench.context({ beforeChange: async () => spoil() });
      if (target.accounts !== undefined) {
        const account = byId(await find(target))[0];
        if (account === undefined) throw new Error('the stand-in must give the person an account');
        return target.accounts.disable(account, context);
      }
      const request = { correlationId: 'c', kind: suite.ticketKinds?.[0] ?? 'incident', title: 't', body: 'b' };
      if (target.tickets !== undefined) return target.tickets.open(request, context);
      return target.messages?.send({ correlationId: 'c', to: { channel: 't' }, title: 't', text: 't' }, context);
    };
    /** No failure may carry a secret into logs and histories. */
    const failed = async (work: Promise<unknown>, expected: { code: FailureCode; retryAfterMs?: number }) => {
      const error: unknown = await work.then(
        (value) => new Error(`it answered ${JSON.stringify(value)}`),
        (reason: unknown) => reason,
      );
      if (!(error instanceof Failure)) throw error;
      expect({ code: error.code, retryAfterMs: error.retryAfterMs, message: error.message }).toMatchObject(expected);
      for (const secret of Object.values(suite.secrets ?? {})) expect(error.message).not.toContain(secret);
    };

    for (const status of statuses) {
      const code = suite.codes?.[status] ?? usual[status];
      claim(status, `${status} is ${code}, met by a read or by the changing call`, async () => {
        const target = tools.bench.connect();
        await target.check(tools.bench.context());
        await tools.bench.fault({ status });
        await failed(read(target), { code });
        await tools.bench.fault(undefined);
        await failed(
          change(target, () => tools.bench.fault({ status })),
          { code },
        );
        expect(await tools.bench.operations()).toEqual([]);
      });
    }

    claim('retry-after', 'the vendor’s own word on when to come back is passed on', async () => {
      const target = tools.bench.connect();
      await tools.bench.fault({ status: 429, retryAfter: 7 });
      await failed(read(target), { code: 'throttled', retryAfterMs: 7_000 });
    });

    claim('cut', 'a cut connection is unavailable, and the next call is answered', async () => {
      const target = tools.bench.connect();
      await target.check(tools.bench.context());
      tools.bench.relay.cut();
      await failed(read(target), { code: 'unavailable' });
      tools.bench.relay.mend();
      await read(target);
      await failed(
        change(target, () => tools.bench.relay.cut()),
        { code: 'unavailable' },
      );
    });

    claim('hang', 'a call that is aborted while the target hangs is a timeout', async () => {
      const target = tools.bench.connect();
      await target.check(tools.bench.context());
      await tools.bench.fault({ hang: true });
      const abort = new AbortController();
      const asked = tools.bench.relay.nextRequest();
      const hanging = failed(read(target, tools.bench.context({ signal: abort.signal })), { code: 'timeout' });
      await asked;
      abort.abort();
      await hanging;
      await tools.bench.fault(undefined);
      await read(target);
    });
  });
}
