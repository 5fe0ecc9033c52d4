// Datasets in public buckets, at the host names that Google and Amazon answer at: the browser is told that these names are this machine.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './browser.mjs';

const data = path.join(root, 'tests/data');
const { cases, arrays } = JSON.parse(await readFile(path.join(data, 'expected.json'), 'utf8'));
const expected = (name) => arrays[cases.find((one) => one.name === name).levels[0].values[0].array].sha256;

let browser;
let server;
let buckets;
/** Every request as "METHOD host path". */
const asked = [];

/** The object that a request is for, by the rules of the service at its host; the bucket is "data". */
function objectOf(host, url) {
  const { pathname, searchParams } = new URL(url, `https://${host}`);
  if (host === 'storage.googleapis.com') {
    const object = pathname.match(/^\/storage\/v1\/b\/data\/o\/([^/]+)$/)?.[1];
    return object && searchParams.get('alt') === 'media' ? decodeURIComponent(object) : undefined;
  }
  if (/^data\.s3(\.eu-central-1)?\.amazonaws\.com$/.test(host)) return decodeURIComponent(pathname.slice(1));
  if (host === 's3.amazonaws.com') return decodeURIComponent(pathname.match(/^\/dotted\.data\/(.+)$/)?.[1] ?? '') || undefined;
  return undefined;
}

async function answer(request, response) {
  const host = request.headers.host.replace(/:\d+$/, '');
  asked.push(`${request.method} ${host} ${request.url}`);
  const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'range', 'access-control-expose-headers': 'content-range' };
  if (request.method === 'OPTIONS') return response.writeHead(204, headers).end();
  const object = objectOf(host, request.url);
  const bytes = object && (await readFile(path.join(data, path.normalize(`/${object}`))).catch(() => undefined));
  // Amazon refuses, to who may not list a bucket, what is not there.
  if (!bytes) return response.writeHead(host.endsWith('amazonaws.com') ? 403 : 404, headers).end();
  const [, start, end] = request.headers.range?.match(/^bytes=(\d+)-(\d+)$/) ?? [];
  if (start === undefined) return response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(request.method === 'HEAD' ? undefined : bytes);
  const last = Math.min(Number(end), bytes.length - 1);
  return response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${last}/${bytes.length}` }).end(bytes.subarray(Number(start), last + 1));
}

before(async () => {
  const certificate = await readFile(path.join(root, 'tests/e2e/certificate.pem'));
  buckets = createServer({ key: certificate, cert: certificate }, answer);
  await new Promise((resolve) => buckets.listen(0, '127.0.0.1', resolve));
  const here = `127.0.0.1:${buckets.address().port}`;
  const rules = ['storage.googleapis.com', '*.amazonaws.com'].map((host) => `MAP ${host}:443 ${here}`).join(', ');
  // A public name that leads to this machine is what Chromium otherwise asks a person about.
  const args = [`--host-resolver-rules=${rules}`, '--ignore-certificate-errors', '--disable-features=LocalNetworkAccessChecks'];
  browser = await launch({ args });
  server = await serve();
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
  buckets?.closeAllConnections();
  buckets?.close();
});

/** What the voxels of the finest level of a source are, as a digest. */
async function digestOf(source) {
  const page = await browser.newPage();
  await page.route('**/empty.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><div id="a" style="width:200px;height:150px"></div>' }));
  await page.goto(`${server.url}empty.html`);
  const digest = await page.evaluate(async (source) => {
    const { createViewer } = await import('/npm/index.js');
    const viewer = await createViewer({ container: '#a', layout: 'xy' });
    const info = await viewer.layers.add({ id: 'it', type: 'image', source });
    const block = await viewer.readVoxels('it', info.levels[0].box);
    return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', block.data)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }, source);
  await page.close();
  return digest;
}

for (const [source, name, host] of [
  ['gs://data/precomputed/raw-uint8', 'precomputed/raw-uint8', 'storage.googleapis.com'],
  ['precomputed://gs://data/precomputed/sharded-4-identity-9-3-3-gzip-gzip', 'precomputed/sharded-4-identity-9-3-3-gzip-gzip', 'storage.googleapis.com'],
  ['gs://data/zip/zip64.zip', 'zarr/v3-sharded-end-raw', 'storage.googleapis.com'],
  ['s3://data/zarr/v2-blosc-lz4-shuffle/|zarr2:', 'zarr/v2-blosc-lz4-shuffle', 'data.s3.amazonaws.com'],
  ['zarr3://s3://data/zarr/v3-sharded-nested?region=eu-central-1', 'zarr/v3-sharded-nested', 'data.s3.eu-central-1.amazonaws.com'],
  ['s3://dotted.data/n5/blosc-zstd', 'n5/blosc-zstd', 's3.amazonaws.com'],
  ['s3://data/wkw/files-lz4', 'wkw/files-lz4', 'data.s3.amazonaws.com'],
]) {
  test(`${source} is read where its service answers`, async () => {
    asked.length = 0;
    assert.equal(await digestOf(source), expected(name));
    const hosts = new Set(asked.map((line) => line.split(' ')[1]));
    assert.deepEqual([...hosts], [host]);
  });
}
