// A dataset as a whole: its description in WEBKNOSSOS's form, its settings, the library, and axes beside space.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const PICTURES = process.env.PICTURES ?? path.join(root, 'target/pictures');
const PATIENCE = { timeout: 60_000 };
const data = path.join(root, 'tests/data');

let browser;
let server;
/** As WEBKNOSSOS's own library writes it (tests/oracle/datasource.py). */
let written;
before(async () => {
  await mkdir(PICTURES, { recursive: true });
  written = await readFile(path.join(data, 'datasource/by-webknossos.json'), 'utf8');
  [browser, server] = await Promise.all([launch(), serve({ data })]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

const { cases, arrays } = JSON.parse(await readFile(path.join(data, 'expected.json'), 'utf8'));
const caseOf = (name) => cases.find((one) => one.name === name);
const expected = (name) => arrays[caseOf(name).levels[0].values[0].array].sha256;

/** An empty page with the package as `nl` and a viewer. */
async function open() {
  const page = await browser.newPage({ viewport: { width: 400, height: 300 } });
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><div id="a" style="width:300px;height:200px"></div>' }));
  await page.context().route(/data\.example/, (route) => route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' } }));
  await page.goto(`${server.url}empty.html`);
  await page.evaluate(async () => {
    globalThis.nl = await import('/npm/index.js');
    globalThis.viewer = await globalThis.nl.createViewer({ container: '#a', layout: 'xy' });
    globalThis.digest = async (id) => {
      const block = await viewer.readVoxels(id, viewer.layers.info(id).levels[0].box);
      return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', block.data)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    };
    globalThis.ready = async () => {
      while (viewer.layers.list().some(({ id }) => viewer.layers.info(id).state === 'loading')) await viewer.once('layerstatechange');
      return viewer.layers.list().map(({ id }) => viewer.layers.info(id).error?.message ?? 'ready');
    };
  });
  return page;
}

const rounded = (value) => JSON.parse(JSON.stringify(value), (_, n) => (typeof n === 'number' ? Math.round(n * 1e6) / 1e6 : n));

test("a description that WEBKNOSSOS's library wrote is shown as it says, and written back as it was", async () => {
  const page = await open();
  const got = await page.evaluate(async (text) => {
    const { name, state, leftOut } = nl.stateFromDatasource(nl.parseDatasource(text), 'https://data.example/ds');
    await viewer.setState(state);
    await ready();
    const layers = viewer.layers.list().map(({ selected: _, ...layer }) => layer);
    const back = viewer.layers.datasource();
    await viewer.setState(JSON.parse(JSON.stringify(viewer.getState())));
    const link = nl.stateFromUrl(viewer.shareUrl());
    return { name, leftOut, layers, view: viewer.viewState, back, again: viewer.layers.datasource(), linked: link.dataset };
  }, written);
  const json = JSON.parse(written);
  assert.equal(got.name, 'described');
  assert.deepEqual(got.leftOut, ['The transformation of "warped" is not taken over.']);
  assert.deepEqual(got.back, json);
  assert.deepEqual(got.again, json, 'a state keeps it');
  assert.deepEqual(got.linked, json, 'and so does a link');
  // By the definitions: a voxel is 11.24 × 11.24 × 28 nm, and whole numbers name voxels.
  const [em, warped, cells] = rounded(got.layers);
  assert.deepEqual(em, {
    id: 'em', type: 'image', opacity: 0.75, contrast: [20, 200], color: '#ff8000', invert: true, interpolation: 'nearest',
    transform: [0, -1, 0, 337.2, 1, 0, 0, -44.96, 0, 0, 2, 168], source: { url: 'https://data.example/ds/em', format: 'wkw' },
  });
  assert.deepEqual(warped.source, { url: 'https://data.example/warped', voxelSizeNm: [11.24, 11.24, 28] });
  assert.deepEqual([cells.type, cells.visible, cells.opacity, cells.source], ['segmentation', false, 0.3, { url: 'https://data.example/cells', format: 'precomputed', voxelSizeNm: [22.48, 22.48, 56] }]);
  assert.deepEqual(rounded(got.view.position), [185.46, 140.5, 266]);
  assert.equal(rounded(got.view.crossSectionScale), 28.1);
  // WEBKNOSSOS's flycam turned by (30°, 40°, 50°): its matrices multiplied by NumPy, relative to where it begins.
  assert.deepEqual(rounded(got.view.crossSectionOrientation), [0.360042, 0.196628, -0.463827, 0.785221]);
  await page.close();
});

test('layers of several sources are one description, which opens them all again', async () => {
  const page = await open();
  const names = { a: 'precomputed/raw-uint8', b: 'ome/0.5-levels', c: 'zarr/v2-gzip', d: 'n5/gzip-2d-group' };
  for (const [id, name] of Object.entries(names)) if (!caseOf(name)) delete names[id];
  assert.ok(Object.keys(names).length >= 3);
  const got = await page.evaluate(async ([names, base]) => {
    for (const [id, name] of Object.entries(names)) await viewer.layers.add({ id, type: 'image', source: `${base}${name}` });
    await viewer.layers.add({ id: 'far', type: 'image', source: `${base}${names.a}`, transform: [1, 0, 0, 100, 0, 1, 0, 0, 0, 0, 1, 0], color: '#00ff00', contrast: [3, 90] });
    const sizes = Object.fromEntries(viewer.layers.list().map(({ id }) => [id, viewer.layers.info(id).levels.map(({ voxelSizeNm }) => voxelSizeNm)]));
    viewer.layers.update('b', { interpolation: 'nearest', blend: 'additive' });
    await viewer.setViewState({ position: [83.5, 41, 130], crossSectionScale: 3.5, crossSectionOrientation: [0.5, -0.1, 0.7, 0.5] });
    const view = viewer.viewState;
    const json = viewer.layers.datasource({ view: 'current' });
    viewer.layers.list().forEach(({ id }) => viewer.layers.remove(id));
    const empty = viewer.layers.datasource().dataLayers;
    await viewer.setState(nl.stateFromDatasource(JSON.parse(JSON.stringify(json)), 'https://elsewhere.example/').state);
    const states = await ready();
    const hashes = Object.fromEntries(await Promise.all(viewer.layers.list().map(async ({ id }) => [id, await digest(id)])));
    const again = Object.fromEntries(viewer.layers.list().map(({ id }) => [id, viewer.layers.info(id).levels.map(({ voxelSizeNm }) => voxelSizeNm)]));
    return { json, empty, states, hashes, sizes, again, view, seen: viewer.viewState, far: viewer.layers.get('far'), b: viewer.layers.get('b') };
  }, [names, `${server.url}data/`]);
  assert.deepEqual(got.empty, []);
  assert.ok(got.states.every((state) => state === 'ready'), String(got.states));
  for (const [id, name] of Object.entries(names)) {
    assert.equal(got.hashes[id], expected(name), name);
    const layer = got.json.dataLayers.find((one) => one.name === id);
    const { min, max } = caseOf(name).levels[0].box;
    const { topLeft, width, height, depth } = layer.boundingBox;
    const mag = layer.mags[0].mag;
    assert.deepEqual([topLeft, [width, height, depth]], [min.map((n, i) => n * mag[i]), max.map((n, i) => (n - min[i]) * mag[i])], name);
    assert.ok(layer.mags.every((one) => one.path.startsWith(`${server.url}data/${name}`)), JSON.stringify(layer.mags));
    assert.equal(layer.elementClass, caseOf(name).dataType);
  }
  assert.equal(got.json.dataLayers[1].dataFormat, 'zarr3');
  assert.equal(got.json.dataLayers[2].dataFormat, 'zarr');
  assert.deepEqual(rounded(got.far.transform), [1, 0, 0, 100, 0, 1, 0, 0, 0, 0, 1, 0]);
  assert.deepEqual(got.again, got.sizes);
  // A default view names a voxel, and thousandths of degrees.
  const finest = got.json.scale.factor;
  got.seen.position.forEach((n, i) => assert.ok(Math.abs(n - got.view.position[i]) <= finest[i] / 2 + 1e-9));
  assert.equal(rounded(got.seen.crossSectionScale), 3.5);
  const [p, q] = [got.seen.crossSectionOrientation, got.view.crossSectionOrientation];
  assert.ok(Math.abs(p.reduce((sum, n, i) => sum + n * q[i], 0)) > 1 - 1e-9, `${p} is not ${q}`);
  assert.deepEqual([got.b.interpolation, got.b.blend, got.far.interpolation], ['nearest', 'additive', 'linear']);
  assert.deepEqual([got.far.color, got.far.contrast], ['#00ff00', [3, 90]]);
  await page.close();
});

test('what differs is applied, the rest stays, and what cannot be says which member', async () => {
  const page = await open();
  const got = await page.evaluate(async (base) => {
    await viewer.layers.add({ id: 'a', type: 'image', source: `${base}precomputed/raw-uint8`, contrast: [5, 50] });
    await viewer.layers.add({ id: 'b', type: 'segmentation', source: `${base}precomputed/cseg-u64`, selected: [3n] });
    await viewer.layers.readDatasource(`${base}precomputed`).then((found) => (globalThis.none = found));
    const requests = () => performance.getEntriesByType('resource').length;
    const json = viewer.layers.datasource();
    const edited = structuredClone(json);
    edited.neurolume = { displayName: 'Cortex' };
    edited.unknown = { kept: [1, { deep: true }] };
    edited.dataLayers[0].name = 'em';
    edited.dataLayers[1].largestSegmentId = 77;
    edited.dataLayers[1].defaultViewConfiguration = { alpha: 10 };
    viewer.layers.applyDatasource(edited);
    await ready();
    const named = { layers: viewer.layers.list().map(({ id, contrast, opacity, selected }) => [id, contrast, opacity, selected?.map(String)]), json: viewer.layers.datasource() };
    const bigger = structuredClone(viewer.layers.datasource());
    bigger.scale = { factor: [1, 1, 1], unit: 'micrometer' };
    viewer.layers.applyDatasource(bigger);
    await ready();
    const sizes = viewer.layers.list().map(({ id }) => viewer.layers.info(id).levels[0].voxelSizeNm);
    const hash = await digest('em');
    const errors = [{}, { dataLayers: [] }, { ...bigger, scale: { factor: [1, 1, 1], unit: 'furlong' } }, { ...bigger, dataLayers: [...bigger.dataLayers, bigger.dataLayers[0]] }, { ...bigger, dataLayers: [{ name: 'new', category: 'color', dataFormat: 'wkw' }] }].map((wrong) => {
      try {
        viewer.layers.applyDatasource(wrong);
      } catch (e) {
        return [e.code, e.message];
      }
    });
    const stays = viewer.layers.list().map(({ id }) => id);
    const lines = ['{\n"a": 1,\n"b" 2}', '[1]', '{"id": 18446744073709551615, "s": "12345678901234567890", "x": 1.5}'].map((text) => {
      try {
        return nl.parseDatasource(text);
      } catch (e) {
        return e.message;
      }
    });
    const finest = Math.min(...json.scale.factor);
    return { named, sizes, hash, errors, stays, lines, finest, none: globalThis.none === undefined };
  }, `${server.url}data/`);
  assert.ok(got.none, 'a folder without a description has none');
  assert.deepEqual(got.named.layers, [['em', [5, 50], undefined, undefined], ['b', undefined, 0.1, ['3']]]);
  assert.deepEqual(got.named.json.unknown, { kept: [1, { deep: true }] });
  assert.equal(got.named.json.dataLayers[1].largestSegmentId, 77);
  assert.deepEqual(got.sizes[0], [1000, 1000, 1000]);
  assert.equal(got.hash, expected('precomputed/raw-uint8'));
  assert.ok(got.errors.every(([code]) => code === 'bad-metadata'), JSON.stringify(got.errors));
  assert.match(got.errors[0][1], /dataLayers is no list/);
  assert.match(got.errors[2][1], /scale is neither .* a known unit/);
  assert.match(got.errors[3][1], /two of dataLayers are called "em"/);
  assert.match(got.errors[4][1], /the layer "new" has no level with the path/);
  assert.deepEqual(got.stays, ['em', 'b']);
  assert.match(got.lines[0], /line 3/);
  assert.match(got.lines[1], /it is no object/);
  assert.deepEqual(got.lines[2], { id: { customJsonEncoding: 'bigint', value: '18446744073709551615' }, s: '12345678901234567890', x: 1.5 });
  await page.close();
});

test('a described dataset in a bucket or behind credentials is opened whole', async () => {
  const page = await open();
  const asked = [];
  await page.context().route('https://storage.googleapis.com/**', async (route) => {
    const inside = decodeURIComponent(/\/bucket\/(?:o\/)?(.*)$/.exec(new URL(route.request().url()).pathname)[1]);
    const response = await fetch(`${server.url}data/${inside}`, { headers: route.request().headers().range ? { range: route.request().headers().range } : {} });
    await route.fulfill({ status: response.status, headers: { 'access-control-allow-origin': '*', 'content-range': response.headers.get('content-range') ?? '' }, body: Buffer.from(await response.arrayBuffer()) });
  });
  await page.context().route('**/data/wkw/dataset/**', (route) => {
    asked.push(route.request().headers()['authorization']);
    return route.continue();
  });
  const got = await page.evaluate(async (base) => {
    const show = async (source) => {
      const found = await viewer.layers.readDatasource(source);
      await viewer.setState(found.state);
      const states = await ready();
      return { states, hashes: await Promise.all(viewer.layers.list().map(({ id }) => digest(id))), urls: viewer.layers.list().map(({ source }) => source.url), name: found.name };
    };
    const bucket = await show('gs://bucket/wkw/dataset');
    const token = await show({ url: `${base}wkw/dataset`, credentials: { type: 'bearer', token: 'secret-token' } });
    return { bucket, token, told: JSON.stringify([viewer.getState(), viewer.layers.datasource(), viewer.shareUrl()]) };
  }, `${server.url}data/`);
  const hashes = ['color', 'segmentation', 'moved'].map((name) => expected(`wkw/dataset/${name}`));
  assert.deepEqual(got.bucket.hashes, hashes, String(got.bucket.states));
  assert.deepEqual(got.bucket.urls, ['color', 'segmentation', 'moved'].map((name) => `gs://bucket/wkw/dataset/${name}`));
  assert.deepEqual([got.token.hashes, got.token.name], [hashes, 'dataset']);
  assert.ok(asked.length > 3 && asked.every((header) => header === 'Bearer secret-token'), String(asked));
  assert.ok(!got.told.includes('secret') && !got.told.includes('nl-credentials'));
  await page.close();
});

// ---- the site -----------------------------------------------------------------------------------------------------------

async function site({ size = [1280, 800], colorScheme = 'dark', hash = '', context } = {}) {
  const own = context ?? (await browser.newContext({ viewport: { width: size[0], height: size[1] }, reducedMotion: 'reduce', colorScheme }));
  const page = await own.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && !message.text().startsWith('Failed to load resource') && complaints.push(message.text()));
  await page.goto(server.url + hash);
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  return { page, context: own, errors: () => complaints };
}

const viewer = (page, fn, arg) => page.evaluate(([source, a]) => new Function('v', 'a', `return (${source})(v, a)`)(document.querySelector('nl-app').viewer, a), [fn.toString(), arg]);
const picture = (page, name) => page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
const violations = async (page) => {
  await page.addScriptTag({ path: path.join(root, 'node_modules/axe-core/axe.min.js') });
  return (await page.evaluate(() => globalThis.axe.run())).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.flat().join(' ')).join('; ')}`);
};

test('settings are seen at once, taken back by Cancel, and hold as JSON', async () => {
  const { page, context, errors } = await site();
  const before = await viewer(page, (v) => v.getState());
  const image = before.layers.find((layer) => layer.type === 'image').id;
  const field = (name) => page.getByTestId(`settings-${name}`);
  await page.keyboard.press('Control+,');
  await field('display-name').fill('A neuropil');
  await field('display-name').press('Tab');
  await page.getByTestId('dataset-name').getByText('A neuropil').waitFor();
  await field('description').fill('# Sample\n\n**Made** by `xtask`, see [the site](https://example.org/a_(b)) or [this](javascript:alert(1)).\n\n- one\n- <img src=x onerror="globalThis.hacked = true"><script>globalThis.hacked = true</script>');
  await field('description').press('Tab');
  await field('preview').click();
  const preview = field('description-preview');
  assert.equal(await preview.locator('a').count(), 1);
  assert.equal(await preview.locator('a').getAttribute('href'), 'https://example.org/a_(b)');
  assert.equal(await preview.locator('img, script').count(), 0);
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  await field('scale-x').fill('7');
  await field('scale-x').press('Enter');
  await page.waitForFunction((id) => document.querySelector('nl-app').viewer.layers.info(id)?.levels[0]?.voxelSizeNm[0] === 7, image, PATIENCE);
  await field('scale-y').fill('-3');
  await field('scale-y').press('Enter');
  await field('problem').getByText('scale is neither').waitFor();
  await picture(page, 'settings-dark');
  assert.deepEqual(await violations(page), []);
  await field('cancel').click();
  await page.waitForFunction((id) => document.querySelector('nl-app').viewer.layers.info(id)?.levels[0]?.voxelSizeNm[0] !== 7, image, PATIENCE);
  const { layers, dataset } = await viewer(page, (v) => v.getState());
  assert.deepEqual([layers, dataset], [before.layers, before.dataset]);

  await page.getByTestId('dataset-settings').click();
  await field('tab-json').click();
  const text = await field('json').inputValue();
  await field('json').fill(text.replace('"version": 1,', '"version" 1,'));
  await field('json-apply').click();
  const line = text.split('\n').findIndex((one) => one.includes('"version": 1,')) + 1;
  await field('problem').getByText(`line ${line}`).waitFor();
  await picture(page, 'settings-json');
  const json = JSON.parse(text);
  json.dataLayers.find(({ name }) => name === image).name = 'renamed';
  await field('json').fill(JSON.stringify(json));
  await field('json').press('Control+Enter');
  await page.getByTestId('layer-renamed').waitFor();
  await field('save-view').click();
  const [download] = await Promise.all([page.waitForEvent('download'), field('download').click()]);
  assert.equal(download.suggestedFilename(), 'datasource-properties.json');
  await download.saveAs(path.join(PICTURES, 'datasource-properties.json'));
  const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
  const { position, crossSectionScale } = await viewer(page, (v) => v.viewState);
  const size = saved.scale.factor;
  assert.deepEqual(saved.defaultViewConfiguration.position, position.map((n, i) => Math.floor(n / size[i])));
  assert.ok(Math.abs(saved.defaultViewConfiguration.zoom - crossSectionScale / Math.min(...size)) < 1e-9);
  assert.deepEqual(saved.defaultViewConfiguration.rotation, [0, 0, 0]);
  await field('done').click();

  // What was downloaded is a dataset to open.
  await viewer(page, (v) => v.layers.list().forEach(({ id }) => v.layers.remove(id)));
  await page.evaluate((text) => dispatchEvent(new CustomEvent('nl-open-local', { detail: [{ name: 'a.json', files: [new File([text], 'a.json')] }] })), JSON.stringify(saved));
  await page.getByTestId('layer-renamed').waitFor();
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);

  // The address has it all.
  await page.waitForFunction(() => location.hash.includes('renamed'));
  const again = await site({ context, hash: new URL(page.url()).hash });
  assert.deepEqual(await viewer(again.page, (v) => v.layers.datasource()), await viewer(page, (v) => v.layers.datasource()));
  assert.deepEqual([...errors(), ...again.errors()], []);
  await context.close();
});

test('settings fit a small window in light', async () => {
  const { page, context } = await site({ size: [800, 600], colorScheme: 'light' });
  await page.getByTestId('dataset-settings').click();
  await picture(page, 'settings-light');
  const segmentation = await viewer(page, (v) => v.layers.list().find((l) => l.type === 'segmentation').id);
  await page.getByTestId(`settings-transform-add-${segmentation}`).click();
  await page.getByTestId(`settings-transform-${segmentation}-03`).fill('10');
  await page.getByTestId(`settings-transform-${segmentation}-03`).press('Enter');
  const size = await viewer(page, (v) => v.layers.datasource().scale.factor[0]);
  const transform = await viewer(page, (v, id) => v.layers.get(id).transform, segmentation);
  assert.deepEqual(rounded(transform), [1, 0, 0, rounded(10 * size), 0, 1, 0, 0, 0, 0, 1, 0]);
  await page.getByTestId(`settings-largest-${segmentation}`).fill('18446744073709551615');
  await page.getByTestId(`settings-largest-${segmentation}`).press('Enter');
  assert.deepEqual(await viewer(page, (v, id) => v.layers.datasource().dataLayers.find(({ name }) => name === id).largestSegmentId, segmentation), { customJsonEncoding: 'bigint', value: '18446744073709551615' });
  await picture(page, 'settings-light-layers');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  assert.equal(await viewer(page, (v, id) => v.layers.get(id).transform, segmentation), undefined);
  await context.close();
});

test('a described dataset is opened by its address, and its settings follow', async () => {
  const { page, context, errors } = await site({ size: [800, 600], colorScheme: 'light' });
  await viewer(page, (v) => v.layers.list().forEach(({ id }) => v.layers.remove(id)));
  await page.getByTestId('dataset-name').click();
  await page.getByTestId('open-url').fill(`${server.url}data/wkw/dataset`);
  await page.getByTestId('open-review').check();
  await picture(page, 'open-light');
  await page.getByTestId('open-add').click();
  await page.getByTestId('settings-layer-color').waitFor(PATIENCE);
  await page.getByTestId('dataset-name').getByText('dataset').waitFor();
  assert.equal(await page.getByTestId('settings-unit').inputValue(), 'micrometer');
  assert.equal(await page.getByTestId('settings-scale-z').inputValue(), '0.028');
  assert.equal(await page.getByTestId('settings-largest-segmentation').inputValue(), '18446744073709551615');
  await picture(page, 'settings-described');
  await page.keyboard.press('Escape');
  assert.deepEqual(errors(), []);
  await context.close();
});

test('the library keeps datasets, finds them, and gives back what was removed', async () => {
  const { page, context, errors } = await site();
  const library = (name) => page.getByTestId(`library-${name}`);
  const show = () => page.getByTestId('dataset-name').click();
  await show();
  for (const [name, folder, tags] of [['Cortex', 'mouse / V1', 'em, 2024'], ['Larva', 'fly', 'em']]) {
    await library('keep').click();
    await library('name').fill(name);
    await library('folder').fill(folder);
    await library('tags').fill(tags);
    await library('tags').press('Enter');
    await library(`open-${name}`).waitFor();
  }
  await picture(page, 'library-dark');
  assert.deepEqual(await violations(page), []);
  await library('search').fill('#2024');
  await library('open-Larva').waitFor({ state: 'detached' });
  await library('search').press('ArrowDown');
  await page.keyboard.press('F2');
  await library('name').fill('Visual cortex');
  await library('name').press('Enter');
  await library('open-Visual cortex').waitFor();
  await page.keyboard.press('Delete');
  await library('open-Visual cortex').waitFor({ state: 'detached' });
  await library('undo').click();
  await library('open-Visual cortex').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), library('export').click()]);
  const file = await readFile(await download.path(), 'utf8');
  assert.deepEqual(JSON.parse(file).datasets.map(({ name, folder, tags }) => [name, folder, tags]), [['Larva', 'fly', ['em']], ['Visual cortex', 'mouse/V1', ['em', '2024']]]);

  const choose = async (text) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), library('import').click()]);
    await chooser.setFiles({ name: 'library.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  };
  await choose('{"type": "shopping list"}');
  await library('problem').getByText('its type is "shopping list"').waitFor();
  // What another has put into the file, credentials too, is not believed.
  const more = JSON.parse(file);
  more.datasets = [{ ...more.datasets[0], id: 'x', name: 'Given', state: { ...more.datasets[0].state, layers: more.datasets[0].state.layers.map((layer) => ({ ...layer, source: { url: layer.source.url ?? layer.source, credentials: { type: 'bearer', token: 'secret' } } })) } }];
  await choose(JSON.stringify(more));
  await library('search').fill('');
  await library('open-Given').waitFor();
  const kept = await page.evaluate(() => new Promise((resolve) => {
    const opening = indexedDB.open('neurolume-library');
    opening.onsuccess = () => (opening.result.transaction('datasets').objectStore('datasets').getAll().onsuccess = (e) => resolve(JSON.stringify(e.target.result)));
  }));
  assert.ok(kept.includes('Given') && !kept.includes('secret'));

  await page.reload();
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  await viewer(page, (v) => v.layers.list().forEach(({ id }) => v.layers.remove(id)));
  await show();
  await picture(page, 'library-empty-viewer');
  await library('open-Larva').click();
  await page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
  assert.equal(await viewer(page, (v) => v.layers.list().length), 2);
  assert.deepEqual(errors(), []);
  await context.close();
});

test('a source that has changed since it was kept shows how, and one chooses', async () => {
  const { page, context, errors } = await site();
  const source = `${server.url}data/precomputed/raw-uint8`;
  let factor = 1;
  await context.route('**/data/precomputed/raw-uint8/info', async (route) => {
    const info = await (await route.fetch()).json();
    for (const scale of info.scales) scale.resolution = scale.resolution.map((n) => n * factor);
    await route.fulfill({ json: info });
  });
  const was = caseOf('precomputed/raw-uint8').levels[0].voxelSizeNm;
  const open = async () => {
    await page.getByTestId('dataset-name').click();
    await page.getByTestId('library-open-volume').click();
  };
  const empty = () => viewer(page, (v) => v.layers.list().forEach(({ id }) => v.layers.remove(id)));
  const size = () => viewer(page, (v) => v.layers.info('volume').levels[0].voxelSizeNm);
  await empty();
  await viewer(page, (v, url) => v.layers.add({ id: 'volume', type: 'image', source: url }), source);
  await page.getByTestId('dataset-name').click();
  await page.getByTestId('library-keep').click();
  await page.getByTestId('library-name').fill('volume');
  await page.getByTestId('library-name').press('Enter');
  await page.getByTestId('library-open-volume').waitFor();
  await page.keyboard.press('Escape');

  factor = 2;
  await empty();
  await open();
  await page.getByTestId('source-change').getByText(`${was.map((n) => 2 * n).join(' × ')}`).waitFor(PATIENCE);
  await picture(page, 'source-change');
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('source-change-keep').click();
  await page.waitForFunction((n) => document.querySelector('nl-app').viewer.layers.info('volume')?.levels[0]?.voxelSizeNm[0] === n, was[0], PATIENCE);
  await empty();
  await open();
  await page.waitForFunction((n) => document.querySelector('nl-app').viewer.layers.info('volume')?.levels[0]?.voxelSizeNm[0] === n, was[0], PATIENCE);

  factor = 3;
  await empty();
  await viewer(page, (v, url) => v.layers.add({ id: 'volume', type: 'image', source: url }), source);
  await page.getByTestId('dataset-name').click();
  await page.getByTestId('library-keep').click();
  await page.getByTestId('library-name').fill('other');
  await page.getByTestId('library-name').press('Enter');
  await page.getByTestId('library-open-other').waitFor();
  await page.keyboard.press('Escape');
  factor = 1;
  await empty();
  await page.getByTestId('dataset-name').click();
  await page.getByTestId('library-open-other').click();
  await page.getByTestId('source-change-take').click(PATIENCE);
  await page.getByTestId('source-change').waitFor({ state: 'hidden' });
  assert.deepEqual(await size(), was);
  await empty();
  await page.getByTestId('dataset-name').click();
  await page.getByTestId('library-open-other').click();
  await page.waitForFunction(() => document.querySelector('nl-app').viewer.layers.info('volume')?.state === 'ready', undefined, PATIENCE);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  assert.ok(await page.getByTestId('source-change').isHidden(), 'what was taken is not asked again');
  assert.deepEqual(errors(), []);
  await context.close();
});

test('time has a slider with its unit, and channels their names and colours', async () => {
  const { page, context, errors } = await site();
  await context.route('**/data/ome/0.4-time/.zattrs', async (route) => {
    const attributes = await (await route.fetch()).json();
    attributes.omero = { channels: [{ label: 'DAPI', color: '0000FF' }, { label: 'EM', color: 'FFFFFF' }] };
    await route.fulfill({ json: attributes });
  });
  await viewer(page, (v, url) => v.layers.add({ id: 'movie', type: 'image', source: url }), `${server.url}data/ome/0.4-time`);
  const { size } = caseOf('ome/0.4-time').otherAxes[0];
  const value = page.getByTestId('axis-value-t');
  await value.getByText(`0 of 0–${size - 1} · 0 s`).waitFor();
  await page.getByTestId('axis-on-t').click();
  // Half a second from one to the next, as the metadata say.
  await value.getByText(`1 of 0–${size - 1} · 0.5 s`).waitFor();
  assert.deepEqual(await viewer(page, (v) => v.viewState.otherAxes), { t: 1 });
  await page.getByTestId('axis-t').focus();
  await page.keyboard.press('Home');
  assert.deepEqual(await viewer(page, (v) => v.viewState.otherAxes), { t: 0 });
  await page.getByTestId('more-movie').click();
  assert.match(await page.getByTestId('channel-movie').innerText(), /0 · DAPI/);
  await page.getByTestId('meant-color-movie').click();
  assert.equal(await viewer(page, (v) => v.layers.get('movie').color), '#0000ff');
  await picture(page, 'axes');
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(errors(), []);
  await context.close();
});
