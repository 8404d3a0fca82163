import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Listing } from '../files/listing.js';

// Answers each request by the next of `pages`, and keeps what was asked.
function serverOf(pages) {
  const asked = [];
  const files = async ({ search, cursor, signal }) => {
    asked.push({ search, cursor });
    const page = await pages.shift();
    if (signal.aborted) throw new DOMException('', 'AbortError');
    if (page instanceof Error) throw page;
    return page;
  };
  return { asked, files };
}

const ids = (files) => files?.map(({ id }) => id);

test('files come page by page until there are no more', async () => {
  const server = serverOf([{ files: [{ id: 1 }], next_cursor: 'a' }, { files: [{ id: 2 }] }]);
  const listing = new Listing(server);
  assert.deepEqual(ids(await listing.first('x')), [1]);
  assert.ok(listing.hasMore);
  assert.deepEqual(ids(await listing.more()), [2]);
  assert.ok(!listing.hasMore);
  assert.equal(await listing.more(), undefined);
  assert.deepEqual(server.asked, [
    { search: 'x', cursor: undefined },
    { search: 'x', cursor: 'a' },
  ]);
});

test('empty pages of a search are skipped, but not without end', async () => {
  const empty = Array.from({ length: 30 }, () => ({ files: [], next_cursor: 'on' }));
  const server = serverOf(empty);
  const listing = new Listing(server);
  assert.deepEqual(await listing.first('rare'), []);
  assert.equal(server.asked.length, 20);
  assert.ok(listing.hasMore);
});

test('a new search replaces the one under way', async () => {
  let release;
  const slow = new Promise((resolve) => {
    release = resolve;
  });
  const listing = new Listing(serverOf([slow, { files: [{ id: 2 }] }]));
  const first = listing.first('a');
  assert.deepEqual(ids(await listing.first('ab')), [2]);
  release({ files: [{ id: 1 }], next_cursor: 'old' });
  assert.equal(await first, undefined);
  assert.ok(!listing.hasMore);
  assert.equal(listing.search, 'ab');
});

test('after a failure there is nothing to continue, and a new search works', async () => {
  const listing = new Listing(serverOf([{ files: [{ id: 1 }], next_cursor: 'a' }, new Error('no'), { files: [{ id: 3 }] }]));
  await listing.first('');
  await assert.rejects(listing.first('b'));
  assert.ok(!listing.hasMore);
  assert.deepEqual(ids(await listing.first('c')), [3]);
});

test('two requests for more do not list files twice', async () => {
  const listing = new Listing(
    serverOf([
      { files: [{ id: 1 }], next_cursor: 'a' },
      { files: [{ id: 2 }], next_cursor: 'b' },
    ]),
  );
  await listing.first('');
  const [one, other] = await Promise.all([listing.more(), listing.more()]);
  assert.deepEqual(ids(one), [2]);
  assert.equal(other, undefined);
});
