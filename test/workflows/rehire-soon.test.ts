import { afterEach, expect, it } from 'vitest';
import { Company, newcomer } from '../helpers/company.ts';

let company: Company;
afterEach(() => company?.close());

it('somebody hired again before the second reading of their end keeps what they were given for it, and nobody is alarmed', async () => {
  company = await Company.open({ timing: { readAgainMs: 120_000 } });
  await company.hire(await company.inDays(-30));
  await company.say({ id: 'left', type: 'terminated', enteredAt: company.entered(), data: { immediate: true } });
  const startDate = await company.inDays(5);
  const again = { id: 'back', type: 'rehired', enteredAt: new Date().toISOString(), effectiveDate: startDate } as const;
  expect(await company.say({ ...again, data: { ...newcomer, startDate } })).toMatchObject({ outcome: 'scheduled' });
  await company.goTo((await company.environment.currentTimeMs()) + 10 * 60_000);

  expect(await company.record()).toMatchObject({ state: 'PreHire' });
  const { items } = await company.line.store.read((reader) => reader.exceptions({}, {}));
  expect(items).toEqual([]);
  const { items: rows } = await company.line.store.read((reader) => reader.evidence({}, { limit: 500 }));
  expect(rows.map(({ kind }) => kind)).toContain('second-reading-overtaken');
});
