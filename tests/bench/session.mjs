// One session of one viewer in a browser of its own: load, look, jump, zoom, fly.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { root } from '../e2e/browser.mjs';
import { start } from './chromium.mjs';
import { cpuSeconds, memoryBytes } from './processes.mjs';

const SIZE = { width: 1280, height: 800 };
const PATIENCE_MILLIS = 180_000;
/** What a page that has nothing to do is given to settle. */
const REST_MILLIS = 500;
const watch = readFileSync(path.join(root, 'tests/bench/watch.js'), 'utf8');

/** Waits until the viewer says that everything in view is there, has drawn it, and still says so: since the navigation, milliseconds. */
const ready = (page, app) => page.evaluate(
  async ([source, patience]) => {
    const ready = new Function(`return ${source}`)();
    const end = performance.now() + patience;
    for (;;) {
      if (await ready()) {
        await globalThis.benchWatch.drawn();
        const drawn = performance.now();
        if (await ready()) return drawn;
      }
      if (performance.now() > end) throw new Error('not ready in time');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  },
  [app.ready.toString(), PATIENCE_MILLIS],
);

/** Does something and waits: milliseconds. */
async function until(page, app, change, argument) {
  const begin = await page.evaluate(
    ([source, argument]) => {
      const begin = performance.now();
      new Function(`return ${source}`)()(argument);
      return begin;
    },
    [change.toString(), argument],
  );
  return (await ready(page, app)) - begin;
}

/** Frame times of a flight along these places, and in how many of the frames all of the level that belongs there was shown. */
const fly = (page, app, places) => page.evaluate(
  async ([go, isComplete, places]) => {
    const [move, ask] = [go, isComplete].map((source) => new Function(`return ${source}`)());
    const times = [];
    let complete = 0;
    for (const place of places) {
      times.push(await globalThis.benchWatch.frame(() => move(place)));
      if (await ask()) complete += 1;
    }
    return { times, complete };
  },
  [app.go.toString(), app.isComplete.toString(), places],
);

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];

/**
 * The figures of one session. `volume`: see volumes.mjs.
 */
export async function session(app, volume, server, { flight = true } = {}) {
  const { page, pid, close } = await start(SIZE);
  try {
    await page.before(`${watch}\nbenchWatch.spot = ${JSON.stringify(app.spot(SIZE))};\nglobalThis.benchVoxelNm = ${volume.voxelNm};`);
    await page.goto(`${server.url}blank.html`);
    await setTimeout(REST_MILLIS);
    const blankBytes = memoryBytes(pid);
    const cpuBefore = cpuSeconds(pid);
    const logBefore = (await server.log()).length;

    await page.goto(`${server.url}${app.folder}index.html#${app.hash(volume, server.url)}`);
    const complete = await ready(page, app);
    const firstPixel = await page.evaluate(() => globalThis.benchWatch.firstPixel());
    if (firstPixel === null) throw new Error(`${app.name} showed no data in the middle`);
    const fetched = (await server.log()).slice(logBefore).filter(({ path }) => path.startsWith(volume.prefix));
    const figures = {
      firstPixel,
      complete,
      requests: fetched.length,
      bytes: fetched.reduce((sum, { bytes }) => sum + bytes, 0),
      gpuBytes: await page.evaluate((source) => new Function(`return ${source}`)()(), app.gpuBytes.toString()),
    };
    if (flight) {
      figures.jump = await until(page, app, app.go, volume.far);
      figures.zoomOut = await until(page, app, app.zoom, volume.nmPerPx * 4);
      figures.zoomIn = await until(page, app, app.zoom, volume.nmPerPx);
      const { times, complete } = await fly(page, app, volume.flight);
      Object.assign(figures, { framesComplete: complete / times.length, frameP50: quantile(times, 0.5), frameP95: quantile(times, 0.95), frameLongest: Math.max(...times) });
    }
    figures.cpu = cpuSeconds(pid) - cpuBefore;
    figures.memory = memoryBytes(pid) - blankBytes;
    const picture = await page.screenshot();
    if (flight) {
      // The same again in the same browser: a second visit.
      await page.goto(`${server.url}blank.html`);
      await setTimeout(REST_MILLIS);
      await page.goto(`${server.url}${app.folder}index.html#${app.hash(volume, server.url)}`);
      figures.warm = await ready(page, app);
    }
    return { figures, picture };
  } finally {
    await close();
  }
}
