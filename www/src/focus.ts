/**
 * Whom keys belong to. The viewer has them all, unless the control that has the focus needs one itself; and a control
 * that was only clicked gives the focus back, so that the next key does not work it again.
 */

const LAYERS = "dialog[open], :popover-open";
const BY_ARROWS = 'input[type="range"], input[type="radio"], [role="slider"], [role="separator"], pre, .details';
const CLICKED = 'button, summary, a, input[type="checkbox"], input[type="radio"]';

/** Whether a key is the focused control's own. */
export function needsKey(event: KeyboardEvent): boolean {
  const path = event.composedPath().filter((n) => n instanceof HTMLElement);
  // The focus may linger in a dialog that was just closed.
  if (path.some((n) => n.matches(LAYERS))) return true;
  const target = path[0];
  if (event.ctrlKey || event.metaKey || event.altKey || !target || target === document.body) return false;
  if (isEditable(target)) return true;
  const { key } = event;
  if (key === "Tab" || key === "Escape") return true;
  if (target.matches(BY_ARROWS) && /^(Arrow|Page|Home|End)/.test(key)) return true;
  return (key === "Enter" || key === " ") && target.dataset["testid"] !== "viewer";
}

/** Gives the focus to the viewer when a control that has no more use for it was clicked. Keyboard users keep theirs. */
export function giveFocusBack(viewer: () => HTMLElement | null, signal: AbortSignal): void {
  let byPointer = false;
  const options = { signal, capture: true };
  addEventListener("pointerdown", () => (byPointer = true), options);
  addEventListener("keydown", () => (byPointer = false), options);
  const back = (): void => {
    const host = viewer();
    if (!byPointer || !host) return;
    // A ring around it would say nothing: what was clicked is elsewhere.
    host.toggleAttribute("data-clicked", true);
    host.focus({ preventScroll: true });
  };
  const clicked = (): void => {
    const focused = focusedElement();
    if (focused?.matches(CLICKED) && !isWithin(focused, LAYERS)) back();
  };
  // Before the click does its work, so that a box it opens returns the focus to the viewer; and after, for boxes it closes.
  addEventListener("click", clicked, options);
  addEventListener("click", clicked, { signal });
  addEventListener("input", (event) => event.composedPath()[0] instanceof HTMLSelectElement && back(), { signal });
}

function isEditable(target: HTMLElement): boolean {
  if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "color", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** The element that has the focus, however deep in shadow roots. */
function focusedElement(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

/** `closest`, through shadow roots. */
function isWithin(element: Element, selector: string): boolean {
  for (let at: Element | null = element; at; ) {
    if (at.closest(selector)) return true;
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return false;
}
