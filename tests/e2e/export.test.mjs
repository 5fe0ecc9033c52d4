// Exports in a browser: what is written is opened again, in the viewer that wrote it and through the page's own box.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const PICTURES = process.env.PICTURES ?? path.join(root, 'target/pictures');
const PATIENCE = { timeout: 60_000 };

let browser;
let server;
before(async () => {
  await mkdir(PICTURES, { recursive: true });
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

/** An empty page with a viewer of the sample's labels. */
async function open() {
  const page = await browser.newPage({ viewport: { width: 400, height: 300 } });
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><div id="a" style="width:300px;height:200px"></div>' }));
  await page.goto(`${server.url}empty.html`);
  await page.evaluate(async () => {
    globalThis.nl = await import('/npm/index.js');
    globalThis.viewer = await nl.createViewer({ container: '#a', layout: 'xy' });
    await viewer.layers.add({ id: 'labels', type: 'segmentation', source: new URL('/sample/segmentation', location.href).href });
    await viewer.layers.add({ id: 'image', type: 'image', source: new URL('/sample/image', location.href).href });
    globalThis.same = (a, b) => String(a.shape) === String(b.shape) && a.data.every((value, i) => value === b.data[i]);
  });
  return page;
}

for (const [format, type, layer] of [['ome-zarr', 'segmentation', 'labels'], ['precomputed', 'segmentation', 'labels'], ['ome-zarr', 'image', 'image'], ['precomputed', 'image', 'image']]) {
  test(`${layer} as ${format} is read again as it was`, async () => {
    const page = await open();
    const got = await page.evaluate(async ([format, type, layer]) => {
      const box = { min: [64, 32, 100], max: [224, 192, 228] };
      const told = [];
      const start = performance.now();
      const blob = await viewer.layers.exportVolume(layer, format, { box, onProgress: (done, total) => told.push([done, total]) });
      const millis = performance.now() - start;
      await viewer.layers.add({ id: 'again', type, source: { files: [new File([blob], `${layer}.zip`)] } });
      const info = viewer.layers.info('again');
      const [finest] = info.levels;
      const block = await viewer.readVoxels('again', finest.box);
      const wanted = await viewer.readVoxels(layer, box);
      const corner = finest.box.min.map((v, i) => info.offsetNm[i] + v * finest.voxelSizeNm[i]);
      return { same: same(block, wanted), format: info.format, kind: info.kind, levels: info.levels.length, corner, last: told.at(-1), type: blob.type, bytes: blob.size, millis };
    }, [format, type, layer]);
    assert.ok(got.same, 'other voxels');
    assert.deepEqual([got.format, got.levels, got.type], [format, 3, 'application/zip']);
    if (type === 'segmentation') assert.equal(got.kind, 'segmentation');
    assert.deepEqual(got.corner, [512, 256, 800]);
    assert.deepEqual(got.last, [18, 18]);
    console.log(`${layer} as ${format}: ${(got.bytes / 1e3).toFixed(0)} kB in ${got.millis.toFixed(0)} ms`);
    await page.close();
  });
}

test('an export goes into a stream no faster than that takes it, and ends with its signal', async () => {
  const page = await open();
  const got = await page.evaluate(async () => {
    const sizes = [];
    let closed = false;
    const to = new WritableStream({ write: (bytes) => void sizes.push(bytes.length), close: () => void (closed = true) });
    const nothing = await viewer.layers.exportVolume('image', 'npy', { box: { min: [0, 0, 0], max: [256, 256, 200] }, to });
    const total = sizes.reduce((sum, n) => sum + n, 0);

    // A stream that does not take anything: the worker waits, and all ends when it is told so.
    const stop = new AbortController();
    let release;
    let hear;
    const heard = new Promise((resolve) => (hear = resolve));
    const stuck = new WritableStream({ write: () => new Promise((resolve) => (release = resolve)), abort: hear });
    const waiting = viewer.layers.exportVolume('image', 'npy', { to: stuck, signal: stop.signal });
    while (!release) await new Promise((resolve) => requestAnimationFrame(resolve));
    stop.abort(new Error('enough'));
    const reason = await waiting.then(() => 'nothing', (e) => e.message);
    release();
    const aborted = await heard;
    // The viewer reads on.
    const block = await viewer.readVoxels('image', { min: [0, 0, 0], max: [8, 8, 8] });

    const full = new WritableStream({ write: () => { throw new Error('the disk is full'); } });
    const failed = await viewer.layers.exportVolume('image', 'npy', { to: full }).then(() => 'nothing', (e) => [e.code, e.message]);
    return { nothing, total, closed, pieces: sizes.length, reason, aborted: aborted.message, voxels: block.data.length, failed };
  });
  assert.equal(got.nothing, undefined);
  assert.equal(got.total, 128 + 256 * 256 * 200);
  assert.ok(got.closed && got.pieces > 2);
  assert.deepEqual([got.reason, got.aborted, got.voxels], ['enough', 'enough', 512]);
  assert.deepEqual(got.failed, ['storage', 'The export could not be written: the disk is full']);
  await page.close();
});

test('options that cannot be used are named', async () => {
  const page = await open();
  const messages = await page.evaluate(async () => {
    const tries = [['labels', 'wkw', {}], ['labels', 'npy', { boxes: 1 }], ['nothing', 'npy', {}], ['labels', 'ome-zarr', { levels: 40 }], ['labels', 'npy', { box: { min: [9000, 0, 0], max: [9001, 1, 1] } }]];
    return Promise.all(tries.map(([id, format, options]) => viewer.layers.exportVolume(id, format, options).then(() => 'nothing', (e) => `${e.code}: ${e.message}`)));
  });
  assert.match(messages[0], /^invalid-options: .*"wkw"/);
  assert.match(messages[1], /^invalid-options: .*"boxes"/);
  assert.match(messages[2], /^not-found: .*"nothing"/);
  assert.match(messages[3], /^invalid-options: 40 levels/);
  assert.match(messages[4], /^invalid-options: .*holds no voxel of the layer/);
  await page.close();
});

test('the page exports a layer into a file', async () => {
  const page = await browser.newPage({ viewport: { width: 1100, height: 720 }, colorScheme: 'dark' });
  // A browser that cannot write files as they grow.
  await page.addInitScript(() => delete globalThis.showSaveFilePicker);
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  await page.getByTestId('layer-export-neurons').click();
  await page.getByTestId('export-size').getByText('512 × 512 × 512 voxels').waitFor();
  await page.getByTestId('export-box-view').check();
  await page.screenshot({ path: path.join(PICTURES, 'export.png') });
  await page.getByTestId('export-box-all').check();
  await page.getByTestId('export-level').selectOption('2');
  await page.getByTestId('export-size').getByText('128 × 128 × 128 voxels').waitFor();
  await page.getByTestId('export-start').focus();
  const saved = page.waitForEvent('download', PATIENCE);
  await page.getByTestId('export-start').click();
  assert.equal((await saved).suggestedFilename(), 'neurons.zarr.zip');
  await page.getByText('Exported neurons').waitFor();

  await page.getByTestId('layer-export-image').click();
  await page.getByTestId('export-format-precomputed').check();
  await page.getByTestId('export-start').click();
  await page.getByTestId('export-progress').getByText(/[1-9]\d* %/).waitFor(PATIENCE);
  await page.screenshot({ path: path.join(PICTURES, 'export-under-way.png') });
  await page.getByTestId('export-cancel').click();
  await page.getByTestId('export-start').waitFor();
  assert.equal(await page.getByTestId('export-problem').count(), 0);
  await page.close();
});
