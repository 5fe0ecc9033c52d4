"""Broken data: each volume is written well, then one thing in it is broken. Each has the error code it must give.

`code` is what is wanted, `codes` all that are acceptable. At stage "open" the layer cannot be added; at stage "read" it opens, reading `box`
fails, and `good` (another chunk of the same volume) still reads.
"""

import json
import struct
import zlib

import compresso as compresso_codec
import imagecodecs
import numcodecs
import numpy as np
import simplejpeg

import ome
import precomputed
import seeded
import zarr_cases
from book import box
from zarr_cases import BYTES, CRC32C, GZIP, sharding, zstd

SHAPE, CHUNK = (12, 10, 6), (6, 5, 3)
HTML = b"<!doctype html>\n<html><head><title>Not here</title></head><body><h1>Sign in</h1></body></html>\n"
SHARDING = {"@type": "neuroglancer_uint64_sharded_v1", "hash": "identity", "preshift_bits": 0, "minishard_bits": 1, "shard_bits": 1,
            "minishard_index_encoding": "raw", "data_encoding": "raw"}
MAX64 = 2**64 - 1


def note(book, path, stage, code, why, *, also=(), format=None, mentions=(), **more):
    """Adds an entry to the list."""
    entry = {"name": path, "path": path, "stage": stage, "code": code, "codes": [code, *also], "mentions": list(mentions), "why": why}
    if format:
        entry["format"] = format
    book.bad.append({**entry, **more})


def opens_not(book, path, files, code, why, **more):
    """A dataset of a few hand-written files that cannot be opened."""
    folder = book.root / path
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    note(book, path, "open", code, why, **more)


# ---- metadata -------------------------------------------------------------------------------------------------------

def info(**change):
    """A good info with members of the volume or (given as `scale`) of its only scale replaced; None removes."""
    scale = {"key": "8_8_40", "size": [12, 10, 6], "resolution": [8, 8, 40], "chunk_sizes": [[6, 5, 3]], "encoding": "raw", "voxel_offset": [0, 0, 0]}
    scale.update(change.pop("scale", {}))
    whole = {"@type": "neuroglancer_multiscale_volume", "type": "image", "data_type": "uint16", "num_channels": 1,
             "scales": [{k: v for k, v in scale.items() if v is not None}], **change}
    return {k: v for k, v in whole.items() if v is not None}


def infos(book):
    """Precomputed metadata."""
    text = json.dumps(info()).encode()
    for name, content, why in (
        ("html", HTML, "a page instead of JSON"), ("empty", b"", "an empty file"), ("truncated", text[:97], "JSON that ends in the middle"),
        ("not-utf8", b"\xff\xfe" + text, "bytes that are no UTF-8"), ("list", b"[]", "JSON, but a list"), ("null", b"null", "JSON, but null"),
        ("deep", b"[" * 100000 + b"]" * 100000, "JSON nested 100000 deep"),
    ):
        opens_not(book, f"bad/info-{name}", {"info": content}, "bad-metadata", why, mentions=["html"] if name == "html" else [])
    big = 10**18
    for name, change, why in (
        ("negative-size", {"scale": {"size": [-12, 10, 6]}}, "a negative size"), ("zero-size", {"scale": {"size": [12, 0, 6]}}, "a size of 0"),
        ("fractional-size", {"scale": {"size": [12.5, 10, 6]}}, "a size that is no integer"), ("huge-size", {"scale": {"size": [big, big, big]}}, "sizes of 10^18"),
        ("text-size", {"scale": {"size": "12,10,6"}}, "a size that is text"), ("short-size", {"scale": {"size": [12, 10]}}, "two sizes"),
        ("no-size", {"scale": {"size": None}}, "no size"), ("zero-chunk", {"scale": {"chunk_sizes": [[6, 0, 3]]}}, "a chunk size of 0"),
        ("negative-chunk", {"scale": {"chunk_sizes": [[6, -5, 3]]}}, "a negative chunk size"),
        ("huge-chunk", {"scale": {"size": [2**31, 2**31, 2**31], "chunk_sizes": [[2**31, 2**31, 2**31]]}}, "a chunk of 2^93 voxels"),
        ("no-chunks", {"scale": {"chunk_sizes": []}}, "no chunk size"), ("zero-resolution", {"scale": {"resolution": [8, 0, 40]}}, "a resolution of 0"),
        ("negative-resolution", {"scale": {"resolution": [8, -8, 40]}}, "a negative resolution"), ("no-scales", {"scales": []}, "no scales"),
        ("scales-missing", {"scales": None}, "no scales member"), ("no-channels", {"num_channels": 0}, "0 channels"),
        ("negative-channels", {"num_channels": -1}, "-1 channels"), ("huge-channels", {"num_channels": 10**9}, "10^9 channels"),
        ("huge-offset", {"scale": {"voxel_offset": [2**63 - 5, 0, 0]}}, "an offset whose sum with the size overflows"),
        ("no-key", {"scale": {"key": None}}, "no key"),
        ("cseg-no-block", {"data_type": "uint64", "type": "segmentation", "scale": {"encoding": "compressed_segmentation"}}, "no block size"),
        ("cseg-zero-block", {"data_type": "uint64", "type": "segmentation", "scale": {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 0, 8]}},
         "a block size of 0"),
        ("cseg-huge-block", {"data_type": "uint64", "type": "segmentation",
                             "scale": {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [2**31, 2**31, 2**31]}}, "a block of 2^93 voxels"),
        ("shard-bits", {"scale": {"sharding": {**SHARDING, "shard_bits": 65}}}, "65 shard bits"),
        ("minishard-bits", {"scale": {"sharding": {**SHARDING, "minishard_bits": 60}}}, "a shard index of 2^64 bytes"),
        ("negative-bits", {"scale": {"sharding": {**SHARDING, "preshift_bits": -1}}}, "-1 preshift bits"),
        ("sharded-two-chunk-sizes", {"scale": {"sharding": SHARDING, "chunk_sizes": [[6, 5, 3], [12, 10, 1]]}}, "two chunk sizes in a sharded scale"),
    ):
        opens_not(book, f"bad/info-{name}", {"info": info(**change)}, "bad-metadata", why, format="precomputed", also=["unsupported"] if "cseg-huge" in name else [])
    for name, change, word in (
        ("unknown-encoding", {"scale": {"encoding": "holographic"}}, "holographic"), ("unknown-type", {"data_type": "uint12"}, "uint12"),
        ("unknown-hash", {"scale": {"sharding": {**SHARDING, "hash": "sha3"}}}, "sha3"),
        ("unknown-index-encoding", {"scale": {"sharding": {**SHARDING, "minishard_index_encoding": "brotli"}}}, "brotli"),
        ("cseg-of-uint8", {"data_type": "uint8", "scale": {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 8, 8]}}, "uint8"),
        ("jpeg-of-uint16", {"scale": {"encoding": "jpeg"}}, "uint16"), ("jpeg-two-channels", {"data_type": "uint8", "num_channels": 2, "scale": {"encoding": "jpeg"}}, "jpeg"),
    ):
        opens_not(book, f"bad/info-{name}", {"info": info(**change)}, "unsupported", word, format="precomputed", also=["bad-metadata"], mentions=[word])
    opens_not(book, "bad/info-mesh", {"info": {"@type": "neuroglancer_legacy_mesh", "spatial_index": None}}, "unsupported", "a mesh, not a volume",
              also=["bad-metadata"], mentions=["mesh"])
    opens_not(book, "bad/info-redirect-to-itself", {"info": {"redirect": "../info-redirect-to-itself"}}, "bad-metadata", "a redirect to itself", mentions=["redirect"])
    opens_not(book, "bad/info-redirect-in-turn", {"info": {"redirect": "there"}, "there/info": {"redirect": ".."}}, "bad-metadata", "two redirects to each other",
              mentions=["redirect"])
    opens_not(book, "bad/info-redirect-nowhere", {"info": {"redirect": "../nothing-here"}}, "not-found", "a redirect to what is not there", also=["bad-metadata"])
    note(book, "bad/nothing-here", "open", "not-found", "a folder that does not exist")


def v3_meta(**change):
    """A good zarr.json of an array, with members replaced."""
    return {"zarr_format": 3, "node_type": "array", "shape": [6, 10, 12], "data_type": "uint16", "fill_value": 0, "codecs": [BYTES],
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [3, 5, 6]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}, "attributes": {}, **change}


def grid(*chunk):
    """A regular chunk grid."""
    return {"name": "regular", "configuration": {"chunk_shape": list(chunk)}}


def v2_meta(**change):
    """A good .zarray, with members replaced."""
    return {"zarr_format": 2, "shape": [6, 10, 12], "chunks": [3, 5, 6], "dtype": "<u2", "compressor": None, "fill_value": 0, "order": "C", "filters": None, **change}


def zarrs(book):
    """Zarr metadata."""
    for file, good in (("zarr.json", v3_meta()), (".zarray", v2_meta())):
        text, word = json.dumps(good).encode(), "v3" if file == "zarr.json" else "v2"
        for name, content in (("html", HTML), ("empty", b""), ("truncated", text[:61]), ("list", b"[1]")):
            opens_not(book, f"bad/{word}-{name}", {file: content}, "bad-metadata", f"{file} is {name}")
    huge = 10**18
    for name, change in (
        ("negative-shape", {"shape": [6, -10, 12]}), ("huge-shape", {"shape": [huge, huge, huge]}), ("zero-chunk", {"chunk_grid": grid(3, 0, 6)}),
        ("huge-chunk", {"shape": [2**40] * 3, "chunk_grid": grid(2**40, 2**40, 2**40)}), ("rank", {"chunk_grid": grid(3, 5)}), ("fill-text", {"fill_value": "abc"}),
        ("fill-range", {"fill_value": 70000}), ("no-codecs", {"codecs": []}), ("only-gzip", {"codecs": [GZIP]}), ("no-shape", {"shape": None}),
        ("transpose", {"codecs": [{"name": "transpose", "configuration": {"order": [0, 0, 1]}}, BYTES]}),
        ("shard-not-divided", {"codecs": [sharding((2, 5, 6))]}),
        ("shard-zero", {"codecs": [sharding((0, 5, 6))]}),
        ("shard-huge", {"shape": [2**40] * 3, "chunk_grid": grid(2**40, 2**40, 2**40), "codecs": [sharding((1, 1, 1))]}),
        ("rank-40", {"shape": [1] * 40, "chunk_grid": grid(*[1] * 40)}),
    ):
        opens_not(book, f"bad/v3-{name}", {"zarr.json": v3_meta(**change)}, "bad-metadata", name, format="zarr", also=["unsupported"])
    for name, change in (
        ("negative-shape", {"shape": [6, -10, 12]}), ("huge-shape", {"shape": [huge, huge, huge]}), ("zero-chunk", {"chunks": [3, 0, 6]}),
        ("huge-chunk", {"shape": [2**40] * 3, "chunks": [2**40] * 3}), ("rank", {"chunks": [3, 5]}), ("type", {"dtype": "<q9"}), ("order", {"order": "Z"}),
        ("format-7", {"zarr_format": 7}),
    ):
        opens_not(book, f"bad/v2-{name}", {".zarray": v2_meta(**change)}, "bad-metadata", name, format="zarr", also=["unsupported"])
    opens_not(book, "bad/v3-format-7", {"zarr.json": v3_meta(zarr_format=7)}, "unsupported", "zarr_format 7", also=["bad-metadata"], mentions=["7"])
    opens_not(book, "bad/v2-unknown-compressor", {".zarray": v2_meta(compressor={"id": "quantum"})}, "unsupported", "an unknown compressor", mentions=["quantum"])
    opens_not(book, "bad/v3-plain-group", {"zarr.json": {"zarr_format": 3, "node_type": "group", "attributes": {}}}, "bad-metadata", "a group that is no image",
              also=["not-found", "unsupported"])


def omes(book):
    """OME-Zarr metadata around a good array."""
    good = {"axes": ome.axes_of("zyx", "nanometer"), "datasets": [{"path": "0", "coordinateTransformations": ome.transforms((40, 8, 8))}]}

    def with_(name, change, why, code="bad-metadata", also=("unsupported",), arrays=None, version="0.5", **more):
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": version, "multiscales": [{**good, **change}]}}}
        files = {"zarr.json": group, **{f"{k}/zarr.json": v for k, v in (arrays or {"0": v3_meta()}).items()}}
        opens_not(book, f"bad/ome-{name}", files, code, why, format="ome-zarr", also=list(also), **more)

    def datasets(*scales):
        return [{"path": str(i), "coordinateTransformations": ome.transforms(s)} for i, s in enumerate(scales)]

    with_("no-datasets", {"datasets": []}, "no levels")
    with_("missing-level", {"datasets": datasets((40, 8, 8), (80, 16, 16))}, "a level that is not there", "not-found", ("bad-metadata",))
    with_("scale-length", {"datasets": datasets((8, 8))}, "two scales for three axes")
    with_("scale-zero", {"datasets": datasets((40, 0, 8))}, "a scale of 0")
    with_("scale-negative", {"datasets": datasets((40, -8, 8))}, "a negative scale")
    with_("scale-text", {"datasets": datasets(("40", "8", "8"))}, "scales that are text")
    with_("axes-missing", {"axes": None}, "no axes")
    with_("axes-twice", {"axes": ome.axes_of("zxx", "nanometer")}, "two axes of one name")
    with_("axes-short", {"axes": ome.axes_of("yx", "nanometer")}, "two axes for an array of three")
    with_("version", {}, "a version of tomorrow", "unsupported", ("bad-metadata",), version="9.9", mentions=["9.9"])
    with_("types-differ", {"datasets": datasets((40, 8, 8), (80, 16, 16))}, "levels of two data types", arrays={"0": v3_meta(), "1": v3_meta(data_type="uint8")})
    with_("ranks-differ", {"datasets": datasets((40, 8, 8), (80, 16, 16))}, "levels of two ranks",
          arrays={"0": v3_meta(), "1": v3_meta(shape=[10, 12], chunk_grid=grid(5, 6))})


# ---- chunks ---------------------------------------------------------------------------------------------------------

def reads_not(book, path, format, block, broken_box, good_box, why, *, code="bad-data", mentions=(), **more):
    """A volume of which the chunk at `broken_box` is broken and that at `good_box` is not; boxes as ((x, y, z), (x, y, z))."""
    good = None
    if good_box:
        lower, upper = good_box
        inside = block[tuple(slice(a, b) for a, b in zip(lower, upper))]
        good = {"box": box(lower, inside.shape), "array": book.array(f"{path.replace('/', '-')}-good", np.ascontiguousarray(inside))}
    lower, upper = broken_box
    note(book, path, "read", code, why, format=format, mentions=mentions, level=0, box=box(lower, [b - a for a, b in zip(lower, upper)]),
         **({"good": good} if good else {}), **more)


FIRST, LAST = ((0, 0, 0), (6, 5, 3)), ((6, 5, 3), (12, 10, 6))


def raw_chunks(book):
    """Precomputed chunks, one file each: raw, jpeg, compressed segmentation."""
    def volume(name, block, chunk=CHUNK, **how):
        precomputed.ts_write(book.root / f"bad/{name}", block, chunk, **how)
        return book.root / f"bad/{name}" / "8_8_40"

    block = seeded.values("uint16", SHAPE, 300)
    last = "6-12_5-10_3-6"
    for name, change in (("short", lambda b: b[:-1]), ("long", lambda b: b + b"\0"), ("empty", lambda b: b""), ("html", lambda b: HTML)):
        file = volume(f"raw-{name}", block) / last
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, f"bad/raw-{name}", "precomputed", block, LAST, FIRST, f"a raw chunk that is {name}")

    grey = seeded.grey((32, 24, 10), 301)
    chunk, last, last_box = (16, 12, 10), "16-32_12-24_0-10", ((16, 12, 0), (32, 24, 10))
    other = simplejpeg.encode_jpeg(seeded.grey((8, 8, 1), 302).transpose(1, 0, 2).copy(), 90, colorspace="GRAY")
    colour = simplejpeg.encode_jpeg(np.repeat(seeded.grey((16, 120, 1), 303).transpose(1, 0, 2), 3, 2).copy(), 90)

    def huge(content):  # the size in the start of frame: 65535 x 65535
        at = content.index(b"\xff\xc0")
        return content[:at + 5] + b"\xff\xff\xff\xff" + content[at + 9:]

    def flipped_tables(content):  # a Huffman table of impossible lengths
        at = content.index(b"\xff\xc4")
        return content[:at + 5] + b"\xff" * 16 + content[at + 21:]

    for name, change in (
        ("truncated", lambda b: b[:len(b) // 2]), ("empty", lambda b: b""), ("html", lambda b: HTML), ("other-size", lambda b: other), ("colour", lambda b: colour),
        ("huge-size", huge), ("tables", flipped_tables), ("header-only", lambda b: b[:4]),
    ):
        folder = volume(f"jpeg-{name}", grey, chunk, encoding="jpeg")
        decoded = precomputed.ts_read(folder.parent)[..., 0]
        file = folder / last
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, f"bad/jpeg-{name}", "precomputed", decoded, last_box, ((0, 0, 0), chunk), f"a JPEG chunk: {name}", tolerance=2)

    ids = seeded.labels("uint64", SHAPE, 304)
    ids[6:, 5:, 3:] = (np.arange(90, dtype=np.uint64) + np.uint64(2**60)).reshape(6, 5, 3)
    last = "6-12_5-10_3-6"

    def words(index, change):
        def edit(content):
            word = struct.unpack_from("<I", content, 4 * index)[0]
            return content[:4 * index] + struct.pack("<I", change(word) & 0xFFFFFFFF) + content[4 * index + 4:]
        return edit

    for name, change in (
        ("truncated", lambda b: b[:len(b) // 2]), ("empty", lambda b: b""), ("odd-length", lambda b: b + b"\0"), ("channel-offset", words(0, lambda w: 0x7FFFFFFF)),
        ("table-offset", words(1, lambda w: w | 0xFFFFFF)), ("values-offset", words(2, lambda w: 0xFFFFFFF0)), ("bits", words(1, lambda w: w & 0xFFFFFF | 7 << 24)),
        ("bits-64", words(1, lambda w: w & 0xFFFFFF | 64 << 24)), ("html", lambda b: HTML),
    ):
        folder = volume(f"cseg-{name}", ids, encoding="compressed_segmentation", kind="segmentation", compressed_segmentation_block_size=[8, 8, 8])
        file = folder / last
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, f"bad/cseg-{name}", "precomputed", ids, LAST, FIRST, f"a compressed_segmentation chunk: {name}")


def encoded_chunks(book):
    """Precomputed chunks of png, jxl and compresso."""
    grey = seeded.grey((32, 24, 10), 305)
    chunk, last, last_box, first_box = (16, 12, 10), "16-32_12-24_0-10", ((16, 12, 0), (32, 24, 10)), ((0, 0, 0), (16, 12, 10))
    ids = seeded.labels("uint32", (32, 24, 10), 306)
    ids[16:, 12:] += np.random.default_rng(307).integers(0, 3, (16, 12, 10), dtype=np.uint32)  # noise: many regions and listed boundary voxels

    def refuses(name, block, encoding, encode, change, why, kind="image"):
        folder = book.root / f"bad/{name}"
        precomputed.ts_write(folder, block, chunk, kind=kind)
        precomputed.encode_chunks(folder, encoding, encode)
        file = folder / "8_8_40" / last
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, f"bad/{name}", "precomputed", block, last_box, first_box, why, also=["unsupported"], mentions=[encoding])

    def png(pixels):
        return imagecodecs.png_encode(pixels)

    def png_header(place, layout, *values):  # changes the header and makes its checksum right again
        def change(content):
            header = bytearray(content[12:29])
            struct.pack_into(layout, header, 4 + place, *values)
            return content[:12] + bytes(header) + struct.pack(">I", zlib.crc32(header)) + content[33:]
        return change

    wide = precomputed.rows(seeded.grey((16, 120, 1), 308)[..., None])
    for name, change in (
        ("truncated", lambda b: b[:len(b) // 2]), ("no-end", lambda b: b[:-12]), ("empty", lambda b: b""), ("html", lambda b: HTML), ("header-only", lambda b: b[:33]),
        ("other-size", lambda b: png(wide[:40])), ("colour", lambda b: png(np.repeat(wide[..., None], 3, 2))), ("depth", lambda b: png(wide.astype(np.uint16))),
        ("huge-size", png_header(0, ">II", 2**31 - 1, 2**31 - 1)), ("palette", png_header(9, ">B", 3)), ("checksum", flip(-30)), ("data", flip(200)),
    ):
        refuses(f"png-{name}", grey, "png", lambda b: png(precomputed.rows(b)), change, f"a PNG chunk: {name}")

    def jxl(pixels):
        return imagecodecs.jpegxl_encode(pixels, lossless=True)

    for name, change in (
        ("truncated", lambda b: b[:len(b) // 2]), ("empty", lambda b: b""), ("html", lambda b: HTML), ("header-only", lambda b: b[:4]), ("other-size", lambda b: jxl(wide[:40])),
        ("colour", lambda b: jxl(np.repeat(wide[..., None], 3, 2))), ("depth", lambda b: jxl(wide.astype(np.uint16) * 257)), ("png", lambda b: png(wide)),
    ):
        refuses(f"jxl-{name}", grey, "jxl", lambda b: jxl(precomputed.rows(b)), change, f"a JPEG XL chunk: {name}")

    def compresso(block):
        return compresso_codec.compress(np.array(block, order="F"))

    small = seeded.labels("uint32", (16, 12, 9), 309)
    for name, change in (
        ("truncated", lambda b: b[:len(b) // 2]), ("header-only", lambda b: b[:36]), ("empty", lambda b: b""), ("html", lambda b: HTML), ("magic", flip(0)), ("version", put(4, "<B", 9)),
        ("width", put(5, "<B", 8)), ("other-shape", lambda b: compresso(small)), ("turned", lambda b: b[:6] + b[8:10] + b[6:8] + b[10:]), ("window-0", put(12, "<B", 0)),
        ("window-huge", put(12, "<BBB", 255, 255, 255)), ("ids-huge", put(15, "<Q", MAX64)), ("ids-fewer", lambda b: put(15, "<Q", struct.unpack_from("<Q", b, 15)[0] - 1)(b)),
        ("values-huge", put(23, "<I", 2**32 - 1)), ("locations-huge", put(27, "<Q", 2**62)), ("connectivity", put(35, "<B", 26)), ("no-index", lambda b: b[:-20]),
    ):
        refuses(f"compresso-{name}", ids, "compresso", lambda b: compresso(b[..., 0]), change, f"a compresso chunk: {name}", "segmentation")


def neuroglancer_shards(book):
    """Precomputed shards whose indices lie."""
    # 2 x 2 x 2 chunks: Morton code = x + 2 y + 4 z; its bit 0 (x) is the minishard, bit 1 (y) the shard.
    block = seeded.values("uint16", SHAPE, 310)

    def edit(at, *numbers):
        return lambda b: b[:at] + struct.pack(f"<{len(numbers)}Q", *numbers) + b[at + 8 * len(numbers):]

    def minishard(row, column, value):  # of minishard 1
        def change(content):
            start, end = struct.unpack_from("<QQ", content, 16)
            return edit(32 + start + 8 * (row * ((end - start) // 24) + column), value)(content)
        return change

    def gzip_bomb(content):  # the first chunk of minishard 1: 16 MB from 16 kB, where 180 bytes belong
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = packer.compress(bytes(16_000_000)) + packer.flush()
        return minishard(2, 0, len(bomb))(minishard(1, 0, len(content) - 32)(content + bomb))

    for name, change, how in (
        ("index-outside", edit(16, 10**6, 10**6 + 48), {}), ("index-backwards", edit(16, 100, 50), {}), ("index-overflow", edit(16, MAX64 - 8, MAX64), {}),
        ("index-huge", edit(16, 0, 2**50), {}), ("index-not-24", lambda b: edit(16, *(struct.unpack_from("<QQ", b, 16)[0], struct.unpack_from("<QQ", b, 16)[1] - 5))(b), {}),
        ("chunk-outside", minishard(1, 0, 10**7), {}), ("chunk-overflow", minishard(1, 0, MAX64 - 100), {}), ("chunk-huge", minishard(2, 0, 2**60), {}),
        ("chunk-short", minishard(2, 0, 20), {}), ("truncated", lambda b: b[:20], {}), ("empty", lambda b: b"", {}), ("html", lambda b: HTML, {}),
        ("index-no-gzip", None, {"minishard_index_encoding": "gzip"}), ("chunk-bomb", gzip_bomb, {"data_encoding": "gzip"}), ("chunk-no-gzip", None, {"data_encoding": "gzip"}),
    ):
        path = f"bad/shard-{name}"
        written = {k: "raw" for k in how} if change is None else how  # an info that promises gzip over raw data
        precomputed.ts_write(book.root / path, block, CHUNK, sharding={**SHARDING, **written})
        info_path = book.root / path / "info"
        file = book.root / path / "8_8_40" / "0.shard"
        if change is None:
            # every chunk is unreadable then: there is no good one
            described = json.loads(info_path.read_text())
            described["scales"][0]["sharding"].update(how)
            info_path.write_text(json.dumps(described))
            reads_not(book, path, "precomputed", block, FIRST, None, f"a shard: {name}")
            continue
        file.write_bytes(change(file.read_bytes()))
        reads_not(book, path, "precomputed", block, ((6, 0, 0), (12, 5, 3)), ((0, 5, 0), (6, 10, 3)), f"a shard: {name}")


def flip(at, mask=0x10):
    """Flips bits of one byte; a negative place counts from the end."""
    def change(content):
        place = at % len(content)
        return content[:place] + bytes([content[place] ^ mask]) + content[place + 1:]
    return change


def put(at, layout, *numbers):
    """Writes numbers at a place."""
    return lambda b: b[:at] + struct.pack(layout, *numbers) + b[at + struct.calcsize(layout):]


def zarr_chunks(book):
    """Zarr chunks of every codec."""
    block = seeded.values("uint16", (24, 20, 12), 320)
    chunk, first, last = (12, 10, 6), ((0, 0, 0), (12, 10, 6)), ((12, 10, 6), (24, 20, 12))
    raw = 2 * 12 * 10 * 6
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(bytes(16_000_000)) + packer.flush()
    short = bytes(raw - 2)
    half = lambda b: b[:len(b) // 2]  # noqa: E731
    breaks = {
        "raw": (None, None, [("short", lambda b: b[:-1]), ("long", lambda b: b + b"\1"), ("empty", lambda b: b"")]),
        "gzip": (numcodecs.GZip(5), GZIP, [("truncated", half), ("flipped", flip(-6)), ("empty", lambda b: b""), ("html", lambda b: HTML),
                                           ("short", lambda b: numcodecs.GZip(5).encode(short)), ("bomb", lambda b: bomb), ("no-trailer", lambda b: b[:-8])]),
        "zlib": (numcodecs.Zlib(5), None, [("truncated", half), ("flipped", flip(-2)), ("html", lambda b: HTML), ("short", lambda b: numcodecs.Zlib(5).encode(short))]),
        "zstd": (numcodecs.Zstd(3, True), zstd(True), [
            ("truncated", half), ("flipped", flip(-2)), ("empty", lambda b: b""), ("html", lambda b: HTML), ("short", lambda b: bytes(numcodecs.Zstd(3, True).encode(short))),
            # a frame header that promises 2^50 bytes: descriptor with an 8-byte size, a window, one empty last block
            ("huge", lambda b: b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**50) + b"\x01\x00\x00"),
            # a window of 3.75 TB
            ("window", lambda b: b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00")]),
        "blosc": (numcodecs.Blosc("lz4", 5, 1), zarr_cases.blosc("lz4", "shuffle"), [
            ("truncated", half), ("header", lambda b: b[:9]), ("empty", lambda b: b""), ("html", lambda b: HTML), ("nbytes", put(4, "<I", 2**31 - 1)),
            ("cbytes", put(12, "<I", 2**31 - 1)), ("blocksize", put(8, "<I", 0)), ("start-outside", put(16, "<I", 10**6)), ("version", put(0, "<B", 99)),
            ("short", lambda b: numcodecs.Blosc("lz4", 5, 1).encode(np.zeros(raw // 2 - 1, np.uint16))),
            ("stream-length", put(20, "<i", -5))]),
        "adler32": (numcodecs.Adler32(), None, [("flipped", flip(17)), ("sum-flipped", flip(0)), ("short", lambda b: b[:3]), ("empty", lambda b: b"")]),
        "fletcher32": (numcodecs.Fletcher32(), None, [("flipped", flip(17)), ("sum-flipped", flip(-1)), ("empty", lambda b: b"")]),
        "pcodec": (numcodecs.PCodec(), None, [
            ("truncated", half), ("header-only", lambda b: b[:6]), ("empty", lambda b: b""), ("html", lambda b: HTML), ("version", put(4, "<B", 200)),
            ("short", lambda b: bytes(numcodecs.PCodec().encode(np.zeros(raw // 2 - 1, np.uint16)))),
            ("type", lambda b: bytes(numcodecs.PCodec().encode(np.zeros(raw // 2, np.int16)))),
            ("long", lambda b: bytes(numcodecs.PCodec().encode(np.zeros(10**6, np.uint16))))]),
        "crc32c": (None, CRC32C, [("flipped", flip(17)), ("sum-flipped", flip(-1)), ("short", lambda b: b[4:]), ("empty", lambda b: b"")]),
    }
    for codec, (v2_codec, v3_codec, list_) in breaks.items():
        for number, (name, change) in enumerate(list_):
            version = 3 if codec == "crc32c" or (v3_codec and number % 2) or (codec == "raw" and number % 2) else 2
            path = f"bad/v{version}-{codec}-{name}"
            folder = book.root / path
            if version == 2:
                zarr_cases.write_v2(folder, block.T, chunk[::-1], v2_codec)
                file = folder / "1.1.1"
            else:
                zarr_cases.write_v3(folder, block.T, chunk[::-1], [BYTES, *([v3_codec] if v3_codec else [])])
                file = folder / "c/1/1/1"
            file.write_bytes(change(file.read_bytes()))
            reads_not(book, path, "zarr", block, last, first, f"a {codec} chunk: {name}", mentions=[codec] if codec not in ("raw",) else [])


def zarr_shards(book):
    """sharding_indexed: index and inner chunks that are wrong."""
    block = seeded.values("uint16", (24, 10, 6), 330)
    outer, inner = (12, 10, 6), (6, 5, 3)  # 8 inner chunks a shard; the second shard is broken
    for location in ("end", "start"):
        size = 16 * 8 + 4

        def indexed(change, location=location, good_sum=True):
            """Changes the index and, unless told otherwise, makes its checksum right again."""
            def edit(content):
                index = content[:128] if location == "start" else content[-size:-4]
                index = change(index)
                tail = bytes(numcodecs.CRC32C().encode(index))[-4:]
                if not good_sum:
                    tail = bytes([tail[0] ^ 1]) + tail[1:]
                return index + tail + content[size:] if location == "start" else content[:-size] + index + tail
            return edit

        for name, change in (
            ("offset-outside", indexed(put(112, "<QQ", 10**7, 40))), ("length-outside", indexed(put(120, "<Q", 10**7))), ("overflow", indexed(put(112, "<QQ", MAX64 - 10, 40))),
            ("huge", indexed(put(112, "<QQ", 0, 2**60))), ("half-absent", indexed(put(112, "<Q", MAX64))), ("sum", indexed(lambda i: i, good_sum=False)),
            ("shorter-than-index", lambda b: b[:50]), ("empty", lambda b: b""), ("inner-short", indexed(put(120, "<Q", 30))),
        ):
            path = f"bad/v3-sharded-{location}-{name}"
            folder = book.root / path
            zarr_cases.write_v3(folder, block.T, outer[::-1], [sharding(inner[::-1], [BYTES, zstd(True)], location)])
            file = folder / "c/0/0/1"
            file.write_bytes(change(file.read_bytes()))
            # entry 7 is the last inner chunk: z, y and x = 1
            reads_not(book, path, "zarr", block, ((18, 5, 3), (24, 10, 6)), ((0, 0, 0), (12, 10, 6)), f"a shard with its index at the {location}: {name}")


def write(book):
    """Everything broken."""
    infos(book)
    zarrs(book)
    omes(book)
    raw_chunks(book)
    encoded_chunks(book)
    neuroglancer_shards(book)
    zarr_chunks(book)
    zarr_shards(book)
