"""Collects cases and the distinct voxel blocks they share; writes expected.json and arrays/.

Blocks are numpy arrays indexed [x, y, z]; on disk little endian, x fastest. The schema is described in README.md.
"""

import gzip
import hashlib
import json
import math
import pathlib

import numpy as np

PROBES = 24


def x_fastest(block):
    """Little-endian bytes of a block indexed [x, y, z], x fastest."""
    return block.astype(block.dtype.newbyteorder("<")).tobytes(order="F")


def json_value(value, dtype):
    """A voxel as JSON: 64-bit integers as decimal strings, since a double does not hold them."""
    if dtype in (np.uint64, np.int64):
        return str(int(value))
    if dtype.kind == "f":
        value = float(value)
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    return int(value)


def describe(block):
    """Shape, type, hash, range and probe voxels of a block indexed [x, y, z]."""
    dtype = block.dtype
    raw = x_fastest(block)
    sha256 = hashlib.sha256(raw).hexdigest()
    finite = block[np.isfinite(block)] if dtype.kind == "f" else block
    rng = np.random.default_rng(int(sha256[:8], 16))
    corners = {tuple(int(i * (n - 1)) for i, n in zip(c, block.shape)) for c in np.ndindex(2, 2, 2)}
    wanted = min(PROBES, block.size)
    while len(corners) < wanted:
        corners.add(tuple(int(rng.integers(n)) for n in block.shape))
    return {
        "dataType": dtype.name,
        "shape": list(block.shape),
        "sha256": sha256,
        "min": json_value(finite.min(), dtype) if finite.size else 0,
        "max": json_value(finite.max(), dtype) if finite.size else 0,
        "probes": [[*p, json_value(block[p], dtype)] for p in sorted(corners)],
    }


class Book:
    """The list of everything that tests/data holds."""

    def __init__(self, root, store_arrays=True):
        self.root = pathlib.Path(root)
        self.store_arrays = store_arrays
        self.arrays = {}
        self.cases = []
        self.refusals = []
        self.bad = []
        self._by_content = {}

    def array(self, name, block):
        """Registers a block indexed [x, y, z]; returns the name under which its content is stored."""
        assert block.ndim == 3, block.shape
        entry = describe(block)
        key = (entry["dataType"], tuple(entry["shape"]), entry["sha256"])
        if key in self._by_content:
            return self._by_content[key]
        assert name not in self.arrays, name
        if self.store_arrays:
            entry = {"file": f"arrays/{name}.bin.gz", **entry}
            path = self.root / entry["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(x_fastest(block), 9, mtime=0))
        self.arrays[name] = entry
        self._by_content[key] = name
        return name

    def values(self, name, block, channel=0, at=None, absent=()):
        """One channel (and time) of a level: the stored block and the boxes whose chunk does not exist."""
        return {"channel": channel, "at": at or {}, "array": self.array(name, block), "absent": list(absent)}

    def case(self, path, format, dtype, levels, *, name=None, kind=None, fill=0, channels=1, other_axes=(), needs=(),
             tolerance=0, features=(), voxel_size_known=True, **more):
        """A volume that must read as its values say."""
        dtype = np.dtype(dtype)
        name = name or path
        assert all(c["name"] != name for c in self.cases), name
        self.cases.append({
            "name": name, "path": path, "format": format,
            "kind": kind or ("segmentation" if dtype == np.uint64 else "image"),
            "dataType": dtype.name, "fill": json_value(dtype.type(fill), dtype), "channels": channels,
            "otherAxes": [{"name": n, "size": s} for n, s in other_axes], "needs": list(needs), "tolerance": tolerance,
            "features": list(features), "voxelSizeKnown": voxel_size_known, "levels": levels, **more,
        })

    def refuse(self, path, *names, name=None, code="unsupported"):
        """A volume that must be refused by an error that contains the names."""
        self.refusals.append({"name": name or path, "path": path, "code": code, "names": list(names)})

    def write(self, path, with_bad=True):
        """Writes the list as JSON, one case or array a line so that a change reads well in a diff."""
        sections = {"arrays": self.arrays, "cases": self.cases, "refusals": self.refusals}
        if with_bad:
            sections["bad"] = self.bad
        parts = ['"version": 1']
        for key, content in sections.items():
            if isinstance(content, dict):
                lines = [f"{json.dumps(k)}: {dump(content[k])}" for k in sorted(content)]
                parts.append(f'"{key}": {{\n' + ",\n".join(lines) + "\n}")
            else:
                parts.append(f'"{key}": [\n' + ",\n".join(dump(c) for c in content) + "\n]")
        pathlib.Path(path).write_text("{\n" + ",\n".join(parts) + "\n}\n")


def dump(value):
    """JSON on one line; a number that JSON has not must not slip through."""
    return json.dumps(value, allow_nan=False)


def level(shape, voxel_size, chunk, values, origin=(0, 0, 0), offset=(0, 0, 0), **more):
    """One level: sizes in voxels, x first; voxel size and offset of voxel 0's lower corner in nm."""
    return {
        "box": box(origin, shape), "voxelSizeNm": list(voxel_size), "offsetNm": list(offset),
        "chunkShape": chunk and list(chunk), "values": values, **more,
    }


def box(origin, shape):
    """A half-open voxel box as JSON."""
    return {"min": [int(o) for o in origin], "max": [int(o + s) for o, s in zip(origin, shape)]}


def absent_boxes(block, chunk, exists, fill, origin=(0, 0, 0)):
    """Boxes of the chunks of which `exists(grid position)` is false; asserts that the block holds the fill there."""
    absent = []
    for grid in np.ndindex(*[-(-n // c) for n, c in zip(block.shape, chunk)]):
        lower = [g * c for g, c in zip(grid, chunk)]
        upper = [min(lo + c, n) for lo, c, n in zip(lower, chunk, block.shape)]
        if not exists(grid):
            inside = block[tuple(slice(a, b) for a, b in zip(lower, upper))]
            same = inside == inside.dtype.type(fill)
            if np.isnan(fill):
                same = np.isnan(inside)
            assert same.all(), f"the absent chunk {grid} does not hold the fill value {fill}"
            absent.append(box([o + lo for o, lo in zip(origin, lower)], [b - a for a, b in zip(lower, upper)]))
    return absent
