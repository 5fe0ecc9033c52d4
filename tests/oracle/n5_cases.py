"""N5: datasets and groups of levels, written by z5py or tensorstore, read back by the other; what is broken, and what is refused.

Folders of `n5/` hold attributes.json as z5py and tensorstore write it; groups' attributes are written here, in the ways that are met: n5-viewer's,
BigDataViewer's, COSEM's. Blocks of lz4-java, whose stream no Python package writes, are framed here around lz4's and xxHash's own output.
"""

import bz2
import contextlib
import gzip
import json
import lzma
import struct
import zlib

import lz4.block
import numpy as np
import tensorstore as ts
import xxhash
import z5py

import seeded
from bad import HTML, flip, opens_not, put, reads_not
from book import absent_boxes, level

SHAPE, CHUNK = (13, 10, 7), (9, 7, 4)  # x, y, z
GZIP = {"type": "gzip", "level": 5, "useZlib": False}
TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32", "int64", "float64")


def write_ts(folder, block, chunk, compression, **attributes):
    """Writes a block, indexed as N5 counts dimensions, by tensorstore; it leaves out blocks of zeros."""
    metadata = {"dimensions": list(block.shape), "blockSize": list(chunk), "dataType": block.dtype.name, "compression": compression}
    store = ts.open({"driver": "n5", "kvstore": f"file://{folder}/", "metadata": metadata}, create=True).result()
    store.write(block).result()
    add(folder, **attributes)


@contextlib.contextmanager
def container(folder, mode):
    """The folder above a dataset as z5py's container, which wants a version there; what was there is there again afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "attributes.json"
    before = file.read_bytes() if file.exists() else None
    file.write_text('{"n5": "2.0.0"}')
    with z5py.N5File(str(folder), mode) as opened:
        yield opened
    file.write_bytes(before) if before else file.unlink()


def write_z5(folder, block, chunk, compression, **attributes):
    """Writes a block by z5py, which counts dimensions the other way round; `compression` is the name that it has there."""
    with container(folder.parent, "a") as file:
        file.create_dataset(folder.name, data=np.ascontiguousarray(block.T), chunks=chunk[::-1], compression=compression, n_threads=1)
    add(folder, **attributes)


def add(folder, **attributes):
    """Adds to the attributes of a dataset or group; None removes."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "attributes.json"
    merged = {**(json.loads(file.read_text()) if file.exists() else {}), **attributes}
    file.write_text(json.dumps({k: v for k, v in merged.items() if v is not None}))


def read_ts(folder):
    """A dataset by tensorstore."""
    return ts.open({"driver": "n5", "kvstore": f"file://{folder}/"}, open=True).result().read().result()


def read_z5(folder):
    """A dataset by z5py, in N5's order."""
    with container(folder.parent, "r") as file:
        return file[folder.name][...].T


def exists(folder):
    """Tells whether a block has a file."""
    return lambda grid: folder.joinpath(*map(str, grid)).is_file()


def values(book, path, block, chunk, readers=(read_ts, read_z5)):
    """Checks that each reader gives the block, and gives its values, by channel where it has a fourth dimension."""
    for read in readers:
        got = read(book.root / path)
        assert got.dtype == block.dtype and np.array_equal(got, block), (path, read)
    there = exists(book.root / path)
    if block.ndim == 4:
        return [book.values(f"{path.replace('/', '-')}-c{c}", np.ascontiguousarray(block[..., c]), c,
                            absent=absent_boxes(block[..., c], chunk[:3], lambda g, c=c: there([*g, c // chunk[3]]), 0)) for c in range(block.shape[3])]
    cube = block.reshape(*block.shape, *[1] * (3 - block.ndim))
    shape = [*chunk, *[1] * (3 - block.ndim)]
    return [book.values(path.replace("/", "-"), cube, absent=absent_boxes(cube, shape, lambda g: there(g[:block.ndim]), 0))]


def dataset(book, name, block, compression, chunk=CHUNK, *, write=write_ts, readers=(read_ts, read_z5), size=(1, 1, 1), offset=(0, 0, 0), known=False, features=(),
            **attributes):
    """One dataset as a volume of one level."""
    path = f"n5/{name}"
    write(book.root / path, block, chunk, compression, **attributes)
    cells = values(book, path, block, chunk, readers)
    shape, chunk = [*block.shape, 1, 1][:3], [min(c, n) for c, n in zip([*chunk, 1, 1], [*block.shape, 1, 1])][:3]
    book.case(path, "n5", block.dtype, [level(shape, size, chunk, cells, offset=offset)], channels=block.shape[3] if block.ndim == 4 else 1,
              features=["n5", *features], voxel_size_known=known)


def types(book):
    """Every data type."""
    for number, dtype in enumerate(TYPES):
        block = seeded.values(dtype, SHAPE)
        if number % 2:
            dataset(book, dtype, block, "gzip", write=write_z5, features=["gzip"])
        else:
            dataset(book, dtype, block, GZIP, features=["gzip"])
    special = seeded.values("float32", SHAPE)
    special.reshape(-1)[[3, 50, 400]] = [np.inf, -np.inf, -0.0]
    dataset(book, "float32-special", special, {"type": "raw"}, features=["raw"])


def lz4_java(payload, size=128):
    """The stream of lz4-java: blocks of `size` bytes, stored where that is shorter, and one of none at the end."""
    def block(part):
        packed = lz4.block.compress(part, store_size=False)
        method, packed = (0x20, packed) if len(packed) < len(part) else (0x10, part)
        return b"LZ4Block" + struct.pack("<BIII", method, len(packed), len(part), xxhash.xxh32(part, 0x9747B28C).intdigest() & 0xFFFFFFF) + packed
    parts = [payload[i:i + size] for i in range(0, len(payload), size)]
    return b"".join(map(block, parts)) + b"LZ4Block" + struct.pack("<BIII", 0x10, 0, 0, 0)


def repack(folder, dimensions, pack, **attributes):
    """Packs the payload of every block of a raw dataset."""
    header = 4 + 4 * dimensions
    for file in sorted(f for f in folder.rglob("*") if f.is_file() and f.name != "attributes.json"):
        content = file.read_bytes()
        file.write_bytes(content[:header] + pack(content[header:]))
    add(folder, **attributes)


def codecs(book):
    """Every codec, over noise and over repetition."""
    block = seeded.values("uint16", SHAPE)
    for name, compression in (
        ("raw", {"type": "raw"}), ("zlib", {**GZIP, "useZlib": True}), ("bzip2", {"type": "bzip2", "blockSize": 1}), ("xz", {"type": "xz", "preset": 4}),
        ("blosc-lz4", {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}),
        ("blosc-zstd", {"type": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 2, "blocksize": 0}),
        ("blosc-zlib", {"type": "blosc", "cname": "zlib", "clevel": 5, "shuffle": 0, "blocksize": 0}),
        ("zstd", {"type": "zstd", "level": 3}),
    ):
        dataset(book, name, block, compression, features=[compression["type"]])
    for name in ("raw", "bzip2", "xz", "zstd"):
        dataset(book, f"z5-{name}", block, name, write=write_z5, features=[name])
    for name in ("blosc", "lz4"):  # tensorstore wants no number of threads in z5py's blosc, and has no lz4
        dataset(book, f"z5-{name}", block, name, write=write_z5, readers=(read_z5,), features=[name])
    longer = seeded.values("uint16", (40, 31, 9), 40)
    for name in ("bzip2", "xz", "lz4"):
        dataset(book, f"z5-{name}-longer", longer, name, (40, 20, 9), write=write_z5, readers=(read_z5,), features=[name])

    def write_java(folder, block, chunk, compression):
        write_ts(folder, block, chunk, {"type": "raw"})
        repack(folder, 3, lz4_java, compression=compression)

    dataset(book, "lz4-java", longer, {"type": "lz4", "blockSize": 65536}, (40, 20, 9), write=write_java, readers=(), features=["lz4"])

    def write_old(folder, block, chunk, compression):
        write_ts(folder, block, chunk, {"type": compression})
        add(folder, compression=None, compressionType=compression)

    dataset(book, "compression-type", block, "gzip", write=write_old, readers=(), features=["gzip", "compressionType"])


def layouts(book):
    """Ranks, names of dimensions, blocks that are absent or of other sizes."""
    block = seeded.cleared(seeded.values("uint16", SHAPE, 41), [((9, 0, 0), (13, 7, 4)), ((0, 7, 4), (9, 10, 7))])
    dataset(book, "absent", block, GZIP, features=["absent"])
    dataset(book, "1d", seeded.values("uint8", (11, 1, 1), 42)[:, 0, 0], {"type": "raw"}, (4,), features=["1d"])
    dataset(book, "2d", seeded.values("uint16", (13, 10, 1), 43)[..., 0], {"type": "raw"}, (9, 7), features=["2d"])
    four = np.stack([seeded.values("uint16", (8, 7, 5), seed) for seed in (44, 45, 46)], -1)
    dataset(book, "4d", four, GZIP, (5, 4, 5, 2), features=["4d", "channels"])
    dataset(book, "chunk-larger", seeded.values("uint16", (5, 4, 3), 47), GZIP, (64, 64, 64), features=["large blocks"])

    # Blocks at the edges that go on past them, as some writers leave them.
    def write_whole(folder, block, chunk, compression):
        write_ts(folder, block, chunk, compression)
        for grid in np.ndindex(*[-(-n // c) for n, c in zip(block.shape, chunk)]):
            part = np.zeros(chunk, block.dtype)
            inside = block[tuple(slice(g * c, (g + 1) * c) for g, c in zip(grid, chunk))]
            part[tuple(slice(0, n) for n in inside.shape)] = inside
            header = struct.pack(">HH3I", 0, 3, *chunk)
            folder.joinpath(*map(str, grid)).write_bytes(header + part.astype(part.dtype.newbyteorder(">")).tobytes(order="F"))

    dataset(book, "whole-blocks", seeded.values("uint16", SHAPE, 48), {"type": "raw"}, write=write_whole, features=["whole blocks"])

    # The block of x = 0, y = 1 ends before the volume does: the rest of it is 0.
    short = seeded.cleared(seeded.values("uint16", (8, 6, 2), 49), [((2, 3, 0), (4, 6, 2))])

    def write_short(folder, block, chunk, compression):
        write_ts(folder, block, chunk, compression)
        part = block[0:2, 3:6]
        (folder / "0/1/0").write_bytes(struct.pack(">HH3I", 0, 3, *part.shape) + part.astype(">u2").tobytes(order="F"))

    dataset(book, "short-block", short, {"type": "raw"}, (4, 3, 2), write=write_short, readers=(), features=["short block"])

    path = "n5/axes-zyx"  # x is the last, and so the slowest
    block = seeded.values("uint16", (7, 10, 13), 50)
    write_ts(book.root / path, block, (4, 7, 9), GZIP, axes=["z", "y", "x"], units=["nm", "nm", "um"], resolution=[40, 8, 0.004])
    cells = [book.values("n5-axes-zyx", np.ascontiguousarray(block.T))]
    book.case(path, "n5", block.dtype, [level(block.shape[::-1], (4, 8, 40), (9, 7, 4), cells)], features=["n5", "axes"])


def levels_of(book, path, sizes, *, seed, dtype="uint16", offsets=None, chunk=(8, 6, 4), attributes=lambda i: {}, names=None):
    """Writes a pyramid of three levels under a group; gives its levels."""
    found = []
    for number, shape in enumerate(((16, 12, 8), (8, 6, 4), (4, 3, 2))):
        block = seeded.values(dtype, shape, seed + number)
        own = f"{path}/{(names or ('s0', 's1', 's2'))[number]}"
        write = (write_ts, write_z5)[number % 2]
        write(book.root / own, block, chunk, GZIP if write is write_ts else "gzip", **attributes(number))
        found.append(level(shape, sizes[number], [min(c, n) for c, n in zip(chunk, shape)], values(book, own, block, chunk), offset=offsets[number] if offsets else (0, 0, 0)))
    return found


def groups(book):
    """Groups of levels, in the ways that are met."""
    steps, isotropic = ([1, 1, 1], [2, 2, 1], [4, 4, 2]), [(10.0 * f,) * 3 for f in (1, 2, 4)]
    sized = [tuple(r * f for r, f in zip((4, 4, 40), step)) for step in steps]

    def group(name, found, **attributes):
        path = f"n5/{name}"
        if attributes:
            add(book.root / path, **attributes)
        book.case(path, "n5", "uint16", found, features=["n5", "levels"])

    group("levels-factors", levels_of(book, "n5/levels-factors", sized, seed=60, attributes=lambda i: {"downsamplingFactors": steps[i]}),
          resolution=[4, 4, 40], units=["nm", "nm", "nm"], axes=["x", "y", "z"])
    group("levels-scales", levels_of(book, "n5/levels-scales", sized, seed=63), scales=steps, pixelResolution={"dimensions": [0.004, 0.004, 0.04], "unit": "um"})
    group("levels-bdv", levels_of(book, "n5/levels-bdv", sized, seed=66), downsamplingFactors=steps, dataType="uint16", multiScale=True, resolution=[4, 4, 40])
    # n5-viewer as Fiji writes it: the group says nothing, each level the size of the finest voxel.
    group("levels-viewer", levels_of(book, "n5/levels-viewer", isotropic, seed=69, attributes=lambda i: {
        "pixelResolution": {"dimensions": [10, 10, 10], "unit": "nm"}, **({"downsamplingFactors": [2**i] * 3} if i else {})}))
    # Each level says how large its own voxels are.
    group("levels-own", levels_of(book, "n5/levels-own", isotropic, seed=72, attributes=lambda i: {"pixelResolution": {"dimensions": [10 * 2**i] * 3, "unit": "nm"}}))

    def transform(i):  # in the order of NumPy; the centre of a voxel of level i lies in the middle of those it covers
        return {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "scale": [5.24 * 2**i, 4 * 2**i, 4 * 2**i], "translate": [5.24 * (2**i - 1) / 2, 4 * (2**i - 1) / 2, 100 + 4 * (2**i - 1) / 2]}

    cosem = [(4.0 * 2**i, 4.0 * 2**i, 5.24 * 2**i) for i in range(3)]
    corner = [(98.0, -2.0, -2.62)] * 3
    group("levels-cosem", levels_of(book, "n5/levels-cosem", cosem, seed=75, offsets=corner, attributes=lambda i: {
        "transform": transform(i), "pixelResolution": {"dimensions": cosem[i], "unit": "nm"}}),
        axes=["x", "y", "z"], units=["nm"] * 3, scales=[[2**i] * 3 for i in range(3)], pixelResolution={"dimensions": [4, 4, 5.24], "unit": "nm"},
        multiscales=[{"name": "", "datasets": [{"path": f"s{i}", "transform": transform(i)} for i in range(3)]}])
    group("levels-named", levels_of(book, "n5/levels-named", cosem, seed=78, offsets=corner, names=("full", "half", "quarter")),
          multiscales=[{"datasets": [{"path": p, "transform": transform(i)} for i, p in enumerate(("full", "half", "quarter"))]}])
    # A level that is listed, but was not written.
    found = levels_of(book, "n5/levels-missing", sized, seed=81)
    group("levels-missing", found, scales=[*steps, [8, 8, 4]], resolution=[4, 4, 40])
    path = "n5/levels-labels.n5/volumes/labels"
    add(book.root / "n5/levels-labels.n5", n5="2.0.0")
    found = levels_of(book, path, isotropic, seed=84, dtype="uint64", attributes=lambda i: {"downsamplingFactors": [2**i] * 3, "resolution": [10, 10, 10]})
    book.case(path, "n5", "uint64", found, features=["n5", "levels"])


def refusals(book):
    """What is not read, by name."""
    block = seeded.values("uint8", (5, 4, 3), 90)
    for name, word, attributes in (
        ("label-multiset", "multiset", {"isLabelMultiset": True}), ("string", "string", {"dataType": "string"}), ("codec", "jpeg", {"compression": {"type": "jpeg"}}),
        ("snappy", "snappy", {"compression": {"type": "blosc", "cname": "snappy", "clevel": 5, "shuffle": 1, "blocksize": 0}}),
    ):
        path = f"n5/refuse-{name}"
        write_ts(book.root / path, block, (5, 4, 3), GZIP)
        add(book.root / path, **attributes)
        book.refuse(path, word)
    for mode, word in ((1, "varlength"), (2, "object"), (7, "7")):
        path = f"n5/refuse-mode-{mode}"
        write_ts(book.root / path, block, (5, 4, 3), {"type": "raw"})
        (book.root / path / "0/0/0").write_bytes(struct.pack(">HH3II", mode, 3, 5, 4, 3, 60) + bytes(60))
        book.refuse(path, word)


def bad_attributes(book):
    """Attributes that make no sense."""
    good = {"dimensions": [12, 10, 6], "blockSize": [6, 5, 3], "dataType": "uint16", "compression": {"type": "raw"}}
    text, huge = json.dumps(good).encode(), 10**18
    for name, content in (("html", HTML), ("empty", b""), ("truncated", text[:61]), ("list", b"[1]")):
        opens_not(book, f"bad/n5-{name}", {"attributes.json": content}, "bad-metadata", f"attributes.json is {name}", mentions=["html"] if name == "html" else [])
    for name, change in (
        ("negative-dimensions", {"dimensions": [12, -10, 6]}), ("zero-dimensions", {"dimensions": [12, 0, 6]}), ("huge-dimensions", {"dimensions": [huge] * 3}),
        ("no-block-size", {"blockSize": None}), ("zero-block", {"blockSize": [6, 0, 3]}), ("huge-block", {"dimensions": [2**40] * 3, "blockSize": [2**31] * 3}),
        ("rank", {"blockSize": [6, 5]}), ("rank-40", {"dimensions": [1] * 40, "blockSize": [1] * 40}), ("text-dimensions", {"dimensions": "12,10,6"}),
        ("compression", {"compression": None}), ("compression-type", {"compression": {"level": 5}}), ("type", {"dataType": "uint9"}),
        ("resolution", {"resolution": [4, 4]}), ("resolution-zero", {"resolution": [4, 0, 4]}), ("axes", {"axes": ["x", "y"]}), ("factors", {"downsamplingFactors": [2, 2]}),
        ("transform", {"transform": {"axes": ["z", "y", "x"], "scale": [4, 0, 4]}}),
    ):
        attributes = {k: v for k, v in {**good, **change}.items() if v is not None}
        opens_not(book, f"bad/n5-{name}", {"attributes.json": attributes}, "bad-metadata", name, format="n5", also=["unsupported"])
    opens_not(book, "bad/n5-no-levels", {"attributes.json": {"n5": "4.0.0"}}, "not-found", "a group without levels", also=["bad-metadata"])
    opens_not(book, "bad/n5-scales", {"attributes.json": {"scales": [[1, 1, 1], "2"]}, "s0/attributes.json": good}, "bad-metadata", "factors that are text")
    opens_not(book, "bad/n5-sizeless", {"s0/attributes.json": good, "s1/attributes.json": good}, "bad-metadata", "a level of which nobody says how large its voxels are")
    opens_not(book, "bad/n5-outside", {"attributes.json": {"multiscales": [{"datasets": [{"path": "../raw"}]}]}}, "bad-metadata", "a level outside its group")


def bad_blocks(book):
    """Blocks that are damaged: the header, and what each codec makes of it."""
    block = seeded.values("uint16", (24, 20, 12), 320)
    chunk, first, last = (12, 10, 6), ((0, 0, 0), (12, 10, 6)), ((12, 10, 6), (24, 20, 12))
    zeros, short = bytes(16_000_000), bytes(2 * 12 * 10 * 6 - 2)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(zeros) + packer.flush()
    body = lambda change: lambda b: b[:16] + change(b[16:])  # noqa: E731
    half = body(lambda b: b[:len(b) // 2])
    breaks = {
        "raw": [("short", lambda b: b[:-1]), ("long", lambda b: b + b"\1"), ("empty", lambda b: b""), ("html", lambda b: HTML), ("header-cut", lambda b: b[:11]),
                ("rank", put(2, ">H", 2)), ("rank-huge", put(2, ">H", 65535)), ("size-zero", put(8, ">I", 0)), ("size-huge", put(4, ">III", *[2**32 - 1] * 3)), ("size-larger", put(12, ">I", 7))],
        "gzip": [("truncated", half), ("flipped", flip(-6)), ("html", body(lambda b: HTML)), ("bomb", body(lambda b: bomb)), ("short", body(lambda b: gzip.compress(short, mtime=0)))],
        "bzip2": [("truncated", half), ("flipped", flip(-20)), ("html", body(lambda b: HTML)), ("bomb", body(lambda b: bz2.compress(zeros))), ("short", body(lambda b: bz2.compress(short, 1)))],
        "xz": [("truncated", half), ("flipped", flip(-40)), ("html", body(lambda b: HTML)), ("bomb", body(lambda b: lzma.compress(zeros))), ("short", body(lambda b: lzma.compress(short)))],
        "lz4": [("truncated", half), ("html", body(lambda b: HTML)), ("empty", body(lambda b: b"")), ("short", body(lambda b: lz4.block.compress(short, store_size=False))),
                ("java-sum", body(lambda b: flip(17)(lz4_java(short + b"ab")))), ("java-short", body(lambda b: lz4_java(short))), ("java-cut", body(lambda b: lz4_java(short + b"ab")[:-21])),
                ("java-huge", body(lambda b: put(9, "<II", 2**32 - 1, 2**32 - 1)(lz4_java(short))))],
    }
    for codec, changes in breaks.items():
        for name, change in changes:
            path = f"bad/n5-{codec}-{name}"
            write_z5(book.root / path, block, chunk, codec)
            file = book.root / path / "1/1/1"
            file.write_bytes(change(file.read_bytes()))
            reads_not(book, path, "n5", block, last, first, f"a {codec} block: {name}", also=["unsupported"] if name == "html" and codec == "raw" else [])


def write(book):
    """Everything of N5."""
    types(book)
    codecs(book)
    layouts(book)
    groups(book)
    refusals(book)
    bad_attributes(book)
    bad_blocks(book)
