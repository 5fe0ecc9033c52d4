// First figures of a viewer in Chromium with software WebGPU: run by `cargo xtask bench`, which adds the sizes.
//
// The volume is the sample; where the shared fixtures are present, real electron microscopy is measured too.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { launch, root, serve } from './browser.mjs';

const RUNS = 3;
const fixtures = path.join(root, '../shared/fixtures');
const server = await serve({ data: existsSync(fixtures) ? fixtures : undefined });
const browser = await launch();

const volumes = [['sample', 'sample/image', 'sample/segmentation']];
if (existsSync(fixtures)) volumes.push(['fib25', 'data/sample/fib25-igneous/image', 'data/sample/fib25-igneous/seg']);

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

for (const [name, image, segmentation] of volumes) {
  const runs = [];
  for (let run = 0; run < RUNS; run++) {
    // A page of its own each time: nothing is warm but the browser's process.
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${server.url}npm/package.json`);
    runs.push(
      await page.evaluate(
        async ({ base, image, segmentation }) => {
          document.body.innerHTML = '<div id="viewer" style="position:fixed;inset:0"></div>';
          const begin = performance.now();
          const { createViewer } = await import(`${base}npm/index.js`);
          const viewer = await createViewer({
            container: '#viewer',
            layers: [
              { id: 'image', type: 'image', source: `${base}${image}` },
              { id: 'segmentation', type: 'segmentation', source: `${base}${segmentation}` },
            ],
          });
          const frame = () => new Promise(requestAnimationFrame);
          while (!(viewer.layers.info('image')?.chunks.loaded > 0)) await frame();
          await frame();
          const first = performance.now() - begin;
          await viewer.idle();
          const complete = performance.now() - begin;
          // One step per frame that was drawn: on a slow device the viewer draws fewer than the browser offers.
          const { requests, bytes } = viewer.stats;
          const work = [];
          const intervals = [];
          const end = performance.now() + 6000;
          while (performance.now() < end && intervals.length < 60) {
            const start = performance.now();
            const { draws } = viewer.stats;
            const [x, y, z] = viewer.viewState.position;
            void viewer.setViewState({ position: [x + 4, y + 2, z] });
            while (viewer.stats.draws === draws) await frame();
            intervals.push(performance.now() - start);
            work.push(viewer.stats.frameMs);
          }
          await viewer.dispose();
          const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
          return { first, complete, work: middle(work), interval: middle(intervals), requests, bytes };
        },
        { base: server.url, image, segmentation },
      ),
    );
    await page.close();
  }
  const of = (key) => median(runs.map((run) => run[key]));
  console.log(`${name}: first pixel ${of('first').toFixed(0)} ms, complete ${of('complete').toFixed(0)} ms; panning: ${of('work').toFixed(1)} ms of the page's time per frame, a frame each ${of('interval').toFixed(1)} ms; ${of('requests')} requests, ${(of('bytes') / 1e6).toFixed(2)} MB (medians of ${RUNS})`);
}
await browser.close();
await server.close();
