import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

// Each page with the scripts that find elements in it.
const PAGES = [
  ['upload/index.html', ['upload/page.js', 'common/share.js']],
  ['files/files.html', ['files/files-page.js', 'common/links.js', 'common/share.js']],
  ['file/file.html', ['file/file-page.js', 'file/file-view.js', 'common/links.js', 'common/share.js']],
];

for (const [page, scripts] of PAGES) {
  test(`${page} has every element that its scripts find`, () => {
    const markup = read(page).replace(/<!-- part: ([\w.]+) -->/g, (_, part) => read(`common/parts/${part}`));
    const tags = new Map([...markup.matchAll(/<(\w+)[^>]*? id="([\w-]+)"/g)].map(([, tag, id]) => [id, tag]));
    const wanted = scripts.flatMap((script) => [...read(script).matchAll(/\bfind\('([\w-]+)'(?:, '(\w+)')?\)/g)]);
    assert.ok(wanted.length > 3);
    for (const [, id, tag] of wanted) {
      assert.ok(tags.has(id), `no element has the id ${id}`);
      if (tag) assert.equal(tags.get(id), tag, id);
    }
  });

  test(`${page} gives an id to one element only`, () => {
    const markup = read(page).replace(/<!-- part: ([\w.]+) -->/g, (_, part) => read(`common/parts/${part}`));
    const ids = [...markup.matchAll(/ id="([\w-]+)"/g)].map(([, id]) => id);
    assert.deepEqual(
      ids.filter((id, place) => ids.indexOf(id) !== place),
      [],
    );
  });
}
