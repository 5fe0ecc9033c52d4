// Coarser levels of a volume that lacks them, made in workers and kept in the origin's private file system: what they hold, that they are found
// again, made again where they are damaged, stopped, refused and cleared.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { hosted, root, watchErrors } from './browser.mjs';

const PICTURES = process.env.PICTURES ?? path.join(root, 'target/pictures');
const host = hosted();

/** An empty page of a browser's context with the package as `nl` and what makes a volume of one level. */
async function open(context) {
  const page = await context.newPage();
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><div id="a" style="width:300px;height:200px"></div>' }));
  await page.goto(`${host.server.url}empty.html`);
  await page.evaluate(async () => {
    globalThis.nl = await import('/npm/index.js');
    globalThis.SHAPE = [320, 288, 200];
    const CHUNK = [160, 144, 100];
    /** Any pattern that no level repeats. */
    globalThis.voxel = (x, y, z) => ((x * 7) ^ (y * 13) ^ (z * 5)) & 255;
    const files = [];
    const add = (name, parts) => {
      const file = new File(parts, name, { lastModified: 1_700_000_000_000 });
      Object.defineProperty(file, 'webkitRelativePath', { value: `one/${name}` });
      files.push(file);
    };
    add('.zarray', [JSON.stringify({ zarr_format: 2, shape: [...SHAPE].reverse(), chunks: [...CHUNK].reverse(), dtype: '|u1', compressor: null, filters: null, fill_value: 0, order: 'C' })]);
    for (let k = 0; k < 2; k++) for (let j = 0; j < 2; j++) for (let i = 0; i < 2; i++) {
      const bytes = new Uint8Array(CHUNK[0] * CHUNK[1] * CHUNK[2]);
      let at = 0;
      for (let z = 0; z < CHUNK[2]; z++) for (let y = 0; y < CHUNK[1]; y++) for (let x = 0; x < CHUNK[0]; x++) bytes[at++] = voxel(i * CHUNK[0] + x, j * CHUNK[1] + y, k * CHUNK[2] + z);
      add(`${k}.${j}.${i}`, [bytes]);
    }
    globalThis.files = files;
    /** A viewer with the volume, and the states that its levels have been in. */
    globalThis.show = async (limits = {}) => {
      globalThis.context = await nl.createContext({ limits });
      globalThis.viewer = await nl.createViewer({ container: '#a', layout: 'xy', context });
      globalThis.states = [];
      viewer.on('layerstatechange', () => {
        const state = viewer.layers.info('one')?.madeLevels?.state;
        if (state !== states.at(-1)) states.push(state);
      });
      await viewer.layers.add({ id: 'one', type: 'image', source: { files: [...files] } });
    };
    globalThis.until = async (state) => {
      while (viewer.layers.info('one').madeLevels?.state !== state) await viewer.once('layerstatechange', { signal: AbortSignal.timeout(60_000) });
    };
    globalThis.close = async () => {
      await viewer.dispose();
      await context.dispose();
    };
    /** The files that are kept: name and handle. */
    globalThis.kept = async () => {
      const found = [];
      const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('neurolume').catch(() => undefined);
      for await (const entry of top?.values() ?? []) for await (const file of entry.values()) if (file.name !== 'held') found.push(file);
      return found;
    };
    /** How many voxels of a level are not the mean of those below, halves to even. */
    globalThis.wrong = async (level) => {
      const { levels } = viewer.layers.info('one');
      const [below, made] = await Promise.all([level - 1, level].map((level) => viewer.readVoxels('one', levels[level].box, { level })));
      const [width, height, depth] = below.shape;
      const [w, h, d] = made.shape;
      const factors = [0, 1, 2].map((axis) => Math.round(levels[level].voxelSizeNm[axis] / levels[level - 1].voxelSizeNm[axis]));
      let wrong = 0;
      for (let z = 0; z < d; z++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
        let [sum, count] = [0, 0];
        for (let c = z * factors[2]; c < Math.min(depth, (z + 1) * factors[2]); c++)
          for (let b = y * factors[1]; b < Math.min(height, (y + 1) * factors[1]); b++)
            for (let a = x * factors[0]; a < Math.min(width, (x + 1) * factors[0]); a++) [sum, count] = [sum + below.data[a + width * (b + height * c)], count + 1];
        const mean = sum / count;
        const down = Math.floor(mean);
        const rounded = mean - down === 0.5 ? down + (down % 2) : Math.round(mean);
        if (made.data[x + w * (y + h * z)] !== rounded) wrong++;
      }
      return wrong;
    };
  });
  return page;
}

test('levels are made unasked of files, hold means, and are found again at the next visit', async () => {
  const browser = await host.browser.newContext({ viewport: { width: 400, height: 300 } });
  let page = await open(browser);
  const check = watchErrors(page);
  const first = await page.evaluate(async () => {
    await show();
    await until('made');
    const { levels } = viewer.layers.info('one');
    const finest = await viewer.readVoxels('one', { min: [100, 90, 80], max: [103, 92, 82] }, { level: 0 });
    return {
      shapes: levels.map(({ box }) => box.max),
      wrong: [await wrong(1), await wrong(2)],
      finest: finest.data[0] === voxel(100, 90, 80),
      disk: context.usage.diskBytes,
      sizes: (await Promise.all((await kept()).map((file) => file.getFile()))).reduce((sum, file) => sum + file.size, 0),
      states,
    };
  });
  assert.deepEqual(first.shapes, [[320, 288, 200], [160, 144, 100], [80, 72, 50], [40, 36, 25]].slice(0, first.shapes.length));
  assert.ok(first.shapes.length >= 3);
  assert.deepEqual(first.wrong, [0, 0]);
  assert.ok(first.finest);
  assert.ok(first.disk > 0 && Math.abs(first.disk - first.sizes) < 4096, `${first.disk} bytes told, ${first.sizes} there`);
  assert.deepEqual(first.states.filter(Boolean), ['making', 'made']);
  check();
  await page.close();

  page = await open(browser);
  const again = await page.evaluate(async () => {
    await show();
    await until('made');
    const result = { states: states.filter(Boolean), wrong: await wrong(1) };
    await close();
    // A file that was not written to its end is made again.
    const [file] = (await kept()).filter(({ name }) => name.startsWith('0-'));
    const whole = await file.getFile();
    const writer = await file.createWritable();
    await writer.write(whole.slice(0, whole.size - 1));
    await writer.close();
    await show();
    await until('made');
    return { ...result, damaged: states.filter(Boolean), mended: await wrong(1) };
  });
  assert.deepEqual(again, { states: ['made'], wrong: 0, damaged: ['making', 'made'], mended: 0 });
  await browser.close();
});

test('making levels stops when told, needs its budget, and nothing of it stays when the cache is cleared', async () => {
  const browser = await host.browser.newContext({ viewport: { width: 400, height: 300 } });
  const page = await open(browser);
  const got = await page.evaluate(async () => {
    await show({ diskBytes: 1 << 20 });
    await until('offered');
    const refused = await viewer.layers.makeLevels('one').catch((e) => [e.code, e.message]);
    await close();
    await show({ diskBytes: 1 << 30 });
    await until('making');
    viewer.layers.stopLevels('one');
    await until('offered');
    const stopped = (await kept()).length;
    const abort = new AbortController();
    const progress = [];
    const aborted = await viewer.layers.makeLevels('one', { signal: abort.signal, onProgress: (part) => { progress.push(part); abort.abort(); } }).catch((e) => e.name);
    await until('offered');
    const info = await viewer.layers.makeLevels('one');
    const levels = info.levels.length;
    await context.clearCache();
    while (viewer.layers.info('one').levels.length > 1) await viewer.once('layerstatechange', { signal: AbortSignal.timeout(30_000) });
    const end = performance.now() + 30_000;
    while ((await kept()).length > 0 && performance.now() < end) await new Promise((resolve) => requestAnimationFrame(resolve));
    const left = (await kept()).length;
    const block = await viewer.readVoxels('one', { min: [0, 0, 0], max: [2, 2, 2] });
    return { left, refused, stopped, aborted, progress, levels, disk: context.usage.diskBytes, voxel: block.data[1] === voxel(1, 0, 0) };
  });
  assert.equal(got.refused[0], 'storage-full');
  assert.match(got.refused[1], /limits\.diskBytes/);
  assert.equal(got.stopped, 0);
  assert.equal(got.aborted, 'AbortError');
  assert.deepEqual(got.progress, [0]);
  assert.ok(got.levels >= 3);
  assert.equal(got.left, 0);
  assert.equal(got.disk, 0);
  assert.ok(got.voxel);
  await browser.close();
});
