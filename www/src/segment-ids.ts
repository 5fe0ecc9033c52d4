/** Segment ids as people type and paste them. */

/** Whole numbers with commas or blanks between them, or one sentence on why it is none. */
export function parseSegmentIds(text: string): bigint[] | string {
  const words = text.trim().replace(/^\[(.*)\]$/s, "$1").split(/[\s,]+/).filter(Boolean);
  const ids: bigint[] = [];
  for (const word of words) {
    if (!/^\d+$/.test(word)) return `“${word}” is no id: ids are whole numbers, separated by commas or spaces.`;
    const id = BigInt(word);
    if (id === 0n) return "0 is the background, not a segment.";
    if (id >= 1n << 64n) return `${word} is too large for an id.`;
    ids.push(id);
  }
  return ids;
}
