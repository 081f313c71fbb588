import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { CredentialsAbility } from '../target.ts';
import { guidOf } from './client.ts';
import type { GraphConnection } from './connection.ts';
import { title } from './failure.ts';

const name = 'create temporary access pass';

const passSchema = z.object({
  temporaryAccessPass: z.string().min(1),
  startDateTime: z.iso.datetime({ offset: true }),
  lifetimeInMinutes: z.int().positive(),
});

/** Temporary access passes, each good for one sign-in. Entra keeps one for a user: a new one takes the place of the old. */
export function credentials(graph: GraphConnection): CredentialsAbility {
  return {
    issue: async ({ id }, { validFrom, lifetimeMinutes }, context) => {
      const path = `/users/${guidOf(id)}/authentication/temporaryAccessPassMethods`;
      // A beginning that has passed is refused; without one it is now.
      const later = Date.parse(validFrom) > Date.parse(context.now);
      const json = {
        lifetimeInMinutes: lifetimeMinutes,
        isUsableOnce: true,
        ...(later ? { startDateTime: new Date(validFrom).toISOString() } : {}),
      };
      await context.beforeChange(name);
      const permission = 'UserAuthenticationMethod.ReadWrite.All';
      const answer = await graph.call({ method: 'POST', path, name, permission, json }, context.signal);
      const pass = passIn(answer.text);
      const end = Date.parse(pass.startDateTime) + pass.lifetimeInMinutes * 60_000;
      return { kind: 'temporaryPass', secret: pass.temporaryAccessPass, expiresAt: new Date(end).toISOString() };
    },
  };
}

/** Read by hand: a failure of the usual way would quote the answer, and the pass in it. */
function passIn(text: string): z.infer<typeof passSchema> {
  try {
    return passSchema.parse(JSON.parse(text));
  } catch {
    throw new Failure('protocol', `${title}: ${name} answered another form than documented`);
  }
}
