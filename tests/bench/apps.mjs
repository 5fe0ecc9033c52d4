// The two viewers, driven alike: the same layers, place, scale and layout.

/** What both are asked to show. `nm`: the volume's voxel and middle. */
const middle = ({ voxelNm, shape }) => shape.map((n) => (n / 2) * voxelNm);

export const neurolume = {
  name: 'neurolume',
  folder: 'ours/',
  hash(volume, base) {
    return encodeURIComponent(JSON.stringify({
      layout: '4panel',
      viewState: { position: middle(volume), crossSectionScale: volume.nmPerPx, projectionScale: 600 * volume.nmPerPx },
      layers: [
        { id: 'image', type: 'image', source: `precomputed://${base}${volume.image}`, interpolation: 'nearest', contrast: [0, 255] },
        { id: 'segmentation', type: 'segmentation', source: `precomputed://${base}${volume.segmentation}`, outline: false, opacity: 0.5 },
      ],
    }));
  },
  // The middle of the panel at the upper left.
  spot: ({ width, height }) => ({ x: width / 4 + 20, y: height / 4 + 20 }),
  ready: async () => {
    const { viewer } = globalThis;
    if (!viewer) return false;
    await viewer.idle();
    const failed = viewer.layers.list().filter(({ id }) => viewer.layers.info(id).state !== 'ready' || viewer.layers.info(id).chunks.failed > 0);
    if (failed.length > 0) throw new Error(`not shown whole: ${failed.map(({ id }) => id)}`);
    return true;
  },
  go: ([x, y, z]) => void globalThis.viewer.setViewState({ position: [x, y, z] }),
  zoom: (nmPerPx) => void globalThis.viewer.setViewState({ crossSectionScale: nmPerPx }),
  // idle() answers at once where all is there.
  isComplete: () => Promise.race([globalThis.viewer.idle().then(() => true), new Promise((resolve) => setTimeout(resolve, 0, false))]),
  gpuBytes: () => globalThis.viewer.stats.gpuBytes,
};

export const neuroglancer = {
  name: 'Neuroglancer',
  folder: 'peer/',
  hash(volume, base) {
    const nm = volume.voxelNm * 1e-9;
    return `!${encodeURIComponent(JSON.stringify({
      dimensions: { x: [nm, 'm'], y: [nm, 'm'], z: [nm, 'm'] },
      position: middle(volume).map((n) => n / volume.voxelNm),
      crossSectionScale: volume.nmPerPx / volume.voxelNm,
      projectionScale: (600 * volume.nmPerPx) / volume.voxelNm,
      layers: [
        { type: 'image', source: `${base}${volume.image}/|neuroglancer-precomputed:`, name: 'image' },
        { type: 'segmentation', source: `${base}${volume.segmentation}/|neuroglancer-precomputed:`, name: 'segmentation' },
      ],
      layout: '4panel',
    }))}`;
  },
  spot: ({ width, height }) => ({ x: width / 4 + 20, y: height / 4 + 20 }),
  // It says so before there are layers.
  ready: () => globalThis.viewer?.layerManager.managedLayers.length === 2 && globalThis.viewer.isReady(),
  go: ([x, y, z]) => {
    const { viewer } = globalThis;
    const nm = globalThis.benchVoxelNm;
    viewer.navigationState.position.value = Float32Array.of(x / nm, y / nm, z / nm);
  },
  zoom: (nmPerPx) => {
    globalThis.viewer.navigationState.zoomFactor.value = nmPerPx / globalThis.benchVoxelNm;
  },
  isComplete: () => globalThis.viewer.isReady(),
  // Of each source nine figures of chunks on the GPU come first: their number, bytes in memory and on the GPU, for three tiers of priority.
  gpuBytes: async () => {
    const sources = await globalThis.viewer.chunkQueueManager.getStatistics();
    return [...sources.values()].reduce((sum, figures) => sum + figures[2] + figures[5] + figures[8], 0);
  },
};
