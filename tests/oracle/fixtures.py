"""Writes tests/data/fixtures.json: what must be read from, or refused of, each volume in ../shared/fixtures.

    VENV/bin/python tests/oracle/fixtures.py

Only facts go into the list: shapes, hashes, probe voxels. Values are read by two libraries where both can, and compared with the hashes that
came with the fixtures.
"""

import hashlib
import json
import pathlib
import sys

import nibabel
import numpy as np
import wkw

import book as books
import files_cases
import n5_cases
import precomputed
import wkw_cases
from book import Book, absent_boxes, level
from ome import NM
from zarr_cases import SPACE, chunk_exists, read_ts, read_zarr, split

TYPES = {"bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"}
V2_COMPRESSORS = {"lz4", "bz2", "blosc", "gzip", "zlib", "zstd", "pcodec"}
V2_FILTERS = {"adler32", "crc32", "crc32c", "fletcher32", "shuffle"}
V3_CODECS = {"bytes", "transpose", "gzip", "zlib", "zstd", "blosc", "crc32c", "sharding_indexed"} | {f"numcodecs.{c}" for c in V2_COMPRESSORS | V2_FILTERS}
ENCODINGS = {"raw", "jpeg", "png", "jxl", "compressed_segmentation", "compresso"}
NOT_VOLUMES = {"neuroglancer_legacy_mesh": "mesh", "neuroglancer_multilod_draco": "mesh", "neuroglancer_skeletons": "skeleton",
               "neuroglancer_segment_properties": "segment_properties", "neuroglancer_annotations_v1": "annotation"}
JPEG_PROBES = 1000  # these cannot be compared by hash


def v3_codecs(codecs):
    """Names of all codecs, those inside shards too."""
    for codec in codecs:
        yield codec["name"]
        if codec["name"] == "sharding_indexed":
            yield from v3_codecs(codec["configuration"]["codecs"])
            yield from v3_codecs(codec["configuration"]["index_codecs"])


def zarr_refusal(folder):
    """The word that an error must name because this array uses something that is not read; None if it is read."""
    if (folder / ".zarray").exists():
        meta = json.loads((folder / ".zarray").read_text())
        for codec in meta["filters"] or []:
            if np.dtype(meta["dtype"]).name in TYPES and codec["id"] not in V2_FILTERS:
                return codec["id"]
        dtype = np.dtype(meta["dtype"])
        if dtype.name not in TYPES:
            code = meta["dtype"].lstrip("<>|")
            return {"S": f"{code}|bytes|string", "U": f"{code}|string", "O": "object|string|json2|vlen-utf8"}.get(code[0], f"{code}|{dtype.name}")
        compressor = (meta["compressor"] or {"id": "zlib"})["id"]
        return None if compressor in V2_COMPRESSORS else compressor
    meta = json.loads((folder / "zarr.json").read_text())
    if meta["data_type"] not in TYPES:
        return meta["data_type"]
    return next((c.removeprefix("numcodecs.") for c in v3_codecs(meta["codecs"]) if c not in V3_CODECS), None)


def fill_of(folder):
    """The fill value of an array."""
    file = folder / ".zarray"
    meta = json.loads((file if file.exists() else folder / "zarr.json").read_text())
    return meta["fill_value"] or 0


def read(folder):
    """An array by both libraries, or by the one that can; says which could not."""
    got = {}
    for reader in (read_zarr, read_ts):
        try:
            got[reader.__name__] = reader(folder)
        except Exception as error:  # noqa: BLE001: another library's limits, reported
            print(f"  {folder.name}: {reader.__name__} cannot: {str(error).splitlines()[0][:110]}")
    datas = [d.astype(d.dtype.newbyteorder("=")) for d in got.values()]
    if not datas:
        return None
    for other in datas[1:]:
        assert datas[0].dtype == other.dtype and np.array_equal(datas[0], other), folder
    return datas[0]


def known_hashes(root):
    """sha256 of C-order arrays that came with the fixtures, by folder relative to the fixtures."""
    copied = json.loads((root / "expected.copied.json").read_text())
    hashes = {}
    for group, prefix in (("neuroglancer-testdata:zarr", "formats/neuroglancer-testdata"), ("zarr_implementations:zarr", "formats/zarr_implementations"),
                          ("zarrita.js-fixtures:zarr", "formats/zarrita.js-fixtures")):
        for path, entry in copied[group].items():
            if "sha256_C" in entry:
                hashes[f"{prefix}/{path}"] = entry["sha256_C"]
    return hashes


def read_chunks(folder):
    """The shape of what can be read alone."""
    if (folder / ".zarray").exists():
        return json.loads((folder / ".zarray").read_text())["chunks"]
    meta = json.loads((folder / "zarr.json").read_text())
    shard = meta["codecs"][0] if meta["codecs"][0]["name"] == "sharding_indexed" else None
    return (shard or meta["chunk_grid"])["configuration"]["chunk_shape"]


def bare(book, root, path, hashes):
    """A bare array: a case or a refusal."""
    folder = root / path
    word = zarr_refusal(folder)
    if word:
        book.refuse(path, word)
        return
    data = read(folder)
    if data is None:
        # A transposition called "F" is of the drafts of v3; its sibling "C" holds the same values.
        data = read(folder.with_name(folder.name.replace(".F", ".C")))
    digests = [hashlib.sha256(data.astype(data.dtype.newbyteorder(order)).tobytes()).hexdigest() for order in "<>"]  # some are of big-endian bytes
    assert hashes.get(path, digests[0]) in digests, path
    if data.dtype == bool:
        data = data.astype(np.uint8)
    names = list(("t", "c", "z", "y", "x")[-data.ndim:])
    chunks = read_chunks(folder)
    fill = fill_of(folder)
    values, shape, chunk = split(book, path.replace("/", "-"), data, names, chunks, fill, chunk_exists(folder))
    sizes = dict(zip(names, data.shape))
    book.case(path, "zarr", data.dtype, [level(shape, (1, 1, 1), chunk, values)], fill=fill, channels=sizes.get("c", 1),
              other_axes=[(a, sizes[a]) for a in names if a == "t"], voxel_size_known=False, features=["bare"])


def multiscale_of(folder):
    """The first multiscale of a group, or None."""
    if (folder / ".zattrs").exists():
        return json.loads((folder / ".zattrs").read_text()).get("multiscales", [None])[0]
    if (folder / "zarr.json").exists():
        return json.loads((folder / "zarr.json").read_text()).get("attributes", {}).get("ome", {}).get("multiscales", [None])[0]
    return None


def image(book, root, path):
    """An OME-Zarr image."""
    folder = root / path
    multiscale = multiscale_of(folder)
    axes = {a["name"]: a for a in multiscale["axes"]}
    names = list(axes)
    assert not multiscale.get("coordinateTransformations") and set(names) <= set(SPACE), (path, names)
    units = {a: NM[axes[a].get("unit")] for a in names}
    levels, dtype = [], None
    for dataset in multiscale["datasets"]:
        array = folder / dataset["path"]
        assert not zarr_refusal(array)
        data = read(array)
        dtype = data.dtype
        steps = dataset["coordinateTransformations"]
        scale = next(s["scale"] for s in steps if s["type"] == "scale")
        translation = next((s["translation"] for s in steps if s["type"] == "translation"), [0] * len(names))
        values, shape, chunk = split(book, f"{path}-{dataset['path']}".replace("/", "-"), data, names, read_chunks(array), fill_of(array), chunk_exists(array))
        size = [units[a] * scale[names.index(a)] if a in axes else 1 for a in SPACE]
        offset = [units[a] * (translation[names.index(a)] - scale[names.index(a)] / 2) if a in axes else 0 for a in SPACE]
        levels.append(level(shape, size, chunk, values, offset=offset))
    book.case(path, "ome-zarr", dtype, levels, kind="segmentation" if "/labels/" in path else None, features=["ome"],
              voxel_size_known=all(axes[a].get("unit") for a in names))


def precomputed_folder(book, root, path):
    """A folder with an info: a volume, or something else that must be refused as a volume."""
    folder = root / path
    info = json.loads((folder / "info").read_text())
    if info.get("@type") in NOT_VOLUMES:
        book.refuse(path, f"{info['@type']}|{NOT_VOLUMES[info['@type']]}")
        return
    encodings = [s["encoding"] for s in info["scales"]]
    word = next((e for e in encodings if e not in ENCODINGS), None)
    if word:
        book.refuse(path, word)
        return
    packed = any((folder / s["key"]).glob("*.gz") for s in info["scales"] if (folder / s["key"]).is_dir() and next((folder / s["key"]).glob("*.gz"), None))
    levels, jpeg = [], "jpeg" in encodings
    for number, scale in enumerate(info["scales"]):
        block = precomputed.cv_read(folder, number)
        if not packed and not {"jxl", "compresso"} & set(encodings):  # tensorstore has neither
            assert np.array_equal(block, precomputed.ts_read(folder, number)), path
        chunk, origin = scale["chunk_sizes"][0], scale.get("voxel_offset", [0, 0, 0])
        there = precomputed.exists(folder, number, origin, scale["size"])
        books.PROBES = JPEG_PROBES if jpeg else 24
        name = path.replace("/", "-")
        values = [book.values(f"{name}-{number}-{c}", block[..., c], c, absent=absent_boxes(block[..., c], chunk, there, 0, origin)) for c in range(block.shape[3])]
        books.PROBES = 24
        more = {"chunkShapes": scale["chunk_sizes"]} if len(scale["chunk_sizes"]) > 1 else {}
        levels.append(level(scale["size"], scale["resolution"], chunk, values, origin, **more))
    decoded = "generated/base/image_jpeg_q90.decoded_zyx.npy"
    if jpeg and path.startswith("generated"):
        stored = np.load(root / decoded).T
        assert np.array_equal(stored, block[..., 0])
        book.arrays[values[0]["array"]]["decoded"] = decoded
    book.case(path, "precomputed", info["data_type"], levels, kind=info["type"], channels=info["num_channels"], tolerance=2 if jpeg else 0,
              needs=["gz-names"] if packed else [], features=sorted(set(encodings)) + (["sharded"] if "sharding" in info["scales"][0] else []))


def n5_level(book, root, path, size):
    """A dataset as one level. Values are tensorstore's; those who wrote them say what their hashes are."""
    folder = root / path
    meta = json.loads((folder / "attributes.json").read_text())
    data = n5_cases.read_ts(folder)
    cube = data.reshape(*data.shape, *[1] * (3 - data.ndim))
    chunk = [min(c, n) for c, n in zip([*meta["blockSize"], 1, 1], cube.shape)]
    there = n5_cases.exists(folder)
    cells = book.values(path.replace("/", "-"), cube, absent=absent_boxes(cube, chunk, lambda grid: there(grid[:data.ndim]), 0))
    return data, level(cube.shape, [*size, 1, 1][:3], chunk, [cells])


def n5_folder(book, root, path, hashes):
    """A dataset, or a group of levels that says how large voxels are."""
    folder = root / path
    meta = json.loads((folder / "attributes.json").read_text())
    if "dimensions" in meta:
        data, found = n5_level(book, root, path, [1] * len(meta["dimensions"]))
        assert hashes.get(path, found_hash(book, found)) == found_hash(book, found), path
        book.case(path, "n5", data.dtype, [found], features=["n5"], voxel_size_known=False)
        return
    levels = []
    for number in range(64):
        own = f"{path}/s{number}"
        if not (root / own / "attributes.json").exists():
            break
        factors = json.loads((root / own / "attributes.json").read_text()).get("downsamplingFactors") or meta["scales"][number]
        data, found = n5_level(book, root, own, [r * f for r, f in zip(meta["resolution"], factors)])
        assert hashes.get(own, found_hash(book, found)) == found_hash(book, found), own
        levels.append(found)
    book.case(path, "n5", data.dtype, levels, features=["n5", "levels"])


def found_hash(book, found):
    """sha256 of a level's voxels, x fastest."""
    return book.arrays[found["values"][0]["array"]]["sha256"]


def n5_hashes(root):
    """sha256 of datasets, x fastest, that came with the fixtures."""
    known = json.loads((root / "generated/expected.json").read_text())["n5/multiscale_z5py.n5"]
    prefix = "generated/n5/multiscale_z5py.n5"
    hashes = {f"{prefix}/{e['path']}": e["sha256"] for e in [*known["levels"], known["labels"]]}
    assert len(hashes) == 4
    return hashes


def wkw_layer(book, root, path):
    """A layer without properties: magnification 1, as large as its files."""
    folder = root / path / "1"
    header = wkw.Dataset.open(str(folder)).header
    span = header.block_len * header.file_len
    counts = [1 + max(int(f.stem[1:]) for f in folder.rglob("*.wkw") if f.stem[0] == "x"), *[
        1 + max(int(f.name[1:]) for f in folder.rglob(f"{axis}*") if f.is_dir()) for axis in "yz"]]
    shape = [n * span for n in counts]
    data = wkw.Dataset.open(str(folder)).read((0, 0, 0), shape)
    assert np.array_equal(data, wkw_cases.read_folder(folder, shape)), path
    known = json.loads((root / "generated/expected.json").read_text())[path.removeprefix("generated/")]
    inside = data[(0, *[slice(0, n) for n in known["read_box_xyz"]])]
    assert hashlib.sha256(np.ascontiguousarray(inside).tobytes()).hexdigest() == known["sha256_xyz_C"], path
    chunk = [header.block_len] * 3
    cells = [book.values(f"{path.replace('/', '-')}-{c}", block, c) for c, block in enumerate(data)]
    for own in (path, f"{path}/1"):
        book.case(own, "wkw", data.dtype, [level(shape, (1, 1, 1), chunk, cells)], channels=len(data), features=["wkw"], voxel_size_known=False)


def nifti(book, root, path):
    """A file of at most four axes, by nibabel."""
    image = nibabel.load(root / path)
    data = np.asanyarray(image.dataobj)
    assert image.dataobj.slope == 1 and image.dataobj.inter == 0, path
    size, offset, more = files_cases.geometry(image.affine)
    times = data.shape[3] if data.ndim > 3 else 1
    blocks = data.reshape((*data.shape[:3], times))
    name = path.replace("/", "-")
    values = [book.values(f"{name}-{t}", blocks[..., t], 0, {"t": t} if times > 1 else {}) for t in range(times)]
    book.case(path, "nifti", data.dtype, [level(data.shape[:3], size, None, values, offset=offset)], other_axes=[("t", times)] if times > 1 else [], features=["nifti"], **more)


def main():
    """Walks the fixtures."""
    here = pathlib.Path(__file__).resolve().parent
    root = here.parents[2] / "shared/fixtures"
    if not root.is_dir():
        sys.exit(f"no fixtures at {root}: fixtures.json is left as it is")
    book = Book(here.parent / "data", store_arrays=False)
    hashes = known_hashes(root)
    inside_images = set()
    for folder in sorted({f.parent for name in (".zgroup", "zarr.json") for f in root.rglob(name)}):
        if multiscale_of(folder):
            path = folder.relative_to(root).as_posix()
            image(book, root, path)
            inside_images |= {(folder / d["path"]).resolve() for d in multiscale_of(folder)["datasets"]}
    for folder in sorted({f.parent for name in (".zarray", "zarr.json") for f in root.rglob(name)}):
        is_array = (folder / ".zarray").exists() or json.loads((folder / "zarr.json").read_text())["node_type"] == "array"
        if is_array and folder.resolve() not in inside_images:
            bare(book, root, folder.relative_to(root).as_posix(), hashes)
    for file in sorted(root.rglob("info")):
        precomputed_folder(book, root, file.parent.relative_to(root).as_posix())
    check_generated(book, root)
    hashes = n5_hashes(root)
    for file in sorted(root.rglob("attributes.json")):
        folder = file.parent
        is_level = folder.name[:1] == "s" and (folder.parent / "attributes.json").exists()
        if not is_level and ((folder / "s0").is_dir() or "dimensions" in json.loads(file.read_text())):
            n5_folder(book, root, folder.relative_to(root).as_posix(), hashes)
    for file in sorted(root.rglob("1/header.wkw")):
        wkw_layer(book, root, file.parents[1].relative_to(root).as_posix())
    for file in sorted(root.rglob("*.nii*")):
        if not file.name.endswith(".snapshot"):
            nifti(book, root, file.relative_to(root).as_posix())
    book.write(book.root / "fixtures.json", with_bad=False)
    print(f"{len(book.cases)} volumes, {len(book.refusals)} refusals")


def check_generated(book, root):
    """Compares with the hashes that came with the generated volumes (C order, z y x: the same bytes as x fastest)."""
    known = json.loads((root / "generated/expected.json").read_text())
    compared = 0
    for case in book.cases:
        entry = known.get(case["path"].removeprefix("generated/"), {})
        wanted = [lev["sha256"] for lev in entry.get("levels", [])] or [entry[k] for k in ("sha256", "decoded_by_tensorstore_sha256") if k in entry]
        for lev, sha256 in zip(case["levels"], wanted):
            assert book.arrays[lev["values"][0]["array"]]["sha256"] == sha256, case["path"]
            compared += 1
    assert compared >= 10, compared


if __name__ == "__main__":
    main()
