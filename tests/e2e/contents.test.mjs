// Annotations, segment properties, skeletons, meshes and tables, read through the built package in Chromium: what other implementations wrote or read.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const data = path.join(root, 'tests/data');
const fixtures = path.join(root, '../shared/fixtures');
const list = async (name) => JSON.parse(await readFile(path.join(data, name), 'utf8')).cases;

let browser;
/** Serves tests/data. */
let own;
before(async () => {
  [browser, own] = await Promise.all([launch(), serve({ data })]);
});
after(async () => {
  await Promise.all([browser?.close(), own?.close()]);
});

/** An empty page with a context of the package, `options` as source text. */
async function open(server = own, options = '{}') {
  const page = await browser.newPage();
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.route('**/contents.mjs', async (route) => route.fulfill({ contentType: 'text/javascript', body: await readFile(path.join(root, 'tests/e2e/contents.mjs'), 'utf8') }));
  await page.goto(`${server.url}empty.html`);
  await page.evaluate(async (text) => {
    globalThis.nl = await import('/npm/index.js');
    globalThis.context = await nl.createContext(new Function(`return ${text}`)());
  }, options);
  return page;
}

/** What is wanted must be there; numbers may differ in the seventh digit. */
function same(place, got, wanted) {
  if (Array.isArray(wanted)) {
    if (got?.length !== wanted.length) return [`${place}: ${JSON.stringify(got)?.slice(0, 200)} instead of ${JSON.stringify(wanted).slice(0, 200)}`];
    return wanted.flatMap((value, i) => same(`${place}[${i}]`, got[i], value));
  }
  if (typeof wanted === 'object' && wanted !== null) return Object.entries(wanted).flatMap(([key, value]) => same(`${place}.${key}`, got?.[key], value));
  const near = typeof wanted === 'number' && Math.abs(got - wanted) <= 2e-6 * Math.max(1, Math.abs(wanted));
  return near || got === wanted ? [] : [`${place}: ${got} instead of ${wanted}`];
}

function problems(wanted, got) {
  if (wanted.error) {
    if (!got.error) return ['it reads'];
    const missing = wanted.error.mentions.filter((word) => !got.error.message.includes(word));
    return [...same('code', got.error.code, wanted.error.code), ...missing.map((word) => `"${got.error.message}" does not say ${word}`)];
  }
  if (got.error) return [got.error.message];
  const [kind, facts] = Object.entries(wanted).find(([key]) => !['name', 'path', 'read'].includes(key));
  if (facts === null) return got.nothing ? [] : ['something is read'];
  return same(kind, got[kind], facts);
}

async function checkAll(server, name) {
  const page = await open(server);
  const cases = await list(name);
  const failures = [];
  for (const one of cases) {
    const got = await page.evaluate(async ([wanted, base]) => (await import('/contents.mjs')).read(wanted, base), [one, `${server.url}data/`]);
    failures.push(...problems(one, got).slice(0, 1).map((problem) => `${one.name}: ${problem}`));
  }
  assert.ok(cases.length > 0);
  assert.deepEqual(failures, []);
  await page.close();
}

test('what tests/data holds besides volumes reads exactly', () => checkAll(own, 'contents.json'));

test('what the fixtures hold besides volumes reads exactly', { skip: !existsSync(fixtures) && 'no fixtures' }, async (t) => {
  const server = await serve({ data: fixtures });
  t.after(() => server.close());
  await checkAll(server, 'fixture_contents.json');
});

test('the small module reads segment properties, and the full one is fetched for the rest', async () => {
  const page = await open();
  const asked = [];
  page.on('request', (request) => asked.push(path.basename(new URL(request.url()).pathname)));
  const ids = await page.evaluate((base) => context.read({ kind: 'segment-properties', source: `${base}contents/segment_properties` }).then(({ ids }) => ids.length), `${own.url}data/`);
  assert.equal(ids, 4);
  assert.ok(!asked.some((name) => name.includes('worker_full')), String(asked));
  await page.evaluate((base) => context.read({ kind: 'skeleton', source: `${base}contents/skeletons`, id: 5n }), `${own.url}data/`);
  assert.ok(asked.some((name) => name.includes('worker_full')));
  await page.close();
});

test('the hook is told what is asked for, and may say where it is', async () => {
  const page = await open(own, `{ transformRequest: ({ url, kind }) => { (globalThis.asked ??= []).push(kind + ' ' + url.split('/').slice(-2).join('/')); return { url: url.replace('/elsewhere/', '/contents/') }; } }`);
  const asked = await page.evaluate(async (base) => {
    const at = (name) => `${base}elsewhere/${name}`;
    await context.read({ kind: 'skeleton', source: at('skeletons'), id: 5n });
    await context.read({ kind: 'mesh', source: at('mesh_legacy'), id: 9223372036854788153n });
    await context.read({ kind: 'annotations', source: at('annotations/point') });
    await context.read({ kind: 'table', source: at('tables/synapses.csv') });
    return globalThis.asked;
  }, `${own.url}data/`);
  for (const wanted of ['metadata skeletons/info', 'skeleton skeletons/5', 'mesh mesh_legacy/9223372036854788153:0', 'annotation spatial0/0_0_0', 'table tables/synapses.csv']) assert.ok(asked.includes(wanted), `${wanted} of ${asked.join(', ')}`);
  await page.close();
});

test('aborting a read rejects with its own reason, and a disposed context reads nothing', async () => {
  const page = await open();
  const got = await page.evaluate(async (base) => {
    const request = { kind: 'annotations', source: `${base}contents/annotations/point` };
    const end = new AbortController();
    const aborted = context.read(request, { signal: end.signal }).catch((reason) => reason);
    end.abort('enough');
    const open = context.read(request).catch((error) => error.code);
    await context.dispose();
    return [await aborted, await open, await context.read(request).catch((error) => error.code), await context.read({ kind: 'cloud', source: '' }).catch((error) => error.code)];
  }, `${own.url}data/`);
  assert.deepEqual(got, ['enough', 'disposed', 'disposed', 'disposed']);
  await page.close();
});

test('a read that makes no sense names what is wrong', async () => {
  const page = await open();
  const wrong = await page.evaluate(async () => {
    const tried = [{ kind: 'cloud', source: 'x' }, { kind: 'mesh', source: 'x' }, { kind: 'mesh', source: 'x', id: 5 }, { kind: 'table', source: 'x', id: 1n }, { kind: 'mesh', source: 'x', id: 5n, level: -1 }, { kind: 'table' }];
    return Promise.all(tried.map((request) => context.read(request).then(() => 'read', (error) => `${error.code}: ${error.message}`)));
  });
  const words = ['"cloud"', 'needs an id', 'id must be a bigint', 'unknown key "id"', 'level must be', 'source of the read of table'];
  words.forEach((word, i) => assert.ok(wrong[i].startsWith('invalid-options') && wrong[i].includes(word), `${wrong[i]}: ${word}`));
  await page.close();
});

test('segments are found by words, patterns, tags, numbers and ids', async () => {
  const page = await open();
  const got = await page.evaluate(async (base) => {
    const properties = await context.read({ kind: 'segment-properties', source: `${base}contents/segment_properties` });
    const find = (query) => {
      try {
        return [...nl.searchSegments(properties, query)].join(' ');
      } catch (error) {
        return `${error.code}: ${error.message}`;
      }
    };
    return Object.fromEntries(['', 'mi1', 'MI1 A', 'tm3 mi1', '"Tm3 b"', '/^.i1/', '/[/', '#proofread', '-#proofread', '#big #proofread', '#gone', 'voxels>1', 'voxels=4294967295', 'score<=-1.25', 'depth<0 #big', 'side=l', 'side!=L', 'side>L', 'sides=L', 'voxels>many', '9223372036854788153', 'GRÖSSE', 'größe', '1'].map((query) => [query, find(query)]));
  }, `${own.url}data/`);
  const wanted = {
    '': '0 1 2 3', mi1: '0', 'MI1 A': '0', 'tm3 mi1': '', '"Tm3 b"': '1', '/^.i1/': '0', '#proofread': '0 2', '-#proofread': '1 3', '#big #proofread': '2', 'voxels>1': '1 2', 'voxels=4294967295': '2',
    'score<=-1.25': '1', 'depth<0 #big': '3', 'side=l': '0 2', 'side!=L': '1 3', '9223372036854788153': '2', 'größe': '3', 'GRÖSSE': '', '1': '0',
  };
  for (const [query, rows] of Object.entries(wanted)) assert.equal(got[query], rows, query);
  for (const [query, word] of [['/[/', 'regular expression'], ['#gone', 'no tag "gone"'], ['side>L', 'a text'], ['sides=L', 'no property "sides"'], ['voxels>many', '"many" is no number']]) assert.ok(got[query].startsWith('invalid-options') && got[query].includes(word), got[query]);
  await page.close();
});
