import type { Surroundings } from './policy/references.ts';
import { abilitiesOf, type ConnectedTargets } from './targets/connect.ts';

/** What a policy may name, as muster.yaml has it. */
export function surroundingsOf(
  { sources, operators }: { sources: Readonly<Record<string, unknown>>; operators: readonly { id: string }[] },
  targets: ConnectedTargets,
): Surroundings {
  return {
    targets: [...targets.values()].map(({ name, target }) => ({ name, abilities: abilitiesOf(target) })),
    sources: Object.keys(sources),
    operators: operators.map(({ id }) => id),
  };
}
