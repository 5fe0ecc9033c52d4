"""Bare Zarr arrays, versions 2 and 3: written by zarr-python or tensorstore, read back by both where both can."""

import json
import struct

import numcodecs
import numpy as np
import tensorstore as ts
import zarr

import seeded
from book import absent_boxes, level

SHAPE, CHUNK = (13, 10, 7), (9, 7, 4)  # x, y, z
SPACE = ("x", "y", "z")
BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
CRC32C = {"name": "crc32c"}
GZIP = {"name": "gzip", "configuration": {"level": 5}}


def zstd(checksum=False, level=3):
    """The v3 zstd codec."""
    return {"name": "zstd", "configuration": {"level": level, "checksum": checksum}}


def blosc(cname="lz4", shuffle="shuffle", typesize=2, blocksize=0, clevel=5):
    """The v3 blosc codec."""
    return {"name": "blosc", "configuration": {"cname": cname, "clevel": clevel, "shuffle": shuffle, "typesize": typesize, "blocksize": blocksize}}


def transpose(*order):
    """The v3 transpose codec."""
    return {"name": "transpose", "configuration": {"order": list(order)}}


def sharding(chunk, codecs=(BYTES,), index_location="end", index_codecs=(BYTES, CRC32C)):
    """The v3 sharding codec; the inner chunk in array order."""
    return {"name": "sharding_indexed", "configuration": {
        "chunk_shape": list(chunk), "codecs": list(codecs), "index_codecs": list(index_codecs), "index_location": index_location}}


def read_zarr(folder):
    """An array read by zarr-python."""
    return zarr.open_array(str(folder), mode="r")[...]


def read_ts(folder):
    """An array read by tensorstore."""
    driver = "zarr3" if (folder / "zarr.json").exists() else "zarr"
    return ts.open({"driver": driver, "kvstore": f"file://{folder}/"}, open=True).result().read().result()


def check(folder, data, readers=(read_zarr, read_ts)):
    """Asserts that each reader gives the same bits (the byte order of the type aside)."""
    native = data.astype(data.dtype.newbyteorder("="))
    for read in readers:
        got = read(folder)
        got = got.astype(got.dtype.newbyteorder("="))
        assert got.dtype == native.dtype and got.shape == native.shape, (folder, read, got.dtype, got.shape)
        same = np.array_equal(got, native, equal_nan=native.dtype.kind == "f")
        assert same, f"{folder} differs, read by {read.__name__}"


def write_v2(folder, data, chunks, compressor=None, *, filters=None, order="C", separator=".", fill=0, writer="zarr", attributes=None):
    """Writes a v2 array; the data's byte order is kept."""
    if writer == "zarr":
        array = zarr.create_array(
            str(folder), shape=data.shape, dtype=data.dtype, chunks=chunks, compressors=compressor, filters=filters, order=order,
            fill_value=fill, zarr_format=2, chunk_key_encoding={"name": "v2", "separator": separator}, attributes=attributes or {},
        )
        array[...] = data
        return
    config = compressor.get_config() if compressor is not None else None
    if config and not config.get("checksum", True):
        del config["checksum"]  # tensorstore knows no such member in v2
    store = ts.open({"driver": "zarr", "kvstore": f"file://{folder}/", "metadata": {
        "zarr_format": 2, "shape": list(data.shape), "chunks": list(chunks), "dtype": data.dtype.str, "compressor": config, "filters": None,
        "order": order, "dimension_separator": separator, "fill_value": fill}}, create=True).result()
    store.write(data).result()


def write_v3(folder, data, chunks, codecs=(BYTES,), *, fill=0, writer="zarr", key=("default", "/"), names=None, attributes=None):
    """Writes a v3 array; `chunks` is the shape of a shard where the codecs are sharded."""
    key = {"name": key[0], "configuration": {"separator": key[1]}}
    if writer == "zarr":
        serializers = [c for c in codecs if c["name"] in ("bytes", "sharding_indexed", "numcodecs.pcodec")]
        at = codecs.index(serializers[0])
        array = zarr.create_array(
            str(folder), shape=data.shape, dtype=data.dtype.newbyteorder("="), chunks=chunks, filters=list(codecs[:at]) or None,
            serializer=serializers[0], compressors=list(codecs[at + 1:]) or None, fill_value=fill, zarr_format=3,
            chunk_key_encoding={"name": key["name"], **key["configuration"]}, dimension_names=names, attributes=attributes or {},
        )
        array[...] = data
        return
    metadata = {
        "zarr_format": 3, "node_type": "array", "shape": list(data.shape), "data_type": data.dtype.name, "fill_value": fill,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}, "chunk_key_encoding": key, "codecs": list(codecs),
        "attributes": attributes or {},
    }
    if names:
        metadata["dimension_names"] = list(names)
    with ts.Transaction() as transaction:
        store = ts.open({"driver": "zarr3", "kvstore": f"file://{folder}/", "metadata": metadata}, create=True, transaction=transaction).result()
        store.write(data).result()


def chunk_exists(folder):
    """Tells from the files of an array whether a chunk (of a sharded one: an inner chunk) at a grid position exists."""
    if (folder / ".zarray").exists():
        separator = json.loads((folder / ".zarray").read_text()).get("dimension_separator", ".")
        return lambda grid: (folder / separator.join(map(str, grid))).is_file()
    meta = json.loads((folder / "zarr.json").read_text())
    encoding = meta["chunk_key_encoding"]
    separator = encoding.get("configuration", {}).get("separator", "/" if encoding["name"] == "default" else ".")
    prefix = ["c"] if encoding["name"] == "default" else []

    def file_of(grid):
        return folder / separator.join([*prefix, *map(str, grid)])

    shard = next((c for c in meta["codecs"] if c["name"] == "sharding_indexed"), None)
    if shard is None or meta["codecs"][0] is not shard:
        return lambda grid: file_of(grid).is_file()
    config = shard["configuration"]
    ratio = [o // i for o, i in zip(meta["chunk_grid"]["configuration"]["chunk_shape"], config["chunk_shape"])]
    codecs = [c["name"] for c in config["index_codecs"]]
    assert codecs in (["bytes", "crc32c"], ["bytes"]), codecs
    length = 16 * int(np.prod(ratio)) + 4 * (len(codecs) - 1)

    def in_shard(grid):
        path = file_of([g // r for g, r in zip(grid, ratio)])
        if not path.is_file():
            return False
        content = path.read_bytes()
        index = content[:length] if config.get("index_location", "end") == "start" else content[-length:]
        place = np.ravel_multi_index([g % r for g, r in zip(grid, ratio)], ratio)
        return struct.unpack_from("<QQ", index, 16 * place) != (2**64 - 1, 2**64 - 1)

    return in_shard


def split(book, stem, data, axes, chunks, fill, exists):
    """The values of one level: a block [x, y, z] for each channel and each place on the other axes; and chunk shape x, y, z."""
    data = data.astype(data.dtype.newbyteorder("="))
    others = [i for i, a in enumerate(axes) if a not in SPACE]
    chunk = [chunks[axes.index(a)] if a in axes else 1 for a in SPACE]
    values = []
    for place in np.ndindex(*[data.shape[i] for i in others]):
        picked = data[tuple(place[others.index(i)] if i in others else slice(None) for i in range(data.ndim))]
        space = [a for a in axes if a in SPACE]
        for a in SPACE:
            if a not in space:
                picked, space = picked[..., None], [*space, a]
        block = picked.transpose([space.index(a) for a in SPACE])

        def there(grid, place=place):
            return exists([place[others.index(i)] // chunks[i] if i in others else grid[SPACE.index(a)] for i, a in enumerate(axes)])

        at = {axes[i]: p for i, p in zip(others, place) if axes[i] != "c"}
        channel = next((p for i, p in zip(others, place) if axes[i] == "c"), 0)
        name = "-".join([stem, *[f"{axes[i]}{p}" for i, p in zip(others, place)]])
        values.append(book.values(name, block, channel, at, absent_boxes(block, chunk, there, fill)))
    shape = [data.shape[axes.index(a)] if a in axes else 1 for a in SPACE]
    return values, shape, chunk


def entry(book, path, data, chunks, axes=("z", "y", "x"), *, fill=0, features=(), voxel_size=(1, 1, 1), known=False, chunk_known=True):
    """Adds the case of an array in its own axis order; `chunks` are inner chunks where it is sharded."""
    values, shape, chunk = split(book, path.replace("/", "-"), data, list(axes), chunks, fill, chunk_exists(book.root / path))
    sizes = dict(zip(axes, data.shape))
    book.case(path, "zarr", data.dtype.newbyteorder("="), [level(shape, voxel_size, chunk if chunk_known else None, values)], fill=fill, channels=sizes.get("c", 1),
              other_axes=[(a, sizes[a]) for a in axes if a not in (*SPACE, "c")], features=features, voxel_size_known=known)


def v2(book, name, block, compressor=None, chunk=CHUNK, *, expect_fill=None, features=(), readers=(read_zarr, read_ts), **how):
    """One v2 case of a block [x, y, z], stored z, y, x."""
    path = f"zarr/{name}"
    data = block.T
    write_v2(book.root / path, data, chunk[::-1], compressor, **how)
    check(book.root / path, data, readers)
    fill = how.get("fill", 0) if expect_fill is None else expect_fill
    entry(book, path, data, chunk[::-1], fill=fill, features=["v2", *features])


def v3(book, name, block, codecs=(BYTES,), chunk=CHUNK, *, inner=None, expect_fill=None, features=(), readers=(read_zarr, read_ts),
       chunk_known=True, **how):
    """One v3 case of a block [x, y, z], stored z, y, x. `inner` is the inner chunk where the codecs are sharded."""
    path = f"zarr/{name}"
    data = block.T
    write_v3(book.root / path, data, chunk[::-1], list(codecs), **how)
    check(book.root / path, data, readers)
    fill = how.get("fill", 0) if expect_fill is None else expect_fill
    entry(book, path, data, (inner or chunk)[::-1], fill=fill, features=["v3", *features], chunk_known=chunk_known)


def types(book):
    """Every data type in both versions, little and big endian."""
    for number, dtype in enumerate(("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32", "int64", "float64")):
        block = seeded.values(dtype, SHAPE)
        writer = ("zarr", "ts")[number % 2]
        v2(book, f"v2-{dtype}", block, numcodecs.Zlib(6), writer=writer, features=["zlib"])
        v3(book, f"v3-{dtype}", block, [BYTES if block.dtype.itemsize > 1 else {"name": "bytes"}, GZIP], writer=("ts", "zarr")[number % 2], features=["gzip"])
        if block.dtype.itemsize > 1:
            v2(book, f"v2-{dtype}-big", block.astype(block.dtype.newbyteorder(">")), None, writer=writer, features=["big-endian"])
            big = {"name": "bytes", "configuration": {"endian": "big"}}
            v3(book, f"v3-{dtype}-big", block, [big], writer=writer, features=["big-endian"])

    special = seeded.values("float32", SHAPE, 70)
    special[2:8, 0, 0] = [np.nan, np.inf, -np.inf, -0.0, 1e-45, 1.17549435e-38]
    v2(book, "v2-float32-special", special, numcodecs.Zstd(1), features=["nan", "inf"])
    v3(book, "v3-float32-special", special, [BYTES, zstd()], features=["nan", "inf"])


def compressors(book):
    """Every compressor in both versions, blosc with each inner codec and shuffle."""
    u16, u32 = seeded.values("uint16", SHAPE), seeded.values("uint32", SHAPE)
    v2(book, "v2-raw", u16)
    v2(book, "v2-gzip", u16, numcodecs.GZip(5), features=["gzip"])
    v2(book, "v2-zlib", u16, numcodecs.Zlib(1), features=["zlib"])
    v2(book, "v2-lz4", u16, numcodecs.LZ4(), features=["lz4"], readers=(read_zarr,))
    v2(book, "v2-bz2", u16, numcodecs.BZ2(), features=["bz2"])
    v3(book, "v3-lz4", u16, [BYTES, {"name": "numcodecs.lz4", "configuration": {"acceleration": 1}}], features=["lz4"], readers=(read_zarr,))
    v3(book, "v3-bz2", u16, [BYTES, {"name": "numcodecs.bz2", "configuration": {"level": 5}}], features=["bz2"], readers=(read_zarr,))
    v2(book, "v2-zstd", u16, numcodecs.Zstd(3), features=["zstd"])
    v2(book, "v2-zstd-checksum", u16, numcodecs.Zstd(3, checksum=True), features=["zstd", "checksum"], readers=(read_zarr,))
    v2(book, "v2-zstd-fast", u16, numcodecs.Zstd(-5), writer="ts", features=["zstd"])
    v3(book, "v3-raw", u16)
    v3(book, "v3-gzip", u16, [BYTES, GZIP], features=["gzip"])
    v3(book, "v3-zlib", u16, [BYTES, {"name": "numcodecs.zlib", "configuration": {"level": 5}}], features=["zlib"], readers=(read_zarr,))
    v3(book, "v3-zstd", u16, [BYTES, zstd()], features=["zstd"])
    v3(book, "v3-zstd-checksum", u16, [BYTES, zstd(True)], features=["zstd", "checksum"])
    v3(book, "v3-zstd-tensorstore", u16, [BYTES, zstd(True, 19)], writer="ts", features=["zstd", "checksum"])
    v3(book, "v3-crc32c", u16, [BYTES, CRC32C], features=["crc32c"])
    v3(book, "v3-gzip-crc32c", u16, [BYTES, GZIP, CRC32C], writer="ts", features=["gzip", "crc32c"])
    for number, cname in enumerate(("lz4", "lz4hc", "blosclz", "zstd", "zlib")):
        for shuffle, word in enumerate(("noshuffle", "shuffle", "bitshuffle")):
            v2(book, f"v2-blosc-{cname}-{word}", u16, numcodecs.Blosc(cname, 5, shuffle), writer=("zarr", "ts")[number % 2],
               features=["blosc", cname, word])
            v3(book, f"v3-blosc-{cname}-{word}", u32, [BYTES, blosc(cname, word, 4)], writer=("ts", "zarr")[number % 2],
               features=["blosc", cname, word])
    # A chunk of many blosc blocks with a short last one; one byte and eight bytes a value; one that does not compress.
    large = seeded.labels("uint64", (29, 31, 17), 71)
    for cname, shuffle in (("lz4", 1), ("zstd", 2), ("zlib", 1), ("blosclz", 2)):
        v2(book, f"v2-blosc-{cname}-blocks-{shuffle}", large, numcodecs.Blosc(cname, 5, shuffle, blocksize=4096), (29, 31, 17),
           features=["blosc", cname, "many blocks"])
    small = seeded.grey((29, 31, 17), 72)
    v3(book, "v3-blosc-bytes", small, [{"name": "bytes"}, blosc("zstd", "bitshuffle", 1)], (29, 31, 9), features=["blosc", "one byte"])
    noise = np.random.default_rng(73).integers(0, 256, (11, 9, 5), dtype=np.uint8)
    v3(book, "v3-blosc-incompressible", noise, [{"name": "bytes"}, blosc("lz4", "noshuffle", 1)], (11, 9, 5), features=["blosc", "stored"])
    v3(book, "v3-blosc-level-0", u32, [BYTES, blosc("lz4", "shuffle", 4, clevel=0)], features=["blosc", "stored"])
    v3(book, "v3-zstd-large", large, [BYTES, zstd()], (29, 31, 17), features=["zstd"])


def numcodecs_codecs(book):
    """What only numcodecs has, as zarr-python names it in both versions: checksums at either end, shuffle, pcodec."""
    u16, u8 = seeded.values("uint16", SHAPE), seeded.values("uint8", SHAPE)
    only_zarr = {"readers": (read_zarr,)}

    def of_v3(name, **configuration):
        return {"name": f"numcodecs.{name}", "configuration": configuration}

    for name, codec in (("adler32", numcodecs.Adler32), ("crc32", numcodecs.CRC32), ("crc32c", numcodecs.CRC32C), ("fletcher32", numcodecs.Fletcher32)):
        v2(book, f"v2-filter-{name}", u16, numcodecs.Zlib(5), filters=[codec()], features=[name, "filter"], **only_zarr)
        v2(book, f"v2-{name}", u8, codec(), (13, 7, 5), features=[name], **only_zarr)  # an odd number of bytes
        v3(book, f"v3-numcodecs-{name}", u16, [BYTES, GZIP, of_v3(name)], features=["gzip", name], **only_zarr)
        if name != "fletcher32":
            for location in ("start", "end"):
                v3(book, f"v3-numcodecs-{name}-{location}", u16, [BYTES, of_v3(name, location=location)], features=[name, location], **only_zarr)
    v2(book, "v2-filter-crc32-end-adler32", u16, None, filters=[numcodecs.CRC32(location="end"), numcodecs.Adler32()], features=["filter"], **only_zarr)
    v3(book, "v3-sharded-adler32", u16, [sharding((4, 7, 9), [BYTES, of_v3("adler32")])], (18, 14, 8), inner=CHUNK, features=["sharded", "adler32"], **only_zarr)
    for size in (2, 3, 4, 8):
        block = seeded.values({2: "uint16", 3: "uint8", 4: "float32", 8: "uint64"}[size], (12, 10, 7))
        chunk = (9, 7, 4)
        v2(book, f"v2-shuffle-{size}", block, numcodecs.Zlib(5), chunk, filters=[numcodecs.Shuffle(size)], features=["shuffle"], **only_zarr)
        v3(book, f"v3-shuffle-{size}", block, [BYTES if block.itemsize > 1 else {"name": "bytes"}, of_v3("shuffle", elementsize=size), zstd()], chunk,
           features=["shuffle"], **only_zarr)
    for dtype in ("uint16", "int16", "uint32", "int32", "uint64", "float32", "int64", "float64"):
        block = seeded.values(dtype, SHAPE)
        v2(book, f"v2-pcodec-{dtype}", block, numcodecs.PCodec(), features=["pcodec"], **only_zarr)
        v3(book, f"v3-pcodec-{dtype}", block, [of_v3("pcodec", level=8, delta_encoding_order=None)], features=["pcodec"], **only_zarr)
    smooth = seeded.grey((31, 29, 17)).astype("int32") * 1000 - 7
    for spec, how in (("consecutive", {"delta_spec": "try_consecutive", "delta_encoding_order": 2}), ("lookback", {"delta_spec": "try_lookback"}),
                      ("none", {"delta_spec": "none", "mode_spec": "classic"}), ("pages", {"equal_pages_up_to": 1000})):
        v2(book, f"v2-pcodec-{spec}", smooth, numcodecs.PCodec(level=6, **how), (31, 29, 9), features=["pcodec", spec], **only_zarr)
    v3(book, "v3-pcodec-gzip", u16, [of_v3("pcodec", level=4), GZIP], features=["pcodec", "gzip"], **only_zarr)
    v3(book, "v3-sharded-pcodec", u16, [sharding((4, 7, 9), [of_v3("pcodec", level=8)])], (18, 14, 8), inner=CHUNK, features=["sharded", "pcodec"], **only_zarr)


def truths(book):
    """Arrays of true and false: read as uint8."""
    hole = [((0, 0, 0), (9, 7, 4))]
    for fill in (False, True):
        block = seeded.cleared((seeded.values("uint8", SHAPE, 83) % 2).astype(bool), hole, fill)
        for version in (2, 3):
            path = f"zarr/v{version}-bool-{str(fill).lower()}"
            folder = book.root / path
            if version == 2:
                write_v2(folder, block.T, CHUNK[::-1], numcodecs.Zlib(5), fill=fill, writer=("zarr", "ts")[fill])
            else:
                write_v3(folder, block.T, CHUNK[::-1], [{"name": "bytes"}, GZIP], fill=fill, writer=("ts", "zarr")[fill])
            check(folder, block.T)
            entry(book, path, block.T.astype(np.uint8), CHUNK[::-1], fill=int(fill), features=[f"v{version}", "bool", "fill", "absent"])


def layouts(book):
    """Orders, separators, key encodings, transposition, ragged edges, sizes of one."""
    u16 = seeded.values("uint16", SHAPE)
    v2(book, "v2-order-f", u16, numcodecs.Zlib(5), order="F", features=["order F"])
    v2(book, "v2-order-f-slash", u16, None, order="F", separator="/", writer="ts", features=["order F", "separator /"])
    v2(book, "v2-slash", u16, numcodecs.Blosc(), separator="/", features=["separator /"])
    v3(book, "v3-default-dot", u16, key=("default", "."), features=["separator ."])
    v3(book, "v3-keys-v2-dot", u16, key=("v2", "."), features=["v2 keys", "separator ."])
    v3(book, "v3-keys-v2-slash", u16, key=("v2", "/"), writer="ts", features=["v2 keys", "separator /"])
    v3(book, "v3-transpose-210", u16, [transpose(2, 1, 0), BYTES], features=["transpose"])
    v3(book, "v3-transpose-120-zstd", u16, [transpose(1, 2, 0), BYTES, zstd()], writer="ts", features=["transpose", "zstd"])
    v3(book, "v3-transpose-201-big-gzip", u16, [transpose(2, 0, 1), {"name": "bytes", "configuration": {"endian": "big"}}, GZIP],
       features=["transpose", "big-endian", "gzip"])
    v3(book, "v3-transpose-twice", u16, [transpose(1, 2, 0), transpose(0, 2, 1), BYTES], writer="ts", features=["transpose"])
    v3(book, "v3-chunk-larger-than-array", u16, [BYTES, GZIP], (32, 16, 8), features=["ragged"])
    v3(book, "v3-chunk-of-one-slice", u16, [BYTES, GZIP], (13, 10, 1), features=["ragged"])


def fills(book):
    """Fill values and the chunks that are not there."""
    holes = [((0, 0, 0), (9, 7, 4)), ((9, 7, 4), (13, 10, 7))]
    for dtype, fill in (("uint8", 7), ("int16", -300), ("uint64", 2**63 + 5), ("float32", 1.5), ("float32", float("nan")), ("float32", float("-inf"))):
        block = seeded.cleared(seeded.values(dtype, SHAPE, 80), holes, fill)
        word = f"{dtype}-{'nan' if fill != fill else 'minus-infinity' if fill == float('-inf') else fill}".replace(".", "p").replace("--", "-minus-")
        v2(book, f"v2-fill-{word}", block, numcodecs.Zstd(1), fill=np.dtype(dtype).type(fill), features=["fill", "absent"])
        v3(book, f"v3-fill-{word}", block, [BYTES if dtype != "uint8" else {"name": "bytes"}], fill=np.dtype(dtype).type(fill), features=["fill", "absent"])
    block = seeded.cleared(seeded.values("int16", SHAPE, 81), holes, 0)
    folder = book.root / "zarr/v2-fill-null"
    write_v2(folder, block.T, CHUNK[::-1], numcodecs.Zlib(1), fill=None, writer="ts")
    for hole in ("0.0.0", "1.1.1"):  # tensorstore keeps them: null has no value to compare with
        (folder / hole).unlink()
    check(folder, block.T)
    entry(book, "zarr/v2-fill-null", block.T, CHUNK[::-1], features=["v2", "fill", "absent"])
    block = seeded.cleared(seeded.values("float32", SHAPE, 82), holes, np.float32(-2.5))
    v3(book, "v3-fill-hex", block, fill="0xc0200000", expect_fill=-2.5, writer="ts", features=["fill", "absent"])
    v3(book, "v3-all-absent", np.full(SHAPE, 9, np.uint16), fill=9, features=["fill", "absent"])


def shards(book):
    """sharding_indexed: index at both ends, every inner codec, absent shards and inner chunks, nested."""
    shape, outer, inner = (21, 14, 11), (10, 8, 6), (5, 4, 3)
    holes = [((0, 0, 0), (5, 4, 3)), ((5, 4, 3), (10, 8, 6)), ((10, 0, 6), (20, 8, 11)), ((20, 8, 0), (21, 14, 6))]
    whole = seeded.values("uint16", shape, 90)
    block = seeded.cleared(whole, holes, 0)
    chunk = inner[::-1]
    for location in ("start", "end"):
        for word, codecs in (
            ("raw", [BYTES]), ("gzip", [BYTES, GZIP]), ("zstd", [BYTES, zstd(True)]), ("blosc", [BYTES, blosc("zstd", "bitshuffle")]),
            ("crc32c", [BYTES, CRC32C]), ("transpose-zstd", [transpose(2, 0, 1), BYTES, zstd()]),
            ("big-blosc", [{"name": "bytes", "configuration": {"endian": "big"}}, blosc("lz4", "shuffle")]),
        ):
            writer = "ts" if (location == "end") == (word in ("gzip", "blosc", "transpose-zstd")) else "zarr"
            v3(book, f"v3-sharded-{location}-{word}", block, [sharding(chunk, codecs, location)], outer, inner=inner, writer=writer,
               features=["sharded", f"index {location}", word, "absent"])
    v3(book, "v3-sharded-full", whole, [sharding(chunk, [BYTES, GZIP])], outer, inner=inner, features=["sharded", "gzip"])
    v3(book, "v3-sharded-index-without-crc", block, [sharding(chunk, [BYTES, zstd()], "end", [BYTES])], outer, inner=inner, writer="ts",
       features=["sharded", "absent"])
    filled = seeded.cleared(seeded.values("int32", shape, 91), holes, -5)
    v3(book, "v3-sharded-fill", filled, [sharding(chunk, [BYTES, zstd()])], outer, inner=inner, fill=-5, features=["sharded", "fill", "absent"])
    v3(book, "v3-sharded-u64", seeded.labels("uint64", shape, 92), [sharding(chunk, [BYTES, blosc("zstd", "shuffle", 8)], "start")], outer, inner=inner,
       features=["sharded", "blosc"])
    # Two ways of sharding where readers may differ in what they can read alone: the whole shard or less.
    v3(book, "v3-sharded-transposed-outside", whole, [transpose(2, 1, 0), sharding(inner, [BYTES, zstd()])], (15, 8, 15), writer="ts",
       features=["sharded", "transpose"], chunk_known=False)
    nested = seeded.cleared(seeded.values("uint16", (37, 14, 11), 93), [((10, 0, 0), (20, 8, 6)), ((20, 0, 0), (37, 14, 11))], 0)
    v3(book, "v3-sharded-nested", nested, [sharding(outer[::-1], [sharding(chunk, [BYTES, GZIP])], "start")], (20, 16, 12), inner=outer, writer="ts",
       features=["sharded", "nested", "absent"], chunk_known=False)


def axes(book):
    """One to five dimensions, and names that say which is which."""
    def put(name, data, chunks, order, version=3, fill=0, known=False, voxel_size=(1, 1, 1), codecs=(BYTES, GZIP), inner=None, **how):
        folder = book.root / f"zarr/{name}"
        if version == 3:
            write_v3(folder, data, chunks, list(codecs), fill=fill, **how)
        else:
            write_v2(folder, data, chunks, numcodecs.Zlib(5), fill=fill, **how)
        check(folder, data)
        entry(book, f"zarr/{name}", data, inner or chunks, axes=order, fill=fill, known=known, voxel_size=voxel_size,
              features=[f"v{version}", f"{data.ndim}-D"])

    def stack(dtype, *shape):
        blocks = [seeded.values(dtype, shape[-1:-4:-1], 100 + i) for i in range(int(np.prod(shape[:-3])))]
        return np.stack([b.T for b in blocks]).reshape(shape)

    line = seeded.values("uint16", (23, 1, 1)).ravel()
    plane = seeded.values("int16", (23, 17, 1))[..., 0].T
    put("v2-1d", line, (10,), ["x"], 2)
    put("v3-1d", line, (10,), ["x"])
    put("v2-2d", plane, (6, 10), ["y", "x"], 2)
    put("v3-2d", plane, (6, 10), ["y", "x"])
    cube = stack("uint8", 3, 6, 9, 11)
    cube[1, :, :5, :6] = 0
    put("v2-4d", cube, (1, 6, 5, 6), ["c", "z", "y", "x"], 2, separator="/")
    put("v3-4d", cube, (2, 4, 5, 6), ["c", "z", "y", "x"], codecs=({"name": "bytes"}, GZIP))
    movie = stack("int16", 2, 3, 5, 7, 9)
    put("v2-5d", movie, (1, 1, 5, 4, 5), ["t", "c", "z", "y", "x"], 2)
    put("v3-5d", movie, (1, 2, 3, 4, 5), ["t", "c", "z", "y", "x"])
    put("v3-5d-sharded", movie, (2, 3, 6, 8, 10), ["t", "c", "z", "y", "x"], codecs=[sharding((1, 1, 3, 4, 5), [BYTES, zstd()])], inner=(1, 1, 3, 4, 5))

    block = seeded.values("uint16", SHAPE)  # [x, y, z] as it is
    put("v3-names-xyz", block, CHUNK, ["x", "y", "z"], names=["x", "y", "z"])
    put("v3-names-yzx", np.ascontiguousarray(block.transpose(1, 2, 0)), (7, 4, 9), ["y", "z", "x"], names=["y", "z", "x"])
    put("v2-names-xyz", block, CHUNK, ["x", "y", "z"], 2, attributes={"_ARRAY_DIMENSIONS": ["x", "y", "z"]})
    last = np.ascontiguousarray(np.moveaxis(cube, 0, -1))
    put("v3-names-zyxc", last, (4, 5, 6, 3), ["z", "y", "x", "c"], names=["z", "y", "x", "c"], codecs=({"name": "bytes"}, GZIP))
    put("v3-dimension-units", block.T, CHUNK[::-1], ["z", "y", "x"], names=["z", "y", "x"], known=True, voxel_size=(4, 4.5, 40),
        attributes={"dimension_units": ["40 nm", "4.5 nm", "0.004 um"]})


def refusals(book):
    """What zarr-python writes and this project does not read: the error must name it."""
    shape = (4, 5, 6)
    for dtype, word in (("float16", "float16"), ("complex64", "complex64")):
        data = (np.arange(120).reshape(shape) % 2).astype(dtype)
        write_v2(book.root / f"zarr/refuse-v2-{word}", data, (4, 5, 6), None)
        write_v3(book.root / f"zarr/refuse-v3-{word}", data, (4, 5, 6), [BYTES if data.dtype.itemsize > 1 else {"name": "bytes"}])
        # v2 writes types as numpy does ("<f8"): either way of naming it will do
        book.refuse(f"zarr/refuse-v2-{word}", data.dtype.str.lstrip("<|") + "|" + word)
        book.refuse(f"zarr/refuse-v3-{word}", word)
    u16 = np.arange(120, dtype=np.uint16).reshape(shape)
    for name, codec in (("lzma", numcodecs.LZMA()),):
        write_v2(book.root / f"zarr/refuse-v2-{name}", u16, shape, codec)
        book.refuse(f"zarr/refuse-v2-{name}", name)
    for version in (2, 3):
        folder = book.root / f"zarr/refuse-v{version}-blosc-snappy"
        if version == 2:
            write_v2(folder, u16, shape, numcodecs.Blosc("lz4"))
        else:
            write_v3(folder, u16, shape, [BYTES, blosc("lz4")])
        for file in (f for f in folder.rglob("*") if f.is_file()):
            content = file.read_bytes()
            if file.name in (".zarray", "zarr.json"):
                file.write_bytes(content.replace(b'"lz4"', b'"snappy"'))
            elif file.name != ".zattrs":  # bits 5 to 7 of the flags say the inner codec: 2 is snappy
                file.write_bytes(content[:2] + bytes([content[2] & 0x1F | 2 << 5]) + content[3:])
        book.refuse(f"zarr/refuse-v{version}-blosc-snappy", "snappy")
    folder = book.root / "zarr/refuse-v2-delta"
    zarr.create_array(str(folder), shape=shape, dtype="u2", chunks=shape, filters=[numcodecs.Delta("<u2")], compressors=None, zarr_format=2)[...] = u16
    book.refuse("zarr/refuse-v2-delta", "delta")
    folder = book.root / "zarr/refuse-v3-string"
    zarr.create_array(str(folder), shape=(3,), dtype=str, chunks=(3,), compressors=None)[...] = np.array(["a", "b", "c"])
    book.refuse("zarr/refuse-v3-string", "string")
    for name, change in (
        ("unknown-codec", lambda m: m["codecs"].append({"name": "quantum_squeeze"})),
        ("unknown-type", lambda m: m.update(data_type="uint12")),
        ("unknown-grid", lambda m: m.update(chunk_grid={"name": "hexagonal", "configuration": {}})),
    ):
        folder = book.root / f"zarr/refuse-v3-{name}"
        write_v3(folder, u16, shape)
        meta = json.loads((folder / "zarr.json").read_text())
        change(meta)
        (folder / "zarr.json").write_text(json.dumps(meta))
        book.refuse(f"zarr/refuse-v3-{name}", {"unknown-codec": "quantum_squeeze", "unknown-type": "uint12", "unknown-grid": "hexagonal"}[name])


def write(book):
    """Every bare array."""
    types(book)
    compressors(book)
    numcodecs_codecs(book)
    truths(book)
    layouts(book)
    fills(book)
    shards(book)
    axes(book)
    refusals(book)
