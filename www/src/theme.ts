/** Dark or light: the browser's preference until one is chosen. */

const KEY = "neurolume.theme";
const prefersLight = matchMedia("(prefers-color-scheme: light)");

export function isLight(): boolean {
  return document.documentElement.dataset["theme"] === "light";
}

export function applyTheme(): void {
  const chosen = stored();
  document.documentElement.dataset["theme"] = chosen ?? (prefersLight.matches ? "light" : "dark");
  dispatchEvent(new Event("nl-theme"));
}

export function toggleTheme(): void {
  try {
    localStorage.setItem(KEY, isLight() ? "dark" : "light");
  } catch {
    // Not remembered, then.
    document.documentElement.dataset["theme"] = isLight() ? "dark" : "light";
    dispatchEvent(new Event("nl-theme"));
    return;
  }
  applyTheme();
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

prefersLight.addEventListener("change", applyTheme);
