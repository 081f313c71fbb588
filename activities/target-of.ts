import { Failure } from '../src/model/failure.ts';
import type { ConnectedTarget } from '../src/targets/connect.ts';
import type { Dependencies } from './dependencies.ts';

/** The connected target of this name. */
export function targetOf({ targets }: Dependencies, name: string): ConnectedTarget {
  const connected = targets.get(name);
  if (connected === undefined) {
    throw new Failure('misconfigured', `the target ${name} is not in muster.yaml any more`, {
      advice: 'Put it back, or resolve its exceptions by hand.',
    });
  }
  return connected;
}
