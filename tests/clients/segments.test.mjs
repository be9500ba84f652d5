// Reads segments with another reader: DuckDB on the golden data folder. Its contents are defined in
// crates/store/lake/tests/it/golden.rs; the numbers here follow from that.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

test('DuckDB reads every table as it was written', () => {
  const python = `${process.env.HINOMI_TEST_VENV}/bin/python`;
  const golden = path('../../crates/store/lake/tests/golden/2');
  const found = JSON.parse(
    execFileSync(python, [path('python/segments.py'), golden], { encoding: 'utf8' }),
  );
  const ids = Array.from({ length: 30 }, (_, at) => at + 1);
  assert.deepEqual(found.spans, [30, 30]);
  assert.deepEqual(found.orders.map(Number).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b), ids);
  // Every fourth span is an entry span, the others are calls. Every seventh span failed.
  const entries = ids.filter((id) => id % 4 === 0);
  const calls = ids.filter((id) => id % 4 !== 0);
  const failed = (/** @type {number[]} */ of) => of.filter((id) => id % 7 === 0).length;
  assert.equal(found.calls, calls.length);
  assert.equal(found.milliseconds, Math.round(ids.reduce((sum, id) => sum + id * 0.731, 0)));
  assert.equal(found.last_end, '2026-11-22 13:46:40');
  assert.deepEqual(found.services, [['checkout', entries.length, failed(entries)]]);
  for (const table of ['rollups_5s', 'rollups_1m', 'rollups_1h']) {
    assert.deepEqual(found.rollups[table], [
      [1, entries.length, failed(entries)],
      [2, calls.length, failed(calls)],
      [3, failed(entries), failed(entries)],
    ]);
  }
});
