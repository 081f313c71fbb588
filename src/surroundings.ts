import type { Config } from './config.ts';
import type { Surroundings } from './policy/references.ts';
import { abilitiesOf, type ConnectedTargets } from './targets/connect.ts';

/** What a policy may name, as muster.yaml has it. */
export function surroundingsOf(
  { sources, operators }: Pick<Config, 'sources' | 'operators'>,
  targets: ConnectedTargets,
): Surroundings {
  return {
    targets: [...targets.values()].map(({ name, target }) => ({ name, abilities: abilitiesOf(target) })),
    sources: Object.keys(sources),
    operators: operators.map(({ id }) => id),
  };
}
