// The package as it is published: what a page imports, and what its workers run. The addresses of wasm and worker files stay as
// they are written, for the bundlers of those who use it.

import { fileURLToPath } from 'node:url';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

// One at a time: bundled together, they would share further files.
export default ['index', 'worker', 'worker_full'].map((name) => ({
  input: folder(`../target/npm/${name}.js`),
  output: { file: folder(`../dist/npm/${name}.js`), format: 'es', minify: false, comments: { legal: true, annotation: true, jsdoc: false } },
}));
