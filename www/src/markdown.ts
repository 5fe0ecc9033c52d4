/** A little Markdown as templates: headings, lists, quotes, code, emphasis and links. Text stays text: nothing in it becomes an element by itself. */
import { html, type TemplateResult } from "lit";

type Part = TemplateResult | string;

/** Schemes that a link may have. */
const SAFE = /^(https?:|mailto:)/i;
const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)|(https?:\/\/[^\s<>"')\]]+)/g;

/** The text as a document. */
export function markdown(text: string): TemplateResult {
  const blocks: TemplateResult[] = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const take = (matches: (line: string) => boolean): string[] => {
    const taken: string[] = [];
    while (lines.length > 0 && matches(lines[0] as string)) taken.push(lines.shift() as string);
    return taken;
  };
  while (lines.length > 0) {
    const line = lines[0] as string;
    if (line.trim() === "") lines.shift();
    else if (/^```/.test(line)) {
      lines.shift();
      const code = take((next) => !/^```/.test(next));
      lines.shift();
      blocks.push(html`<pre><code>${code.join("\n")}</code></pre>`);
    } else if (/^#{1,6}\s/.test(line)) blocks.push(html`<h2>${inline((lines.shift() as string).replace(/^#+\s+/, ""))}</h2>`);
    else if (/^\s*[-*+]\s/.test(line)) blocks.push(html`<ul>${take((next) => /^\s*[-*+]\s/.test(next)).map((item) => html`<li>${inline(item.replace(/^\s*[-*+]\s+/, ""))}</li>`)}</ul>`);
    else if (/^\s*\d+[.)]\s/.test(line)) blocks.push(html`<ol>${take((next) => /^\s*\d+[.)]\s/.test(next)).map((item) => html`<li>${inline(item.replace(/^\s*\d+[.)]\s+/, ""))}</li>`)}</ol>`);
    else if (/^>/.test(line)) blocks.push(html`<blockquote>${inline(take((next) => /^>/.test(next)).map((next) => next.replace(/^>\s?/, "")).join(" "))}</blockquote>`);
    else blocks.push(html`<p>${inline([lines.shift() as string, ...take((next) => next.trim() !== "" && !/^(```|#{1,6}\s|\s*[-*+]\s|\s*\d+[.)]\s|>)/.test(next))].join(" "))}</p>`);
  }
  return html`${blocks}`;
}

function inline(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, star, under, label, target, bare] = match;
    if (match.index > at) parts.push(text.slice(at, match.index));
    at = match.index + whole.length;
    const href = target ?? bare;
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (strong !== undefined) parts.push(html`<strong>${inline(strong)}</strong>`);
    else if (star !== undefined || under !== undefined) parts.push(html`<em>${inline(star ?? under ?? "")}</em>`);
    else if (href !== undefined && SAFE.test(href)) parts.push(html`<a href=${href} target="_blank" rel="noopener noreferrer">${label ?? href}</a>`);
    else parts.push(whole);
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}
