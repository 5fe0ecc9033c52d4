// The package as it is published: what a page imports, and what its workers run. The addresses of wasm and worker files stay as
// they are written, for the bundlers of those who use it.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

/** `text:NAME`: the text of a file that was bundled before. */
const text = {
  name: 'text',
  resolveId: (id) => (id.startsWith('text:') ? { id } : null),
  load: (id) => (id.startsWith('text:') ? `export default ${JSON.stringify(readFileSync(folder(`../dist/npm/${id.slice(5)}`), 'utf8'))}` : null),
};

// One at a time, the worker before the page that holds its text: bundled together, they would share further files.
export default ['worker', 'worker_full', 'index'].map((name) => ({
  input: folder(`../target/npm/${name}.js`),
  plugins: [text],
  // The text is there once, however often it is named.
  optimization: { inlineConst: false },
  output: { file: folder(`../dist/npm/${name}.js`), format: 'es', minify: false, comments: { legal: true, annotation: true, jsdoc: false } },
}));
