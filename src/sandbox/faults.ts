import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Fault, StandIn } from './stand-in.ts';

const whole = (from: number, to: number) => z.int().min(from).max(to);

/** What `PUT /faults/<target>` takes. */
export const faultSchema = z
  .strictObject({
    status: whole(400, 599).exactOptional(),
    retryAfter: whole(0, 86_400).exactOptional(),
    latencyMs: whole(0, 600_000).exactOptional(),
    lie: z.boolean().exactOptional(),
    hang: z.boolean().exactOptional(),
    count: whole(1, 1_000_000).exactOptional(),
    vendor: z.string().min(1).max(100).exactOptional(),
  })
  .refine((fault) => fault.retryAfter === undefined || fault.status !== undefined, {
    path: ['retryAfter'],
    message: 'goes with a status: 429 or 503, say',
  })
  .refine((fault) => Object.keys(fault).some((field) => field !== 'count'), {
    message: 'says nothing to do: set one of status, latencyMs, lie, hang, vendor',
  });

interface Request {
  taken?: Fault;
}

/** The faults in force, one for each target, and how many calls each has left. */
export class Faults {
  readonly #faults = new Map<string, Fault>();
  readonly #request = new AsyncLocalStorage<Request>();

  set(target: string, fault: Fault): void {
    this.#faults.set(target, fault);
  }

  clear(target?: string): void {
    if (target === undefined) this.#faults.clear();
    else this.#faults.delete(target);
  }

  list(): Record<string, Fault> {
    return Object.fromEntries(this.#faults);
  }

  /**
   * What a stand-in sees. Within an HTTP request, looking at `lie` or `vendor` while it is set takes the fault: one of its
   * count is used up, and the whole request sees the same. So `{"lie":true,"count":1}` is one lie, told by the first call
   * that could have changed something, however many reads come before it.
   */
  inForce(target: string): Fault | undefined {
    const fault = this.#faults.get(target);
    const request = this.#request.getStore();
    if (request === undefined) return fault;
    if (request.taken !== undefined) return request.taken;
    if (fault?.count === undefined) return fault;
    return new Proxy(fault, {
      get: (held, field) => {
        if ((field !== 'lie' && field !== 'vendor') || held[field] === undefined) return Reflect.get(held, field);
        // Two requests at once may both look; whoever comes second finds the count used up.
        request.taken ??= this.take(target) ?? {};
        return Reflect.get(request.taken, field);
      },
    });
  }

  /** The fault, with one of its count used up. */
  take(target: string): Fault | undefined {
    const fault = this.#faults.get(target);
    if (fault?.count === undefined) return fault;
    if (fault.count <= 1) this.#faults.delete(target);
    else this.#faults.set(target, { ...fault, count: fault.count - 1 });
    return fault;
  }

  /** Applies latency, hanging and statuses before the stand-in's router is asked; lies and vendors' own faults are its own. */
  middleware(target: string, standIn: StandIn): RequestHandler {
    return (_request, response, next) => {
      const fault = this.#faults.get(target);
      const generic = fault?.status !== undefined || fault?.latencyMs !== undefined || fault?.hang === true;
      const taken = generic ? this.take(target) : undefined;
      const request: Request = taken === undefined ? {} : { taken };
      const answer = () => {
        if (taken?.hang === true) return;
        if (taken?.status === undefined) this.#request.run(request, next);
        else answerError(response, standIn, taken.status, taken.retryAfter);
      };
      const latency = taken?.latencyMs ?? 0;
      if (latency === 0) return answer();
      const timer = setTimeout(answer, latency);
      response.once('close', () => clearTimeout(timer));
    };
  }
}

/** Answers an error in the vendor's own form, or as plain JSON where the stand-in has none. */
export function answerError(response: Response, standIn: StandIn, status: number, retryAfter?: number): void {
  const error = standIn.errorBody?.(status) ?? {
    body: JSON.stringify({ error: `sandbox fault ${status}` }),
    contentType: 'application/json',
  };
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  response.status(status).type(error.contentType).send(error.body);
}
