import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

const errorSchema = z.object({ error: z.object({ code: z.string().regex(/^\w{1,80}$/) }) });

/** Power Automate's words that say more than the status. */
const known: Readonly<Record<string, { code: FailureCode; advice: string }>> = {
  DirectApiAuthorizationRequired: {
    code: 'credentials',
    advice:
      'Set "Who can trigger the flow?" of its trigger to "Anyone", and take the new address: it must end in sig=…',
  },
  WorkflowTriggerIsNotEnabled: {
    code: 'refused',
    advice: 'The flow is turned off or deleted: turn it on, or make a new one and set its address.',
  },
  WorkflowNotFound: { code: 'not-found', advice: 'The flow is gone: make a new one and set its address.' },
};

/** The word in an error answer; undefined where there is none. */
export function wordIn({ text }: HttpAnswer): string | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(text)).data?.error.code;
  } catch {
    return undefined;
  }
}

/** An answer other than accepted → a failure in its class. What it says stays out: proxies repeat the address, which is the key. */
export function failureOf(what: string, answer: HttpAnswer): Failure {
  const word = wordIn(answer);
  const reading = known[word ?? ''];
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const advice = reading?.advice ?? adviceFor(answer.status);
  const told = word === undefined ? '' : `: ${word}`;
  return new Failure(
    reading?.code ?? codeOfStatus(answer.status),
    `Microsoft Teams: ${what} answered ${answer.status}${told}`,
    {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(advice === undefined ? {} : { advice }),
    },
  );
}

function adviceFor(status: number): string | undefined {
  if (status === 401 || status === 403) return 'Take the address of the flow anew: its signature is not accepted.';
  if (status === 404) return 'Look whether the flow is there: it goes when its owner leaves.';
  return undefined;
}
