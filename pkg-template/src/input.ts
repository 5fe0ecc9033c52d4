/** Hands DOM input to the engine, in CSS pixels of the container, and keeps the browser from acting on what was handled. */
import type { EngineView, PointerKind } from "./engine.js";

type Modified = { shiftKey: boolean; ctrlKey: boolean; altKey: boolean; metaKey: boolean };

export interface InputTarget {
  host: HTMLElement;
  canvas: HTMLCanvasElement;
  view: EngineView;
  /** Called with every pointer event, before the engine sees it. */
  onPointer(event: PointerEvent): void;
}

/** Listens until `signal` aborts. */
export function listen({ host, canvas, view, onPointer }: InputTarget, signal: AbortSignal): void {
  const place = (event: MouseEvent): [number, number] => {
    const box = host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const pointer = (kind: PointerKind) => (event: PointerEvent) => {
    const [x, y] = place(event);
    onPointer(event);
    if (kind === "down") {
      // A ring around what one has just clicked on would say nothing.
      host.toggleAttribute("data-clicked", true);
      host.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      host.toggleAttribute("data-drag", event.button === 0);
    } else if (kind === "up" || kind === "cancel") {
      host.toggleAttribute("data-drag", false);
    }
    if (view.pointer(kind, event.pointerId, event.pointerType, x, y, event.buttons, modifiers(event))) event.preventDefault();
  };
  const mouse = (kind: "dblclick" | "contextmenu") => (event: MouseEvent) => {
    const [x, y] = place(event);
    if (view.pointer(kind, 0, "mouse", x, y, event.buttons, modifiers(event))) event.preventDefault();
  };
  canvas.addEventListener("pointerdown", pointer("down"), { signal });
  canvas.addEventListener("pointermove", pointer("move"), { signal });
  canvas.addEventListener("pointerup", pointer("up"), { signal });
  canvas.addEventListener("pointercancel", pointer("cancel"), { signal });
  canvas.addEventListener("pointerleave", pointer("leave"), { signal });
  canvas.addEventListener("dblclick", mouse("dblclick"), { signal });
  canvas.addEventListener("contextmenu", mouse("contextmenu"), { signal });
  canvas.addEventListener(
    "wheel",
    (event) => {
      const [x, y] = place(event);
      if (view.wheel(x, y, event.deltaX, event.deltaY, event.deltaMode, modifiers(event))) event.preventDefault();
    },
    { signal, passive: false },
  );
  host.addEventListener("blur", () => host.toggleAttribute("data-clicked", false), { signal });
  host.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented || event.isComposing || (event.composedPath()[0] !== host && activates(event.key))) return;
      if (view.key(event.code, event.key, modifiers(event))) event.preventDefault();
    },
    { signal },
  );
}

/** Keys that work the button that has the focus. */
function activates(key: string): boolean {
  return key === "Enter" || key === " ";
}

/** 1 shift, 2 ctrl, 4 alt, 8 meta. */
export function modifiers(event: Modified): number {
  return (event.shiftKey ? 1 : 0) | (event.ctrlKey ? 2 : 0) | (event.altKey ? 4 : 0) | (event.metaKey ? 8 : 0);
}
