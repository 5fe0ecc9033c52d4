import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  resolve: { alias: { neurolume: fileURLToPath(new URL('../dist/npm/index.js', import.meta.url)) } },
  worker: { format: 'es' },
  build: { outDir: '../dist/www', emptyOutDir: false, target: 'es2022' },
});
