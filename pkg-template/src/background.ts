/** Follows the host page's theme: the colours behind the data come from custom properties. */

const DEFAULTS = { slice: "#262626", projection: "#141414" };

/** Calls `set` with the colours behind slices and behind the 3D panel, now and whenever a theme may have changed. */
export function watchBackground(host: HTMLElement, set: (slice: string, projection: string) => void, signal: AbortSignal): void {
  let last = "";
  const read = (): void => {
    const style = getComputedStyle(host);
    const slice = hex(style.getPropertyValue("--nl-slice-background")) ?? DEFAULTS.slice;
    const projection = hex(style.getPropertyValue("--nl-projection-background")) ?? DEFAULTS.projection;
    if (slice + projection === last) return;
    last = slice + projection;
    set(slice, projection);
  };
  read();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", read, { signal });
  // Themes are switched by a class, a data attribute or a style on the root element.
  const observer = new MutationObserver(read);
  observer.observe(document.documentElement, { attributes: true });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** "#rrggbb" of any CSS colour; undefined if it is none. */
function hex(color: string): string | undefined {
  const text = color.trim();
  if (/^#[0-9a-f]{6}$/i.test(text)) return text.toLowerCase();
  if (text === "" || !CSS.supports("color", text)) return undefined;
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return undefined;
  context.fillStyle = text;
  // Colours with transparency come back as rgba(): behind everything there is nothing to see through to.
  return /^#[0-9a-f]{6}$/i.test(context.fillStyle) ? context.fillStyle : undefined;
}
