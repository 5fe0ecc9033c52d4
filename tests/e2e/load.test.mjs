// The package starts, through Vite's bundle and from plain modules.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hosted, strictPage } from './browser.mjs';

const host = hosted();

/** A page of no application, with a place "a". */
async function bare() {
  const page = await host.browser.newPage();
  await page.goto(`${host.server.url}npm/package.json`);
  await page.evaluate(() => {
    document.body.innerHTML = '<div id="a" style="width:200px;height:150px"></div>';
  });
  return page;
}

test('the site starts a viewer', async () => {
  const page = await host.browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(host.server.url);
  await page.waitForFunction(() => document.querySelector('nl-app')?.viewer?.layers.list().length > 0);
  assert.deepEqual(errors, []);
  await page.close();
});

test('plain modules start viewers, which share a context and leave nothing behind', async () => {
  const page = await host.browser.newPage();
  await page.goto(`${host.server.url}npm/package.json`);
  const result = await page.evaluate(async () => {
    document.body.innerHTML = '<div id="a" style="width:200px;height:150px"></div><div id="b" style="width:200px;height:150px"></div>';
    const { checkSupport, createViewer, isViewerError } = await import('/npm/index.js');
    const support = await checkSupport();
    const refused = await createViewer({ container: '#a', colour: 'red' }).catch((e) => isViewerError(e, 'invalid-options') && e.message);
    const [a, b] = await Promise.all([createViewer({ container: '#a', layout: 'xy' }), createViewer({ container: '#b' })]);
    const shared = a.context === b.context;
    await a.dispose();
    await a.dispose();
    const late = await a.idle().catch((e) => e.code);
    const alive = b.layout;
    await b.dispose();
    return { support, refused, shared, late, alive, left: document.querySelectorAll('#a > *, #b > *').length };
  });
  assert.equal(result.support.webgpu && result.support.wasmSimd, true);
  assert.match(result.refused, /"colour"/);
  assert.deepEqual({ ...result, support: undefined, refused: undefined }, { support: undefined, refused: undefined, shared: true, late: 'disposed', alive: '4panel', left: 0 });
  await page.close();
});

test('sources are relative to the page, and what cannot be is refused by its name', async () => {
  const page = await bare();
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layers: [{ id: 'image', type: 'image', source: '/sample/image' }] });
    const ways = {
      pick: () => viewer.pick(),
      place: () => viewer.pick({ x: 1 }),
      on: () => viewer.on('bogus', () => {}),
      once: () => viewer.once('bogus'),
      move: () => viewer.setViewState({}, { durationMs: NaN }),
    };
    const refused = {};
    for (const [way, call] of Object.entries(ways)) {
      try {
        await call();
      } catch (e) {
        refused[way] = `${e.code}: ${e.message}`;
      }
    }
    const sources = [viewer.layers.get('image').source];
    await viewer.setState({ ...viewer.getState(), layers: [{ id: 'again', type: 'image', source: { url: '../sample/image' } }] });
    sources.push(viewer.layers.get('again').source.url);
    const subscription = viewer.on('hover', () => {});
    await viewer.dispose();
    subscription.unsubscribe();
    let late;
    try {
      viewer.off('hover', () => {});
    } catch (e) {
      late = e.code;
    }
    return { refused, sources, late };
  });
  for (const [way, named] of Object.entries({ pick: /point/, place: /point\.y/, on: /"bogus"/, once: /"bogus"/, move: /durationMs/ })) {
    assert.match(result.refused[way], /^invalid-options: /);
    assert.match(result.refused[way], named);
  }
  assert.deepEqual(result.sources, [`${host.server.url}sample/image`, `${host.server.url}sample/image`]);
  assert.equal(result.late, 'disposed');
  await page.close();
});

test('metadata of precomputed volumes come while the code does, and once', async () => {
  const begin = (await host.server.log()).length;
  const page = await bare();
  const found = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const early = (path, source) => ({ id: path, type: path, source: source(`${location.origin}/sample/${path}`) });
    const viewer = await createViewer({
      container: '#a',
      layers: [early('image', (url) => `precomputed://${url}/`), early('segmentation', (url) => ({ url, format: 'precomputed' }))],
    });
    const layers = viewer.layers.list().map(({ id }) => [id, viewer.layers.info(id).state]);
    await viewer.dispose();
    // What workers fetch is not among the page's own.
    const byPage = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/info')).length;
    return { layers, byPage };
  });
  assert.deepEqual(found, { layers: [['image', 'ready'], ['segmentation', 'ready']], byPage: 2 });
  const log = (await host.server.log()).slice(begin).map(({ path }) => path);
  assert.deepEqual(log.filter((path) => /\/(info|zarr\.json|\.zarray)$/.test(path)).toSorted(), ['/sample/image/info', '/sample/segmentation/info']);
  await page.close();
});

test('what cannot be had early is said by the layer', async () => {
  const page = await bare();
  const found = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({
      container: '#a',
      layers: [{ id: 'gone', type: 'image', source: `precomputed://${location.origin}/sample/nothing` }, { id: 'image', type: 'image', source: '/sample/image' }],
    });
    const found = viewer.layers.list().map(({ id }) => [id, viewer.layers.info(id).state, viewer.layers.info(id).error?.code]);
    await viewer.dispose();
    return found;
  });
  assert.deepEqual(found, [['gone', 'error', 'not-found'], ['image', 'ready', undefined]]);
  await page.close();
});

test('where a policy forbids workers of text, they come from their file', async () => {
  const page = await host.browser.newPage();
  const begin = (await host.server.log()).length;
  await page.goto(await strictPage(page, host.server.url));
  const state = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layers: [{ id: 'image', type: 'image', source: '/sample/image' }] });
    await viewer.idle();
    const { state, chunks } = viewer.layers.info('image');
    await viewer.dispose();
    return { state, whole: chunks.visible > 0 && chunks.loaded === chunks.visible };
  });
  assert.deepEqual(state, { state: 'ready', whole: true });
  assert.ok((await host.server.log()).slice(begin).some(({ path }) => path === '/npm/worker.js'));
  await page.close();
});

test('the log tells every file that was sent', async () => {
  const log = await host.server.log();
  assert.ok(log.some((entry) => entry.path === '/npm/neurolume_worker_bg.wasm' && entry.status === 200 && entry.bytes > 0));
});
