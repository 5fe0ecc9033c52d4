// Both wasm files start, through Vite's bundle and from plain modules.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, serve, watchErrors } from './browser.mjs';

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

test('the site loads both wasm files', async () => {
  const page = await browser.newPage();
  const errors = watchErrors(page);
  await page.goto(server.url);
  await page.waitForFunction(() => document.querySelector('[data-testid=state]')?.textContent === 'ready');
  errors();
  await page.close();
});

test('plain modules load both wasm files', async () => {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.evaluate(async () => (await import('/npm/index.js')).load());
  await page.close();
});

test('the log tells every file that was sent', async () => {
  const log = await server.log();
  assert.ok(log.some((entry) => entry.path === '/npm/neurolume_worker_bg.wasm' && entry.status === 200 && entry.bytes > 0));
});
