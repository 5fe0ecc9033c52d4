"""Neuroglancer precomputed volumes: written by tensorstore or cloud-volume, read back by the other."""

import gzip
import json
import shutil
import struct
import zlib

import cloudvolume
import compresso as compresso_codec
import imagecodecs
import numpy as np
import simplejpeg
import tensorstore as ts
import tinybrain
from cloudvolume.datasource.precomputed.common import compressed_morton_code

import seeded
from book import absent_boxes, level

FORMAT = "precomputed"
SHAPE, CHUNK = (19, 17, 13), (8, 9, 5)


def spec(folder, **more):
    """A tensorstore spec of the volume in a folder."""
    return {"driver": "neuroglancer_precomputed", "kvstore": f"file://{folder}/", **more}


def with_channels(block):
    """[x, y, z] or [x, y, z, c] as [x, y, z, c]."""
    return block if block.ndim == 4 else block[..., None]


def ts_write(folder, block, chunk, *, encoding="raw", kind="image", resolution=(8, 8, 40), origin=(0, 0, 0), key=None, **scale):
    """Writes (or adds) one scale with tensorstore, in one transaction: shards are written once. All-zero chunks are left out."""
    block = with_channels(block)
    store = ts.open(spec(
        folder, create=True, open=True,
        multiscale_metadata={"type": kind, "data_type": block.dtype.name, "num_channels": block.shape[3]},
        scale_metadata={
            "key": key or "_".join(f"{r:g}" for r in resolution), "size": list(block.shape[:3]), "encoding": encoding,
            "chunk_size": list(chunk), "resolution": list(resolution), "voxel_offset": list(origin), **scale,
        },
    )).result()
    with ts.Transaction() as transaction:
        store.with_transaction(transaction)[...] = block
    tidy(folder)


def tidy(folder):
    """Removes what a writer adds about itself and the day."""
    for name in ("provenance", "provenance.gz"):
        (folder / name).unlink(missing_ok=True)


def ts_read(folder, scale=0, chunk=None):
    """A scale as [x, y, z, c], read by tensorstore."""
    more = {"scale_metadata": {"chunk_size": list(chunk)}} if chunk else {}
    return ts.open(spec(folder, scale_index=scale, open=True, **more)).result().read().result()


def cv_read(folder, scale=0):
    """A scale as [x, y, z, c], read by cloud-volume."""
    volume = cloudvolume.CloudVolume(f"file://{folder}", mip=scale, progress=False, fill_missing=True, bounded=True)
    return np.asarray(volume[volume.bounds])


def cv_write(folder, block, chunk, *, encoding="raw", kind="image", resolution=(8, 8, 40), origin=(0, 0, 0), levels=(),
             factor=(2, 2, 1), compress=False):
    """Writes a volume and its coarser levels with cloud-volume."""
    info = cloudvolume.CloudVolume.create_new_info(
        num_channels=with_channels(block).shape[3], layer_type=kind, data_type=block.dtype.name, encoding=encoding,
        resolution=list(resolution), voxel_offset=list(origin), chunk_size=list(chunk), volume_size=list(block.shape[:3]),
    )
    volume = cloudvolume.CloudVolume(f"file://{folder}", info=info, compress=compress, progress=False, bounded=True)
    for i in range(len(levels)):
        volume.add_scale([f ** (i + 1) for f in factor], chunk_size=list(chunk))
    volume.commit_info()
    for mip, data in enumerate([block, *levels]):
        volume.mip = mip
        assert tuple(volume.volume_size) == data.shape[:3], (volume.volume_size, data.shape)
        volume[volume.bounds] = with_channels(data)
    tidy(folder)


def exists(folder, scale, origin, size):
    """Whether the chunk at a grid position exists: a file of its own, or an entry of its shard as cloud-volume lists it."""
    info = json.loads((folder / "info").read_text())["scales"][scale]
    chunk = info["chunk_sizes"][0]
    if "sharding" not in info:
        def in_files(grid):
            spans = [(o + g * c, o + min((g + 1) * c, n)) for o, g, c, n in zip(origin, grid, chunk, size)]
            name = "_".join(f"{a}-{b}" for a, b in spans)
            return any((folder / info["key"] / (name + end)).is_file() for end in ("", ".gz"))
        return in_files
    volume = cloudvolume.CloudVolume(f"file://{folder}", mip=scale, progress=False)
    reader = volume.image.shard_reader(scale) if hasattr(volume.image, "shard_reader") else None
    if reader is None:
        from cloudvolume.datasource.precomputed import sharding
        reader = sharding.ShardReader(volume.meta, volume.cache, sharding.ShardingSpecification.from_dict(info["sharding"]))
    known = set()
    for shard in sorted((folder / info["key"]).glob("*.shard")):
        known |= {int(k) for k in reader.list_labels(shard.name, path=info["key"])}
    grid_size = [-(-n // c) for n, c in zip(size, chunk)]
    return lambda grid: int(compressed_morton_code(np.array(grid), grid_size)) in known


def check(folder, blocks, readers, tolerance=0):
    """Asserts that every level reads back equal by each of the readers."""
    for scale, block in enumerate(blocks):
        for read in readers:
            got = read(folder, scale)
            wanted = with_channels(block)
            assert got.dtype == wanted.dtype and got.shape == wanted.shape, (folder, read, got.shape, wanted.shape)
            difference = got != wanted if not tolerance else np.abs(got.astype(int) - wanted.astype(int)) > tolerance
            assert not difference.any(), f"{folder} by {read.__name__}: differs at {np.argwhere(difference)[:3].tolist()}"


def entry(book, path, blocks, resolutions, chunk, *, origins=None, features=(), kind=None, name=None, folder=None, **more):
    """Adds a case; blocks, resolutions and origins per level, the finest first."""
    folder = folder or book.root / path
    encodings = [s["encoding"] for s in json.loads((folder / "info").read_text())["scales"]]
    levels = []
    for scale, (block, resolution) in enumerate(zip(blocks, resolutions)):
        origin = origins[scale] if origins else (0, 0, 0)
        planes = with_channels(block)
        there = exists(folder, scale, origin, planes.shape[:3])
        stem = (name or path).replace("/", "-")
        values = [
            book.values(f"{stem}-{scale}-{c}" if planes.shape[3] > 1 else f"{stem}-{scale}", planes[..., c], c,
                        absent=absent_boxes(planes[..., c], chunk, there, 0, origin))
            for c in range(planes.shape[3])
        ]
        levels.append(level(planes.shape[:3], resolution, chunk, values, origin))
    extra = more.pop("chunk_shapes", None)
    if extra:
        levels[0]["chunkShapes"] = extra
    declared = json.loads((folder / "info").read_text())["type"]
    book.case(path, FORMAT, blocks[0].dtype, levels, name=name, kind=kind or declared,
              channels=with_channels(blocks[0]).shape[3], features=[encodings[0], *features], **more)


def raw(book):
    """Raw chunks of every type; several channels; one volume with absent chunks."""
    for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32"):
        path = f"precomputed/raw-{dtype}"
        block = seeded.values(dtype, SHAPE)
        kind = "segmentation" if dtype == "uint64" else "image"
        ts_write(book.root / path, block, CHUNK, kind=kind)
        check(book.root / path, [block], [cv_read])
        entry(book, path, [block], [(8, 8, 40)], CHUNK)

    path = "precomputed/raw-channels"
    block = np.stack([seeded.values("uint16", SHAPE, seed) for seed in (20, 21, 22)], -1)
    cv_write(book.root / path, block, CHUNK)
    check(book.root / path, [block], [ts_read])
    entry(book, path, [block], [(8, 8, 40)], CHUNK, features=["channels"])

    path = "precomputed/raw-one-chunk-larger-than-volume"
    block = seeded.values("uint8", (5, 7, 3))
    ts_write(book.root / path, block, (16, 16, 16), resolution=(1, 1, 1))
    check(book.root / path, [block], [cv_read])
    entry(book, path, [block], [(1, 1, 1)], (16, 16, 16))

    path = "precomputed/raw-absent"
    block = seeded.cleared(seeded.values("uint16", SHAPE), [((0, 0, 0), (8, 9, 5)), ((8, 9, 5), (16, 17, 10)), ((16, 0, 10), (19, 9, 13))])
    ts_write(book.root / path, block, CHUNK, origin=(-8, 100, 3))
    check(book.root / path, [block], [cv_read])
    entry(book, path, [block], [(8, 8, 40)], CHUNK, origins=[(-8, 100, 3)], features=["absent"])


def jpeg(book):
    """JPEG of one and three channels. Expected is what libjpeg-turbo decodes, by tensorstore and by simplejpeg."""
    folder, path = book.root / "precomputed/jpeg", "precomputed/jpeg"
    block = seeded.grey((41, 37, 29))
    ts_write(folder, block, (24, 16, 11), encoding="jpeg", jpeg_quality=85)
    decoded = ts_read(folder)
    check(folder, [decoded], [cv_read, jpeg_by_simplejpeg])
    entry(book, path, [decoded[..., 0]], [(8, 8, 40)], (24, 16, 11), tolerance=2, features=["grey"])

    colour = np.stack([seeded.grey((25, 23, 11), seed) for seed in (31, 32, 33)], -1)
    for path, write in (
        ("precomputed/jpeg-rgb-420", lambda f: ts_write(f, colour, (16, 16, 6), encoding="jpeg", jpeg_quality=90)),
        ("precomputed/jpeg-rgb-444", lambda f: cv_write(f, colour, (16, 16, 6), encoding="jpeg")),
    ):
        folder = book.root / path
        write(folder)
        decoded = ts_read(folder)
        check(folder, [decoded], [jpeg_by_simplejpeg])
        entry(book, path, [decoded], [(8, 8, 40)], (16, 16, 6), tolerance=2, features=["rgb", path[-3:]])


def by_images(folder, decode, scale=0):
    """[x, y, z, c] of an unsharded volume at origin 0, each file decoded to [rows, columns, c]: rows of pixels are x fastest."""
    info = json.loads((folder / "info").read_text())
    scale, channels = info["scales"][scale], info["num_channels"]
    block = np.zeros((*scale["size"], channels), info["data_type"])
    for file in sorted((folder / scale["key"]).iterdir()):
        spans = [tuple(map(int, s.split("-"))) for s in file.name.split("_")]
        pixels = decode(file.read_bytes(), channels)
        assert pixels.dtype == block.dtype and pixels.size == channels * np.prod([b - a for a, b in spans]), (file, pixels.dtype, pixels.shape)
        shape = [b - a for a, b in spans]
        planes = [pixels.reshape(-1, channels)[:, c].reshape(shape, order="F") for c in range(channels)]
        block[tuple(slice(a, b) for a, b in spans)] = np.stack(planes, -1)
    return block


def jpeg_by_simplejpeg(folder, scale=0):
    """JPEG by simplejpeg."""
    return by_images(folder, lambda content, channels: simplejpeg.decode_jpeg(content, colorspace="RGB" if channels == 3 else "GRAY"), scale)


def png_by_imagecodecs(folder, scale=0):
    """PNG by imagecodecs: libpng."""
    return by_images(folder, lambda content, _: imagecodecs.png_decode(content), scale)


def jxl_by_imagecodecs(folder, scale=0):
    """JPEG XL by imagecodecs: libjxl."""
    return by_images(folder, lambda content, _: imagecodecs.jpegxl_decode(content), scale)


def encode_chunks(folder, encoding, encode):
    """Gives a raw volume at origin 0 another encoding: `encode` makes bytes of a chunk [x, y, z, c]."""
    info = json.loads((folder / "info").read_text())
    info["scales"][0]["encoding"] = encoding
    (folder / "info").write_text(json.dumps(info))
    for file in sorted((folder / info["scales"][0]["key"]).iterdir()):
        shape = [int(b) - int(a) for a, b in (s.split("-") for s in file.name.split("_"))]
        file.write_bytes(encode(np.frombuffer(file.read_bytes(), info["data_type"]).reshape(*shape, -1, order="F")))


def rows(chunk):
    """A chunk [x, y, z, c] as an image: rows of x, one below the other; without c where there is one channel."""
    return np.ascontiguousarray(chunk.transpose(2, 1, 0, 3).reshape(-1, chunk.shape[0], chunk.shape[3]).squeeze(2 if chunk.shape[3] == 1 else ()))


def png(book):
    """PNG of both depths and each number of channels, and one in shards."""
    grey = seeded.grey((25, 23, 11), 34)
    for name, block, write, readers in (
        ("png-grey8", grey, "cv", [ts_read, cv_read]),
        ("png-grey16", seeded.values("uint16", SHAPE, 35), "ts", [ts_read]),
        ("png-grey8-alpha", np.stack([grey, grey[::-1]], -1), "ts", [ts_read]),
        ("png-rgb8", np.stack([grey, grey[::-1], grey[:, ::-1]], -1), "ts", [ts_read]),
        ("png-rgba16", np.stack([seeded.values("uint16", SHAPE, s) for s in (36, 37, 38, 39)], -1), "ts", [ts_read]),
    ):
        path = f"precomputed/{name}"
        folder = book.root / path
        if write == "cv":
            cv_write(folder, block, (16, 16, 6), encoding="png")
        else:
            ts_write(folder, block, (16, 16, 6), encoding="png")
        check(folder, [block], [*readers, png_by_imagecodecs])
        entry(book, path, [block], [(8, 8, 40)], (16, 16, 6), features=[f"{with_channels(block).shape[3]} channels"])
    # Interlaced, and turned: one row of all voxels. Both are images of as many pixels.
    for name, encode in (("png-interlaced", lambda b: adam7(rows(b))), ("png-one-row", lambda b: imagecodecs.png_encode(rows(b).reshape(1, -1)))):
        path = f"precomputed/{name}"
        folder = book.root / path
        ts_write(folder, grey, (25, 23, 11))
        encode_chunks(folder, "png", encode)
        check(folder, [grey], [png_by_imagecodecs])
        entry(book, path, [grey], [(8, 8, 40)], (25, 23, 11), features=[name[4:]])


def adam7(pixels):
    """An interlaced PNG of grey bytes, written from the specification: libpng's writer is out of reach here; libpng reads it back."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    filtered = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx] if row.size)

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(filtered, 9)) + chunk(b"IEND", b"")


def jxl(book):
    """JPEG XL, without loss (exact) and with (as libjxl decodes it, within 2)."""
    grey = seeded.grey((41, 37, 11), 34)
    colour = np.stack([seeded.grey((25, 23, 7), seed) for seed in (31, 32, 33)], -1)
    alpha = np.concatenate([colour, colour[::-1, ..., :1]], -1)
    for name, block, chunk, how in (
        ("jxl-grey", grey, (24, 16, 11), {"lossless": True}), ("jxl-rgb", colour, (16, 16, 7), {"lossless": True}), ("jxl-rgba", alpha, (25, 23, 7), {"lossless": True}),
        ("jxl-grey-lossy", grey, (41, 37, 11), {"distance": 1.0}), ("jxl-rgb-lossy", colour, (25, 23, 7), {"distance": 0.5}),
        ("jxl-grey-container", grey, (41, 37, 11), {"lossless": True, "usecontainer": True}),
    ):
        path = f"precomputed/{name}"
        folder = book.root / path
        ts_write(folder, block, chunk)
        encode_chunks(folder, "jxl", lambda chunk, how=how: imagecodecs.jpegxl_encode(rows(chunk), **how))
        decoded = jxl_by_imagecodecs(folder)
        check(folder, [decoded], [cv_read] if decoded.shape[3] == 1 else [])  # cloud-volume turns the axes of colours
        lossless = how.get("lossless", False)
        assert lossless == np.array_equal(decoded, with_channels(block)), path
        entry(book, path, [decoded], [(8, 8, 40)], chunk, tolerance=0 if lossless else 2, features=["lossless" if lossless else "lossy"])


def compresso(book):
    """compresso: every width of ids, both formats and connectivities, windows of every width, noise, and the greatest ids."""
    for name, block, chunk in (
        ("compresso-u32", seeded.labels("uint32", (37, 29, 23)), (16, 13, 11)), ("compresso-u64", seeded.labels("uint64", (37, 29, 23)), (16, 13, 11)),
        ("compresso-u8", seeded.labels("uint8", SHAPE), CHUNK), ("compresso-u16-noise", seeded.values("uint16", SHAPE, 47), CHUNK),
    ):
        path = f"precomputed/{name}"
        cv_write(book.root / path, block, chunk, encoding="compresso", kind="segmentation")
        check(book.root / path, [block], [cv_read])
        entry(book, path, [block], [(8, 8, 40)], chunk, features=["format 1"])
    mixed = seeded.labels("uint64", (37, 29, 23), 48)
    mixed[:9, :9] = np.uint64(2**64 - 1) - np.random.default_rng(49).integers(0, 9, (9, 9, 23), dtype=np.uint64)  # ids that are no codes
    for steps in ((4, 4, 1), (8, 8, 1), (4, 4, 2), (3, 5, 2)):
        for connectivity in (4, 6):
            path = f"precomputed/compresso-{'x'.join(map(str, steps))}-{connectivity}"
            folder = book.root / path
            ts_write(folder, mixed, mixed.shape, kind="segmentation")
            how = {"steps": steps, "connectivity": connectivity, "random_access_z_index": False}
            encode_chunks(folder, "compresso", lambda chunk, how=how: compresso_codec.compress(np.array(chunk[..., 0], order="F"), **how))
            check(folder, [mixed], [cv_read])
            entry(book, path, [mixed], [(8, 8, 40)], mixed.shape, features=["format 0", f"connectivity {connectivity}"])


def compressed_segmentation(book):
    """Compressed segmentation: both types, an odd block, two channels, uniform and noisy blocks (all bit widths)."""
    noisy = seeded.values("uint64", (16, 16, 16), 40)  # thousands of ids in one block: 16-bit indices
    mixed = seeded.labels("uint64", (37, 29, 23))
    mixed[:16, :16, :16] = np.random.default_rng(41).permutation(4096).astype(np.uint64).reshape(16, 16, 16) * np.uint64(2**51 + 1)
    mixed[20:24, :8, :8] = np.arange(4 * 8 * 8, dtype=np.uint64).reshape(4, 8, 8) % np.uint64(5)
    for name, block, chunk, block_size, write in (
        ("cseg-u32", seeded.labels("uint32", (37, 29, 23)), (16, 13, 11), (8, 8, 8), "cv"),
        ("cseg-u64", seeded.labels("uint64", (37, 29, 23)), (16, 13, 11), (8, 8, 8), "cv"),
        ("cseg-u32-block-5x3x7", seeded.labels("uint32", (37, 29, 23)), (16, 13, 11), (5, 3, 7), "ts"),
        ("cseg-u64-block-5x3x7", seeded.labels("uint64", (37, 29, 23)), (16, 13, 11), (5, 3, 7), "ts"),
        ("cseg-u64-all-widths", mixed, (32, 16, 23), (16, 16, 16), "ts"),
        ("cseg-u64-noise", noisy, (16, 16, 16), (8, 8, 8), "ts"),
        ("cseg-u64-channels", np.stack([seeded.labels("uint64", SHAPE, 42), seeded.labels("uint64", SHAPE, 43)], -1), CHUNK, (8, 8, 8), "ts"),
        ("cseg-u32-channels", np.stack([seeded.labels("uint32", SHAPE, s) for s in (44, 45, 46)], -1), CHUNK, (4, 4, 4), "ts"),
    ):
        path = f"precomputed/{name}"
        folder = book.root / path
        if write == "cv":
            cv_write(folder, block, chunk, encoding="compressed_segmentation", kind="segmentation")
        else:
            ts_write(folder, block, chunk, encoding="compressed_segmentation", kind="segmentation",
                     compressed_segmentation_block_size=list(block_size))
        check(folder, [block], [ts_read, cv_read])
        entry(book, path, [block], [(8, 8, 40)], chunk, features=[f"block {block_size[0]}x{block_size[1]}x{block_size[2]}"])


SHARDINGS = [
    # hash, preshift, minishard bits, shard bits, minishard index encoding, data encoding
    ("identity", 0, 0, 0, "raw", "raw"),
    ("identity", 0, 1, 0, "gzip", "raw"),
    ("identity", 1, 1, 2, "raw", "gzip"),
    ("identity", 2, 0, 5, "gzip", "gzip"),
    ("identity", 9, 3, 3, "gzip", "gzip"),
    ("murmurhash3_x86_128", 0, 0, 0, "gzip", "gzip"),
    ("murmurhash3_x86_128", 0, 2, 1, "raw", "raw"),
    ("murmurhash3_x86_128", 1, 0, 3, "raw", "gzip"),
    ("murmurhash3_x86_128", 2, 3, 9, "gzip", "raw"),
]


def sharded(book):
    """Shards: every hash, index and data encoding; grids whose Morton code skips bits; absent chunks inside a shard."""
    empty = [((0, 0, 0), (8, 9, 5)), ((32, 9, 5), (35, 18, 10)), ((8, 18, 0), (16, 22, 15))]
    for number, (hash_, preshift, minishard, shard, index, data) in enumerate(SHARDINGS):
        sharding = {
            "@type": "neuroglancer_uint64_sharded_v1", "hash": hash_, "preshift_bits": preshift, "minishard_bits": minishard,
            "shard_bits": shard, "minishard_index_encoding": index, "data_encoding": data,
        }
        path = f"precomputed/sharded-{number}-{hash_.split('_')[0]}-{preshift}-{minishard}-{shard}-{index}-{data}"
        folder = book.root / path
        kind, encoding, more = [
            ("image", "raw", {}), ("segmentation", "compressed_segmentation", {"compressed_segmentation_block_size": [8, 8, 8]}),
        ][number % 2]
        shape = (35, 22, 14)
        block = seeded.values("uint16", shape, 50) if kind == "image" else seeded.labels("uint64", shape, 51)
        block = seeded.cleared(block, empty)
        origin = [(0, 0, 0), (64, -40, 7)][number % 2]
        ts_write(folder, block, CHUNK, encoding=encoding, kind=kind, origin=origin, sharding=sharding, **more)
        check(folder, [block], [cv_read])
        entry(book, path, [block], [(8, 8, 40)], CHUNK, origins=[origin],
              features=["sharded", hash_, f"index {index}", f"data {data}", "absent"])

    path = "precomputed/sharded-jpeg"
    folder = book.root / path
    sharding = {"@type": "neuroglancer_uint64_sharded_v1", "hash": "identity", "preshift_bits": 1, "minishard_bits": 2, "shard_bits": 1,
                "minishard_index_encoding": "gzip", "data_encoding": "raw"}
    ts_write(folder, seeded.grey((41, 37, 29), 5), (24, 16, 11), encoding="jpeg", sharding=sharding)
    decoded = ts_read(folder)
    check(folder, [decoded], [cv_read])
    entry(book, path, [decoded[..., 0]], [(8, 8, 40)], (24, 16, 11), tolerance=2, features=["sharded", "grey"])

    # The two encodings default to raw where the info does not say them.
    path = "precomputed/sharded-defaults"
    folder = book.root / path
    sharding = {"@type": "neuroglancer_uint64_sharded_v1", "hash": "identity", "preshift_bits": 0, "minishard_bits": 1, "shard_bits": 1}
    block = seeded.values("uint8", SHAPE, 52)
    ts_write(folder, block, CHUNK, sharding={**sharding, "minishard_index_encoding": "raw", "data_encoding": "raw"})
    info = json.loads((folder / "info").read_text())
    info["scales"][0]["sharding"] = sharding
    (folder / "info").write_text(json.dumps(info))
    check(folder, [block], [ts_read])
    entry(book, path, [block], [(8, 8, 40)], CHUNK, features=["sharded"])


def scales(book):
    """Several scales, offsets, chunk sizes and resolutions."""
    path = "precomputed/scales-image"
    block = seeded.grey((45, 35, 17), 6)
    coarser = tinybrain.downsample_with_averaging(block, (2, 2, 1), num_mips=2)
    cv_write(book.root / path, block, (16, 12, 8), levels=coarser, resolution=(4, 4, 40))
    check(book.root / path, [block, *coarser], [ts_read])
    entry(book, path, [block, *coarser], [(4, 4, 40), (8, 8, 40), (16, 16, 40)], (16, 12, 8), features=["scales"])

    path = "precomputed/scales-offset"
    block = seeded.labels("uint64", (44, 36, 20), 7)
    coarser = tinybrain.downsample_segmentation(block, (2, 2, 2), num_mips=1)
    cv_write(book.root / path, block, (16, 12, 8), levels=coarser, factor=(2, 2, 2), resolution=(16, 16, 16), origin=(-20, 120, -6),
             kind="segmentation", encoding="compressed_segmentation")
    check(book.root / path, [block, *coarser], [ts_read])
    entry(book, path, [block, *coarser], [(16, 16, 16), (32, 32, 32)], (16, 12, 8), origins=[(-20, 120, -6), (-10, 60, -3)],
          features=["scales", "voxel_offset"])

    path = "precomputed/fractional-resolution"
    block = seeded.values("uint8", SHAPE, 60)
    ts_write(book.root / path, block, CHUNK, resolution=(3.75, 4.125, 33.3), origin=(1003, 17, -35))
    check(book.root / path, [block], [cv_read])
    entry(book, path, [block], [(3.75, 4.125, 33.3)], CHUNK, origins=[(1003, 17, -35)], features=["voxel_offset"])

    path = "precomputed/two-chunk-sizes"
    folder, other = book.root / path, book.root / "other"
    block = seeded.values("uint16", SHAPE, 61)
    flat = (19, 17, 1)
    ts_write(folder, block, CHUNK)
    ts_write(other, block, flat)
    key = "8_8_40"
    for file in sorted((other / key).iterdir()):
        shutil.move(file, folder / key / file.name)
    shutil.rmtree(other)
    info = json.loads((folder / "info").read_text())
    info["scales"][0]["chunk_sizes"] = [list(CHUNK), list(flat)]
    (folder / "info").write_text(json.dumps(info))
    check(folder, [block], [lambda f, s: ts_read(f, s, CHUNK), lambda f, s: ts_read(f, s, flat)])
    entry(book, path, [block], [(8, 8, 40)], CHUNK, chunk_shapes=[list(CHUNK), list(flat)], features=["chunk_sizes"])

    path = "precomputed/redirect"
    (book.root / path).mkdir(parents=True)
    (book.root / path / "info").write_text(json.dumps({"redirect": "../scales-offset"}))
    entry(book, path, [block_of(book, "precomputed/scales-offset", i) for i in (0, 1)], [(16, 16, 16), (32, 32, 32)], (16, 12, 8),
          origins=[(-20, 120, -6), (-10, 60, -3)], features=["redirect"], folder=book.root / "precomputed/scales-offset")

    path = "precomputed/gz-names"
    block = seeded.values("uint16", SHAPE, 62)
    cv_write(book.root / path, block, CHUNK, compress="gzip")
    check(book.root / path, [block], [cv_read])
    entry(book, path, [block], [(8, 8, 40)], CHUNK, needs=["gz-names"], features=["gz-names"])

    # A minimal info: no @type, no mesh, upper-case data type as old writers have it, a key that climbs, an unknown member.
    path = "precomputed/spare-info"
    folder = book.root / path
    block = seeded.values("uint8", SHAPE, 63)
    ts_write(folder, block, CHUNK, key="a/b")
    info = json.loads((folder / "info").read_text())
    del info["@type"]
    info["scales"][0]["key"] = "a/../a/b"
    info["scales"][0].pop("voxel_offset", None)
    info["data_type"] = "UINT8"
    info["someday"] = {"anything": [1, None]}
    (folder / "info").write_text(json.dumps(info))
    entry(book, path, [block], [(8, 8, 40)], CHUNK, features=["spare info"])


def block_of(book, name, scale):
    """The block of a case that is already in the book."""
    case = next(c for c in book.cases if c["name"] == name)
    stored = book.arrays[case["levels"][scale]["values"][0]["array"]]
    raw_bytes = gzip.decompress((book.root / stored["file"]).read_bytes())
    return np.frombuffer(raw_bytes, stored["dataType"]).reshape(stored["shape"], order="F")


def refusals(book):
    """Encodings and types that other software writes and this project does not read: what such an info says is enough."""
    for dtype, encoding in (
        ("int64", None), ("float64", None), ("uint64", "crackle"), ("float32", "fpzip"), ("float32", "kempressed"), ("float32", "zfpc"),
    ):
        path = f"precomputed/refuse-{encoding or dtype}"
        ts_write(book.root / path, seeded.values("uint8", (9, 7, 5)), (9, 7, 5))
        info_path = book.root / path / "info"
        info = json.loads(info_path.read_text())
        info["data_type"] = dtype
        if encoding:
            info["scales"][0]["encoding"] = encoding
        info_path.write_text(json.dumps(info))
        book.refuse(path, encoding or dtype)


def write(book):
    """Everything precomputed."""
    raw(book)
    jpeg(book)
    compressed_segmentation(book)
    png(book)
    jxl(book)
    compresso(book)
    sharded(book)
    scales(book)
    refusals(book)
