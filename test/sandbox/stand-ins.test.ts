import { describe, expect, test } from 'vitest';
import { standIns } from '../../src/sandbox/stand-ins.ts';
import { definitions } from '../../src/targets/index.ts';
import { decoyOf, sarahChen } from '../targets/bench.ts';

const tools = { called: () => {}, fault: () => undefined };
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The kind of a target that has another name: the portal speaks SCIM. */
const kinds: Readonly<Record<string, string>> = { portal: 'scim' };

test('every target has a stand-in, and every stand-in a target', () => {
  const served = Object.keys(standIns).map((name) => kinds[name] ?? name);
  expect(served.sort()).toEqual(Object.keys(definitions).sort());
});

describe.each(Object.entries(standIns))('%s', (name, makeStandIn) => {
  const sarah = sarahChen(name);

  test('what it holds is the same after it was kept as JSON and brought back', () => {
    const first = makeStandIn(tools);
    first.seed([sarah, decoyOf(sarah)]);
    const second = makeStandIn(tools);
    second.restore(asJson(first.dump()));
    expect(asJson(second.state())).toEqual(asJson(first.state()));
    // These hold tickets or messages alone, and have none before the first.
    if (!['jira', 'servicenow', 'smtp', 'teams'].includes(name))
      expect(asJson(first.state())).not.toEqual(asJson(makeStandIn(tools).state()));
  });

  test('the same people have the same accounts every time', () => {
    const [first, second] = [makeStandIn(tools), makeStandIn(tools)];
    first.seed([decoyOf(sarah)]);
    first.seed([sarah]);
    second.seed([sarah]);
    expect(asJson(second.state())).toEqual(asJson(first.state()));
  });

  test('a dump that it cannot read is refused', () => {
    expect(() => makeStandIn(tools).restore({ nothing: 'of the kind' })).toThrow();
  });
});
