// Sources beside plain addresses: files and folders of this machine, chosen, dropped or by handle; Neuroglancer's links.

import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const PICTURES = process.env.PICTURES ?? path.join(root, 'target/pictures');
const data = path.join(root, 'tests/data');
const PATIENCE = { timeout: 60_000 };

let browser;
let server;
before(async () => {
  await mkdir(PICTURES, { recursive: true });
  [browser, server] = await Promise.all([launch(), serve({ data })]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

/** An empty page with the package as `nl` and a viewer. */
async function open() {
  const page = await browser.newPage({ viewport: { width: 400, height: 300 } });
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><div id="a" style="width:300px;height:200px"></div>' }));
  await page.goto(`${server.url}empty.html`);
  await page.evaluate(async () => {
    globalThis.nl = await import('/npm/index.js');
    globalThis.viewer = await globalThis.nl.createViewer({ container: '#a', layout: 'xy' });
    /** A layer's voxels of the finest level, as a digest. */
    globalThis.digest = async (id) => {
      const block = await viewer.readVoxels(id, viewer.layers.info(id).levels[0].box);
      const hash = await crypto.subtle.digest('SHA-256', block.data);
      return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
    };
    /** The files below a folder of the server's. */
    globalThis.fetchFiles = (names, base) => Promise.all(names.map(async (name) => new File([await (await fetch(base + name)).arrayBuffer()], name)));
  });
  return page;
}

const { cases, arrays } = await import(path.join(data, 'expected.json'), { with: { type: 'json' } }).then(({ default: all }) => all);
const expected = (name) => arrays[cases.find((one) => one.name === name).levels[0].values[0].array].sha256;

test('a folder by handle is read where it is, and a file that is not there is absent', async () => {
  const page = await open();
  const got = await page.evaluate(async (base) => {
    const names = ['.zarray', '.zattrs', ...[0, 1, 2].flatMap((z) => [0, 1, 2].flatMap((y) => [0, 1, 2].map((x) => `${z}.${y}.${x}`)))];
    const top = await navigator.storage.getDirectory();
    const folder = await (await top.getDirectoryHandle('deep', { create: true })).getDirectoryHandle('a volume', { create: true });
    for (const name of names) {
      const response = await fetch(base + name);
      if (!response.ok) continue;
      const file = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await response.body.pipeTo(file);
    }
    await viewer.layers.add({ id: 'local', type: 'image', source: { files: folder } });
    const { source } = viewer.layers.get('local');
    return { hash: await digest('local'), same: source.files === folder, listed: viewer.layers.list()[0].source.files === folder };
  }, `${server.url}data/zarr/v2-gzip/`);
  assert.equal(got.hash, expected('zarr/v2-gzip'));
  assert.ok(got.same && got.listed, 'the layer tells of the source that it was given');
  await page.close();
});

test('an archive is read by ranges from its file, and chosen files are told from those of another page', async () => {
  const page = await open();
  const got = await page.evaluate(async (base) => {
    const [file] = await fetchFiles(['zip64.zip'], `${base}zip/`);
    await viewer.layers.add({ id: 'zip', type: 'image', source: { files: [file] } });
    const hash = await digest('zip');
    const stranger = await viewer.layers.add({ id: 'old', type: 'image', source: 'local://7/volume' }).catch((e) => e);
    const [two] = await fetchFiles(['two-volumes.ozx'], `${base}zip/`);
    await viewer.layers.add({ id: 'inside', type: 'image', source: { files: [two], path: 'b c' } });
    const inside = [await digest('inside'), viewer.layers.get('inside').source.path];
    const none = await viewer.layers.add({ id: 'none', type: 'image', source: { files: [] } }).catch((e) => e);
    const wrong = await viewer.layers.add({ id: 'wrong', type: 'image', source: { files: 5 } }).catch((e) => e);
    const found = await viewer.layers.add({ id: 'other', type: 'image', source: { files: [new File(['x'], 'notes.txt')] } }).catch((e) => e);
    return { hash, inside, stranger: [stranger.code, stranger.message], none: none.code, wrong: wrong.code, found: found.code };
  }, `${server.url}data/`);
  assert.equal(got.hash, expected('zarr/v3-sharded-end-raw'));
  assert.deepEqual(got.inside, [expected('zarr/v3-gzip'), 'b c']);
  assert.equal(got.stranger[0], 'not-found');
  assert.match(got.stranger[1], /^The files of this layer were chosen in another page/);
  assert.deepEqual([got.none, got.wrong, got.found], ['invalid-options', 'invalid-options', 'not-found']);
  await page.close();
});

/** Drops files of this machine onto the page, as the browser's own window would tell of it. */
async function drop(page, files) {
  const cdp = await page.context().newCDPSession(page);
  const event = (type) => cdp.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data: { items: [], files, dragOperationsMask: 1 } });
  await event('dragEnter');
  await event('dragOver');
  await page.getByText('Drop a folder, files or an address').waitFor(PATIENCE);
  await event('drop');
}

test('a folder and an archive are dropped onto the site', async () => {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  await drop(page, [path.join(data, 'precomputed/scales-image')]);
  await drop(page, [path.join(data, 'zip/in-folder.zip')]);
  const hashes = await page.evaluate(async () => {
    const { viewer } = document.querySelector('nl-app');
    for (let i = 0; i < 600 && viewer.layers.list().filter(({ id }) => viewer.layers.info(id).state === 'ready').length < 4; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    const digest = async (id) => {
      const block = await viewer.readVoxels(id, viewer.layers.info(id).levels[0].box);
      return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', block.data)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    };
    const layers = viewer.layers.list().slice(-2);
    return Promise.all(layers.map(async ({ id, type }) => [id, type, await digest(id)]));
  });
  assert.deepEqual(hashes, [
    ['scales-image', 'image', expected('precomputed/scales-image')],
    ['in-folder.zip', 'segmentation', expected('precomputed/cseg-u64')],
  ]);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('files are dropped onto the site, and of a raw one it is asked how it holds its voxels', async () => {
  const page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  await drop(page, [path.join(data, 'files/sform-axes-zxy.nii'), path.join(data, 'files/stack.dm4')]);
  assert.deepEqual((await layersOf(page, 4, -2)).map(([id, , size, hash]) => [id, size, hash]), [
    ['sform-axes-zxy.nii', [2e6, 3e6, 4e6], expected('files/sform-axes-zxy.nii')],
    ['stack.dm4', [2, 2, 30], expected('files/stack.dm4')],
  ]);
  await drop(page, [path.join(data, 'files/raw-uint16-big-endian.raw')]);
  const check = page.getByTestId('raw-check');
  for (const [axis, voxels] of [['x', 7], ['y', 5], ['z', 100]]) await page.getByTestId(`raw-shape-${axis}`).fill(String(voxels));
  // The type is that of the name.
  await check.getByText('The file has 280 bytes, this layout takes 7,000: 6,720 are missing.').waitFor(PATIENCE);
  assert.equal(await page.getByTestId('raw-open').isDisabled(), true);
  await page.screenshot({ path: path.join(PICTURES, 'raw-wrong.png') });
  await page.getByTestId('raw-planes').click();
  await check.getByText('The file has 280 bytes, and this layout takes them all.').waitFor(PATIENCE);
  await page.getByTestId('raw-size-z').fill('40');
  await page.screenshot({ path: path.join(PICTURES, 'raw-right.png') });
  await page.getByTestId('raw-open').click();
  assert.deepEqual((await layersOf(page, 5, -1)).map(([id, , size, hash]) => [id, size, hash]), [['raw-uint16-big-endian.raw', [1, 1, 40], expected('files/raw-uint16-big-endian.raw')]]);
  // By its address, too; and one may say no.
  await page.evaluate(() => dispatchEvent(new CustomEvent('nl-show', { detail: 'open' })));
  await page.getByTestId('open-url').fill(`${server.url}data/files/raw-float32.dat`);
  await page.getByTestId('open-add').click();
  await check.getByText('The file has 573 bytes').waitFor(PATIENCE);
  await page.getByTestId('raw-cancel').click();
  await page.getByTestId('open-add').click();
  await check.getByText('The file has 573 bytes').waitFor(PATIENCE);
  await page.getByTestId('raw-type').selectOption('float32');
  await page.getByTestId('raw-header').fill('13');
  await page.getByTestId('raw-open').click();
  assert.deepEqual((await layersOf(page, 6, -1)).map(([id, type]) => [id, type]), [['raw-float32.dat', 'image']]);
  const link = await page.evaluate(() => document.querySelector('nl-app').viewer.getState().layers.at(-1).source);
  assert.deepEqual(link, { url: `${server.url}data/files/raw-float32.dat`, format: 'raw', voxelSizeNm: [1, 1, 40], raw: { shape: [7, 5, 4], dataType: 'float32', channels: 1, littleEndian: false, headerBytes: 13 } });
  assert.deepEqual(complaints, []);
  await page.close();
});

/** What the site shows, once so many layers are there: names and types; of the last so many, digests of the voxels of the finest level. */
const layersOf = (page, count, read) => page.evaluate(async ([count, read]) => {
  const now = () => document.querySelector('nl-app').viewer;
  const ready = () => now()?.layers.list().filter(({ id }) => now().layers.info(id).state === 'ready').length;
  for (let i = 0; i < 600 && ready() !== count; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  const viewer = now();
  if (read === 0) return viewer.layers.list().map(({ id, type }) => [id, type]);
  return Promise.all(viewer.layers.list().slice(read).map(async ({ id, type }) => {
    const block = await viewer.readVoxels(id, viewer.layers.info(id).levels[0].box);
    const hash = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', block.data)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return [id, type, viewer.layers.info(id).levels[0].voxelSizeNm, hash];
  }));
}, [count, read]);

const DATASET = [
  ['color', 'image', [11.24, 11.24, 28], expected('wkw/dataset/color')],
  ['segmentation', 'segmentation', [11.24, 11.24, 28], expected('wkw/dataset/segmentation')],
  ['moved', 'image', [22.48, 22.48, 28], expected('wkw/dataset/moved')],
];
const rounded = (layers) => layers.map(([id, type, size, hash]) => [id, type, size.map((n) => Math.round(n * 1e6) / 1e6), hash]);

test('a dataset as WEBKNOSSOS describes it opens with all its layers, by its address and as a folder', async () => {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  await page.evaluate(() => dispatchEvent(new CustomEvent('nl-show', { detail: 'open' })));
  await page.getByTestId('open-url').fill(`${server.url}data/wkw/dataset/datasource-properties.json`);
  await page.getByTestId('open-add').click();
  // Beside the two of the sample.
  const last = async (count, ids) => rounded(await layersOf(page, count, ids)).map(([id, ...rest]) => [id.replace(/ \d$/, ''), ...rest]);
  assert.deepEqual(await last(5, -3), DATASET);
  await drop(page, [path.join(data, 'wkw/dataset')]);
  assert.deepEqual(await last(8, -3), DATASET);
  await drop(page, [path.join(root, 'dist/www/sample')]);
  // A folder of several volumes: the precomputed ones and the Zarr beside them.
  const names = (await layersOf(page, 11, 0)).slice(-3).map(([id, type]) => [id.replace(/ \d$/, ''), type]);
  assert.deepEqual(names, [['image', 'image'], ['neuropil.zarr', 'image'], ['segmentation', 'segmentation']]);
  await page.close();
});

const LINK = {
  dimensions: { x: [4e-9, 'm'], y: [4e-9, 'm'], z: [4e-8, 'm'] },
  position: [100, 200.5, 30],
  crossSectionOrientation: [0, 0, 0.7071067811865476, 0.7071067811865476],
  crossSectionScale: 2.5,
  projectionScale: 4096,
  layers: [
    { type: 'image', source: 'precomputed://gs://bucket/em', name: 'em', shaderControls: { normalized: { range: [20, 200] } } },
    { type: 'image', source: { url: 'zarr://s3://bucket/b' }, name: 'em', opacity: 0.3, blend: 'additive', visible: false },
    { type: 'segmentation', source: [{ url: 'https://h/seg|neuroglancer-precomputed:' }, 'precomputed://https://h/meshes'], name: 'cells', segments: ['18446744073709551615', '!5', '7'], colorSeed: 3, segmentColors: { 7: '#ff0000' } },
    { type: 'annotation', source: 'local://annotations', name: 'marks' },
  ],
  layout: { type: 'xy-3d', orthographicProjection: true },
};

test("Neuroglancer's links become views, and views become links that say the same", async () => {
  const page = await open();
  const { at, state, leftOut, back, again, is } = await page.evaluate((link) => {
    const url = `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(JSON.stringify(link))}`;
    const { state, leftOut } = nl.stateFromNeuroglancer(url);
    const whole = { ...state, viewState: { ...viewer.viewState, ...state.viewState } };
    const back = nl.neuroglancerUrl(whole);
    const service = { ...whole, layers: [{ id: 'a', type: 'image', source: { url: 'precomputed://s3://bucket/em', endpoint: 'minio.lab:9000' } }] };
    const at = JSON.parse(decodeURIComponent(nl.neuroglancerUrl(service).split('#!')[1])).layers[0].source;
    return { at, state, leftOut, back, again: nl.stateFromNeuroglancer(back).state, is: [url, back, JSON.stringify(link), viewer.shareUrl(), 'https://h/#!x'].map(nl.isNeuroglancer) };
  }, LINK);
  // By the definitions of Neuroglancer's schema: positions in units, scales in units of the shortest edge, 4 nm.
  assert.deepEqual(state.viewState.position.map((n) => Math.round(n * 1e6) / 1e6), [400, 802, 1200]);
  assert.ok(Math.abs(state.viewState.crossSectionScale - 10) < 1e-9 && Math.abs(state.viewState.projectionScale - 16384) < 1e-9);
  assert.deepEqual(state.viewState.crossSectionOrientation, LINK.crossSectionOrientation);
  assert.equal(state.layout, 'xy-3d');
  assert.deepEqual(state.layers, [
    { type: 'image', id: 'em', source: 'precomputed://gs://bucket/em', visible: true, contrast: [20, 200] },
    { type: 'image', id: 'em 2', source: 'zarr://s3://bucket/b', visible: false, opacity: 0.3, blend: 'additive', contrast: 'auto' },
    { type: 'segmentation', id: 'cells', source: 'https://h/seg|neuroglancer-precomputed:', visible: true, opacity: 0.5, selected: ['18446744073709551615', '7'], hideUnselected: true, colorSeed: 3, colors: { 7: '#ff0000' } },
  ]);
  assert.deepEqual(leftOut, ['The annotation layer "marks" is not shown.']);
  assert.equal(at, 'precomputed://s3+https://minio.lab:9000/bucket/em');
  assert.deepEqual(is, [true, true, true, false, false]);
  assert.ok(back.startsWith('https://neuroglancer-demo.appspot.com/#!'));
  const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.abs(a);
  again.viewState.position.forEach((n, i) => assert.ok(near(n, state.viewState.position[i])));
  assert.ok(near(again.viewState.crossSectionScale, 10) && near(again.viewState.projectionScale, 16384));
  assert.deepEqual(again.layers.map(({ opacity: _, ...layer }) => layer), state.layers.map(({ opacity: _, ...layer }) => layer));
  await page.close();
});

test('links that cannot be read say why, and old ones are read', async () => {
  const page = await open();
  const got = await page.evaluate(() => {
    const codes = ['https://h/', 'https://h/#!gs://b/state.json', 'https://h/#!%7B%22layers%22:', 'https://h/#!%5B%5D'].map((link) => {
      try {
        return nl.stateFromNeuroglancer(link);
      } catch (e) {
        return [e.code, e.message];
      }
    });
    const old = "https://h/#!{'layers':{'image':{'type':'image'_'source':'precomputed://gs://b/a_b'}}_'navigation':{'pose':{'position':{'voxelSize':[8_8_40]_'voxelCoordinates':[10_20_30]}}_'zoomFactor':16}}";
    return { codes, old: nl.stateFromNeuroglancer(old) };
  });
  assert.deepEqual(got.codes.map(([code]) => code), Array(4).fill('bad-data'));
  assert.match(got.codes[1][1], /lies on a server/);
  assert.match(got.codes[2][1], /cut off/);
  assert.deepEqual(got.old.state.viewState, { position: [80, 160, 1200], crossSectionScale: 16 });
  assert.equal(got.old.state.layers[0].source, 'precomputed://gs://b/a_b');
  await page.close();
});

test('a Neuroglancer link is pasted into the site, and opened as its address', async () => {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  const state = JSON.stringify({
    dimensions: { x: [8e-9, 'm'], y: [8e-9, 'm'], z: [8e-9, 'm'] },
    position: [256, 256, 256],
    crossSectionScale: 1,
    layers: [{ type: 'segmentation', source: `${server.url}sample/segmentation/|neuroglancer-precomputed:`, name: 'cells' }],
    layout: 'xy',
  });
  await page.evaluate(() => dispatchEvent(new CustomEvent('nl-show', { detail: 'open' })));
  await page.screenshot({ path: path.join(PICTURES, 'open.png') });
  await page.getByTestId('open-url').fill(`https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(state)}`);
  await page.getByTestId('open-add').click();
  const shown = () => page.evaluate(async () => {
    const viewerNow = () => document.querySelector('nl-app').viewer;
    for (let i = 0; i < 200 && viewerNow()?.layers.list()[0]?.id !== 'cells'; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    const viewer = viewerNow();
    await viewer.idle();
    return { layers: viewer.layers.list().map(({ id, type }) => [id, type]), layout: viewer.layout, position: viewer.viewState.position, scale: viewer.viewState.crossSectionScale };
  });
  const wanted = { layers: [['cells', 'segmentation']], layout: 'xy', position: [2048, 2048, 2048], scale: 8 };
  assert.deepEqual(await shown(), wanted);
  await page.screenshot({ path: path.join(PICTURES, 'neuroglancer-link.png') });
  await page.goto('about:blank');
  await page.goto(`${server.url}#!${encodeURIComponent(state)}`);
  assert.deepEqual(await shown(), wanted);
  await page.close();
});

/** What botocore 1.44.8 (S3SigV4QueryAuth, an hour) makes of the same requests at 2026-01-02T03:04:05Z. */
const SIGNED = [
  {
    source: {
      url: 'precomputed://s3://examplebucket/some folder',
      credentials: { type: 's3', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    },
    url: 'https://examplebucket.s3.amazonaws.com/some%20folder/info?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=1bd7a9e2ad69f443061313d0650c4918b87e8ddf468e43f670d7e27b2c4efd5e',
  },
  {
    source: {
      url: 's3://dotted.bucket/v+1/?region=eu-central-1',
      format: 'precomputed',
      credentials: { type: 's3', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', sessionToken: 'a/token+of=session', requesterPays: true },
    },
    url: 'https://s3.eu-central-1.amazonaws.com/dotted.bucket/v%2B1/info?x-amz-request-payer=requester&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=a%2Ftoken%2Bof%3Dsession&X-Amz-Signature=f7c0a80b774209b37c5389aaea94f9c827bb937f6a2e9ea2bfa07f8a9670c966',
  },
];

test('credentials sign requests, and stand in nothing that leaves the page', async () => {
  const page = await open();
  const asked = [];
  await page.context().route(/amazonaws\.com/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' } });
  });
  const bearers = [];
  await page.context().route('**/data/precomputed/raw-uint8/**', (route) => {
    bearers.push(route.request().headers()['authorization']);
    return route.continue();
  });
  const got = await page.evaluate(async ([sources, base]) => {
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) {
        super(...(given.length > 0 ? given : [Real.UTC(2026, 0, 2, 3, 4, 5)]));
      }
    };
    const errors = [];
    for (const [i, source] of sources.entries()) errors.push(await viewer.layers.add({ id: `s3 ${i}`, type: 'image', source }).catch((e) => e));
    await viewer.layers.add({ id: 'bearer', type: 'image', source: { url: `${base}raw-uint8`, credentials: { type: 'bearer', token: 'secret-token' } } });
    // A saved state has no credentials: in this page those that were given for the same address hold.
    await viewer.setState(viewer.getState());
    const hash = await digest('bearer');
    const wrong = await viewer.layers.add({ id: 'x', type: 'image', source: { url: 's3://b/k', credentials: { type: 's3', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' } } }).catch((e) => e);
    return {
      codes: errors.map((e) => e.code),
      hash,
      wrong: [wrong.code, wrong.message],
      given: viewer.layers.list().map(({ source }) => source),
      public: [JSON.stringify(viewer.getState()), viewer.shareUrl(), ...errors.map((e) => JSON.stringify([e.message, e.detail, e.remedy]))].join('\n'),
    };
  }, [SIGNED.map(({ source }) => source), `${server.url}data/precomputed/`]);
  const sorted = (url) => [new URL(url).origin + new URL(url).pathname, ...[...new URL(url).searchParams].map(String).sort()];
  assert.deepEqual(asked.map(sorted), SIGNED.map(({ url }) => sorted(url)));
  assert.deepEqual(got.codes, ['not-found', 'not-found']);
  assert.equal(got.hash, expected('precomputed/raw-uint8'));
  assert.ok(bearers.length > 1 && bearers.every((header) => header === 'Bearer secret-token'), String(bearers));
  assert.deepEqual(got.wrong, ['invalid-options', 'The credentials of layer "x" need secretAccessKey, a text.']);
  assert.deepEqual(got.given.map((source) => source.credentials), [...SIGNED.map(({ source }) => source.credentials), { type: 'bearer', token: 'secret-token' }]);
  assert.equal(got.given[1].url, SIGNED[1].source.url);
  for (const secret of ['wJalr', 'a/token', 'secret-token', 'X-Amz', 'nl-credentials']) assert.ok(!got.public.includes(secret), secret);
  await page.close();
});

const block = ([name, type, , hash]) => [name, type, hash];
const SLICES = [0, 1, 2, 3, 4].map((z) => path.join(data, `images/png-16/slice_${z}.png`));

test('images are slices of one volume: listed, by handle or as an address that counts, and their names stay out of links', async () => {
  const page = await open();
  const got = await page.evaluate(async (base) => {
    const names = [4, 0, 3, 1, 2].map((z) => `slice_${z}.png`);
    const files = await fetchFiles(names, base);
    await viewer.layers.add({ id: 'listed', type: 'image', source: { files, format: 'images', voxelSizeNm: [4, 4, 40] } });
    const info = viewer.layers.info('listed');
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('slices', { create: true });
    for (const file of files) await file.stream().pipeTo(await (await folder.getFileHandle(file.name, { create: true })).createWritable());
    await viewer.layers.add({ id: 'handle', type: 'image', source: { files: folder, format: 'images', images: names.toSorted() } });
    await viewer.layers.add({ id: 'address', type: 'image', source: `${base}slice_{0..4}.png` });
    const [tiff] = await fetchFiles(['ome-tzcyx.ome.tif'], base.replace('images/png-16', 'tiff'));
    await viewer.layers.add({ id: 'tiff', type: 'image', source: { files: [tiff] } });
    return { hashes: [await digest('listed'), await digest('handle'), await digest('address'), await digest('tiff')], size: info.levels[0].voxelSizeNm, state: JSON.stringify(viewer.getState()) };
  }, `${server.url}data/images/png-16/`);
  const hash = expected('images/png-16');
  assert.deepEqual(got.hashes, [hash, hash, hash, expected('tiff/ome-tzcyx.ome.tif')]);
  assert.deepEqual(got.size, [4, 4, 40]);
  assert.doesNotMatch(got.state, /slice_0/);
  await page.close();
});

test('images are dropped onto the site as files, as a folder and as folders in a folder; TIFF files are volumes of their own', async (t) => {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  await drop(page, [...SLICES].reverse());
  assert.deepEqual((await layersOf(page, 3, -1)).map(block), [['slice', 'image', expected('images/png-16')]]);
  await drop(page, [path.join(data, 'images/jpeg-grey')]);
  assert.equal((await layersOf(page, 4, -1))[0][0], 'jpeg-grey');
  await drop(page, [path.join(data, 'tiff/stack-regular.tif'), path.join(data, 'tiff/imagej-hyperstack.tif')]);
  assert.deepEqual((await layersOf(page, 6, -2)).map(block), [
    ['imagej-hyperstack.tif', 'image', expected('tiff/imagej-hyperstack.tif')],
    ['stack-regular.tif', 'image', expected('tiff/stack-regular.tif')],
  ]);
  const folder = await mkdtemp(path.join(tmpdir(), 'volumes-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const name of ['png-16', 'tiff']) await cp(path.join(data, 'images', name), path.join(folder, name), { recursive: true });
  await drop(page, [folder]);
  assert.deepEqual((await layersOf(page, 8, -2)).map(block), [['png-16', 'image', expected('images/png-16')], ['tiff', 'image', expected('images/tiff')]]);
  await page.screenshot({ path: path.join(PICTURES, 'images-dropped.png') });
  assert.deepEqual(complaints, []);
  await page.close();
});

test('images are chosen in a box for files, and a folder of them in one for folders that are listed', async () => {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  await page.addInitScript(() => delete globalThis.showDirectoryPicker);
  await page.goto(server.url);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  const choose = async (button, files) => {
    await page.evaluate(() => dispatchEvent(new CustomEvent('nl-show', { detail: 'open' })));
    await page.screenshot({ path: path.join(PICTURES, 'open-files.png') });
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByTestId(button).click()]);
    await chooser.setFiles(files);
  };
  await choose('open-files', SLICES);
  assert.deepEqual((await layersOf(page, 3, -1)).map(block), [['slice', 'image', expected('images/png-16')]]);
  await choose('open-files', [path.join(data, 'tiff/palette.tif')]);
  assert.deepEqual((await layersOf(page, 4, -1)).map(block), [['palette.tif', 'image', expected('tiff/palette.tif')]]);
  await choose('open-folder', path.join(data, 'images/tiff'));
  assert.deepEqual((await layersOf(page, 5, -1)).map(block), [['tiff', 'image', expected('images/tiff')]]);
  await page.close();
});
