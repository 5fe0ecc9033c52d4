// What a page does to read what is no volume: runs inside the browser, over the npm package and nothing else.

/** Reads a case and gives what came of it, in the words of the list of cases. */
export async function read({ path, read }, base) {
  const big = (id) => (id === undefined ? undefined : BigInt(id));
  const { id, relatedTo, ...more } = read;
  const request = { ...more, source: new URL(path, base).href, ...(id !== undefined && { id: big(id) }), ...(relatedTo !== undefined && { relatedTo: big(relatedTo) }) };
  try {
    const content = await globalThis.context.read(request);
    return content === null ? { nothing: true } : { [NAMES[read.kind]]: facts[read.kind](content) };
  } catch (error) {
    return { error: { code: error?.code ?? 'none', message: String(error?.message ?? error) } };
  }
}

const NAMES = { annotations: 'annotations', 'segment-properties': 'segmentProperties', skeleton: 'skeleton', mesh: 'mesh', table: 'table' };
const EXACT = 2 ** 53;

const cell = (value) => {
  if (typeof value === 'bigint') return value > EXACT || value < -EXACT ? String(value) : Number(value);
  return typeof value === 'number' && !Number.isFinite(value) ? 'NaN' : value;
};
const cells = ({ values }) => Array.from(values, cell);
const typeOf = (values) => (Array.isArray(values) ? 'text' : values.constructor.name.replace(/^Big|Array$/g, '').replace(/Array$/, '').toLowerCase());
const columns = (list) => Object.fromEntries(list.map((column) => [column.name, { type: typeOf(column.values), components: column.components, values: cells(column), missing: [...column.missing] }]));

/** Lower and upper corner. */
function bounds(positions) {
  const box = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]];
  positions.forEach((n, i) => {
    box[0][i % 3] = Math.min(box[0][i % 3], n);
    box[1][i % 3] = Math.max(box[1][i % 3], n);
  });
  return box;
}

const facts = {
  annotations({ shape, ids, positionsNm, starts, properties, related, complete }) {
    const rows = [...ids.keys()].sort((a, b) => (ids[a] < ids[b] ? -1 : 1));
    const ends = { point: (row) => [row, row + 1], polyline: (row) => [starts[row], starts[row + 1]] }[shape] ?? ((row) => [row * 2, row * 2 + 2]);
    const perRow = (column) => {
      const all = cells(column);
      return rows.map((row) => all.slice(row * column.components, (row + 1) * column.components));
    };
    return {
      shape, count: rows.length, complete,
      sumsNm: [0, 1, 2].map((axis) => positionsNm.reduce((sum, n, i) => (i % 3 === axis ? sum + n : sum), 0)),
      ids: rows.map((row) => String(ids[row])),
      positionsNm: rows.map((row) => [...positionsNm.slice(ends(row)[0] * 3, ends(row)[1] * 3)]),
      properties: Object.fromEntries(properties.map((column) => [column.name, perRow(column)])),
      related: related.map((list) => [...list].map(String)),
    };
  },
  'segment-properties': ({ ids, labels, descriptions, columns: list, tags, tagStarts, tagsOf }) => ({
    ids: [...ids].map(String), labels, descriptions, columns: columns(list),
    tags: [...tagStarts.slice(1)].map((end, row) => [...tagsOf.slice(tagStarts[row], end)].map((tag) => tags[tag])),
  }),
  skeleton({ positionsNm, edges, attributes }) {
    let cableNm = 0;
    for (let i = 0; i < edges.length; i += 2) cableNm += Math.hypot(...[0, 1, 2].map((axis) => positionsNm[edges[i] * 3 + axis] - positionsNm[edges[i + 1] * 3 + axis]));
    const sums = attributes.map(({ name, components, values }) => [name, { components, sum: values.reduce((sum, n) => sum + n, 0) }]);
    return { vertices: positionsNm.length / 3, edges: edges.length / 2, cableNm, boundsNm: bounds(positionsNm), attributes: Object.fromEntries(sums) };
  },
  mesh({ positionsNm, triangles, level, levels }) {
    let areaNm2 = 0;
    for (let i = 0; i < triangles.length; i += 3) {
      const [a, b, c] = [0, 1, 2].map((corner) => positionsNm.slice(triangles[i + corner] * 3, triangles[i + corner] * 3 + 3));
      const [u, v] = [b, c].map((other) => other.map((n, axis) => n - a[axis]));
      areaNm2 += Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]) / 2;
    }
    return { vertices: positionsNm.length / 3, triangles: triangles.length / 3, areaNm2, boundsNm: bounds(positionsNm), level, levels };
  },
  table: ({ rows, columns: list, leftOut }) => ({ rows, columns: columns(list), leftOut: leftOut.map((sentence) => sentence.split('"')[1]) }),
};
