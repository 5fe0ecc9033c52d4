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
async function open({ hash = '', size = [1280, 800], ...more } = {}) {
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
  const { page, errors, close } = await open();
  for (const name of ['xy', 'xz', 'yz', '3d']) assert.ok((await contrast(page, name)) > 8, `panel ${name} is even`);
  const { cx, cy } = await panel(page, 'xy');
  await page.mouse.move(cx + 20, cy + 10);
  await page.getByTestId('cursor-voxel').getByText(/voxel \d+, \d+, \d+/).waitFor();
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
  assert.deepEqual(errors(), []);
  await close();
});
