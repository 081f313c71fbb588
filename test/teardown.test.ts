import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Teardown } from '../src/teardown.ts';

it('ends in order, goes on after what fails, and does it once', async () => {
  const said: string[] = [];
  const logged: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
  const teardown = new Teardown();
  const stop = (name: string) => async () => void said.push(name);
  teardown.add(9, 'store', stop('store'));
  teardown.add(1, 'receiver', stop('receiver'));
  teardown.add(5, 'sandbox', async () => {
    throw new Error('stuck');
  });
  teardown.add(1, 'operator', stop('operator'));
  await Promise.all([teardown.run(log), teardown.run(log)]);
  expect(said).toEqual(['receiver', 'operator', 'store']);
  expect(logged).toEqual(['sandbox did not end in good order']);
});
