// Which of the workers' modules a page fetches: the small one for precomputed volumes, the full one once something needs it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const SMALL = 'neurolume_worker_bg.wasm';
const FULL = 'neurolume_worker_full_bg.wasm';
const data = path.join(root, 'tests/data');

let browser;
let server;
let expected;

before(async () => {
  [browser, server, expected] = await Promise.all([launch(), serve({ data, faults: true }), readFile(path.join(data, 'expected.json'), 'utf8').then(JSON.parse)]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

/** A bare page; `fetched()` gives the modules of workers that it has asked for, in order. */
async function bare() {
  const page = await browser.newPage({ viewport: { width: 320, height: 240 } });
  const broken = [];
  const names = [];
  page.on('pageerror', (error) => broken.push(String(error)));
  page.on('request', (request) => names.push(request.url().split('/').pop()));
  await page.goto(`${server.url}npm/package.json`);
  await page.evaluate(() => {
    document.body.innerHTML = '<div id="a" style="width:200px;height:150px"></div>';
    /** Adds a volume, hidden, and gives the bytes of its finest level. */
    globalThis.readWhole = async (viewer, id, url, type = 'image') => {
      const { levels } = await viewer.layers.add({ id, type, source: url, visible: false });
      const { data } = await viewer.readVoxels(id, levels[0].box, { level: 0 });
      return [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
    };
  });
  return {
    page,
    fetched: () => names.filter((name) => [SMALL, FULL].includes(name)),
    async close() {
      await page.close();
      assert.deepEqual(broken, []);
    },
  };
}

/** Whether bytes are those that another implementation read of the finest level. */
function assertValues(bytes, name) {
  const { levels } = expected.cases.find((one) => one.name === name);
  const hash = createHash('sha256').update(Uint8Array.from(bytes)).digest('hex');
  assert.equal(hash, expected.arrays[levels[0].values[0].array].sha256, name);
}

test('a page of precomputed volumes never fetches the full module', async () => {
  const { page, fetched, close } = await bare();
  const volumes = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy', layers: [{ id: 'jpeg', type: 'image', source: '/data/precomputed/jpeg' }] });
    await viewer.idle();
    const volumes = {};
    volumes['precomputed/raw-uint8'] = await readWhole(viewer, 'raw', '/data/precomputed/raw-uint8');
    for (const name of ['precomputed/cseg-u64', 'precomputed/sharded-3-identity-2-0-5-gzip-gzip']) {
      volumes[name] = await readWhole(viewer, name, `/data/${name}`, 'segmentation');
    }
    await viewer.dispose();
    return volumes;
  });
  for (const [name, bytes] of Object.entries(volumes)) assertValues(bytes, name);
  assert.deepEqual(fetched(), [SMALL]);
  await close();
});

test('a volume that turns out to be Zarr is read by the full module, beside a precomputed one', async () => {
  const { page, fetched, close } = await bare();
  const volumes = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy', layers: [{ id: 'jpeg', type: 'image', source: '/fault/slow/200/data/precomputed/jpeg' }] });
    viewer.actions.run('zoom.fit');
    // Workers are busy when they are replaced, and what they do is not lost.
    const drawn = viewer.idle();
    const [zarr, before] = await Promise.all([
      readWhole(viewer, 'zarr', '/data/ome/0.5-sharded'),
      readWhole(viewer, 'before', '/fault/slow/200/data/precomputed/raw-uint16'),
    ]);
    const later = await readWhole(viewer, 'later', '/data/precomputed/raw-uint8');
    await drawn;
    const { chunks } = viewer.layers.info('jpeg');
    const failures = viewer.layers.failures('jpeg');
    await viewer.dispose();
    return { values: { 'ome/0.5-sharded': zarr, 'precomputed/raw-uint16': before, 'precomputed/raw-uint8': later }, chunks, failures };
  });
  for (const [name, bytes] of Object.entries(volumes.values)) assertValues(bytes, name);
  assert.deepEqual(volumes.failures, []);
  assert.ok(volumes.chunks.visible > 0 && volumes.chunks.loaded === volumes.chunks.visible, JSON.stringify(volumes.chunks));
  assert.deepEqual(fetched(), [SMALL, FULL]);
  await close();
});

test('chunks of a precomputed volume may need the full module too', async () => {
  const { page, fetched, close } = await bare();
  const bytes = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy' });
    const colour = await readWhole(viewer, 'colour', '/data/precomputed/jpeg-rgb-444');
    await viewer.dispose();
    return colour.length;
  });
  assert.ok(bytes > 0);
  assert.deepEqual(fetched(), [SMALL, FULL]);
  await close();
});

test('precomputed volumes of the rarer encodings are opened by the full module', async () => {
  const { page, fetched, close } = await bare();
  const volumes = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy' });
    const read = {};
    for (const name of ['precomputed/png-grey8', 'precomputed/jxl-grey', 'precomputed/compresso-u8']) read[name] = await readWhole(viewer, name, `/data/${name}`);
    await viewer.dispose();
    return read;
  });
  for (const [name, bytes] of Object.entries(volumes)) assertValues(bytes, name);
  assert.deepEqual(fetched(), [SMALL, FULL]);
  await close();
});

test('a page that begins with what is called Zarr fetches the full module alone', async () => {
  const { page, fetched, close } = await bare();
  const bytes = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const source = { url: '/data/zarr/v3-uint8', format: 'zarr' };
    const viewer = await createViewer({ container: '#a', layout: 'xy', layers: [{ id: 'zarr', type: 'image', source }] });
    const { data } = await viewer.readVoxels('zarr', viewer.layers.info('zarr').levels[0].box, { level: 0 });
    const precomputed = await readWhole(viewer, 'precomputed', '/data/precomputed/raw-uint8');
    await viewer.dispose();
    return { 'zarr/v3-uint8': [...data], 'precomputed/raw-uint8': precomputed };
  });
  for (const [name, values] of Object.entries(bytes)) assertValues(values, name);
  assert.deepEqual(fetched(), [FULL]);
  await close();
});

test('where the full module cannot be fetched, the layer says so and precomputed layers go on', async () => {
  for (const source of ['/data/ome/0.5-levels', { url: '/data/zarr/v3-uint8', format: 'zarr' }]) {
    const { page, close } = await bare();
    await page.route(`**/npm/${FULL}`, (route) => route.fulfill({ status: 404, body: 'nothing here' }));
    const failed = await page.evaluate(async (source) => {
      const { createViewer } = await import('/npm/index.js');
      const viewer = await createViewer({ container: '#a', layout: 'xy', layers: [{ id: 'zarr', type: 'image', source }] });
      const { state, error } = viewer.layers.info('zarr');
      const bytes = await readWhole(viewer, 'precomputed', '/data/precomputed/raw-uint8');
      const { code, message, remedy } = error;
      globalThis.viewer = viewer;
      return { state, code, message, remedy, bytes };
    }, source);
    assert.deepEqual([failed.state, failed.code], ['error', 'not-found']);
    assert.match(failed.message, new RegExp(FULL));
    assert.match(failed.remedy, /\.wasm files/);
    assertValues(failed.bytes, 'precomputed/raw-uint8');
    // The failure is not for ever.
    await page.unroute(`**/npm/${FULL}`);
    const again = await page.evaluate(() => readWhole(viewer, 'again', '/data/zarr/v3-uint8').finally(() => viewer.dispose()));
    assertValues(again, 'zarr/v3-uint8');
    await close();
  }
});
