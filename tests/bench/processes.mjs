// What the browser's renderer and GPU processes take, as Linux tells it.

import { readFileSync, readdirSync } from 'node:fs';

/** The renderers and the GPU process among the descendants of a process. */
function drawing(root) {
  const children = new Map();
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [];
  const visit = (pid) => {
    for (const child of children.get(pid) ?? []) {
      const words = readFileSync(`/proc/${child}/cmdline`, 'utf8');
      if (/--type=(renderer|gpu-process)/.test(words)) found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}

/** Proportional set size in bytes. */
export function memoryBytes(root) {
  return drawing(root).reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024, 0);
}

const TICKS_PER_SECOND = 100;

/** Seconds of CPU so far. */
export function cpuSeconds(root) {
  return drawing(root).reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }, 0);
}
