// Neuroglancer as its own site starts it, with all of the page for its panels: it sets `window.viewer`.
import 'neuroglancer';
import { setupDefaultViewer } from 'neuroglancer/unstable/ui/default_viewer_setup.js';

setupDefaultViewer({ showUIControls: false, showPanelBorders: false });
