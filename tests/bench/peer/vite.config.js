// Three of Neuroglancer's icons are in a version of ikonate that only its repository has; blank ones do for measuring.
const ICONS = /^ikonate\/icons\/(code-alt|controls-alt|layers)\.svg/;

export default {
  base: '',
  worker: { format: 'es', plugins: () => [blankIcons()] },
  plugins: [blankIcons()],
  build: { target: 'es2022', chunkSizeWarningLimit: 1e6 },
};

function blankIcons() {
  return {
    name: 'blank-icons',
    enforce: 'pre',
    resolveId: (id) => (ICONS.test(id) ? `\0blank-icon${id}` : undefined),
    load: (id) => (id.startsWith('\0blank-icon') ? 'export default \'<svg xmlns="http://www.w3.org/2000/svg"/>\'' : undefined),
  };
}
