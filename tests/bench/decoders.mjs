// MB/s of our decoders as wasm and of those that Neuroglancer ships, in this node: node decoders.mjs FOLDER NPM PEER REAL
//
// FOLDER/inputs/phantom holds images as jpeg and labels as compressed_segmentation; REAL, where it exists, the like of real EM.
// Both are packed here by the other codecs too. On both sides bytes come from an Uint8Array and voxels go to one.

import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, npm, peer, real] = process.argv.slice(2);
const MILLIS = 500;
const CHUNKS = 4;
const EDGE = 64;
const IMAGE_BYTES = EDGE ** 3;
const LABEL_BYTES = EDGE ** 3 * 8;
// Two decoders of JPEG may round differently; one of them is ours, which equals libjpeg-turbo.
const JPEG_TOLERANCE = 3;

const load = (file) => import(pathToFileURL(file));
const modules = path.join(peer, 'node_modules');
const theirs = (name) => load(path.join(modules, 'neuroglancer/lib', name));
const codec = async (name, config) => (await load(path.join(modules, 'numcodecs/dist', `${name}.js`))).default.fromConfig({ id: name, ...config });

const ours = await load(path.join(npm, 'neurolume_bench.js'));
ours.initSync({ module: await readFile(path.join(npm, 'neurolume_bench_bg.wasm')) });

const { JpegDecoder } = await theirs('third_party/jpgjs/jpg.js');
const { decodeChannels } = await theirs('sliceview/compressed_segmentation/decode_uint64.js');
const { decodeGzip } = await theirs('util/gzip.js');
const [blosc, zstd] = [await codec('blosc', { cname: 'lz4' }), await codec('zstd', { level: 3 })];

/** Neuroglancer's way from a chunk's bytes to its voxels, by codec. */
const peers = {
  jpeg(bytes) {
    const parser = new JpegDecoder();
    parser.parse(bytes);
    return parser.getData(parser.width, parser.height, false);
  },
  // The GPU reads this encoding; nothing in the viewer calls the decoder, which its tests use.
  compressed_segmentation(bytes) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return decodeChannels(new BigUint64Array(EDGE ** 3), words, 0, [EDGE, EDGE, EDGE, 1], [8, 8, 8]);
  },
  gzip: (bytes) => decodeGzip(bytes, 'gzip'),
  zlib: (bytes) => decodeGzip(bytes, 'deflate'),
  zstd: (bytes) => zstd.decode(bytes),
  blosc: (bytes) => blosc.decode(bytes),
  // `crc32c` is missing: Neuroglancer cuts the checksum off and does not look at it.
};

const bytesOf = (data) => (data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

/** The case of a codec: each chunk packed, and raw. */
async function write(data, name, chunks) {
  const to = path.join(folder, 'inputs', data, name);
  await mkdir(to, { recursive: true });
  for (const [number, { encoded, raw }] of chunks.entries()) {
    await writeFile(path.join(to, String(number)), encoded);
    await writeFile(path.join(to, `${number}.raw`), raw);
  }
  return { data, name, chunks };
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
  return n;
});

function withChecksum(raw) {
  let crc = ~0;
  for (const byte of raw) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  const encoded = new Uint8Array(raw.length + 4);
  encoded.set(raw);
  new DataView(encoded.buffer).setUint32(raw.length, ~crc, true);
  return encoded;
}

async function cases(data, images, labels) {
  const decoded = (name, bytes, len) => bytes.map((encoded) => ({ encoded, raw: ours.decode(name, encoded, len) }));
  const image = decoded('jpeg', images, IMAGE_BYTES);
  const label = decoded('compressed_segmentation', labels, LABEL_BYTES);
  const found = [
    await write(data, 'jpeg', image),
    await write(data, 'jpeg-full', image),
    await write(data, 'compressed_segmentation', label),
    await write(data, 'crc32c.image', image.map(({ raw }) => ({ raw, encoded: withChecksum(raw) }))),
  ];
  const packed = async (name, encoder, chunks) => {
    const all = [];
    for (const { raw } of chunks) all.push({ raw, encoded: await encoder.encode(raw) });
    found.push(await write(data, name, all));
  };
  for (const [kind, chunks] of Object.entries({ image, labels: label })) {
    await packed(`gzip.${kind}`, await codec('gzip', { level: 6 }), chunks);
    await packed(`zstd.${kind}`, zstd, chunks);
    for (const [cname, shuffle, text] of [['lz4', 0, 'lz4'], ['lz4', 1, 'lz4-shuffle'], ['zstd', 1, 'zstd-shuffle'], ['zstd', 2, 'zstd-bitshuffle'], ['blosclz', 1, 'blosclz-shuffle'], ['zlib', 1, 'zlib-shuffle']]) {
      // Images of bytes have nothing to shuffle.
      if (kind === 'labels' ? shuffle > 0 : text === 'lz4' || text === 'zstd-bitshuffle') {
        await packed(`blosc.${text}-${kind}`, await codec('blosc', { cname, shuffle, clevel: 5, blocksize: 0 }), chunks);
      }
    }
  }
  return found;
}

async function firstFiles(from, names = () => true) {
  const files = (await readdir(from)).filter((name) => !name.includes('.') && names(name)).sort();
  return Promise.all(files.slice(0, CHUNKS).map(async (name) => new Uint8Array(await readFile(path.join(from, name)))));
}

function check(name, got, raw) {
  const tolerance = name === 'jpeg' ? JPEG_TOLERANCE : 0;
  if (got.length !== raw.length || got.some((byte, i) => Math.abs(byte - raw[i]) > tolerance)) throw new Error(`${name}: other voxels come out`);
}

/** Best of passes over all chunks, ours and theirs in turns, so that whatever else the machine does meets both. */
async function measure({ name, chunks }) {
  const [kind] = name.split('.');
  const peer = peers[kind];
  const bytes = chunks.reduce((sum, { raw }) => sum + raw.length, 0);
  for (const { encoded, raw } of chunks) {
    check(kind, ours.decode(kind, encoded, raw.length), raw);
    if (peer) check(kind, bytesOf(await peer(encoded)), raw);
  }
  let [best, theirBest] = [Infinity, Infinity];
  const start = performance.now();
  while (performance.now() - start < 2 * MILLIS) {
    let before = performance.now();
    for (const { encoded, raw } of chunks) ours.decode(kind, encoded, raw.length);
    best = Math.min(best, performance.now() - before);
    if (!peer) continue;
    before = performance.now();
    for (const { encoded } of chunks) {
      const result = peer(encoded);
      if (result instanceof Promise) await result;
    }
    theirBest = Math.min(theirBest, performance.now() - before);
  }
  return { wasm: bytes / best / 1e3, neuroglancer: peer ? bytes / theirBest / 1e3 : undefined };
}

const inputs = path.join(folder, 'inputs');
const all = await cases('phantom', await firstFiles(path.join(inputs, 'phantom/jpeg')), await firstFiles(path.join(inputs, 'phantom/compressed_segmentation')));
if (existsSync(real)) {
  const whole = (name) => !name.includes('250');
  const [images, labels] = await Promise.all(['image', 'seg'].map((kind) => firstFiles(path.join(real, kind, '10_10_10'), whole)));
  all.push(...(await cases('FIB-25', images, labels)));
} else {
  console.log(`!! no real EM at ${real}: the phantom alone is measured`);
}
const figures = { wasm: {}, neuroglancer: {} };
for (const one of all) {
  const speeds = await measure(one);
  for (const [side, speed] of Object.entries(speeds)) figures[side][`${one.data} ${one.name}`] = speed;
}
for (const [side, speeds] of Object.entries(figures)) await writeFile(path.join(folder, `${side}.json`), JSON.stringify(speeds));
