// The real site, used as a person uses it: look, move, choose, open, meet what is broken. Pictures go to $PICTURES.

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
  [browser, server] = await Promise.all([launch(), serve({ data: path.join(root, 'tests/data'), faults: true })]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

/** What the browser itself says of addresses that refuse. */
const REFUSALS = ['Failed to load resource', 'Access to fetch'];

/** The site with its sample on screen. `errors()` gives what the page complained of, network refusals left out. */
async function open({ hash = '', size = [900, 600], ...more } = {}) {
  const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, reducedMotion: 'reduce', ...more });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && !REFUSALS.some((r) => message.text().startsWith(r)) && complaints.push(message.text()));
  await page.goto(server.url + hash);
  await loaded(page);
  return { page, errors: () => complaints, close: () => context.close() };
}

const viewer = (page, fn, arg) => page.evaluate(([source, a]) => new Function('v', 'a', `return (${source})(v, a)`)(document.querySelector('nl-app').viewer, a), [fn.toString(), arg]);
const state = (page) => viewer(page, (v) => v.viewState);
const loaded = (page) => page.getByTestId('loading-count').getByText('all loaded').waitFor(PATIENCE);
const panel = async (page, name) => {
  const { x, y, width, height } = await page.getByTestId(`panel-${name}`).boundingBox();
  return { x, y, width, height, cx: x + width / 2, cy: y + height / 2 };
};
const picture = (page, name) => page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
const layerIds = (page) => viewer(page, (v) => v.layers.list().map((l) => l.id));
/** Spread of grey values in what the viewer draws: 0 is one even surface. */
const contrast = (page, panelName) =>
  viewer(
    page,
    async (v, panel) => {
      const bitmap = await createImageBitmap(await v.screenshot({ panel, overlays: false }));
      const g = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      g.drawImage(bitmap, 0, 0);
      const { data } = g.getImageData(bitmap.width / 4, bitmap.height / 4, bitmap.width / 2, bitmap.height / 2);
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < data.length; i += 4) {
        const grey = (data[i] + data[i + 1] + data[i + 2]) / 3;
        sum += grey;
        squares += grey * grey;
      }
      const n = data.length / 4;
      return Math.sqrt(squares / n - (sum / n) ** 2);
    },
    panelName,
  );

test('the sample opens by itself, with something to see in every panel', async () => {
  const { page, errors, close } = await open({ size: [1280, 800], colorScheme: 'dark' });
  for (const name of ['xy', 'xz', 'yz', '3d']) assert.ok((await contrast(page, name)) > 8, `panel ${name} is even`);
  const { cx, cy } = await panel(page, 'xy');
  await page.mouse.move(cx + 20, cy + 10);
  await page.getByTestId('cursor-voxel').getByText(/voxel \d+, \d+, \d+/).waitFor();
  assert.match(await page.getByTestId('cursor-position').innerText(), /^\d+, \d+, \d+ nm$/);
  const values = await page.getByTestId('cursor-values').innerText();
  for (const id of await layerIds(page)) assert.match(values, new RegExp(`${id}\\s+\\d+`));
  await picture(page, 'sample-dark');
  await page.getByTestId('theme-toggle').click();
  await picture(page, 'sample-light');
  assert.deepEqual(errors(), []);
  await close();
});

test('dragging pans, the wheel steps and zooms, shift turns', async () => {
  const { page, errors, close } = await open();
  const { cx, cy } = await panel(page, 'xy');
  const start = await state(page);
  await page.mouse.move(cx, cy);
  await page.mouse.down();
  await page.mouse.move(cx - 40, cy - 24, { steps: 4 });
  await page.mouse.up();
  const panned = await state(page);
  const near = (a, b) => Math.abs(a - b) < start.crossSectionScale * 1.5;
  assert.ok(near(panned.position[0] - start.position[0], 40 * start.crossSectionScale), 'x follows the pointer');
  assert.ok(near(panned.position[1] - start.position[1], 24 * start.crossSectionScale), 'y follows the pointer');
  assert.equal(panned.position[2], start.position[2]);

  await page.mouse.wheel(0, 100);
  await page.waitForFunction((z) => document.querySelector('nl-app').viewer.viewState.position[2] !== z, start.position[2]);

  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  await page.waitForFunction((s) => document.querySelector('nl-app').viewer.viewState.crossSectionScale < s, start.crossSectionScale);

  await page.keyboard.down('Shift');
  await page.mouse.down();
  await page.mouse.move(cx + 60, cy + 30, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  const turned = await state(page);
  assert.notDeepEqual(turned.crossSectionOrientation, start.crossSectionOrientation);
  await loaded(page);
  assert.ok((await contrast(page, 'xy')) > 8);
  await picture(page, 'oblique');
  assert.deepEqual(errors(), []);
  await close();
});

test('a double click selects a segment, which the list shows and takes away', async () => {
  const { page, errors, close } = await open();
  const segmentation = await viewer(page, (v) => v.layers.list().find((l) => l.type === 'segmentation').id);
  const { cx, cy, width, height } = await panel(page, 'xy');
  const selected = () => viewer(page, (v, id) => v.layers.get(id).selected?.map(String) ?? [], segmentation);
  for (const [dx, dy] of [[0.1, 0.1], [-0.2, 0.15], [0.2, -0.2], [-0.1, -0.25]]) {
    await page.mouse.dblclick(cx + dx * width, cy + dy * height);
    await page.waitForTimeout(100);
  }
  const ids = await selected();
  assert.ok(ids.length > 0);
  await page.getByTestId(`selected-count-${segmentation}`).getByText(`${ids.length} selected`).waitFor();
  await page.getByTestId(`hideUnselected-${segmentation}`).check();
  await loaded(page);
  await picture(page, 'selected');
  await page.getByTestId(`segment-search-${segmentation}`).fill('12345678901234567890');
  await page.keyboard.press('Enter');
  assert.ok((await selected()).includes('12345678901234567890'));
  await page.getByTestId(`segments-clear-${segmentation}`).click();
  assert.deepEqual(await selected(), []);
  for (const none of ['1.5', '-5', '0', '7 eight', '18446744073709551616']) {
    await page.getByTestId(`segment-search-${segmentation}`).fill(none);
    await page.keyboard.press('Enter');
    assert.equal(await page.getByTestId(`segment-problem-${segmentation}`).getAttribute('role'), 'alert', none);
    assert.deepEqual(await selected(), [], none);
  }
  await page.getByTestId(`segment-search-${segmentation}`).fill('7, 8 18446744073709551615');
  await page.keyboard.press('Enter');
  assert.deepEqual(await selected(), ['7', '8', '18446744073709551615']);
  assert.deepEqual(errors(), []);
  await close();
});

test('layers are hidden, faded, stretched, coloured and reordered', async () => {
  const { page, errors, close } = await open();
  const [bottom, top] = await layerIds(page);
  const spec = (id) => viewer(page, (v, a) => JSON.parse(JSON.stringify(v.layers.get(a), (_, x) => (typeof x === 'bigint' ? String(x) : x))), id);
  const image = await viewer(page, (v) => v.layers.list().find((l) => l.type === 'image').id);

  await page.getByTestId(`layer-visible-${top}`).click();
  assert.equal((await spec(top)).visible, false);
  await page.getByTestId(`layer-visible-${top}`).click();
  await page.getByTestId(`opacity-${top}`).fill('0.25');
  assert.equal((await spec(top)).opacity, 0.25);

  await page.getByTestId(`contrast-black-${image}`).focus();
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal((await spec(image)).contrast.length, 2);
  const white = await page.getByTestId(`contrast-white-${image}`).boundingBox();
  const before = (await spec(image)).contrast;
  await page.mouse.move(white.x + white.width / 2, white.y + 10);
  await page.mouse.down();
  await page.mouse.move(white.x - 30, white.y + 10, { steps: 3 });
  await page.mouse.up();
  assert.ok((await spec(image)).contrast[1] < before[1]);
  await page.getByTestId(`auto-${image}`).click();
  assert.equal((await spec(image)).contrast, 'auto');
  await page.getByTestId(`more-${image}`).click();
  await page.getByTestId(`invert-${image}`).check();
  assert.equal((await spec(image)).invert, true);

  const grip = await page.getByTestId(`layer-grip-${bottom}`).boundingBox();
  const first = await page.getByTestId(`layer-${top}`).boundingBox();
  await page.mouse.move(grip.x + 5, grip.y + 10);
  await page.mouse.down();
  await page.mouse.move(grip.x + 5, first.y + 4, { steps: 5 });
  await page.mouse.up();
  assert.deepEqual(await layerIds(page), [top, bottom]);
  await page.getByTestId(`layer-grip-${bottom}`).press('Alt+ArrowDown');
  assert.deepEqual(await layerIds(page), [bottom, top]);
  assert.deepEqual(errors(), []);
  await close();
});

test('contrast is reversed only where it is typed, and handles upon each other come apart', async () => {
  const { page, errors, close } = await open();
  const image = await viewer(page, (v) => v.layers.list().find((l) => l.type === 'image').id);
  const field = (name) => page.getByTestId(`contrast-${name}-${image}`);
  const contrastIs = (low, high) => page.waitForFunction(([id, a, b]) => String(document.querySelector('nl-app').viewer.layers.get(id).contrast) === `${a},${b}`, [image, low, high]);
  const type = async (name, text) => {
    await field(name).fill(text);
    await page.keyboard.press('Enter');
  };
  const drag = async (name, by) => {
    const { x, width, y } = await field(name).boundingBox();
    await page.mouse.move(x + width / 2, y + 10);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + by, y + 10, { steps: 3 });
    await page.mouse.up();
    return viewer(page, (v, id) => v.layers.get(id).contrast, image);
  };
  await type('max', '200');
  await type('min', '240');
  await contrastIs(240, 200);
  const [low, high] = await drag('black', -150);
  assert.ok(low > high, 'a drag stops at the other handle');
  await page.getByTestId(`contrast-swap-${image}`).click();
  await contrastIs(high, low);

  await type('max', '198');
  await type('min', '197');
  await contrastIs(197, 198);
  await type('min', '');
  assert.equal(await field('min').inputValue(), '197');
  assert.deepEqual((await drag('white', -60))[1], 198, 'to the left it is the black one');
  await type('min', '197');
  await contrastIs(197, 198);
  assert.deepEqual((await drag('white', 30))[0], 197, 'to the right it is the white one');
  assert.deepEqual(errors(), []);
  await close();
});

test('keys act on the panels after a click on a control, and on a control that needs them', async () => {
  const { page, errors, close } = await open();
  const image = await viewer(page, (v) => v.layers.list().find((l) => l.type === 'image').id);
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const { cx, cy } = await panel(page, 'xy');
  for (const control of ['theme-toggle', `layer-visible-${image}`, `more-${image}`, `smooth-${image}`, 'layout-4panel', 'dataset-name']) {
    await page.getByTestId(control).click();
    if (control === 'dataset-name') await page.keyboard.press('Escape');
    const { position } = await state(page);
    await page.mouse.move(cx, cy);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((x) => document.querySelector('nl-app').viewer.viewState.position[0] > x, position[0]);
  }
  const before = await theme();
  await page.keyboard.press('Space');
  assert.equal(await viewer(page, (v) => v.layout), 'xy');
  assert.equal(await theme(), before);

  await page.getByTestId('theme-toggle').focus();
  await page.keyboard.press('Space');
  assert.notEqual(await theme(), before);
  await page.getByTestId(`opacity-${image}`).focus();
  const { position } = await state(page);
  await page.keyboard.press('ArrowLeft');
  assert.ok((await viewer(page, (v, id) => v.layers.get(id).opacity, image)) < 1);
  assert.deepEqual((await state(page)).position, position);
  assert.deepEqual(errors(), []);
  await close();
});

test('a typed position is gone to, and a link brings the same view back', async () => {
  const { page, errors, close } = await open();
  await page.getByTestId('position').fill('100, 120, 90');
  await page.keyboard.press('Enter');
  const info = await viewer(page, (v) => v.layers.info(v.layers.list()[0].id));
  const wanted = [100, 120, 90].map((v, i) => info.offsetNm[i] + (v + 0.5) * info.levels[0].voxelSizeNm[i]);
  await page.waitForFunction((p) => p.every((n, i) => Math.abs(document.querySelector('nl-app').viewer.viewState.position[i] - n) < 1e-6), wanted);
  await page.getByTestId('position').fill('1.2 um');
  await page.keyboard.press('Enter');
  await page.getByText('Three numbers are needed').waitFor();
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => location.hash.startsWith('#!'));
  await page.waitForTimeout(600);
  const hash = new URL(page.url()).hash;
  const again = await open({ hash });
  assert.deepEqual((await state(again.page)).position, (await state(page)).position);
  assert.deepEqual(await layerIds(again.page), await layerIds(page));
  assert.deepEqual([...errors(), ...again.errors()], []);
  await again.close();
  await close();
});

test('another dataset is opened by its address, and a broken one says why while the rest works', async () => {
  const { page, errors, close } = await open();
  const before = (await layerIds(page)).length;
  const add = async (url) => {
    await page.getByTestId('layer-add').click();
    await page.getByTestId('open-url').fill(url);
    await page.getByTestId('open-add').click();
    await page.getByTestId('open-dialog').waitFor({ state: 'hidden', ...PATIENCE });
  };
  await add(`${server.url}data/precomputed/jpeg`);
  await page.waitForFunction((n) => document.querySelector('nl-app').viewer.layers.list().length === n, before + 1);
  assert.equal(await viewer(page, (v) => v.layers.info('jpeg').state), 'ready');

  await add(`${server.url}fault/status/403/sample/nothing`);
  await page.getByTestId('layer-problem-nothing').waitFor(PATIENCE);
  assert.equal(await viewer(page, (v) => v.layers.info('nothing').state), 'error');
  await add(`${server.url.replace('localhost', '127.0.0.1')}fault/nocors/data/precomputed/jpeg`);
  await page.getByText('The server does not let this page read its data.').waitFor(PATIENCE);
  await picture(page, 'broken');
  assert.ok((await contrast(page, 'xy')) > 8);

  await page.getByTestId('dataset-name').click();
  await picture(page, 'open');
  await page.getByTestId('open-url').fill('not an address');
  await page.keyboard.press('Enter');
  await page.getByTestId('open-problem').waitFor();
  assert.deepEqual(errors(), []);
  await close();
});

test('a bare address is enough: the type is found out, names of files are left out, a slow one is given up', async () => {
  const { page, errors, close } = await open();
  const add = async (url, kind = 'auto') => {
    await page.getByTestId('layer-add').click();
    await page.getByTestId('open-url').fill(url);
    await page.getByTestId(`open-kind-${kind}`).check();
    await page.getByTestId('open-url').press('Enter');
  };
  const opened = (id) => page.waitForFunction((i) => document.querySelector('nl-app').viewer.layers.info(i)?.state === 'ready', id, PATIENCE);
  const typeOf = (id) => viewer(page, (v, i) => v.layers.get(i).type, id);
  await add(`${server.url}data/precomputed/cseg-u64/info`);
  await opened('cseg-u64');
  assert.equal(await typeOf('cseg-u64'), 'segmentation');
  await add('data/zarr/v3-uint64/zarr.json');
  await opened('v3-uint64');
  assert.equal(await typeOf('v3-uint64'), 'segmentation');

  await add(`${server.url}data/precomputed/raw-uint64`, 'image');
  await page.getByTestId('layer-as-segmentation-raw-uint64').click(PATIENCE);
  await opened('raw-uint64');
  assert.equal(await typeOf('raw-uint64'), 'segmentation');
  assert.equal((await layerIds(page)).at(-1), 'raw-uint64');

  await add(`${server.url}fault/slow/20000/data/precomputed/jpeg`);
  await page.getByTestId('layer-jpeg').waitFor();
  await page.getByTestId('open-cancel').click();
  await page.getByTestId('layer-jpeg').waitFor({ state: 'detached' });
  assert.ok(await page.getByTestId('open-add').isEnabled());
  assert.deepEqual(errors(), []);
  await close();
});

test('every action is in help, the palette runs them, and a key can be changed', async () => {
  const { page, errors, close } = await open();
  await page.keyboard.press('h');
  await page.getByTestId('help').waitFor();
  const actions = await viewer(page, (v) => v.actions.list().map((a) => a.id));
  for (const id of actions) assert.equal(await page.getByTestId(`keys-${id}`).count(), 1, `${id} is not in help`);
  await picture(page, 'help');
  await page.getByTestId('keys-theme.toggle').click();
  await page.keyboard.press('F8');
  await page.keyboard.press('Escape');
  await page.getByTestId('help').waitFor({ state: 'hidden' });
  const was = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.keyboard.press('F8');
  await page.waitForFunction((theme) => document.documentElement.dataset.theme !== theme, was);
  await page.keyboard.press('Control+p');
  await page.getByTestId('palette-input').fill('dark or');
  await page.keyboard.press('Enter');
  await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, was);
  assert.deepEqual(errors(), []);
  await close();
});

test('panels are resized by their borders and maximized', async () => {
  const { page, errors, close } = await open();
  const edge = await page.getByTestId('edge-x').boundingBox();
  const before = await panel(page, 'xy');
  await page.mouse.move(edge.x + edge.width / 2, edge.y + 200);
  await page.mouse.down();
  await page.mouse.move(edge.x + 100, edge.y + 200, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction((w) => document.querySelector('nl-app').shadowRoot.querySelector('[data-testid=viewer]').shadowRoot.querySelector('[data-testid=panel-xy]').clientWidth > w + 60, before.width);
  const { cx, cy } = await panel(page, 'xz');
  await page.mouse.move(cx, cy);
  await page.getByTestId('maximize-xz').click();
  assert.equal(await viewer(page, (v) => v.layout), 'xz');
  await page.getByTestId('panel-xy').waitFor({ state: 'detached' });
  await page.mouse.move(cx, cy + 1);
  await page.getByTestId('maximize-xz').click();
  assert.equal(await viewer(page, (v) => v.layout), '4panel');
  assert.deepEqual(errors(), []);
  await close();
});

test('nothing shifts while data arrives', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.shifts = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (globalThis.shifts += e.value))).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(server.url);
  await loaded(page);
  assert.ok((await page.evaluate(() => globalThis.shifts)) < 0.02);
  await context.close();
});

test('it is accessible in dark and light', async () => {
  for (const colorScheme of ['dark', 'light']) {
    const { page, close } = await open({ colorScheme });
    await page.addScriptTag({ path: path.join(root, 'node_modules/axe-core/axe.min.js') });
    const violations = async () => (await page.evaluate(() => globalThis.axe.run())).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.flat().join(' ')).join('; ')}`);
    assert.deepEqual(await violations(), []);
    await page.keyboard.press('h');
    assert.deepEqual(await violations(), []);
    await page.keyboard.press('Escape');
    await page.getByTestId('dataset-name').click();
    assert.deepEqual(await violations(), []);
    await close();
  }
});

test('a phone gets one panel and a sheet below', async () => {
  const { page, errors, close } = await open({ size: [390, 844], isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  assert.equal(await viewer(page, (v) => v.layout), 'xy');
  await picture(page, 'phone');
  await page.getByTestId('dock-toggle').tap();
  const dock = await page.locator('nl-dock').boundingBox();
  assert.ok(dock.y > 300 && dock.width === 390);
  await picture(page, 'phone-layers');
  await page.getByTestId('dock-toggle').tap();
  await page.getByTestId('more').tap();
  await picture(page, 'phone-more');
  await page.getByTestId('position').fill('100, 120, 130');
  await page.keyboard.press('Enter');
  await page.getByTestId('more-sheet').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => document.querySelector('nl-app').viewer.viewState.position[0] < 900);
  await page.getByTestId('more').tap();
  await page.getByTestId('layout-3d').tap();
  assert.equal(await viewer(page, (v) => v.layout), '3d');
  assert.deepEqual(errors(), []);
  await close();
});
