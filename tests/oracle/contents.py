"""What is no volume: annotations, segment properties, skeletons, meshes, tables. Writes tests/data/contents and contents.json.

The writers are neuroglancer, cloud-volume, osteoid, DracoPy and pyarrow; what they do not write (spatial indices of several levels, polylines,
manifests of meshes of several levels) is written here by the description of the format, and read back by cloud-volume where it reads it.
"""

import csv
import gzip
import json
import pathlib
import shutil
import struct

import DracoPy
import neuroglancer
import numpy as np
import osteoid
import pyarrow as pa
import pyarrow.parquet as pq
from cloudvolume.datasource.precomputed.sharding import ShardingSpecification
from neuroglancer.viewer_state import AnnotationPropertySpec
from neuroglancer.write_annotations import AnnotationWriter

BIG = 2**63 + 12345  # no double holds it


# ---- what must be read --------------------------------------------------------------------------------------------

def number(value):
    """A number as JSON: one that a double may not hold is a text."""
    if isinstance(value, (np.generic,)):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN"
    if isinstance(value, int) and abs(value) > 2**53:
        return str(value)
    return value


def numbers(values):
    return [number(value) for value in np.asarray(values).ravel().tolist()] if not isinstance(values, list) else [number(v) for v in values]


def mesh_facts(vertices, triangles, **more):
    """Facts of a mesh that do not depend on the order of its vertices."""
    vertices = np.asarray(vertices, np.float64).reshape(-1, 3)
    triangles = np.asarray(triangles).reshape(-1, 3)
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    return {"vertices": len(vertices), "triangles": len(triangles), "areaNm2": area,
            "boundsNm": [vertices.min(0).tolist(), vertices.max(0).tolist()], **more}


def skeleton_facts(vertices, edges, attributes):
    vertices = np.asarray(vertices, np.float64)
    cable = float(np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1).sum())
    return {"vertices": len(vertices), "edges": len(edges), "cableNm": cable, "boundsNm": [vertices.min(0).tolist(), vertices.max(0).tolist()],
            "attributes": {name: {"components": int(np.prod(values.shape[1:])), "sum": float(values.astype(np.float64).sum())} for name, values in attributes.items()}}


class Cases:
    """The list of what is to be read."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.cases = []

    def case(self, name, path, read, **expect):
        """`expect`: one of annotations, skeleton, mesh, segmentProperties, table; or error."""
        assert all(one["name"] != name for one in self.cases), name
        self.cases.append({"name": name, "path": path, "read": read, **expect})

    def write(self, path):
        lines = ",\n".join(json.dumps(case, allow_nan=False) for case in self.cases)
        pathlib.Path(path).write_text('{\n"version": 1,\n"cases": [\n' + lines + "\n]\n}\n")


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


# ---- annotations --------------------------------------------------------------------------------------------------

PROPERTIES = [
    {"id": "score", "type": "float32"}, {"id": "kind", "type": "uint8", "enum_values": [0, 1, 7], "enum_labels": ["pre", "post", "both"]},
    {"id": "tint", "type": "rgb", "description": "a colour"}, {"id": "depth", "type": "int16"}, {"id": "node", "type": "uint32"},
    {"id": "shade", "type": "rgba"}, {"id": "change", "type": "int8"}, {"id": "size", "type": "uint16"}, {"id": "balance", "type": "int32"},
]
NM = [8.0, 8.0, 33.0]


def made_up(count, seed):
    """Values of PROPERTIES."""
    rng = np.random.default_rng(seed)
    return [{
        "score": float(np.float32(rng.normal())), "kind": int(rng.choice([0, 1, 7])), "tint": rng.integers(0, 256, 3).tolist(), "depth": int(rng.integers(-32768, 32768)),
        "node": int(rng.integers(0, 2**32)), "shade": rng.integers(0, 256, 4).tolist(), "change": int(rng.integers(-128, 128)), "size": int(rng.integers(0, 65536)),
        "balance": int(rng.integers(-2**31, 2**31)),
    } for _ in range(count)]


def annotation_facts(shape, rows, related=None, **more):
    """Rows: (id, positions in nm, properties)."""
    rows = sorted(rows, key=lambda row: row[0])
    facts = {"shape": shape, "ids": [str(row[0]) for row in rows], "positionsNm": [np.asarray(row[1], np.float64).ravel().tolist() for row in rows],
             "properties": {p["id"]: [numbers(list(np.atleast_1d(row[2][p["id"]]).tolist())) for row in rows] for p in PROPERTIES if rows and p["id"] in rows[0][2]}, **more}
    if related is not None:
        facts["related"] = [[str(one) for one in ids] for ids in related]
    return facts


def by_neuroglancer(cases):
    """Every shape that neuroglancer's own writer writes, with every type of property but uint32, which it aligns to 3 bytes."""
    space = neuroglancer.CoordinateSpace(names=["x", "y", "z"], units="nm", scales=NM)
    rng = np.random.default_rng(11)
    for shape, ours in [("point", "point"), ("line", "line"), ("axis_aligned_bounding_box", "box"), ("ellipsoid", "ellipsoid")]:
        folder = cases.folder / f"annotations/{shape}"
        writer = AnnotationWriter(space, shape, relationships=["segment", "partner"], properties=[AnnotationPropertySpec(**p) for p in PROPERTIES if p["type"] != "uint32"])
        rows, by_segment, related_of = [], {}, {}
        for number_, properties in enumerate(made_up(15, 5)):
            id_ = number_ * 3 + 1 if number_ else BIG
            a = rng.uniform(10, 500, 3).astype(np.float32)
            b = (a + rng.uniform(1, 40, 3)).astype(np.float32) if shape != "ellipsoid" else rng.uniform(1, 40, 3).astype(np.float32)
            segments, partner = ([BIG + number_ % 3], [number_, number_ + 1]) if number_ % 4 else ([BIG], [])
            related = {"segment": segments, "partner": partner}
            del properties["node"]
            if shape == "point":
                writer.add_point(a, id=id_, **properties, **related)
            elif shape == "ellipsoid":
                writer._add_two_point_obj(a, b, id_, **properties, **related)
            else:
                getattr(writer, f"add_{shape}")(a, b, id=id_, **properties, **related)
            stored = [a] if shape == "point" else [a, b]
            rows.append((id_, np.asarray(stored, np.float64) * NM, properties))
            related_of[id_] = [segments, partner]
            for segment in segments:
                by_segment.setdefault(segment, []).append(rows[-1])
        writer.write(folder)
        path = f"contents/annotations/{shape}"
        cases.case(f"{shape}: all", path, {"kind": "annotations"}, annotations=annotation_facts(ours, rows, complete=True))
        cases.case(f"{shape}: one", path, {"kind": "annotations", "id": str(BIG)}, annotations=annotation_facts(ours, rows[:1], related=related_of[BIG]))
        cases.case(f"{shape}: of a segment", path, {"kind": "annotations", "relatedTo": str(BIG + 1)}, annotations=annotation_facts(ours, by_segment[BIG + 1]))
        cases.case(f"{shape}: of another relationship", path, {"kind": "annotations", "relatedTo": "7", "relationship": "partner"},
                   annotations=annotation_facts(ours, [row for row in rows if 7 in related_of[row[0]][1]]))
        cases.case(f"{shape}: none", path, {"kind": "annotations", "id": "999999"}, annotations=annotation_facts(ours, []))


DTYPES = {"float32": ("<f", 4), "uint8": ("<B", 1), "int8": ("<b", 1), "uint16": ("<H", 2), "int16": ("<h", 2), "uint32": ("<I", 4), "int32": ("<i", 4), "rgb": ("3B", 1), "rgba": ("4B", 1)}


def record(points, properties, listed, count_points=False):
    """One annotation by the description."""
    out = struct.pack("<I", len(points)) if count_points else b""
    out += np.asarray(points, "<f4").tobytes()
    packed = b""
    for alignment in (4, 2, 1):
        for p in listed:
            code, size = DTYPES[p["type"]]
            if size == alignment:
                packed += struct.pack(code, *np.atleast_1d(properties[p["id"]]).tolist())
    return out + packed + b"\0" * (-len(packed) % 4)


def multiple(rows):
    return struct.pack("<Q", len(rows)) + b"".join(data for _, data in rows) + b"".join(struct.pack("<Q", id_) for id_, _ in rows)


def morton(cell, shape):
    """Compressed Morton code, by the description."""
    code = at = 0
    for bit in range(32):
        for place, size in zip(cell, shape):
            if 2**bit < size:
                code |= (place >> bit & 1) << at
                at += 1
    return code


def sharding_of(spec):
    """The member of an info."""
    return {key: value.item() if isinstance(value, np.generic) else value for key, value in spec.to_dict().items()}


def write_shards(folder, spec, values):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in spec.synthesize_shards(values).items():
        (folder / name).write_bytes(data)


def by_description(cases):
    """Polylines, and an index of three levels, two of them sharded, with axes in another order and upper-case types."""
    rng = np.random.default_rng(12)
    listed = PROPERTIES
    folder = cases.folder / "annotations/polyline"
    rows, stored = [], []
    for number_, properties in enumerate(made_up(20, 6)):
        points = rng.uniform(0, 100, (number_ % 5, 3)).astype(np.float32)
        properties = {p["id"]: properties[p["id"]] for p in listed}
        rows.append((number_, points.astype(np.float64) * NM, properties))
        stored.append((number_, record(points, properties, listed, count_points=True)))
    info = {"@type": "neuroglancer_annotations_v1", "annotation_type": "polyline", "dimensions": dict(zip("xyz", ([n / 1e9, "m"] for n in NM))),
            "lower_bound": [0, 0, 0], "upper_bound": [100, 100, 100], "properties": listed, "relationships": [], "by_id": {"key": "by_id"},
            "spatial": [{"key": "spatial0", "grid_shape": [1, 1, 1], "chunk_size": [100, 100, 100], "limit": 100}]}
    write_json(folder / "info", info)
    (folder / "by_id").mkdir()
    (folder / "spatial0").mkdir()
    for (id_, data) in stored:
        (folder / f"by_id/{id_}").write_bytes(data)
    (folder / "spatial0/0_0_0").write_bytes(multiple(stored))
    cases.case("polyline: all", "contents/annotations/polyline", {"kind": "annotations"}, annotations=annotation_facts("polyline", rows, complete=True))
    cases.case("polyline: one", "contents/annotations/polyline", {"kind": "annotations", "id": "4"}, annotations=annotation_facts("polyline", rows[4:5], related=[]))

    folder = cases.folder / "annotations/levels"
    order, sizes = "zyx", [33e-9, 8e-9, 8e-9]
    lower, upper = np.array([-20.0, 0.0, 100.0]), np.array([20.0, 64.0, 228.0])
    spec = ShardingSpecification("neuroglancer_uint64_sharded_v1", preshift_bits=1, hash="murmurhash3_x86_128", minishard_bits=1, shard_bits=2,
                                 minishard_index_encoding="gzip", data_encoding="gzip")
    levels = [([1, 1, 1], 0, 40), ([2, 2, 4], 40, 140), ([4, 4, 8], 140, 300)]
    points = rng.uniform(lower, upper, (300, 3)).astype(np.float32)
    ids = rng.choice(2**62, 300, replace=False)
    listed = [PROPERTIES[0]]
    properties = [{"score": float(np.float32(n))} for n in rng.normal(size=300)]
    info = {"@type": "neuroglancer_annotations_v1", "annotation_type": "POINT", "dimensions": {n: [s, "m"] for n, s in zip(order, sizes)},
            "lower_bound": lower.tolist(), "upper_bound": upper.tolist(), "properties": listed, "relationships": [{"id": "segment", "key": "segment", "sharding": sharding_of(spec)}],
            "by_id": {"key": "by_id", "sharding": sharding_of(spec)}, "spatial": []}
    data = [record([p], q, listed) for p, q in zip(points, properties)]
    for number_, (shape, first, last) in enumerate(levels):
        size = (upper - lower) / shape
        sharding = {} if number_ == 0 else {"sharding": sharding_of(spec)}
        info["spatial"].append({"key": f"spatial{number_}", "grid_shape": shape, "chunk_size": size.tolist(), "limit": 100, **sharding})
        cells = {}
        for at in range(first, last):
            cell = tuple(np.minimum((points[at] - lower) // size, np.array(shape) - 1).astype(int).tolist())
            cells.setdefault(cell, []).append((int(ids[at]), data[at]))
        if number_ == 0:
            (folder / "spatial0").mkdir(parents=True)
            (folder / "spatial0/0_0_0").write_bytes(multiple(cells[0, 0, 0]))
        else:
            write_shards(folder / f"spatial{number_}", spec, {morton(cell, shape): multiple(rows) for cell, rows in cells.items()})
    write_shards(folder / "by_id", spec, {int(i): d + struct.pack("<IQ", 1, BIG) for i, d in zip(ids, data)})
    write_shards(folder / "segment", spec, {BIG: multiple([(int(i), d) for i, d in zip(ids[:50], data)])})
    write_json(folder / "info", info)
    xyz = points[:, ::-1].astype(np.float64) * [8, 8, 33]
    rows = [(int(i), p, q) for i, p, q in zip(ids, xyz, properties)]
    path = "contents/annotations/levels"
    cases.case("levels: all", path, {"kind": "annotations"}, annotations=annotation_facts("point", rows, complete=True))
    cases.case("levels: few are enough", path, {"kind": "annotations", "most": 30}, annotations=annotation_facts("point", rows[:40], complete=False))
    low, high = np.array([900.0, 100.0, -300.0]), np.array([1500.0, 400.0, 400.0])
    inside = [row for row in rows if (row[1] >= low).all() and (row[1] <= high).all()]
    assert 10 < len(inside) < 150
    cases.case("levels: a box", path, {"kind": "annotations", "boxNm": {"min": low.tolist(), "max": high.tolist()}}, annotations=annotation_facts("point", inside, complete=True))
    far = {"min": [1e7, 1e7, 1e7], "max": [2e7, 2e7, 2e7]}
    cases.case("levels: a box far away", path, {"kind": "annotations", "boxNm": far}, annotations=annotation_facts("point", [], complete=True))
    cases.case("levels: one", path, {"kind": "annotations", "id": str(ids[77])}, annotations=annotation_facts("point", rows[77:78], related=[[BIG]]))
    cases.case("levels: of a segment", path, {"kind": "annotations", "relatedTo": str(BIG)}, annotations=annotation_facts("point", rows[:50]))


# ---- segment properties -------------------------------------------------------------------------------------------

def segment_properties(cases):
    ids = [1, 2, BIG, 2**64 - 1]
    inline = {"ids": [str(i) for i in ids], "properties": [
        {"id": "label", "type": "label", "values": ["Mi1 a", "Tm3 b", "", "größe"]}, {"id": "description", "type": "description", "values": ["a", "b", "c", "d"]},
        {"id": "side", "type": "string", "description": "of the brain", "values": ["L", "R", "L", ""]},
        {"id": "tags", "type": "tags", "tags": ["proofread", "big"], "tag_descriptions": ["seen", "many voxels"], "values": [[0], [], [0, 1], [1]]},
        {"id": "voxels", "type": "number", "data_type": "uint32", "values": [1, 2, 4294967295, 0]}, {"id": "score", "type": "number", "data_type": "float32", "values": [0.5, -1.25, 3e7, 0]},
        {"id": "depth", "type": "number", "data_type": "int16", "values": [-32768, 32767, 0, -1]}]}
    write_json(cases.folder / "segment_properties/info", {"@type": "neuroglancer_segment_properties", "inline": inline})
    by_id = {p["id"]: p for p in inline["properties"]}
    cases.case("segment properties", "contents/segment_properties", {"kind": "segment-properties"}, segmentProperties={
        "ids": inline["ids"], "labels": by_id["label"]["values"], "descriptions": by_id["description"]["values"],
        "columns": {n: {"values": by_id[n]["values"]} for n in ("side", "voxels", "score", "depth")}, "tags": [["proofread"], [], ["proofread", "big"], ["big"]]})
    write_json(cases.folder / "redirected/info", {"redirect": "../segment_properties"})
    cases.case("segment properties elsewhere", "contents/redirected", {"kind": "segment-properties"}, segmentProperties={"ids": inline["ids"]})


# ---- skeletons ----------------------------------------------------------------------------------------------------

def skeletons(cases):
    rng = np.random.default_rng(13)
    spec = ShardingSpecification("neuroglancer_uint64_sharded_v1", preshift_bits=0, hash="murmurhash3_x86_128", minishard_bits=1, shard_bits=1,
                                 minishard_index_encoding="gzip", data_encoding="gzip")
    attributes = [{"id": "radius", "data_type": "float32", "num_components": 1}, {"id": "kind", "data_type": "uint8", "num_components": 1}, {"id": "way", "data_type": "int16", "num_components": 3}]
    transform = [4, 0, 0, 100, 0, 4, 0, -50, 0, 0, 40, 7]
    made = {}
    for id_, count in [(5, 40), (BIG, 7)]:
        vertices = rng.uniform(0, 1000, (count, 3)).astype(np.float32)
        edges = np.stack([np.arange(1, count), (np.arange(1, count) * 0.7).astype(int)], 1).astype(np.uint32)
        values = {"radius": rng.uniform(1, 9, count).astype(np.float32), "kind": rng.integers(0, 255, count).astype(np.uint8), "way": rng.integers(-9, 9, (count, 3)).astype(np.int16)}
        skeleton = osteoid.Skeleton(vertices, edges, segid=id_, extra_attributes=attributes)
        for name, value in values.items():
            setattr(skeleton, name, value)
        made[id_] = (skeleton.to_precomputed(), vertices, skeleton.edges, values)
        again = osteoid.Skeleton.from_precomputed(made[id_][0], vertex_attributes=attributes)
        assert np.array_equal(again.vertices, vertices) and all(np.array_equal(getattr(again, n), v) for n, v in values.items())
    info = {"@type": "neuroglancer_skeletons", "transform": transform, "vertex_attributes": attributes}
    for name, more in [("skeletons", {}), ("skeletons_sharded", {"sharding": sharding_of(spec)})]:
        folder = cases.folder / name
        write_json(folder / "info", {**info, **more})
        if more:
            write_shards(folder, spec, {i: data for i, (data, *_) in made.items()})
        else:
            for id_, (data, *_) in made.items():
                (folder / str(id_)).write_bytes(data)
        for id_, (_, vertices, edges, values) in made.items():
            nm = vertices.astype(np.float64) * [4, 4, 40] + [100, -50, 7]
            cases.case(f"{name}: {id_}", f"contents/{name}", {"kind": "skeleton", "id": str(id_)}, skeleton=skeleton_facts(nm, edges, values))
        cases.case(f"{name}: none", f"contents/{name}", {"kind": "skeleton", "id": "6"}, skeleton=None)


# ---- meshes -------------------------------------------------------------------------------------------------------

def ball(count, centre, radius):
    """A closed surface: (vertices, triangles)."""
    u, v = np.meshgrid(np.linspace(0, np.pi, count), np.linspace(0, 2 * np.pi, 2 * count, endpoint=False), indexing="ij")
    vertices = np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], -1).reshape(-1, 3) * radius + centre
    w, at = 2 * count, lambda i, j: i * 2 * count + j % (2 * count)
    faces = [t for i in range(count - 1) for j in range(w) for t in ((at(i, j), at(i + 1, j), at(i, j + 1)), (at(i, j + 1), at(i + 1, j), at(i + 1, j + 1)))]
    return vertices.astype(np.float32), np.array(faces, np.uint32)


def legacy_meshes(cases):
    parts = [ball(6, [100, 200, 300], 50), ball(9, [-40, 0, 20], 30)]
    vertices = np.concatenate([v for v, _ in parts])
    triangles = np.concatenate([parts[0][1], parts[1][1] + len(parts[0][0])])
    for folder, info in [("mesh_legacy", {"@type": "neuroglancer_legacy_mesh"}), ("mesh_without_info", None)]:
        root = cases.folder / folder
        if info:
            write_json(root / "info", info)
        write_json(root / f"{BIG}:0", {"fragments": [f"{BIG}:0:part-{i}" for i in range(2)]})
        for number_, (v, t) in enumerate(parts):
            data = struct.pack("<I", len(v)) + v.astype("<f4").tobytes() + t.astype("<u4").tobytes()
            (root / f"{BIG}:0:part-{number_}").write_bytes(data)
        cases.case(f"{folder}: of two fragments", f"contents/{folder}", {"kind": "mesh", "id": str(BIG)}, mesh=mesh_facts(vertices, triangles, level=0, levels=1))
        cases.case(f"{folder}: none", f"contents/{folder}", {"kind": "mesh", "id": "8"}, mesh=None)
    write_json(cases.folder / "mesh_legacy/9:0", {"fragments": ["9:0:lost"]})
    cases.case("mesh_legacy: a lost fragment", "contents/mesh_legacy", {"kind": "mesh", "id": "9"}, error={"code": "bad-data", "mentions": ["9:0:lost"]})


def multilod_meshes(cases):
    rng = np.random.default_rng(14)
    spec = ShardingSpecification("neuroglancer_uint64_sharded_v1", preshift_bits=0, hash="identity", minishard_bits=1, shard_bits=1,
                                 minishard_index_encoding="raw", data_encoding="raw")
    for bits in (10, 16):
        size, origin = np.array([64.0, 48.0, 32.0]), np.array([-5.0, 10.0, 0.5])
        transform = [20, 0, 0, 3, 0, 20, 0, 0, 0, 0, 50, -9]
        offsets = [[0.0, 0.0, 0.0], [0.5, 0.25, -1.0]]
        levels = [[(0, 0, 0), (1, 0, 0), (0, 2, 1)], [(0, 0, 0), (0, 1, 0)]]
        manifest = struct.pack("<3f3fI2f", *size, *origin, 2, 1.0, 4.0) + np.asarray(offsets, "<f4").tobytes() + struct.pack("<2I", 3, 2)
        fragments, facts = [], []
        for number_, nodes in enumerate(levels):
            vertices, triangles = [], []
            data = []
            for node in nodes:
                if node == (0, 1, 0) and number_ == 1:
                    data.append(b"")  # a node of which only the children hold something
                    continue
                v, t = ball(5, [2 ** (bits - 1)] * 3, 2 ** (bits - 1) - 1)
                v = np.clip(np.rint(v + rng.normal(0, 2, v.shape)), 0, 2**bits - 1).astype(np.uint32)
                encoded = DracoPy.encode(v, t, compression_level=rng.integers(0, 10))
                decoded = DracoPy.decode(encoded)
                vertices_so_far = sum(len(x) for x in vertices)
                vertices.append(origin + offsets[number_] + size * 2**number_ * (np.array(node) + decoded.points.astype(np.float64) / (2**bits - 1)))
                triangles.append(decoded.faces.astype(np.int64) + vertices_so_far)
                data.append(encoded)
            manifest += np.asarray(nodes, "<u4").T.tobytes() + np.asarray([len(d) for d in data], "<u4").tobytes()
            fragments += data
            nm = np.concatenate(vertices) * [20, 20, 50] + [3, 0, -9]
            facts.append(mesh_facts(nm, np.concatenate(triangles), level=number_, levels=2))
        info = {"@type": "neuroglancer_multilod_draco", "vertex_quantization_bits": bits, "transform": transform, "lod_scale_multiplier": 1}
        folder = cases.folder / f"mesh_draco_{bits}"
        write_json(folder / "info", info)
        (folder / "77").write_bytes(b"".join(fragments))
        (folder / "77.index").write_bytes(manifest)
        sharded = cases.folder / f"mesh_draco_{bits}_sharded"
        write_json(sharded / "info", {**info, "sharding": sharding_of(spec)})
        # Fragments lie before their manifest; the index counts the manifest alone.
        values = {i: b"".join(fragments) + manifest for i in (77, 78, 80)}
        sharded.mkdir(exist_ok=True)
        for name, data in spec.synthesize_shards(values, data_offset={i: len(manifest) for i in values}).items():
            (sharded / name).write_bytes(data)
        for name, id_ in [(f"mesh_draco_{bits}", 77), (f"mesh_draco_{bits}_sharded", 78)]:
            for level in (0, 1):
                cases.case(f"{name}: level {level}", f"contents/{name}", {"kind": "mesh", "id": str(id_), "level": level}, mesh=facts[level])
            cases.case(f"{name}: beyond the coarsest", f"contents/{name}", {"kind": "mesh", "id": str(id_), "level": 9}, mesh=facts[1])
            cases.case(f"{name}: none", f"contents/{name}", {"kind": "mesh", "id": "5"}, mesh=None)


def tetrahedra(cases):
    """One mesh in both of Draco's ways to store triangles."""
    v = np.array([[0, 0, 0], [1023, 0, 0], [0, 1023, 0], [0, 0, 1023]], np.uint32)
    t = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]], np.uint32)
    (cases.folder / "draco").mkdir()
    for name, level in [("sequential", 0), ("edgebreaker", 7)]:
        (cases.folder / f"draco/{name}.drc").write_bytes(DracoPy.encode(v, t, compression_level=level))


# ---- tables -------------------------------------------------------------------------------------------------------

def column(values, type_, components=1, missing=()):
    shown = [number(v) for v in values]
    return {"type": type_, "components": components, "values": shown, "missing": list(missing)}


def tables(cases):
    rng = np.random.default_rng(15)
    folder = cases.folder / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    count = 50
    ids = [int(i) for i in rng.integers(2**60, 2**64, count, dtype=np.uint64)]
    score = [None if n % 7 == 3 else float(np.float32(n) / 3) for n in range(count)]
    names = [["axon", "dendrite", "größe", ""][n % 4] for n in range(count)]
    points = rng.integers(-1000, 1000, (count, 3)).astype(np.int32)
    expected = {"id": column(ids, "uint64"), "score": column([float("nan") if s is None else s for s in score], "float64", missing=[n for n in range(count) if n % 7 == 3]),
                "name": column(names, "text"), "pt_position": column(points.astype(np.float64).ravel().tolist(), "float64", 3)}
    text = "id,score,name,pt_position\n" + "".join(f'{i},{"" if s is None else repr(s)},{n},"{p.tolist()}"\n' for i, s, n, p in zip(ids, score, names, points))
    assert [int(row["id"]) for row in csv.DictReader(text.splitlines())] == ids
    (folder / "synapses.csv").write_text(text)
    (folder / "synapses.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    for name in ("synapses.csv", "synapses.csv.gz"):
        cases.case(name, f"contents/tables/{name}", {"kind": "table"}, table={"rows": count, "columns": expected})
    cases.case("some columns of a CSV", "contents/tables/synapses.csv", {"kind": "table", "columns": ["name"]}, table={"rows": count, "columns": {"name": expected["name"]}})
    cases.case("a column that is not there", "contents/tables/synapses.csv", {"kind": "table", "columns": ["size"]}, error={"code": "bad-metadata", "mentions": ["size"]})

    signed = [int(i) - 2**63 for i in ids]
    table = pa.table({
        "id": pa.array(ids, pa.uint64()), "root": pa.array([None if n % 5 == 0 else s for n, s in enumerate(signed)], pa.int64()), "score": pa.array(score, pa.float64()),
        "size": pa.array(range(count), pa.float32()), "name": pa.array(names), "valid": pa.array([n % 3 == 0 for n in range(count)]), "small": pa.array(range(count), pa.uint16()),
        "change": pa.array([-n for n in range(count)], pa.int32()), "pt_position": pa.array([None if n == 4 else p.tolist() for n, p in enumerate(points)], pa.list_(pa.int32())),
        "price": pa.array([n for n in range(count)], pa.decimal128(9, 2)), "pair": pa.array([{"a": n} for n in range(count)]), "ragged": pa.array([[0] * (n % 3) for n in range(count)], pa.list_(pa.int32())),
    })
    flat = points.copy()
    flat[4] = 0
    read = {"id": column(ids, "uint64"), "root": column([0 if n % 5 == 0 else s for n, s in enumerate(signed)], "int64", missing=range(0, count, 5)), "score": expected["score"],
            "size": column([float(n) for n in range(count)], "float32"), "name": expected["name"], "valid": column([int(n % 3 == 0) for n in range(count)], "uint8"),
            "small": column(list(range(count)), "uint32"), "change": column([-n for n in range(count)], "int32"), "pt_position": column(flat.ravel().tolist(), "int32", 3, [4])}
    ways = {
        "snappy": {"compression": "snappy"}, "gzip": {"compression": "gzip"}, "zstd": {"compression": "zstd", "data_page_version": "2.0"}, "lz4": {"compression": "lz4"},
        "plain": {"compression": "none", "use_dictionary": False}, "plain_v2": {"compression": "snappy", "use_dictionary": False, "data_page_version": "2.0"},
        "old": {"compression": "gzip", "version": "1.0"}, "groups": {"compression": "snappy", "row_group_size": 7, "data_page_size": 64},
        "encodings": {"compression": "zstd", "use_dictionary": False, "column_encoding": {"id": "DELTA_BINARY_PACKED", "root": "DELTA_BINARY_PACKED", "change": "DELTA_BINARY_PACKED",
                      "name": "DELTA_LENGTH_BYTE_ARRAY", "score": "BYTE_STREAM_SPLIT", "size": "BYTE_STREAM_SPLIT", "small": "BYTE_STREAM_SPLIT"}},
    }
    for way, options in ways.items():
        own, wanted = (table.drop_columns(["small"]), {n: c for n, c in read.items() if n != "small"}) if way == "old" else (table, read)
        pq.write_table(own, folder / f"{way}.parquet", **options)
        assert pq.read_table(folder / f"{way}.parquet")["id"].to_pylist() == ids
        cases.case(f"Parquet: {way}", f"contents/tables/{way}.parquet", {"kind": "table"}, table={"rows": count, "columns": wanted, "leftOut": ["price", "pair", "ragged"]})
    cases.case("Parquet: some columns", "contents/tables/snappy.parquet", {"kind": "table", "columns": ["root", "pt_position"]},
               table={"rows": count, "columns": {n: read[n] for n in ("root", "pt_position")}, "leftOut": []})
    pq.write_table(table.select(["id"]), folder / "brotli.parquet", compression="brotli")
    cases.case("Parquet: Brotli", "contents/tables/brotli.parquet", {"kind": "table"}, table={"rows": count, "columns": {}, "leftOut": ["id"]})
    shutil.copy(folder / "snappy.parquet", folder / "table-without-ending")
    cases.case("Parquet by its first bytes", "contents/tables/table-without-ending", {"kind": "table", "columns": ["id"]}, table={"rows": count, "columns": {"id": read["id"]}})


# ---- what is broken -----------------------------------------------------------------------------------------------

def bad(cases):
    folder = cases.folder / "bad"

    def fails(name, read, code, *mentions, **files):
        for path, content in files.items():
            target = folder / name / path.replace("__", "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        cases.case(f"bad: {name}", f"contents/bad/{name}", read, error={"code": code, "mentions": list(mentions)})

    (folder / "nothing").mkdir(parents=True)
    (folder / "nothing/readme").write_text("no info")
    for kind, more in [("annotations", {}), ("segment-properties", {}), ("skeleton", {"id": "1"})]:
        cases.case(f"bad: no {kind}", "contents/bad/nothing", {"kind": kind, **more}, error={"code": "not-found", "mentions": ["nothing"]})
    cases.case("bad: no table", "contents/bad/nothing/table.csv", {"kind": "table"}, error={"code": "not-found", "mentions": ["table.csv"]})
    cases.case("bad: no Parquet", "contents/bad/nothing/table.parquet", {"kind": "table"}, error={"code": "not-found", "mentions": ["table.parquet"]})
    cases.case("bad: skeletons as meshes", "contents/skeletons", {"kind": "mesh", "id": "5"}, error={"code": "unsupported", "mentions": ["neuroglancer_skeletons"]})
    cases.case("bad: meshes as annotations", "contents/mesh_legacy", {"kind": "annotations"}, error={"code": "unsupported", "mentions": ["neuroglancer_legacy_mesh"]})
    annotations = {"@type": "neuroglancer_annotations_v1", "annotation_type": "point", "dimensions": {n: [1e-9, "m"] for n in "xyz"}, "lower_bound": [0, 0, 0],
                   "upper_bound": [9, 9, 9], "properties": [], "relationships": [], "by_id": {"key": "by_id"}}
    spatial = {"spatial": [{"key": "s", "grid_shape": [1, 1, 1], "chunk_size": [9, 9, 9], "limit": 9}]}
    read = {"kind": "annotations"}
    fails("html", read, "bad-metadata", "HTML", info=b"<!doctype html>")
    fails("seconds", read, "unsupported", "t: s", info={**annotations, "dimensions": {"x": [1, "m"], "y": [1, "m"], "t": [1, "s"]}})
    fails("four-axes", read, "unsupported", "4", info={**annotations, "dimensions": {n: [1, "m"] for n in "xyzw"}})
    fails("no-index", read, "bad-metadata", "spatial", info=annotations)
    fails("u64-property", read, "unsupported", "big", "uint64", info={**annotations, "properties": [{"id": "big", "type": "uint64"}]})
    fails("count", read, "bad-data", "s/0_0_0", info={**annotations, **spatial}, s__0_0_0=struct.pack("<Q3fQ", 2**40, 1, 2, 3, 7))
    fails("short", read, "bad-data", "annotation 1 of 2", info={**annotations, **spatial}, s__0_0_0=struct.pack("<Q3fQ", 2, 1, 2, 3, 7))
    fails("grid", read, "bad-metadata", "grid_shape", info={**annotations, "spatial": [{**spatial["spatial"][0], "grid_shape": [1, 0, 1]}]})
    properties = {"@type": "neuroglancer_segment_properties", "inline": {"ids": ["1", "2"], "properties": []}}
    read = {"kind": "segment-properties"}
    label = {"id": "label", "type": "label", "values": ["a"]}
    fails("label-count", read, "bad-metadata", "1 values for 2 segments", info={**properties, "inline": {"ids": ["1", "2"], "properties": [label]}})
    fails("id", read, "bad-metadata", "ids", info={**properties, "inline": {"ids": ["1", "-2"], "properties": []}})
    fails("tag", read, "bad-metadata", "at 1", info={**properties, "inline": {"ids": ["1", "2"], "properties": [{"id": "t", "type": "tags", "tags": ["a"], "values": [[0], [1]]}]}})
    fails("range", read, "bad-metadata", "256", "uint8", info={**properties, "inline": {"ids": ["1", "2"], "properties": [{"id": "n", "type": "number", "data_type": "uint8", "values": [1, 256]}]}})
    skeletons_ = {"@type": "neuroglancer_skeletons", "vertex_attributes": []}
    fails("skeleton", {"kind": "skeleton", "id": "1"}, "bad-data", "4294967295 vertices", **{"info": skeletons_, "1": struct.pack("<II3f", 2**32 - 1, 0, 1, 2, 3)})
    draco = {"@type": "neuroglancer_multilod_draco", "vertex_quantization_bits": 16, "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], "lod_scale_multiplier": 1}
    manifest = struct.pack("<3f3fIf3fI", 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1) + struct.pack("<4I", 0, 0, 0, 5)
    mesh = {"kind": "mesh", "id": "1"}
    fails("draco", mesh, "bad-data", "DRACO", **{"info": draco, "1": b"abcde", "1.index": manifest})
    fails("manifest", mesh, "bad-data", "left over", **{"info": draco, "1": b"abcde", "1.index": manifest + b"\0"})
    fails("fragments", mesh, "bad-data", "fragments are not", **{"info": draco, "1.index": manifest})
    fails("bits", mesh, "bad-metadata", "vertex_quantization_bits", info={**draco, "vertex_quantization_bits": 12})
    good = (cases.folder / "tables/snappy.parquet").read_bytes()
    for name, data, words in [("cut", good[:-20], ["PAR1"]), ("short", b"PAR1", ["short"]), ("footer", good[:-8] + struct.pack("<I", 2**31) + b"PAR1", ["footer"]),
                              ("data", good[:40] + bytes(len(good) - 4000 - 40) + good[-4000:], [])]:
        (folder / f"{name}.parquet").write_bytes(data)
        cases.case(f"bad: {name}.parquet", f"contents/bad/{name}.parquet", {"kind": "table"}, error={"code": "bad-data", "mentions": words})
    (folder / "rows.csv").write_text("a,b\n1,2\n3\n")
    cases.case("bad: rows.csv", "contents/bad/rows.csv", {"kind": "table"}, error={"code": "bad-data", "mentions": ["line 3", "rows.csv"]})


def write(root):
    """Writes tests/data/contents and contents.json."""
    cases = Cases(root / "contents")
    for part in (by_neuroglancer, by_description, segment_properties, skeletons, legacy_meshes, multilod_meshes, tetrahedra, tables, bad):
        part(cases)
    cases.write(root / "contents.json")
    print(f"{len(cases.cases)} reads of what is no volume")


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent / "data"
    shutil.rmtree(root / "contents", ignore_errors=True)
    write(root)
