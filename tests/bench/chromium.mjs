// A Chromium as a person has it, with a profile of its own, and as little listening in as it takes to drive one page: the network and
// the bodies of answers, which tools for testing record in the page's process, are left alone.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { executable, FLAGS } from '../e2e/browser.mjs';

const MORE_FLAGS = [
  '--headless',
  '--remote-debugging-pipe',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--no-default-browser-check',
  '--disable-extensions',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** Starts it: { page, pid, close }. `size`: width and height of the page, at a ratio of 1. */
export async function start({ width, height }) {
  const profile = await mkdtemp(path.join(tmpdir(), 'neurolume-profile-'));
  const args = [...FLAGS, ...MORE_FLAGS, `--user-data-dir=${profile}`, `--window-size=${width},${height}`, 'about:blank'];
  const browser = spawn(executable(), args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const gone = new Promise((resolve) => browser.on('exit', resolve).on('error', resolve));
  const send = talk(browser.stdio[3], browser.stdio[4], gone);
  const close = async () => {
    await send('Browser.close').catch(() => browser.kill('SIGKILL'));
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { targetInfos } = await send('Target.getTargets');
    const { targetId } = targetInfos.find(({ type }) => type === 'page');
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page((method, params) => send(method, params, sessionId));
    await page.prepare(width, height);
    return { page, pid: browser.pid, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The longest that a message waits for its answer: a session of the bench takes a minute or two. */
const PATIENCE_MILLIS = 600_000;

/** Messages of the DevTools protocol, each ended by a zero byte. */
function talk(to, from, gone) {
  const waiting = new Map();
  let [last, rest] = [0, ''];
  // A pipe breaks where the browser ends, which is told of by `gone`.
  for (const pipe of [to, from]) pipe.on('error', () => {});
  from.setEncoding('utf8');
  from.on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const { resolve, reject, timer } = waiting.get(id) ?? {};
      clearTimeout(timer);
      waiting.delete(id);
      if (error) reject?.(new Error(error.message));
      else resolve?.(result);
    }
  });
  void gone.then(() => waiting.forEach(({ reject, timer }) => {
    clearTimeout(timer);
    reject(new Error('the browser has ended'));
  }));
  return (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    last += 1;
    const timer = setTimeout(() => reject(new Error(`the browser does not answer ${method}`)), PATIENCE_MILLIS);
    waiting.set(last, { resolve, reject, timer });
    to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
}

class Page {
  #send;

  constructor(send) {
    this.#send = send;
  }

  async prepare(width, height) {
    await this.#send('Page.enable');
    await this.#send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** Runs a script in each document that comes, before its own. */
  async before(source) {
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source });
  }

  /** Goes to an address, and does not wait for what is loaded there. */
  async goto(url) {
    const { errorText } = await this.#send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
  }

  /** What a function gives in the page, where it gets this argument. */
  async evaluate(run, argument) {
    const expression = `(${run})(${JSON.stringify(argument) ?? ''})`;
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** A PNG. */
  async screenshot() {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }
}
