// What an embedding page can count on when something goes wrong beneath it, and what it may change about requests.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve, strictPage } from './browser.mjs';

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ data: path.join(root, 'tests/data'), faults: true })]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

/** A page of the server's origin that holds nothing but one element; `prepare` runs before anything else there. */
async function bare(prepare) {
  const page = await browser.newPage({ viewport: { width: 320, height: 240 } });
  const broken = [];
  page.on('pageerror', (error) => broken.push(String(error)));
  if (prepare) await page.addInitScript(prepare);
  await page.goto(`${server.url}npm/package.json`);
  await page.evaluate(() => {
    document.body.innerHTML = '<div id="a" style="width:200px;height:150px"></div><div id="b" style="width:120px;height:100px"></div>';
    /** Whether a picture of a viewer has more than one colour. */
    globalThis.drawn = async (viewer) => {
      const image = await createImageBitmap(await viewer.screenshot({ overlays: false }));
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      return new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size > 8;
    };
  });
  return {
    page,
    async close() {
      await page.close();
      assert.deepEqual(broken, []);
    },
  };
}

test('a lost device is replaced, and everything is drawn again', async () => {
  const { page, close } = await bare(() => {
    const { requestDevice } = GPUAdapter.prototype;
    globalThis.devices = [];
    GPUAdapter.prototype.requestDevice = async function (...options) {
      const device = await requestDevice.apply(this, options);
      globalThis.devices.push(device);
      return device;
    };
  });
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy', layers: [{ id: 'em', type: 'image', source: new URL('/data/precomputed/jpeg', location.href).href }] });
    viewer.actions.run('zoom.fit');
    await viewer.idle();
    const before = await drawn(viewer);
    const lost = viewer.once('devicelost');
    globalThis.devices.at(-1).destroy();
    // Something to draw, by which the loss is met.
    viewer.layers.update('em', { gamma: 1.5 });
    const { restored } = await lost;
    await viewer.idle();
    const after = await drawn(viewer);
    await viewer.dispose();
    return { before, restored, after, devices: globalThis.devices.length };
  });
  assert.deepEqual(result, { before: true, restored: true, after: true, devices: 2 });
  await close();
});

test('a worker that dies is replaced, and what it was to fetch is fetched', async () => {
  const { page, close } = await bare(() => {
    const Plain = globalThis.Worker;
    globalThis.workers = [];
    globalThis.Worker = class extends Plain {
      constructor(...options) {
        super(...options);
        globalThis.workers.push(this);
      }
    };
  });
  const result = await page.evaluate(async () => {
    const { createContext, createViewer } = await import('/npm/index.js');
    const context = await createContext({ limits: { workers: 1 } });
    const viewer = await createViewer({ container: '#a', context, layout: 'xy' });
    const source = new URL('/fault/slow/400/data/precomputed/jpeg', location.href).href;
    await viewer.layers.add({ id: 'em', type: 'image', source, visible: false });
    const { box } = viewer.layers.info('em').levels[0];
    const reading = viewer.readVoxels('em', box);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const [worker] = globalThis.workers;
    worker.terminate();
    worker.dispatchEvent(new ErrorEvent('error', { message: 'killed by the test' }));
    const { data } = await reading;
    const later = await viewer.layers.add({ id: 'again', type: 'image', source: new URL('/data/precomputed/raw-uint8', location.href).href });
    await viewer.dispose();
    await context.dispose();
    return { voxels: data.length > 0 && data.some((v) => v !== data[0]), later: later.state, workers: globalThis.workers.length };
  });
  assert.deepEqual(result, { voxels: true, later: 'ready', workers: 2 });
  await close();
});

test('a worker script that cannot be loaded is an error, not a wait', async () => {
  const { page, close } = await bare();
  await page.route('**/npm/worker.js', (route) => route.fulfill({ status: 404, body: 'nothing here' }));
  // Workers come from their file where a page's policy forbids text.
  await page.goto(await strictPage(page, server.url));
  const error = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a' });
    const error = await viewer.layers.add({ id: 'em', type: 'image', source: new URL('/data/precomputed/raw-uint8', location.href).href }).catch((e) => e);
    const { state } = viewer.layers.info('em');
    await viewer.dispose();
    return { code: error.code, message: error.message, state };
  });
  assert.deepEqual({ code: error.code, state: error.state }, { code: 'internal', state: 'error' });
  assert.match(error.message, /worker\.js/);
  await close();
});

test('a viewer that is disposed gives up what it was doing', async () => {
  const { page, close } = await bare();
  const result = await page.evaluate(async () => {
    const { createContext, createViewer } = await import('/npm/index.js');
    const context = await createContext();
    const slow = new URL('/fault/slow/500/data/precomputed/jpeg', location.href).href;
    const outcomes = [];
    for (const doing of ['add', 'idle', 'readVoxels', 'screenshot', 'screenshot twice', 'move']) {
      const viewer = await createViewer({ container: '#a', context, layout: 'xy' });
      const settle = (promise) => promise.then(() => 'done', (e) => e.code);
      let waiting;
      if (doing === 'add') {
        waiting = [viewer.layers.add({ id: 'em', type: 'image', source: slow })];
      } else {
        await viewer.layers.add({ id: 'em', type: 'image', source: slow });
        viewer.actions.run('zoom.fit');
        if (doing === 'idle') waiting = [viewer.idle()];
        else if (doing === 'readVoxels') waiting = [viewer.readVoxels('em', viewer.layers.info('em').levels[0].box)];
        else if (doing === 'move') waiting = [viewer.setViewState({ position: [0, 0, 0] }, { durationMs: 5000 })];
        else waiting = Array.from({ length: doing === 'screenshot' ? 1 : 2 }, () => viewer.screenshot({ width: 64, height: 64, panel: 'xy' }));
      }
      const settled = waiting.map(settle);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await viewer.dispose();
      outcomes.push(...(await Promise.all(settled)));
    }
    // Aborted within the task that asked.
    const viewer = await createViewer({ container: '#a', context, layout: 'xy' });
    const control = new AbortController();
    const adding = viewer.layers.add({ id: 'em', type: 'image', source: slow }, { signal: control.signal }).catch((e) => e.name);
    control.abort();
    outcomes.push(await adding);
    await new Promise((resolve) => setTimeout(resolve));
    outcomes.push(viewer.layers.list().length);
    await viewer.dispose();
    await context.dispose();
    return outcomes;
  });
  assert.deepEqual(result, ['disposed', 'disposed', 'disposed', 'disposed', 'disposed', 'disposed', 'disposed', 'AbortError', 0]);
  await close();
});

test('each move ends for the one who asked for it', async () => {
  const { page, close } = await bare();
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy' });
    const ends = [];
    const first = viewer.setViewState({ position: [100, 0, 0] }, { durationMs: 5000 }).then(() => ends.push('first'));
    await new Promise(requestAnimationFrame);
    const second = viewer.setViewState({ position: [0, 50, 0] }, { durationMs: 200 }).then(() => ends.push(`second at ${viewer.viewState.position}`));
    await Promise.all([first, second]);
    await viewer.dispose();
    return ends;
  });
  assert.deepEqual(result, ['first', 'second at 0,50,0']);
  await close();
});

test('layers that cannot be used are refused, layers that cannot be read are kept', async () => {
  const { page, close } = await bare();
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const source = new URL('/data/precomputed/raw-uint8', location.href).href;
    const refused = await createViewer({ container: '#a', layers: [{ id: 'em', type: 'image', source, opacity: 7 }] }).catch((e) => e);
    const twice = await createViewer({ container: '#a', layers: [{ id: 'em', type: 'image', source }, { id: 'em', type: 'image', source }] }).catch((e) => e);
    const viewer = await createViewer({ container: '#a', layers: [{ id: 'em', type: 'image', source: `${source}-is-not-here` }] });
    const { state, error } = viewer.layers.info('em');
    await viewer.dispose();
    return { refused: [refused.code, refused.message], twice: [twice.code, twice.message], state, error: error.code, left: document.querySelectorAll('#a > *').length };
  });
  assert.equal(result.refused[0], 'invalid-options');
  assert.match(result.refused[1], /opacity/);
  assert.equal(result.twice[0], 'invalid-options');
  assert.match(result.twice[1], /"em"/);
  assert.deepEqual([result.state, result.error, result.left], ['error', 'not-found', 0]);
  await close();
});

test('transformRequest gives addresses and headers, and is asked again after a refusal', async () => {
  const { page, close } = await bare();
  const seen = [];
  await page.context().route('https://volumes.example/**', (route) => {
    const { pathname } = new URL(route.request().url());
    const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
    if (route.request().method() === 'OPTIONS') return route.fulfill({ status: 204, headers: cors });
    const token = route.request().headers()['authorization'];
    seen.push([pathname, token]);
    if (token !== 'Bearer 2') return route.fulfill({ status: 401, headers: cors });
    return route.fulfill({ status: 307, headers: { ...cors, location: `${server.url}data${pathname}` } });
  });
  const result = await page.evaluate(async () => {
    const { createContext, createViewer } = await import('/npm/index.js');
    const asked = [];
    let token = 1;
    const context = await createContext({
      transformRequest: async ({ url, kind }) => {
        const again = asked.some(([before]) => before === url);
        asked.push([url, kind]);
        if (again) token = 2;
        return { url: url.replace('https://private.example/', 'https://volumes.example/'), headers: { Authorization: `Bearer ${token}` } };
      },
    });
    const viewer = await createViewer({ container: '#a', context, layout: 'xy' });
    await viewer.layers.add({ id: 'em', type: 'image', source: 'https://private.example/precomputed/raw-uint8', visible: false });
    const { data } = await viewer.readVoxels('em', viewer.layers.info('em').levels[0].box);
    await viewer.dispose();
    await context.dispose();
    return { kinds: [...new Set(asked.map(([, kind]) => kind))].sort(), voxels: data.length, least: Math.min(...data), most: Math.max(...data) };
  });
  assert.deepEqual(result.kinds, ['chunk', 'metadata']);
  assert.ok(result.most > result.least);
  assert.ok(seen.some(([, token]) => token === 'Bearer 1') && seen.some(([, token]) => token === 'Bearer 2'));
  await close();
});

test('a hook that throws is named as the cause', async () => {
  const { page, close } = await bare();
  const error = await page.evaluate(async () => {
    const { createContext, createViewer } = await import('/npm/index.js');
    const context = await createContext({
      transformRequest: () => {
        throw new Error('no token today');
      },
    });
    const viewer = await createViewer({ container: '#a', context });
    const error = await viewer.layers.add({ id: 'em', type: 'image', source: new URL('/data/precomputed/raw-uint8', location.href).href }).catch((e) => e);
    await viewer.dispose();
    await context.dispose();
    return { code: error.code, message: error.message };
  });
  assert.equal(error.code, 'invalid-options');
  assert.match(error.message, /no token today/);
  await close();
});

test('a hundred viewers come and go and leave nothing', async () => {
  const { page, close } = await bare();
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const source = new URL('/data/precomputed/raw-uint8', location.href).href;
    const layers = [{ id: 'em', type: 'image', source }];
    const keeper = await createViewer({ container: '#b', layout: 'xy', layers });
    await keeper.idle();
    const begin = keeper.context.usage;
    for (let i = 0; i < 100; i += 1) {
      const viewer = await createViewer({ container: '#a', layout: 'xy', layers });
      if (i % 10 === 0) await viewer.idle();
      await viewer.dispose();
    }
    const end = keeper.context.usage;
    const still = await drawn(keeper);
    await keeper.dispose();
    return { begin, end, still, left: document.querySelectorAll('#a > *, #b > *').length };
  });
  assert.deepEqual(result.end, result.begin);
  assert.deepEqual({ still: result.still, left: result.left }, { still: true, left: 0 });
  await close();
});

test('failed chunks are told by cause, with the address of one', async () => {
  const { page, close } = await bare();
  const failures = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: '4panel', layers: [{ id: 'em', type: 'image', source: new URL('/data/bad/raw-short', location.href).href }] });
    viewer.actions.run('zoom.fit');
    await viewer.idle();
    const failures = viewer.layers.failures('em');
    await viewer.dispose();
    return failures;
  });
  assert.equal(failures.length, 1, JSON.stringify(failures));
  const [{ code, count, message, example }] = failures;
  assert.equal(code, 'bad-data');
  assert.ok(count >= 1);
  assert.ok(example.startsWith(`${server.url}data/bad/raw-short/`) && message.endsWith(example), `${example} of ${message}`);
  await close();
});

test('a transform moves its layer, and one of points is not supported yet', async () => {
  const { page, close } = await bare();
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const source = new URL('/data/precomputed/raw-uint8', location.href).href;
    const viewer = await createViewer({ container: '#a', layout: 'xy' });
    const transform = [1, 0, 0, 1e6, 0, 1, 0, 0, 0, 0, 1, 0];
    await viewer.layers.add({ id: 'em', type: 'image', source, transform });
    const [x] = viewer.viewState.position;
    const kept = viewer.layers.get('em').transform;
    const refused = [];
    for (const other of [[1, 2], 'here', { source: [[0, 0, 0]], target: [[1, 1, 1]] }]) {
      try {
        viewer.layers.update('em', { transform: other });
      } catch (e) {
        refused.push(e.code);
      }
    }
    await viewer.dispose();
    return { moved: x >= 1e6, kept: kept.join() === transform.join(), refused };
  });
  assert.deepEqual(result, { moved: true, kept: true, refused: ['invalid-options', 'invalid-options', 'unsupported'] });
  await close();
});

test('a picture of one side keeps the shape of the viewer, and a disposed context takes no more viewers', async () => {
  const { page, close } = await bare();
  const result = await page.evaluate(async () => {
    const { createContext, createViewer } = await import('/npm/index.js');
    const context = await createContext();
    const viewer = await createViewer({ container: '#a', context, layout: 'xy', layers: [{ id: 'em', type: 'image', source: new URL('/data/precomputed/raw-uint8', location.href).href }] });
    const { width, height } = await createImageBitmap(await viewer.screenshot({ width: 100 }));
    await context.dispose();
    const code = async (call) => {
      try {
        await call();
        return 'nothing';
      } catch (e) {
        return e.code;
      }
    };
    const codes = [];
    for (const call of [() => createViewer({ container: '#b', context }), () => context.usage, () => context.limits, () => context.clearCache()]) codes.push(await code(call));
    // The viewer that it has goes on.
    await viewer.idle();
    const goesOn = await drawn(viewer);
    await viewer.dispose();
    return { size: [width, height], codes, goesOn };
  });
  assert.deepEqual(result, { size: [100, 75], codes: ['disposed', 'disposed', 'disposed', 'disposed'], goesOn: true });
  await close();
});

test('without WebGPU the package says so, and the page shows it', async () => {
  const { page, close } = await bare(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
  const error = await page.evaluate(async () => {
    const { checkSupport, createViewer } = await import('/npm/index.js');
    const { webgpu } = await checkSupport();
    const error = await createViewer({ container: '#a' }).catch((e) => e);
    return { webgpu, code: error.code, remedy: error.remedy };
  });
  assert.deepEqual({ webgpu: error.webgpu, code: error.code }, { webgpu: false, code: 'unsupported' });
  assert.ok(error.remedy.length > 0);
  await page.setViewportSize({ width: 900, height: 600 });
  await page.goto(server.url);
  await page.getByText('WebGPU').first().waitFor();
  if (process.env.PICTURES) await page.screenshot({ path: path.join(process.env.PICTURES, 'unsupported.png') });
  await close();
});

test('a viewer begins before there is a device, and gives up without one or when told to', async () => {
  const { page, close } = await bare(() => {
    const { requestAdapter } = GPU.prototype;
    GPU.prototype.requestAdapter = async function (...args) {
      await globalThis.gate;
      return globalThis.noAdapter ? null : requestAdapter.apply(this, args);
    };
  });
  const result = await page.evaluate(async () => {
    const { createViewer } = await import('/npm/index.js');
    const begin = (options) => createViewer({ container: '#a', layers: [{ id: 'image', type: 'image', source: '/sample/image' }], ...options });
    globalThis.noAdapter = true;
    const { code } = await begin().catch((e) => e);
    const left = document.querySelector('#a').children.length;
    globalThis.noAdapter = false;
    let open;
    globalThis.gate = new Promise((resolve) => (open = resolve));
    const end = new AbortController();
    const [aborted, shown] = [begin({ signal: end.signal }).catch((e) => e), begin()];
    setTimeout(() => end.abort('enough'), 500);
    const reason = await aborted;
    open();
    const viewer = await shown;
    await viewer.idle();
    const { draws, requests } = viewer.stats;
    return { code, left, reason, draws: draws > 0, requests: requests > 0, viewers: document.querySelector('#a').children.length };
  });
  assert.deepEqual(result, { code: 'unsupported', left: 0, reason: 'enough', draws: true, requests: true, viewers: 1 });
  await close();
});
