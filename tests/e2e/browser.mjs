// A Chromium that draws WebGPU in software, and a server of the built site: what every test in a browser begins with.
//
// Its pictures are the same on every machine, with or without a GPU.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

// Fewer flags than these give an adapter whose queue fails, or a canvas that stays blank in screenshots.
export const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--enable-unsafe-webgpu',
  '--ignore-gpu-blocklist',
  '--enable-gpu',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chromium is. */
export const executable = () => process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts Chromium. The caller closes it. */
export function launch({ args = [] } = {}) {
  return chromium.launch({ executablePath: executable(), headless: true, args: [...FLAGS, ...args] });
}

/**
 * Serves the built site, or another folder as `site`, on a free port: `data` is a folder to serve beside it, `faults`
 * allows `/fault/…`, `latency` (ms) and `bandwidth` (Mbit/s) make a slow line.
 * Gives the URL, the requests answered so far, and how to end it.
 */
export async function serve({ site, data, faults = false, latency = 0, bandwidth = 0 } = {}) {
  const program = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug', 'xtask');
  if (!existsSync(program)) throw new Error(`${program} is not built: run \`cargo xtask build\``);
  const folder = await mkdtemp(path.join(tmpdir(), 'neurolume-'));
  const logFile = path.join(folder, 'log');
  const args = ['serve', '--no-build', '--port', '0', '--log', logFile];
  if (site) args.push('--site', site);
  if (data) args.push('--data', data);
  if (faults) args.push('--faults');
  if (latency) args.push('--latency', String(latency));
  if (bandwidth) args.push('--bandwidth', String(bandwidth));
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((resolve, reject) => {
    let printed = '';
    server.stdout.on('data', (text) => {
      printed += text;
      const found = printed.match(/http:\/\/localhost:\d+\//);
      if (found) resolve(found[0]);
    });
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${printed}`)));
    server.on('error', reject);
  });
  return {
    url,
    /** The requests answered so far: { method, path, range, status, bytes, millis }. */
    async log() {
      const lines = (await readFile(logFile, 'utf8')).split('\n');
      return lines.filter((line) => line.length > 0).map((line) => JSON.parse(line));
    },
    async close() {
      server.removeAllListeners('exit');
      const gone = new Promise((resolve) => server.on('exit', resolve));
      server.kill();
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Fails on any error of the page that a test does not expect: call the result at the test's end. */
export function watchErrors(page) {
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return () => {
    if (errors.length > 0) throw new Error(`the page reported: ${errors.join('\n')}`);
  };
}

/** The address of a page with a place "a" whose content security policy allows scripts and workers from files alone. */
export async function strictPage(page, base) {
  await page.route('**/strict.html', (route) => route.fulfill({
    contentType: 'text/html',
    headers: { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline'; worker-src 'self'" },
    body: '<!doctype html><div id="a" style="width:200px;height:150px"></div>',
  }));
  return `${base}strict.html`;
}

/** A browser and a server of the site for the tests of a file: `browser` and `server`, while they run. */
export function hosted() {
  const host = {};
  before(async () => {
    [host.browser, host.server] = await Promise.all([launch(), serve()]);
  });
  after(async () => {
    await Promise.all([host.browser?.close(), host.server?.close()]);
  });
  return host;
}
