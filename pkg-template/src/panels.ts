/**
 * What stands over the canvas: axis chips, scale bars, maximize buttons and the borders that can be dragged. Plain DOM in
 * the viewer's shadow root, laid out from the rectangles the engine gives; knows nothing of layers or data.
 */
import type { PanelRect } from "./engine.js";
import type { Layout, PanelName } from "./types.js";

/** What a panel's furniture can ask for. */
export interface PanelCommands {
  layout(): Layout;
  setLayout(layout: Layout): void;
  /** Borders as fractions of the width and height. */
  split(x: number, y: number): void;
  /** Gives the viewer the focus. */
  focus(): void;
}

interface PanelParts {
  frame: HTMLElement;
  scale: HTMLElement;
  bar: HTMLElement;
  label: HTMLElement;
  maximize: HTMLButtonElement;
}

type Edge = "x" | "y" | "xy";

const MAXIMIZE = "M8 3H5a2 2 0 0 0-2 2v3m18 0V5a2 2 0 0 0-2-2h-3m0 18h3a2 2 0 0 0 2-2v-3M3 16v3a2 2 0 0 0 2 2h3";
const RESTORE = "M8 3v3a2 2 0 0 1-2 2H3m18 0h-3a2 2 0 0 1-2-2V3m0 18v-3a2 2 0 0 1 2-2h3M3 16h3a2 2 0 0 1 2 2v3";
/** Narrower panels show no scale bar. */
const SCALE_BAR_FROM_PX = 140;

export class PanelChrome {
  #host: HTMLElement;
  #commands: PanelCommands;
  #parts = new Map<PanelName, PanelParts>();
  #edges = new Map<Edge, HTMLElement>();
  #rects: PanelRect[] = [];
  #shown = "";
  #split = { x: 0.5, y: 0.5 };
  /** The layout to go back to from a maximized panel. */
  #before: Layout = "4panel";

  constructor(host: HTMLElement, commands: PanelCommands) {
    this.#host = host;
    this.#commands = commands;
  }

  /** Shows the button of the panel under the pointer. Listens above the canvas, for the buttons are in front of it. */
  watchPointer(root: HTMLElement, signal: AbortSignal): void {
    const show = (panel: PanelName | undefined): void => {
      for (const [name, parts] of this.#parts) parts.frame.toggleAttribute("data-hover", name === panel);
    };
    root.addEventListener(
      "pointermove",
      (event) => {
        const box = root.getBoundingClientRect();
        const [x, y] = [event.clientX - box.left, event.clientY - box.top];
        show(this.#rects.find((r) => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height)?.name);
      },
      { signal },
    );
    root.addEventListener("pointerleave", () => show(undefined), { signal });
  }

  /** Cheap when nothing has changed: called after every frame. */
  update(rects: PanelRect[]): void {
    const shown = JSON.stringify(rects);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#rects = rects;
    for (const [name, parts] of this.#parts) {
      if (rects.some((r) => r.name === name)) continue;
      parts.frame.remove();
      this.#parts.delete(name);
    }
    for (const rect of rects) this.#place(rect);
    this.#placeEdges();
  }

  #place(rect: PanelRect): void {
    let parts = this.#parts.get(rect.name);
    if (!parts) this.#parts.set(rect.name, (parts = this.#make(rect)));
    const { frame, scale, bar, label, maximize } = parts;
    Object.assign(frame.style, { left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px` });
    scale.hidden = !rect.scaleBar || rect.width < SCALE_BAR_FROM_PX;
    if (rect.scaleBar) {
      bar.style.width = `${rect.scaleBar.lengthPx}px`;
      label.textContent = rect.scaleBar.label;
    }
    const alone = this.#rects.length === 1;
    const title = alone ? "Show all panels" : `Show only ${rect.name}`;
    maximize.title = title;
    maximize.setAttribute("aria-label", title);
    maximize.querySelector("path")?.setAttribute("d", alone ? RESTORE : MAXIMIZE);
  }

  #make(rect: PanelRect): PanelParts {
    const frame = element("div", "panel");
    frame.dataset["testid"] = `panel-${rect.name}`;
    const chip = element("div", "chip");
    if (rect.name === "3d") chip.append("3D");
    else if (rect.axes.length < 2) chip.append(rect.name);
    else chip.append(...rect.axes.map((axis) => Object.assign(element("span", `axis-${axis}`), { textContent: axis })));
    const scale = element("div", "scale");
    scale.dataset["testid"] = `scale-${rect.name}`;
    const label = element("div", "scale-label");
    const bar = element("div", "scale-bar");
    scale.append(label, bar);
    const maximize = element("button", "maximize");
    maximize.type = "button";
    maximize.dataset["testid"] = `maximize-${rect.name}`;
    maximize.append(icon(MAXIMIZE));
    maximize.addEventListener("click", (event) => {
      // Clicked, not pressed by a key: the next key is meant for the panel.
      if (event.detail > 0) this.#commands.focus();
      this.#toggle(rect.name);
    });
    frame.append(chip, scale, maximize);
    this.#host.append(frame);
    return { frame, scale, bar, label, maximize };
  }

  #toggle(panel: PanelName): void {
    const layout = this.#commands.layout();
    if (layout === panel) return this.#commands.setLayout(this.#before);
    this.#before = layout;
    this.#commands.setLayout(panel);
  }

  #placeEdges(): void {
    const x = inner(this.#rects, "x", "width");
    const y = inner(this.#rects, "y", "height");
    this.#edge("x", x !== undefined, { left: `${x}px`, top: "0", height: "100%" }, x, undefined);
    this.#edge("y", y !== undefined, { top: `${y}px`, left: "0", width: "100%" }, undefined, y);
    this.#edge("xy", x !== undefined && y !== undefined, { left: `${x}px`, top: `${y}px` }, x, y);
  }

  #edge(edge: Edge, wanted: boolean, style: Partial<CSSStyleDeclaration>, x: number | undefined, y: number | undefined): void {
    let handle = this.#edges.get(edge);
    if (!wanted) {
      handle?.remove();
      this.#edges.delete(edge);
      return;
    }
    if (!handle) {
      handle = this.#makeEdge(edge);
      this.#edges.set(edge, handle);
      this.#host.append(handle);
    }
    Object.assign(handle.style, style);
    if (x !== undefined) this.#split.x = x / this.#host.clientWidth;
    if (y !== undefined) this.#split.y = y / this.#host.clientHeight;
    if (edge !== "xy") handle.setAttribute("aria-valuenow", String(Math.round(100 * this.#split[edge])));
  }

  #makeEdge(edge: Edge): HTMLElement {
    const handle = element("div", `edge edge-${edge}`);
    handle.dataset["testid"] = `edge-${edge}`;
    if (edge !== "xy") {
      handle.tabIndex = 0;
      handle.setAttribute("role", "separator");
      handle.setAttribute("aria-orientation", edge === "x" ? "vertical" : "horizontal");
      handle.setAttribute("aria-label", edge === "x" ? "Border between left and right panels" : "Border between upper and lower panels");
    }
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      handle.toggleAttribute("data-drag", true);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      const box = this.#host.getBoundingClientRect();
      if (edge !== "y") this.#split.x = (event.clientX - box.left) / box.width;
      if (edge !== "x") this.#split.y = (event.clientY - box.top) / box.height;
      this.#apply();
    });
    const end = (event: PointerEvent): void => {
      event.stopPropagation();
      handle.toggleAttribute("data-drag", false);
    };
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
    handle.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      if (edge !== "y") this.#split.x = 0.5;
      if (edge !== "x") this.#split.y = 0.5;
      this.#apply();
    });
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (step === undefined || edge === "xy") return;
      event.preventDefault();
      event.stopPropagation();
      this.#split[edge] += step * 0.02;
      this.#apply();
    });
    return handle;
  }

  #apply(): void {
    const clamp = (v: number): number => Math.min(0.9, Math.max(0.1, v));
    this.#split = { x: clamp(this.#split.x), y: clamp(this.#split.y) };
    this.#commands.split(this.#split.x, this.#split.y);
  }
}

/** The middle of the gap between the first and the second column (or row), if there are two. */
function inner(rects: PanelRect[], start: "x" | "y", size: "width" | "height"): number | undefined {
  const origin = Math.min(...rects.map((r) => r[start]));
  const second = Math.min(...rects.filter((r) => r[start] > origin + 1).map((r) => r[start]));
  if (!Number.isFinite(second)) return undefined;
  const firstEnds = Math.max(...rects.filter((r) => r[start] <= origin + 1).map((r) => r[start] + r[size]));
  return (Math.min(firstEnds, second) + second) / 2;
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function icon(path: string): SVGSVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(ns, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
