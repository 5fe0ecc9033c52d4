"""WKW: layers and single magnifications, written by wkw, read back by a decoder made from the format's description; what is broken, and what is refused.

Blocks have 8³ voxels and files 2³ blocks here, so that a few kilobytes hold several files.
"""

import json
import struct

import lz4.block
import numpy as np
import wkw

import seeded
from bad import HTML, opens_not, put, reads_not
from book import absent_boxes, level

EDGE, FILE = 8, 2
SPAN = EDGE * FILE  # voxels along an edge of a file
BLOCK_TYPES = {"raw": wkw.Header.BLOCK_TYPE_RAW, "lz4": wkw.Header.BLOCK_TYPE_LZ4, "lz4hc": wkw.Header.BLOCK_TYPE_LZ4HC}
CODES = (None, "u1", "u2", "u4", "u8", "f4", "f8", "i1", "i2", "i4", "i8")


def write_folder(folder, block, kind="lz4", edge=EDGE, file=FILE, skip=()):
    """Writes the files of a block [x, y, z] or [c, x, y, z] from voxel 0, padded with zeros, but for those at the places in `skip`."""
    data = block if block.ndim == 4 else block[None]
    span = edge * file
    counts = [-(-n // span) for n in data.shape[1:]]
    padded = np.zeros((data.shape[0], *[n * span for n in counts]), data.dtype)
    padded[tuple(slice(0, n) for n in data.shape)] = data
    folder.parent.mkdir(parents=True, exist_ok=True)
    header = wkw.Header(data.dtype.type, data.shape[0], block_len=edge, file_len=file, block_type=BLOCK_TYPES[kind])
    with wkw.Dataset.create(str(folder), header) as dataset:
        for place in np.ndindex(*counts):
            if place not in skip:
                lower = [n * span for n in place]
                part = padded[(slice(None), *[slice(n, n + span) for n in lower])]
                dataset.write(lower, np.asfortranarray(part))


def read_folder(folder, shape):
    """The voxels [c, x, y, z] of a folder, after the description of the format."""
    start = (folder / "header.wkw").read_bytes()
    edges, kind, code, size = start[4:8]
    dtype = np.dtype("<" + CODES[code])
    edge, file, channels = 1 << (edges & 15), 1 << (edges >> 4), size // dtype.itemsize
    span, out = edge * file, np.zeros((channels, *shape), dtype)
    for place in np.ndindex(*[-(-n // span) for n in shape]):
        path = folder / "z{2}/y{1}/x{0}.wkw".format(*place)
        if not path.is_file():
            continue
        content = path.read_bytes()
        first = struct.unpack_from("<Q", content, 8)[0]
        ends = [first, *struct.unpack_from(f"<{file**3}Q", content, 16)] if kind != 1 else None
        for at in np.ndindex(file, file, file):
            number = sum((n >> bit & 1) << (3 * bit + axis) for axis, n in enumerate(at) for bit in range(5))
            length = edge**3 * size
            if kind == 1:
                raw = content[first + number * length:first + (number + 1) * length]
            else:
                raw = lz4.block.decompress(content[ends[number]:ends[number + 1]], uncompressed_size=length)
            voxels = np.frombuffer(raw, dtype).reshape(channels, edge, edge, edge, order="F")
            lower = [p * span + a * edge for p, a in zip(place, at)]
            inside = [max(0, min(edge, n - lo)) for lo, n in zip(lower, shape)]
            out[(slice(None), *[slice(lo, lo + n) for lo, n in zip(lower, inside)])] = voxels[(slice(None), *[slice(0, n) for n in inside])]
    return out


def values(book, path, block, first=(0, 0, 0)):
    """Checks the files of a folder against a block that begins at voxel 0, and gives the values of its voxels from `first` on."""
    data = block if block.ndim == 4 else block[None]
    folder = book.root / path
    assert np.array_equal(read_folder(folder, data.shape[1:]), data), path
    edges = (folder / "header.wkw").read_bytes()[4]
    span = (1 << (edges & 15)) * (1 << (edges >> 4))
    seen = data[(slice(None), *[slice(n, None) for n in first])]
    edge = 1 << (edges & 15)

    def boxes(channel):  # chunks are clipped to the voxels from `first` on
        shift = [n % edge for n in first]
        moved = np.zeros([n + s for n, s in zip(seen.shape[1:], shift)], data.dtype)
        moved[tuple(slice(s, None) for s in shift)] = seen[channel]
        origin = [n - s for n, s in zip(first, shift)]

        def there(grid):
            place = [(o + g * edge) // span for o, g in zip(origin, grid)]
            return (folder / "z{2}/y{1}/x{0}.wkw".format(*place)).is_file()

        found = absent_boxes(moved, [edge] * 3, there, 0, origin)
        return [{"min": [max(a, b) for a, b in zip(box["min"], first)], "max": box["max"]} for box in found]

    name = path.replace("/", "-")
    return [book.values(f"{name}-c{c}" if len(seen) > 1 else name, np.ascontiguousarray(seen[c]), c, absent=boxes(c)) for c in range(len(seen))]


def alone(book, name, block, kind="lz4", edge=EDGE, file=FILE, skip=(), features=()):
    """A layer without properties: a folder 1 whose extent is that of its files."""
    path = f"wkw/{name}"
    write_folder(book.root / path / "1", block, kind, edge, file, skip)
    data = block if block.ndim == 4 else block[None]
    span = edge * file
    whole = np.zeros((data.shape[0], *[-(-n // span) * span for n in data.shape[1:]]), data.dtype)
    whole[tuple(slice(0, n) for n in data.shape)] = data
    found = level(whole.shape[1:], (1, 1, 1), (edge,) * 3, values(book, f"{path}/1", whole))
    book.case(path, "wkw", block.dtype, [found], channels=data.shape[0], features=["wkw", kind, *features], voxel_size_known=False)


def folders(book):
    """Every type, every kind of block, several channels, several files, absent ones."""
    kinds = ("raw", "lz4", "lz4hc")
    for number, dtype in enumerate(("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32", "int64", "float64")):
        alone(book, dtype, seeded.values(dtype, (SPAN, SPAN, SPAN), 100), kinds[number % 3])
    for kind in kinds:
        alone(book, f"files-{kind}", seeded.values("uint16", (SPAN * 2, SPAN * 3, SPAN), 101), kind, features=["files"])
    rgb = np.stack([seeded.values("uint8", (SPAN, SPAN, SPAN), seed) for seed in (102, 103, 104)])
    for kind in ("raw", "lz4hc"):
        alone(book, f"channels-{kind}", rgb, kind, features=["channels"])
    alone(book, "channels-uint32", np.stack([seeded.labels("uint32", (EDGE, EDGE, EDGE), seed) for seed in (105, 106)]), "lz4", file=1, features=["channels"])
    alone(book, "one-block-files", seeded.labels("uint64", (16, 8, 8), 107), "lz4", file=1, features=["files"])
    alone(book, "large-blocks", seeded.values("uint8", (32, 32, 32), 108), "lz4", 32, 1)
    hole = seeded.cleared(seeded.values("uint16", (SPAN * 2, SPAN * 2, SPAN), 109), [((SPAN, SPAN, 0), (SPAN * 2, SPAN * 2, SPAN))])
    alone(book, "absent", hole, "lz4", skip={(1, 1, 0)}, features=["absent"])
    alone(book, "constant", np.full((SPAN, SPAN, SPAN), 7, np.uint8), "lz4hc")


def layer(name, category, element, first, size, mags, **more):
    """An entry of `dataLayers`."""
    box = {"topLeft": list(first), "width": size[0], "height": size[1], "depth": size[2]}
    return {"name": name, "category": category, "boundingBox": box, "elementClass": element, "dataFormat": "wkw", "numChannels": 1, "mags": mags, **more}


def datasets(book):
    """Layers with datasource-properties.json beside them: a box off the grid of blocks, and magnifications."""
    def pyramid(path, dtype, seed, first, size, mags, scale, kind, make=seeded.values):
        levels = []
        for number, mag in enumerate(mags):
            lower = [f // m for f, m in zip(first, mag)]
            upper = [-(-(f + s) // m) for f, s, m in zip(first, size, mag)]
            block = make(dtype, upper, seed + number)
            block[:lower[0]], block[:, :lower[1]], block[:, :, :lower[2]] = 0, 0, 0
            folder = f"{path}/{'-'.join(map(str, mag)) if len(set(mag)) > 1 else mag[0]}"
            write_folder(book.root / folder, block, ("lz4", "raw", "lz4hc")[number % 3])
            levels.append(level([b - a for a, b in zip(lower, upper)], [s * m for s, m in zip(scale, mag)], (EDGE,) * 3, values(book, folder, block, lower), lower))
        book.case(path, "wkw", dtype, levels, kind=kind, features=["wkw", "properties", "mags"])
        return levels

    mags, scale, root = ([1, 1, 1], [2, 2, 1], [4, 4, 2]), [11.24, 11.24, 28], "wkw/dataset"
    first, size = (5, 3, 2), (27, 22, 15)
    image = pyramid(f"{root}/color", "uint8", 120, first, size, mags, scale, "image")
    labels = pyramid(f"{root}/segmentation", "uint64", 130, (8, 8, 8), (16, 9, 8), mags[:2], scale, "segmentation", seeded.labels)
    pyramid(f"{root}/moved", "uint16", 140, first, size, mags[1:2], scale, "image")
    # The folder of a magnification is its own volume, too.
    for path, found, dtype, kind in ((f"{root}/color/2-2-1", image[1], "uint8", "image"), (f"{root}/segmentation/1", labels[0], "uint64", "segmentation")):
        book.case(path, "wkw", dtype, [found], kind=kind, features=["wkw", "properties", "one mag"])
    (book.root / root / "datasource-properties.json").write_text(json.dumps({
        "id": {"name": "dataset", "team": ""}, "scale": {"factor": [v / 1000 for v in scale], "unit": "micrometer"}, "version": 1, "dataLayers": [
            layer("color", "color", "uint8", first, size, [{"mag": mag} for mag in mags]),
            layer("segmentation", "segmentation", "uint64", (8, 8, 8), (16, 9, 8), [{"mag": mag, "path": f"./segmentation/{p}"} for mag, p in zip(mags, ("1", "2-2-1"))],
                  largestSegmentId=2**64 - 1),
            layer("moved", "color", "uint16", first, size, [{"mag": "2-2-1", "path": "moved/2-2-1"}]),
        ]}))
    old = "wkw/old-dataset"
    levels = pyramid(f"{old}/color", "uint8", 150, (0, 0, 0), (20, 16, 9), ([1, 1, 1], [2, 2, 2]), [4, 4, 4], "image")
    assert len(levels) == 2
    entry = layer("color", "color", "uint8", (0, 0, 0), (20, 16, 9), None, wkwResolutions=[{"resolution": 1, "cubeLength": SPAN}, {"resolution": [2, 2, 2], "cubeLength": SPAN}])
    del entry["mags"]
    (book.root / old / "datasource-properties.json").write_text(json.dumps({"scale": [4, 4, 4], "dataLayers": [entry]}))


def refusals(book):
    """What is not read, by name."""
    for name, change, word in (("version", put(3, "<B", 2), "version"), ("block-type", put(5, "<B", 4), "block type"), ("voxel-type", put(6, "<B", 11), "voxel type")):
        path = f"wkw/refuse-{name}"
        write_folder(book.root / path / "1", np.zeros((EDGE,) * 3, np.uint8), "raw", file=1)
        file = book.root / path / "1/header.wkw"
        file.write_bytes(change(file.read_bytes()))
        book.refuse(path, word)


def bad_headers(book):
    """header.wkw, and the properties of a dataset."""
    good = b"WKW\1\x13\2\2\2" + bytes(8)
    for name, content in (
        ("html", HTML), ("empty", b""), ("truncated", good[:15]), ("voxel-size", put(7, "<B", 3)(good)), ("no-voxel", put(7, "<B", 0)(good)),
        ("huge-blocks", put(4, "<B", 0x0F)(good)), ("huge-files", put(4, "<B", 0xF3)(good)), ("oversize", put(4, "<B", 0xFF)(good)),
    ):
        opens_not(book, f"bad/wkw-header-{name}", {"header.wkw": content}, "bad-metadata", f"header.wkw: {name}")
        opens_not(book, f"bad/wkw-layer-{name}", {"1/header.wkw": content}, "bad-metadata", f"header.wkw of a layer: {name}")
    opens_not(book, "bad/wkw-no-files", {"1/header.wkw": good}, "bad-metadata", "no file, and nobody says how large the layer is", mentions=["datasource-properties.json"])
    entry = layer("color", "color", "uint16", (0, 0, 0), (16, 16, 16), [{"mag": [1, 1, 1]}])
    for name, change, whole in (
        ("no-box", {"boundingBox": None}, {}), ("box", {"boundingBox": {"topLeft": [0, 0], "width": 1, "height": 1, "depth": 1}}, {}),
        ("box-zero", {"boundingBox": {"topLeft": [0, 0, 0], "width": 0, "height": 1, "depth": 1}}, {}), ("box-negative", {"boundingBox": {"topLeft": [-1, 0, 0], "width": 9, "height": 9, "depth": 9}}, {}),
        ("box-huge", {"boundingBox": {"topLeft": [0, 0, 0], "width": 10**18, "height": 1, "depth": 1}}, {}), ("no-mags", {"mags": []}, {}), ("mag-zero", {"mags": [{"mag": [1, 0, 1]}]}, {}),
        ("mag-text", {"mags": [{"mag": "one"}]}, {}), ("mag-missing", {"mags": [{"mag": [1, 1, 1]}, {"mag": [2, 2, 2]}]}, {}), ("path", {"mags": [{"mag": 1, "path": "../" * 30 + "x"}]}, {}),
        ("unit", {}, {"scale": {"factor": [1, 1, 1], "unit": "parsec"}}), ("scale", {}, {"scale": [1, 0, 1]}),
    ):
        path = f"bad/wkw-properties-{name}"
        properties = {"scale": [1, 1, 1], "dataLayers": [{k: v for k, v in {**entry, **change}.items() if v is not None}], **whole}
        folder = book.root / path
        folder.mkdir(parents=True)
        (folder / "datasource-properties.json").write_text(json.dumps(properties))
        opens_not(book, f"{path}/color", {"1/header.wkw": good}, "bad-metadata", f"datasource-properties.json: {name}", also=["invalid-options"])


def bad_files(book):
    """Files of two blocks along each edge, in which the last block is broken."""
    block = seeded.values("uint16", (SPAN, SPAN, SPAN), 320)
    table, first = 16, 16 + 8 * FILE**3
    last = ((EDGE,) * 3, (SPAN,) * 3)

    def end(number):
        return table + 8 * number

    def get(content, number):
        return struct.unpack_from("<Q", content, end(number))[0]

    def replaced(data):  # the last block by other bytes, with its end set right
        def change(content):
            start = get(content, 6)
            return put(end(7), "<Q", start + len(data))(content[:start] + data)
        return change

    short = lz4.block.compress(bytes(EDGE**3 * 2 - 2), store_size=False)
    bomb = lz4.block.compress(bytes(16_000_000), store_size=False)
    for name, change, is_whole in (
        ("outside", put(end(7), "<Q", 10**4), False), ("huge", put(end(7), "<Q", 2**60), False), ("overflow", put(end(7), "<Q", 2**64 - 1), False),
        ("backwards", lambda b: put(end(7), "<Q", get(b, 6) - 1)(b), False), ("no-bytes", lambda b: put(end(7), "<Q", get(b, 6))(b), False),
        ("before-table", lambda b: put(end(6), "<Q", 20)(b), False), ("cut", lambda b: b[:-1], False), ("short", replaced(short), False),
        ("bomb", replaced(bomb[:900]), False), ("noise", replaced(bytes(range(200))), False),
        ("table-cut", lambda b: b[:first - 1], True), ("empty", lambda b: b"", True), ("html", lambda b: HTML, True),
        ("first", put(8, "<Q", first + 8), True), ("other-header", put(6, "<BB", 3, 4), True),
    ):
        path = f"bad/wkw-{name}"
        write_folder(book.root / path / "1", block, "lz4")
        file = book.root / path / "1/z0/y0/x0.wkw"
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, path, "wkw", block, last, None if is_whole else ((0, 0, 0), (EDGE,) * 3), f"an LZ4 file: {name}")
    for name, change in (("cut", lambda b: b[:-1]), ("empty", lambda b: b"")):
        path = f"bad/wkw-raw-{name}"
        write_folder(book.root / path / "1", block, "raw")
        file = book.root / path / "1/z0/y0/x0.wkw"
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, path, "wkw", block, last, None if name == "empty" else ((0, 0, 0), (EDGE,) * 3), f"a raw file: {name}")


def write(book):
    """Everything of WKW."""
    folders(book)
    datasets(book)
    refusals(book)
    bad_headers(book)
    bad_files(book)
