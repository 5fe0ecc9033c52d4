/** The look of what stands over the canvas. A host page changes it through the `--nl-*` custom properties. */
export const css = `
:host {
  display: block; position: relative; width: 100%; height: 100%; overflow: hidden; contain: strict;
  outline: none; user-select: none; -webkit-user-select: none;
  font: 11px/14px var(--nl-font, system-ui, sans-serif); font-variant-numeric: tabular-nums;
  background: var(--nl-panel-background, #171717);
}
[hidden] { display: none !important; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; touch-action: none; cursor: crosshair; }
:host([data-drag]) canvas { cursor: grabbing; }
.panel { position: absolute; pointer-events: none; overflow: hidden; }
:host(:focus-visible:not([data-clicked]))::after { content: ""; position: absolute; inset: 0; pointer-events: none; box-shadow: inset 0 0 0 2px var(--nl-accent, #6ea8fe); }
/* Each its own small layer: one layer for all of them would cover the canvas, and take as much memory as it. */
.chip, .scale, .maximize, .edge { will-change: transform; }
.chip {
  position: absolute; left: 8px; top: 8px; display: flex; gap: 5px; padding: 2px 7px; border-radius: 4px;
  background: var(--nl-chip-background, rgb(20 20 20 / 0.74)); color: var(--nl-chip-color, #ececec); font-weight: 600;
}
.axis-x { color: var(--nl-axis-x, #ff7a70); }
.axis-y { color: var(--nl-axis-y, #6fdc84); }
.axis-z { color: var(--nl-axis-z, #86b1ff); }
.scale {
  position: absolute; left: 8px; bottom: 8px; width: max-content; padding: 2px 8px 5px; border-radius: 4px; text-align: center;
  background: var(--nl-chip-background, rgb(20 20 20 / 0.74)); color: var(--nl-chip-color, #ececec); font-weight: 600;
}
.scale-bar { height: 2px; margin-top: 1px; background: currentColor; }
.maximize {
  position: absolute; right: 6px; top: 6px; width: 24px; height: 24px; padding: 4px; border: 0; border-radius: 4px; cursor: pointer;
  background: var(--nl-chip-background, rgb(20 20 20 / 0.74)); color: var(--nl-chip-color, #ececec);
  pointer-events: none; opacity: 0; transition: opacity 120ms;
}
.panel[data-hover] .maximize, .maximize:focus-visible { opacity: 0.85; pointer-events: auto; }
.maximize:hover { opacity: 1 !important; }
.maximize:focus-visible { outline: 2px solid var(--nl-accent, #6ea8fe); }
.maximize svg { display: block; width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.edge { position: absolute; pointer-events: auto; touch-action: none; outline: none; }
.edge-x { width: 9px; margin-left: -4.5px; cursor: col-resize; }
.edge-y { height: 9px; margin-top: -4.5px; cursor: row-resize; }
.edge-xy { width: 17px; height: 17px; margin: -8.5px; cursor: move; }
.edge-x::after, .edge-y::after { content: ""; position: absolute; background: var(--nl-panel-border, #2e2e2e); transition: background 120ms; }
.edge-x::after { left: 4px; width: 1px; top: 0; bottom: 0; }
.edge-y::after { top: 4px; height: 1px; left: 0; right: 0; }
.edge-x:hover::after, .edge-x:focus-visible::after, .edge-x[data-drag]::after { background: var(--nl-accent, #6ea8fe); left: 3px; width: 3px; }
.edge-y:hover::after, .edge-y:focus-visible::after, .edge-y[data-drag]::after { background: var(--nl-accent, #6ea8fe); top: 3px; height: 3px; }
@media (hover: none) { .maximize { opacity: 0.7; pointer-events: auto; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
