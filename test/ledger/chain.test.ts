import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { expect, test } from 'vitest';
import type { EvidenceRow } from '../../src/directory/store.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';

function piece(step: string): Evidence {
  return {
    workflowId: 'person:GT-48291',
    step,
    kind: 'account-disabled',
    person: 'GT-48291',
    at: '2025-11-15T10:00:00.000Z',
    data: { b: 'NUL \u0000', a: [1, 1.5e300, null, '\ud800'] },
  };
}

onBothDatabases('the chain of evidence', (under) => {
  const write = (...steps: string[]) => under.store.transaction((tx) => tx.addEvidence(steps.map(piece)));
  const rows = async () => (await under.store.read((reader) => reader.evidence({}, { limit: 500 }))).items;
  const inChain = async () => (await rows()).toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
  /** As the owner of the table who switched the triggers off. */
  const tamper = (statements: string) =>
    under.sql(`ALTER TABLE muster.evidence DISABLE TRIGGER ALL; ALTER TABLE muster.chain DISABLE TRIGGER ALL;
      ALTER TABLE muster.evidence DROP CONSTRAINT evidence_position; ${statements};
      ALTER TABLE muster.evidence ADD CONSTRAINT evidence_position UNIQUE (position);
      ALTER TABLE muster.evidence ENABLE TRIGGER ALL; ALTER TABLE muster.chain ENABLE TRIGGER ALL`);

  test('each hash is SHA-256 over the one before and the canonical form of its row', async () => {
    await write('1', '2');
    expect(await under.store.verify()).toEqual({ intact: true, rows: 0, head: undefined, unsealed: 2 });
    expect(await under.store.seal()).toBe(2);
    await write('3');
    expect(await under.store.seal()).toBe(1);
    expect(await under.store.seal()).toBe(0);
    let previous = '';
    for (const [index, row] of (await inChain()).entries()) {
      const { hash, ...content } = row;
      expect(content.position).toBe(index + 1);
      expect(hash).toBe(
        createHash('sha256')
          .update(`${previous}\n${canonicalize(content)}`)
          .digest('hex'),
      );
      previous = hash ?? '';
    }
    expect(await under.store.verify()).toEqual({ intact: true, rows: 3, head: previous, unsealed: 0 });
  });

  test('sealing stops at its limit and goes on from there', async () => {
    await write('1', '2', '3', '4', '5');
    expect([await under.store.seal(2), await under.store.seal(2), await under.store.seal(2)]).toEqual([2, 2, 1]);
    expect(await under.store.verify()).toMatchObject({ intact: true, rows: 5, unsealed: 0 });
  });

  test('several sealers beside several writers lose nothing and leave no gap', async () => {
    let open = 8;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; round < 6; round += 1) await write(`${writer}.${round}.a`, `${writer}.${round}.b`);
      open -= 1;
    });
    const sealers = Array.from({ length: 3 }, async () => {
      let sealed = 0;
      for (let count = 1; count > 0 || open > 0; sealed += count) count = await under.store.seal(7);
      return sealed;
    });
    await Promise.all(writers);
    const sealed = await Promise.all(sealers);
    expect(sealed.reduce((sum, each) => sum + each, 0)).toBe(96);
    expect((await inChain()).map((row) => row.position)).toEqual(Array.from({ length: 96 }, (_, index) => index + 1));
    expect(await under.store.verify()).toMatchObject({ intact: true, rows: 96, unsealed: 0 });
  });

  test('a row whose transaction commits after later ones were sealed gets a later place', async ({ skip }) => {
    if (!under.concurrent) skip('PGlite runs one transaction after the other');
    await under.store.transaction(async (late) => {
      await late.addEvidence([piece('inserted first')]);
      await write('inserted second');
      expect(await under.store.seal()).toBe(1);
    });
    expect(await under.store.verify()).toMatchObject({ intact: true, rows: 1, unsealed: 1 });
    expect(await under.store.seal()).toBe(1);
    expect((await inChain()).map(({ seq, step }) => ({ seq, step }))).toEqual([
      { seq: 2, step: 'inserted second' },
      { seq: 1, step: 'inserted first' },
    ]);
    expect(await under.store.verify()).toMatchObject({ intact: true, rows: 2, unsealed: 0 });
  });

  test('the database itself refuses to change or remove evidence, sealed or not', async () => {
    await write('1');
    await under.store.seal();
    await write('2');
    const attempts = [
      `UPDATE muster.evidence SET data = '{}' WHERE seq = 1`,
      `UPDATE muster.evidence SET data = '{}' WHERE seq = 2`,
      `UPDATE muster.evidence SET position = 9, hash = 'x' WHERE seq = 1`,
      `UPDATE muster.evidence SET position = NULL, hash = NULL WHERE seq = 1`,
      `UPDATE muster.evidence SET position = 2, hash = 'x', at = at + interval '1 s' WHERE seq = 2`,
      `DELETE FROM muster.evidence WHERE seq = 2`,
      `TRUNCATE muster.evidence`,
      `UPDATE muster.chain SET position = 0, hash = ''`,
      `DELETE FROM muster.chain`,
      `TRUNCATE muster.chain`,
    ];
    const before = await rows();
    for (const attempt of attempts) {
      await expect(under.sql(attempt), attempt).rejects.toMatchObject({ code: 'MU001' });
    }
    await expect(under.sql(`UPDATE muster.evidence SET position = 2 WHERE seq = 2`)).rejects.toMatchObject({
      code: '23514',
    });
    expect(await rows()).toEqual(before);
  });

  const hashOf = (previous: string, row: EvidenceRow) => {
    const { hash: _, ...content } = row;
    return createHash('sha256')
      .update(`${previous}\n${canonicalize(content)}`)
      .digest('hex');
  };

  const tamperings: { what: string; how: string; at: number }[] = [
    { what: 'a changed field', how: `UPDATE muster.evidence SET data = '{"b":1}' WHERE seq = 3`, at: 3 },
    {
      what: 'a moment moved by a millisecond',
      how: `UPDATE muster.evidence SET at = at + interval '1 ms' WHERE seq = 3`,
      at: 3,
    },
    {
      what: 'a time of recording moved',
      how: `UPDATE muster.evidence SET recorded_at = recorded_at - interval '1 h' WHERE seq = 2`,
      at: 2,
    },
    { what: 'a person taken out', how: `UPDATE muster.evidence SET person = NULL WHERE seq = 4`, at: 4 },
    { what: 'a row removed', how: `DELETE FROM muster.evidence WHERE seq = 2`, at: 2 },
    { what: 'the first row removed', how: `DELETE FROM muster.evidence WHERE seq = 1`, at: 1 },
    { what: 'the newest row removed', how: `DELETE FROM muster.evidence WHERE seq = 5`, at: 5 },
    { what: 'all rows removed', how: `DELETE FROM muster.evidence`, at: 1 },
    {
      what: 'a row removed and the gap closed',
      how: `DELETE FROM muster.evidence WHERE seq = 2; UPDATE muster.evidence SET position = position - 1 WHERE position > 2`,
      at: 2,
    },
    {
      what: 'two rows that changed places',
      how: `UPDATE muster.evidence SET position = 5 - position WHERE position IN (2, 3)`,
      at: 2,
    },
    {
      what: 'two rows that changed places with their hashes',
      how: `UPDATE muster.evidence a SET position = b.position, hash = b.hash FROM muster.evidence b WHERE a.position + b.position = 5 AND a.position IN (2, 3)`,
      at: 2,
    },
    {
      what: 'a sealed row made unsealed',
      how: `UPDATE muster.evidence SET position = NULL, hash = NULL WHERE seq = 3`,
      at: 3,
    },
    {
      what: 'a row put in between',
      how: `UPDATE muster.evidence SET position = position + 1 WHERE position > 2; INSERT INTO muster.evidence (workflow_id, step, kind, at, data, position, hash) VALUES ('w', 's', 'k', now(), '{}', 3, 'x')`,
      at: 3,
    },
    {
      what: 'a row put at the end',
      how: `INSERT INTO muster.evidence (workflow_id, step, kind, at, data, position, hash) VALUES ('w', 's', 'k', now(), '{}', 6, 'x')`,
      at: 6,
    },
    { what: 'a head that was set back', how: `UPDATE muster.chain SET position = 4`, at: 6 },
    { what: 'no head at all', how: `DELETE FROM muster.chain`, at: 6 },
  ];
  test.for(tamperings)('$what is found, and where', async ({ how, at }) => {
    await write('1', '2', '3', '4', '5');
    await under.store.seal();
    await tamper(how);
    const verdict = await under.store.verify();
    await under.sql(`INSERT INTO muster.chain VALUES (1, 0, '') ON CONFLICT DO NOTHING`);
    expect(verdict).toMatchObject({ intact: false, at, rows: at - 1, fault: expect.stringMatching(/removed|changed/) });
  });

  test('a changed row whose own hash was made anew is found at the row after it', async () => {
    await write('1', '2', '3');
    await under.store.seal();
    const [first, second] = await inChain();
    if (first === undefined || second === undefined) throw new Error('not sealed');
    const forged = hashOf(first.hash ?? '', { ...second, step: 'forged' });
    await tamper(`UPDATE muster.evidence SET step = 'forged', hash = '${forged}' WHERE position = 2`);
    expect(await under.store.verify()).toMatchObject({ intact: false, at: 3, rows: 2 });
  });

  test('a long chain is walked to its end', async () => {
    await write(...Array.from({ length: 1_100 }, (_, index) => String(index)));
    expect([await under.store.seal(), await under.store.seal()]).toEqual([1_000, 100]);
    expect(await under.store.verify()).toMatchObject({ intact: true, rows: 1_100 });
    await tamper(`UPDATE muster.evidence SET step = 'forged' WHERE position = 1050`);
    expect(await under.store.verify()).toMatchObject({ intact: false, at: 1_050 });
  });
});
