// neurolume beside Neuroglancer: the same browser, server, volumes, layers and size, in turns. Run by `cargo xtask bench`.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, serve } from '../e2e/browser.mjs';
import { neuroglancer, neurolume } from './apps.mjs';
import { session } from './session.mjs';
import { data, volumes } from './volumes.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, runs: { type: 'string', default: '7' }, out: { type: 'string', default: 'target/bench' }, volume: { type: 'string' }, network: { type: 'string' } },
});
const NETWORKS = [
  { name: '40 ms, 100 Mbit/s', latency: 40, bandwidth: 100 },
  { name: '0 ms', latency: 0, bandwidth: 0 },
];
const FIGURES = {
  firstPixel: ['first centre pixel', 'ms'],
  complete: ['complete view', 'ms'],
  warm: ['complete view, second visit', 'ms'],
  jump: ['jump', 'ms'],
  zoomOut: ['zoom out', 'ms'],
  zoomIn: ['zoom in', 'ms'],
  frameP50: ['frame, median', 'ms'],
  frameP95: ['frame, 95 %', 'ms'],
  frameLongest: ['frame, longest', 'ms'],
  framesComplete: ['frames that are complete', ''],
  requests: ['requests', ''],
  bytes: ['bytes', 'MB'],
  cpu: ['CPU', 's'],
  memory: ['memory', 'MB'],
  gpuBytes: ['chunks on the GPU', 'MB'],
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const shown = (value, unit) => (unit === 'MB' ? (value / 1e6).toFixed(2) : unit === 's' ? value.toFixed(2) : value < 10 ? value.toFixed(2) : value.toFixed(0));

const out = path.resolve(root, options.out);
await mkdir(out, { recursive: true });
const results = [];
// For a first look: the real volume, or where it is not, the sample.
const quickly = volumes.findLast(({ isVirtual }) => !isVirtual);
const chosen = options.quick ? [quickly] : volumes.filter(({ name }) => !options.volume || name.includes(options.volume));
const runs = options.quick ? 1 : Number(options.runs);
for (const network of NETWORKS.filter(({ name }) => !options.network || name.startsWith(options.network))) {
  for (const volume of chosen) {
    const server = await serve({ site: path.join(out, 'site'), data, latency: network.latency, bandwidth: network.bandwidth });
    // What the server packs once, and the disk reads once, is not measured.
    for (const app of [neurolume, neuroglancer]) await session(app, volume, server, { flight: volume.isVirtual && !volume.isLoadedOnly });
    const sessions = { [neurolume.name]: [], [neuroglancer.name]: [] };
    for (let run = 0; run < runs; run++) {
      // In turns, so that whatever else the machine does meets both.
      for (const app of run % 2 ? [neuroglancer, neurolume] : [neurolume, neuroglancer]) {
        const { figures, picture } = await session(app, volume, server, { flight: !volume.isLoadedOnly });
        sessions[app.name].push(figures);
        await writeFile(path.join(out, `${app.name}-${volume.name.replaceAll(/[^\w-]+/g, '-')}.png`), picture);
      }
    }
    await server.close();
    console.log(`\n${volume.name}, ${network.name} (medians of ${runs})\n${'figure'.padEnd(30)}${'neurolume'.padStart(12)}${'Neuroglancer'.padStart(14)}${'ratio'.padStart(8)}`);
    for (const [key, [label, unit]] of Object.entries(FIGURES)) {
      // Of some volumes no more is looked at than the first view.
      if (sessions[neurolume.name].some((run) => run[key] === undefined)) continue;
      const [ours, theirs] = [neurolume, neuroglancer].map(({ name }) => median(sessions[name].map((run) => run[key] ?? NaN)));
      console.log(`${label.padEnd(30)}${shown(ours, unit).padStart(12)}${shown(theirs, unit).padStart(14)}${(ours / theirs).toFixed(2).padStart(8)}  ${unit}`);
      results.push({ volume: volume.name, network: network.name, figure: key, neurolume: ours, neuroglancer: theirs, ratio: ours / theirs });
    }
  }
}
await writeFile(path.join(out, 'results.json'), JSON.stringify(results, null, 1));
