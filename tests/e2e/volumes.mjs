// What a page does to check one volume: runs inside the browser, over the npm package and nothing else.

/** Makes the one viewer of a page; `scenario` functions below use it. */
export async function start() {
  const { createViewer } = await import('/npm/index.js');
  const container = document.createElement('div');
  Object.assign(container.style, { position: 'fixed', left: '0', top: '0', width: `${PANEL_PX}px`, height: `${PANEL_PX}px` });
  document.body.append(container);
  globalThis.viewer = await createViewer({ container, layout: 'xy' });
}

/** The error as facts; anything that is no ViewerError shows as code "none". */
function facts(error) {
  return { code: error?.code ?? 'none', message: String(error?.message ?? error) };
}

async function bytesOf(file) {
  const response = await fetch(file.replace(/\.gz$/, ''));
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function bytesIn({ data }) {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Why two blocks are not the same, or nothing. */
function difference(got, wanted, tolerance) {
  if (got.length !== wanted.length) return `${got.length} bytes instead of ${wanted.length}`;
  let count = 0;
  let first = -1;
  for (let i = 0; i < got.length; i += 1) {
    if (Math.abs(got[i] - wanted[i]) <= tolerance) continue;
    if (count === 0) first = i;
    count += 1;
  }
  return count > 0 ? `${count} bytes differ, the first at ${first}: ${got[first]} instead of ${wanted[first]}` : undefined;
}

const number = (value) => (typeof value === 'bigint' ? value.toString() : value);

async function checkValues(block, array, tolerance, base) {
  const problems = [];
  if (String(block.shape) !== String(array.shape)) return [`shape ${block.shape} instead of ${array.shape}`];
  const bytes = bytesIn(block);
  if (tolerance === 0) {
    const hash = await sha256(bytes);
    if (hash === array.sha256) return problems;
    problems.push(`sha256 ${hash}`);
  }
  if (array.file) {
    const wrong = difference(bytes, await bytesOf(new URL(array.file, base).href), tolerance);
    if (wrong) problems.push(wrong);
    return problems;
  }
  const [width, height] = array.shape;
  for (const [x, y, z, wanted] of array.probes) {
    const got = number(block.data[x + width * (y + height * z)]);
    const same = typeof got === 'string' ? got === String(wanted) : Math.abs(got - Number(wanted)) <= tolerance || Object.is(got, Number(wanted));
    if (!same) problems.push(`at ${x}, ${y}, ${z}: ${got} instead of ${wanted}`);
  }
  return problems;
}

function checkMetadata(info, wanted) {
  const problems = [];
  const same = (what, got, expected) => {
    if (JSON.stringify(got) !== JSON.stringify(expected)) problems.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`);
  };
  // What is turned lies where directions in single precision say.
  const tolerance = wanted.orientation ? 1e-7 : 1e-9;
  const near = (what, got, expected) => {
    const close = expected.every((value, i) => Math.abs(value - got[i]) <= tolerance * Math.max(1, Math.abs(value)));
    if (!close) problems.push(`${what}: ${got} instead of ${expected}`);
  };
  same('state', info.state, 'ready');
  same('format', info.format, wanted.format);
  same('data type', info.dataType, wanted.dataType);
  same('channels', info.channels ?? 1, wanted.channels);
  if (info.kind) same('kind', info.kind, wanted.kind);
  same('other axes', (info.otherAxes ?? []).map(({ name, size }) => [name, size]), wanted.otherAxes.map(({ name, size }) => [name, size]));
  same('levels', info.levels.length, wanted.levels.length);
  const turn = (wanted.orientation ?? []).flat();
  same('turned', info.orientation?.length ?? 0, turn.length);
  if (!turn.every((value, i) => Math.abs(value - info.orientation[i]) <= 2e-6)) problems.push(`orientation: ${info.orientation} instead of ${turn}`);
  near('offset', info.offsetNm, wanted.levels[0].offsetNm);
  for (const [i, level] of wanted.levels.entries()) {
    const got = info.levels[i];
    if (!got) break;
    same(`box of level ${i}`, [got.box.min, got.box.max], [level.box.min, level.box.max]);
    near(`voxel size of level ${i}`, got.voxelSizeNm, level.voxelSizeNm);
    if (level.chunkShape) same(`chunk of level ${i}`, got.chunkShape, level.chunkShape);
  }
  return problems;
}

/** The source of a volume, with what has to be said of a raw file. */
const sourceOf = ({ path, raw }, base, more) => (raw || more ? { url: base + path, ...(raw && { raw }), ...more } : base + path);

/** Opens a volume, compares its metadata and the values of every level; gives what is wrong. */
export async function checkCase({ volume, arrays, tolerance, base }) {
  const { layers } = viewer;
  const id = volume.name;
  const problems = [];
  try {
    // Hidden: only what readVoxels asks for is fetched.
    const info = await layers.add({ id, type: volume.kind, source: sourceOf(volume, base), visible: false });
    problems.push(...checkMetadata(info, volume));
    for (const [level, { box, values }] of volume.levels.entries()) {
      for (const { channel, at, array } of values) {
        const block = await viewer.readVoxels(id, box, { level, channel, at });
        if (block.level !== level) problems.push(`level ${block.level} instead of ${level}`);
        for (const problem of await checkValues(block, arrays[array], tolerance, base)) {
          problems.push(`level ${level}, channel ${channel}, at ${JSON.stringify(at)}: ${problem}`);
        }
      }
    }
  } catch (error) {
    const { code, message } = facts(error);
    problems.push(`${code}: ${message}`);
  } finally {
    if (layers.get(id)) layers.remove(id);
  }
  return problems.map((problem) => `${id}: ${problem}`);
}

/** Opens what must not open or not read; gives the error, and what is wrong with the rest of the volume. */
export async function checkBroken({ name, path, raw, type = 'image', base, box, level = 0, good, array, tolerance = 0 }) {
  const { layers } = viewer;
  const outcome = { name, problems: [] };
  try {
    let stage = 'open';
    try {
      const info = await layers.add({ id: name, type, source: sourceOf({ path, raw }, base), visible: false });
      stage = 'read';
      await viewer.readVoxels(name, box ?? info.levels[level].box, { level });
      outcome.problems.push('it opens and reads');
    } catch (error) {
      Object.assign(outcome, facts(error), { stage });
    }
    const state = layers.info(name)?.state;
    const wanted = outcome.stage === 'open' ? 'error' : 'ready';
    if (state !== wanted) outcome.problems.push(`the layer's state is ${state} instead of ${wanted}`);
    if (good && outcome.stage === 'read') {
      try {
        const block = await viewer.readVoxels(name, good, { level });
        outcome.problems.push(...(await checkValues(block, array, tolerance, base)).map((problem) => `the good part: ${problem}`));
      } catch (error) {
        outcome.problems.push(`the good part: ${facts(error).message}`);
      }
    }
  } finally {
    if (layers.get(name)) layers.remove(name);
  }
  return outcome;
}

/** Red, green, blue, alpha of a PNG. */
async function pixelsOf(png) {
  const image = await createImageBitmap(png, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height).data;
}

/** Neuroglancer's colour of a segment: two rounds of MurmurHash3 without its last mixing, then hue and saturation. */
function segmentColor(id) {
  const rotate = (value, bits) => (value << bits) | (value >>> (32 - bits));
  const combine = (state, value) => {
    const mixed = Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
    return (Math.imul(rotate(state ^ mixed, 13), 5) + 0xe6546b64) | 0;
  };
  const hash = combine(combine(0, Number(id & 0xffffffffn)), Number(id >> 32n));
  const hue = ((hash & 255) / 255) * 6;
  const saturation = 0.5 + (0.5 * ((hash >> 8) & 255)) / 255;
  const part = hue - Math.floor(hue);
  const [low, falling, rising] = [1 - saturation, 1 - saturation * part, 1 - saturation * (1 - part)];
  const channels = [
    [1, rising, low],
    [falling, 1, low],
    [low, 1, rising],
    [low, falling, 1],
    [rising, low, 1],
    [1, low, falling],
  ][Math.floor(hue) % 6];
  // As Neuroglancer's Python package rounds: halves, of which there are many, to the even neighbour.
  return channels.map((channel) => {
    const scaled = channel * 255;
    const below = Math.floor(scaled);
    return scaled - below === 0.5 ? below + (below % 2) : Math.round(scaled);
  });
}

const MARGIN = 3;
/** As wide as start() makes the container. */
const PANEL_PX = 256;

/** The transform of a layer that undoes an orientation, given by its rows. */
function undoing(rows) {
  if (!rows) return undefined;
  const [a, b, c] = rows;
  const cross = (p, q) => [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
  const columns = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = a.reduce((sum, value, i) => sum + value * columns[0][i], 0);
  return [0, 1, 2].flatMap((row) => [...columns.map((column) => column[row] / determinant), 0]);
}

/**
 * Draws the middle slice of a volume's finest level at one voxel per pixel and compares it with its voxels; gives what is
 * wrong and how many pixels were compared.
 */
export async function checkPicture({ volume, base, window }) {
  const { layers } = viewer;
  const id = volume.name;
  const [level] = volume.levels;
  const [{ channel, at, absent }] = level.values;
  const outcome = { name: id, problems: [], compared: 0 };
  try {
    // Voxels as wide as high: the picture has one pixel per voxel in both directions.
    const source = sourceOf(volume, base, { voxelSizeNm: [10, 10, 10] });
    // Turned back, so that the picture is that of the volume's own x and y.
    const transform = undoing(volume.orientation);
    const spec =
      volume.kind === 'image'
        ? { id, type: 'image', source, transform, channel, contrast: window, interpolation: 'nearest', gamma: 1, opacity: 1, color: '#ffffff' }
        : { id, type: 'segmentation', source, transform, opacity: 1, outline: false };
    const info = await layers.add(spec);
    const { min, max } = level.box;
    const z = Math.floor((min[2] + max[2]) / 2);
    const slice = { min: [min[0], min[1], z], max: [max[0], max[1], z + 1] };
    // Large volumes: a part is enough.
    for (const axis of [0, 1]) slice.max[axis] = Math.min(slice.max[axis], slice.min[axis] + 240);
    // Beyond the part there is more of the volume.
    const isWhole = [0, 1].every((axis) => slice.max[axis] === max[axis]);
    const { data, shape } = await viewer.readVoxels(id, slice, { level: 0, channel, at });
    const position = [0, 1, 2].map((axis) => info.offsetNm[axis] + info.levels[0].voxelSizeNm[axis] * ((slice.min[axis] + slice.max[axis]) / 2));
    const [width, height] = [shape[0] + 2 * MARGIN, shape[1] + 2 * MARGIN];
    // A picture shows as much across as the panel does, so that its pixels are 10 nm wide.
    const crossSectionScale = (10 * width) / PANEL_PX;
    await viewer.setViewState({ position, crossSectionScale, crossSectionOrientation: [0, 0, 0, 1], otherAxes: at });
    const pixels = await pixelsOf(await viewer.screenshot({ width, height, panel: 'xy', overlays: false }));
    const background = pixels.slice(0, 3);
    const hole = (x, y) =>
      absent.some((box) => [x + slice.min[0], y + slice.min[1], z].every((value, axis) => value >= box.min[axis] && value < box.max[axis]));
    let wrong = 0;
    const compare = (x, y, wanted, tolerance, what) => {
      const start = 4 * (x + MARGIN + width * (y + MARGIN));
      const got = pixels.slice(start, start + 3);
      outcome.compared += 1;
      if (wanted.every((value, i) => Math.abs(value - got[i]) <= tolerance)) return;
      if (wrong === 0) outcome.problems.push(`pixel ${x}, ${y} is ${got} instead of ${wanted} (${what})`);
      wrong += 1;
    };
    for (let y = -MARGIN; y < shape[1] + MARGIN; y += 1) {
      for (let x = -MARGIN; x < shape[0] + MARGIN; x += 1) {
        if (x < 0 || y < 0 || x >= shape[0] || y >= shape[1]) {
          if (isWhole || x < 0 || y < 0) compare(x, y, [...background], 0, 'outside');
          continue;
        }
        const value = data[x + shape[0] * y];
        if (volume.kind === 'segmentation') {
          const segment = BigInt(value);
          const nothing = segment === 0n || hole(x, y);
          compare(x, y, nothing ? [...background] : segmentColor(segment), 0, `segment ${segment}`);
        } else if (!Number.isNaN(value)) {
          const [low, high] = window;
          // In halves: what lies between the largest doubles is no double.
          const grey = high > low ? Math.min(1, Math.max(0, (Number(value) / 2 - low / 2) / (high / 2 - low / 2))) * 255 : value >= high ? 255 : 0;
          compare(x, y, [grey, grey, grey], 1, `${hole(x, y) ? 'absent, ' : ''}value ${value} in ${low} to ${high}`);
        }
      }
    }
    if (wrong > 1) outcome.problems.push(`${wrong} of ${outcome.compared} pixels are wrong`);
  } catch (error) {
    outcome.problems.push(`${facts(error).code}: ${facts(error).message}`);
  } finally {
    if (layers.get(id)) layers.remove(id);
  }
  return outcome;
}

/** Opens layers, looks at them until all is drawn, and takes a picture. */
export async function look({ specs, layout, scale }) {
  viewer.layout = layout;
  for (const spec of specs) {
    const info = await viewer.layers.add({ ...spec, source: new URL(spec.source, location.href).href });
    const { box, voxelSizeNm } = info.levels[0];
    const position = [0, 1, 2].map((axis) => info.offsetNm[axis] + (voxelSizeNm[axis] * (box.min[axis] + box.max[axis])) / 2);
    await viewer.setViewState({ position, crossSectionScale: scale, crossSectionOrientation: [0, 0, 0, 1] });
  }
  await viewer.idle();
  const infos = specs.map(({ id }) => viewer.layers.info(id).chunks);
  const failures = specs.flatMap(({ id }) => viewer.layers.failures(id));
  return { infos, failures };
}
