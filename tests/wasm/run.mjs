// Runs the Rust tests of one wasm file in Chromium: node tests/wasm/run.mjs FOLDER page|worker
//
// FOLDER holds wasm-bindgen's tests.js and tests_bg.wasm. The tests of `page` run in a page, those of `worker` in a module worker.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { launch, root, serve } from '../e2e/browser.mjs';

const TIMEOUT_MILLIS = 180_000;

const [folder, where] = process.argv.slice(2);
const wasm = await WebAssembly.compile(await readFile(path.join(folder, 'tests_bg.wasm')));
const tests = WebAssembly.Module.exports(wasm).map((entry) => entry.name).filter((name) => name.startsWith('__wbgt_'));
if (tests.length === 0) throw new Error(`${folder} holds no tests`);

/** Runs in the page or the worker. Self-contained: it is sent there as text. */
async function runTests(origin, tests) {
  const bindings = await import(`${origin}/tests.js`);
  for (const level of ['debug', 'log', 'info', 'warn', 'error']) {
    // The harness keeps what a test prints, to show it with a failure.
    globalThis.console[level] = (...args) => bindings[`__wbgtest_console_${level}`](args);
  }
  globalThis.__wbg_test_invoke = (test) => test();
  const exports = await bindings.default({ module_or_path: `${origin}/tests_bg.wasm` });
  const context = new bindings.WasmBindgenTestContext(false);
  context.include_ignored(false);
  context.filtered_count(0);
  return context.run(tests.map((name) => exports[name]));
}

/** The same in a worker; what the harness prints comes back as lines. */
const workerSource = `
  globalThis.__wbg_test_output_writeln = (...words) => postMessage({ line: words.join(' ') });
  onmessage = async ({ data: [origin, tests] }) => {
    try {
      postMessage({ passed: await (${runTests})(origin, tests) });
    } catch (error) {
      postMessage({ line: String(error?.stack ?? error), passed: false });
    }
  };`;

function runInWorker([source, origin, tests]) {
  const output = document.getElementById('output');
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
      if (data.line !== undefined) output.append(`${data.line}\n`);
      if (data.passed !== undefined) resolve(data.passed);
    };
    worker.postMessage([origin, tests]);
  });
}

const [browser, server] = await Promise.all([
  launch(),
  serve({ site: folder, data: path.join(root, 'tests/data'), faults: true }),
]);
let passed = false;
try {
  const page = await browser.newPage();
  const origin = server.url.replace(/\/$/, '');
  await page.goto(server.url);
  await page.setContent('<pre id="output"></pre>');
  const running =
    where === 'page'
      ? page.evaluate(`(${runTests})(${JSON.stringify(origin)}, ${JSON.stringify(tests)})`)
      : page.evaluate(runInWorker, [workerSource, origin, tests]);
  let timer;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, TIMEOUT_MILLIS, 'timeout')));
  const result = await Promise.race([running.catch((error) => error), timeout]);
  clearTimeout(timer);
  console.log(await page.textContent('#output'));
  if (result === 'timeout') console.log(`the tests did not end within ${TIMEOUT_MILLIS / 1000} s`);
  else if (result instanceof Error) console.log(String(result));
  passed = result === true;
} finally {
  await Promise.all([browser.close(), server.close()]);
}
process.exitCode = passed ? 0 : 1;
