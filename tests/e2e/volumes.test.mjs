// Every volume of tests/data, and of the fixtures where present, through the npm package in a real browser: values as other
// implementations wrote them, refusals and damage with their codes, pictures equal to values, no byte fetched twice.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const own = path.join(root, 'tests/data');
const fixtures = path.resolve(root, '../shared/fixtures');
const noFixtures = existsSync(fixtures) ? false : `the fixtures are not at ${fixtures}`;

const RANGES = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint32: [0, 4294967295],
  int32: [-2147483648, 2147483647],
};

/** Like the value test in Rust: colour JPEGs of half the chroma resolution are rounded twice where libjpeg rounds once. */
const LOOSE = ['precomputed/jpeg-rgb-420'];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const read = async (name) => JSON.parse(await readFile(path.join(own, name), 'utf8'));

/** A page with one viewer, and the server of a folder; `each` runs one function of volumes.mjs over a list, in batches. */
async function open(data, { faults = false } = {}) {
  const server = await serve({ data, faults });
  const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
  const broken = [];
  page.on('pageerror', (error) => broken.push(String(error)));
  page.on('crash', () => broken.push('the page crashed'));
  await page.route('**/e2e/**', async (route) => {
    const name = new URL(route.request().url()).pathname.split('/').pop();
    if (name === 'empty.html') await route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>e2e</title>' });
    else await route.fulfill({ contentType: 'text/javascript', path: path.join(root, 'tests/e2e', name) });
  });
  await page.goto(`${server.url}e2e/empty.html`);
  await page.evaluate(async () => {
    globalThis.e2e = await import('/e2e/volumes.mjs');
    await globalThis.e2e.start();
  });
  const base = `${server.url}data/`;
  return {
    page,
    server,
    base,
    async each(what, list) {
      const results = [];
      for (let i = 0; i < list.length; i += 16) {
        const batch = list.slice(i, i + 16).map((one) => ({ ...one, base }));
        results.push(
          ...(await page.evaluate(
            async ({ what, batch }) => {
              const results = [];
              for (const one of batch) results.push(await globalThis.e2e[what](one));
              return results;
            },
            { what, batch },
          )),
        );
      }
      return results;
    },
    async close() {
      await page.evaluate(() => globalThis.viewer.dispose());
      await page.close();
      await server.close();
      assert.deepEqual(broken, []);
    },
  };
}

function arraysOf(arrays, { levels }) {
  const names = levels.flatMap(({ values }) => values.map(({ array }) => array));
  return Object.fromEntries(names.map((name) => [name, arrays[name]]));
}

function report(problems, count) {
  assert.ok(count > 0, 'nothing was checked');
  assert.ok(problems.length === 0, `${problems.length} problems in ${count} volumes:\n${problems.join('\n')}`);
}

/** Like the value test in Rust: a word may list alternatives, "f8|float64". */
function missing(message, names) {
  const text = message.toLowerCase();
  return names.find((name) => !text.includes(name.toLowerCase()) && !name.split('|').some((one) => one && text.includes(one.toLowerCase())));
}

async function checkValues(site, expected) {
  const { cases, arrays } = expected;
  const list = cases.map((volume) => ({ volume, arrays: arraysOf(arrays, volume), tolerance: volume.tolerance + (LOOSE.includes(volume.name) ? 2 : 0) }));
  const problems = await site.each('checkCase', list);
  report(problems.flat(), cases.length);
}

async function checkRefusals(site, { refusals }) {
  const outcomes = await site.each('checkBroken', refusals.map(({ name, path }) => ({ name, path })));
  const problems = outcomes.flatMap(({ name, code, message, problems }, i) => {
    const { code: wanted, names } = refusals[i];
    const all = [...problems];
    if (code && code !== wanted) all.push(`${code} instead of ${wanted}: ${message}`);
    const word = code && missing(message, names);
    if (word) all.push(`"${message}" does not say ${word}`);
    return all.map((problem) => `${name}: ${problem}`);
  });
  report(problems, refusals.length);
}

/** The window of the picture: the whole range of integers, what occurs in floats. */
function windowOf({ dataType, levels }, arrays) {
  const { min, max } = arrays[levels[0].values[0].array];
  return RANGES[dataType] ?? [Number(min), Number(max)];
}

async function checkPictures(t, site, { cases, arrays }) {
  const outcomes = await site.each('checkPicture', cases.map((volume) => ({ volume, window: windowOf(volume, arrays) })));
  t.diagnostic(`${outcomes.reduce((sum, { compared }) => sum + compared, 0)} pixels of ${outcomes.length} pictures`);
  report(outcomes.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)), cases.length);
}

test('own volumes', async (t) => {
  const expected = await read('expected.json');
  const site = await open(own);
  t.after(() => site.close());

  await t.test('give their values', () => checkValues(site, expected));
  await t.test('are refused by name where not supported', () => checkRefusals(site, expected));
  await t.test('are reported where damaged, and the viewer goes on', async () => {
    const { bad, arrays } = expected;
    const list = bad.map(({ name, path, raw, box, level, good }) => ({
      name,
      path,
      raw,
      type: name.includes('cseg') ? 'segmentation' : 'image',
      box,
      level,
      good: good?.box,
      array: good && arrays[good.array],
      tolerance: name.includes('jpeg') ? 2 : 0,
    }));
    const outcomes = await site.each('checkBroken', list);
    const problems = outcomes.flatMap(({ name, code, message, stage, problems }, i) => {
      const wanted = bad[i];
      const all = [...problems];
      if (stage && stage !== wanted.stage) all.push(`fails to ${stage}, not to ${wanted.stage}: ${code}: ${message}`);
      else if (code && code !== wanted.code && !wanted.codes.includes(code)) all.push(`${code} instead of ${wanted.code}: ${message}`);
      return all.map((problem) => `${name}: ${problem}`);
    });
    report(problems, bad.length);
    await checkValues(site, { ...expected, cases: expected.cases.slice(0, 1) });
  });
  await t.test('look like their values', (t) => checkPictures(t, site, expected));
});

test('fixtures', { skip: noFixtures }, async (t) => {
  const expected = await read('fixtures.json');
  const site = await open(fixtures);
  t.after(() => site.close());

  await t.test('give their values', () => checkValues(site, expected));
  await t.test('are refused by name where not supported', () => checkRefusals(site, expected));
  await t.test('look like their values', (t) => checkPictures(t, site, expected));
});

/** Ranges of a file that were sent more than once. */
function sentTwice(log, prefix) {
  const files = new Map();
  for (const { method, path, range, status, bytes } of log) {
    if (method !== 'GET' || status >= 300 || !path.startsWith(prefix)) continue;
    const spans = files.get(path) ?? [];
    spans.push(range ?? [0, bytes]);
    files.set(path, spans);
  }
  const twice = [];
  for (const [path, spans] of files) {
    spans.sort(([a], [b]) => a - b);
    for (let i = 1; i < spans.length; i += 1) {
      if (spans[i][0] < spans[i - 1][1]) twice.push(`${path}: ${spans[i - 1]} and ${spans[i]}`);
    }
  }
  return { files: files.size, twice };
}

async function lookOnce(t, site, specs, prefix, scale) {
  const { infos, failures } = await site.page.evaluate((what) => globalThis.e2e.look(what), { specs, layout: '4panel', scale });
  assert.deepEqual(failures, []);
  for (const { visible, loaded, absent } of infos) {
    assert.ok(visible > 0, 'nothing is in view');
    assert.equal(loaded + absent, visible);
  }
  const { files, twice } = sentTwice(await site.server.log(), prefix);
  t.diagnostic(`${files} files, ${infos.map(({ visible }) => visible).join(' + ')} chunks in view`);
  assert.ok(files > 0, 'the log has no file of the volume');
  assert.deepEqual(twice, []);
}

test('no byte of a sharded volume is sent twice', async (t) => {
  const site = await open(own);
  t.after(() => site.close());
  const name = 'precomputed/sharded-jpeg';
  await lookOnce(t, site, [{ id: 'image', type: 'image', source: `/data/${name}` }], `/data/${name}`, 2);
});

test('no byte of the real sample is sent twice', { skip: noFixtures }, async (t) => {
  const site = await open(fixtures);
  t.after(() => site.close());
  const folder = '/data/sample/fib25-igneous';
  const specs = [
    { id: 'image', type: 'image', source: `${folder}/image` },
    { id: 'segments', type: 'segmentation', source: `${folder}/seg` },
  ];
  await lookOnce(t, site, specs, folder, 10);
});
