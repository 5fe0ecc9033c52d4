// What is looked at.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../e2e/browser.mjs';

const fixtures = path.join(root, '../shared/fixtures');

/** A flight of 60 frames: along x and y, down through the slices, and back. */
function flight(shape, voxelNm) {
  const centre = shape.map((n) => (n / 2) * voxelNm);
  const reach = Math.min(...shape) * voxelNm * 0.2;
  return Array.from({ length: 60 }, (_, n) => {
    const angle = (n / 60) * 2 * Math.PI;
    return [centre[0] + reach * Math.sin(angle), centre[1] + reach * Math.sin(2 * angle) * 0.5, centre[2] + (n < 30 ? n : 60 - n) * voxelNm];
  });
}

function volume({ name, prefix, image, segmentation, shape, voxelNm, nmPerPx }) {
  const far = shape.map((n, axis) => n * voxelNm * [0.8, 0.25, 0.75][axis]);
  return { name, prefix, image, segmentation, shape, voxelNm, nmPerPx, far, flight: flight(shape, voxelNm) };
}

/** Places that lie alike in volumes of every size, and not many: a frame of the peer may take seconds there. */
function near(shape, voxelNm) {
  const middle = shape.map((n) => (n / 2) * voxelNm);
  const far = middle.map((at, axis) => at + [300, -250, 250][axis] * voxelNm);
  const cube = flight([1000, 1000, 1000], voxelNm);
  return { isVirtual: true, far, flight: cube.slice(0, 20).map((place) => place.map((at, axis) => at - 500 * voxelNm + middle[axis])) };
}

export const data = existsSync(fixtures) ? fixtures : undefined;

export const volumes = [
  volume({ name: 'sample', prefix: '/sample/', image: 'sample/image', segmentation: 'sample/segmentation', shape: [512, 512, 512], voxelNm: 8, nmPerPx: 8 }),
];
// Of one seed and with the same metadata, made by the server: how large a volume is must not be felt.
for (const [name, edge, inside, isLoadedOnly] of [['virtual, 1 GB', 1_000, ''], ['virtual, 1 PB', 100_000, ''], ['virtual in shards, 1 GB', 1_000, 'sharded/', true]]) {
  const folder = `phantom/1/${edge}/${inside}`;
  const shape = [edge, edge, edge];
  // Whole shards are made for a few chunks, which takes long: of these only what is in view at first.
  volumes.push({ ...volume({ name, prefix: `/${folder}`, image: `${folder}image`, segmentation: `${folder}segmentation`, shape, voxelNm: 8, nmPerPx: 8 }), ...near(shape, 8), isLoadedOnly });
}
if (data) {
  const folder = 'data/sample/fib25-igneous/';
  volumes.push(volume({ name: 'real EM (FIB-25)', prefix: `/${folder}`, image: `${folder}image`, segmentation: `${folder}seg`, shape: [250, 250, 250], voxelNm: 10, nmPerPx: 10 }));
}
