// Neuroglancer as its own site starts it: it sets `window.viewer`.
import 'neuroglancer';
import { setupDefaultViewer } from 'neuroglancer/unstable/ui/default_viewer_setup.js';

setupDefaultViewer();
