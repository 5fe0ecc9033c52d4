"""Reads exported volumes with other people's libraries and compares every voxel of every level.

    EXPORT_DIR=DIR cargo test --test export -- --ignored && VENV/bin/python tests/oracle/exports.py DIR

The voxels follow from their place, by the rules of `Formula` in tests/export.rs; coarser levels are computed here, with NumPy.
"""

import json
import pathlib
import sys
import tempfile
import zipfile

import numpy as np
import tensorstore as ts
import zarr
from cloudvolume import CloudVolume
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader

VOLUME_MIN = np.array([-16, 32, 8])
VOLUME_MAX = np.array([150, 190, 100])
CHUNK = np.array([50, 33, 20])
BOX_MIN = np.array([3, 41, 13])
BOX_MAX = np.array([140, 170, 90])
VOXEL_NM = np.array([4.0, 4.0, 12.5])
STEPS = [(2, 2, 1), (2, 2, 2)]


def values(low, high, dtype, labels):
    """The voxels of a box, indexed [x, y, z]."""
    x, y, z = np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high)), indexing="ij")
    if labels:
        cell = (x // 9 * 31 + y // 7 * 17 + z // 5 * 7) % 11
        data = cell.astype(np.uint64) * np.uint64(1_000_000_000_039 if dtype == "uint64" else 23)
    else:
        value = (x * 7 + y * 13 + z * 29 + np.fmod(x * y, 31)) % 200
        data = {"float32": value / 8, "float64": value / 8, "int16": value * 50 - 5000, "uint16": value * 300}.get(dtype, value)
    chunk = [(axis - low) // edge for axis, low, edge in zip((x, y, z), VOLUME_MIN, CHUNK)]
    absent = sum(chunk) % 5 == 4
    for axis, a, b in zip((x, y, z), VOLUME_MIN, VOLUME_MAX):
        absent |= (axis < a) | (axis >= b)
    return np.where(absent, 0, data).astype(dtype)


def cells(data, step):
    """Every cell's voxels, those that the upper face cuts away as NaN-like: (cells, counts) of axes x, y, z, voxel."""
    shape = [-(-n // s) for n, s in zip(data.shape, step)]
    padding = [(0, n * s - m) for n, s, m in zip(shape, step, data.shape)]
    there = np.pad(np.ones(data.shape, bool), padding)
    split = lambda a: np.moveaxis(a.reshape([n for pair in zip(shape, step) for n in pair]), (1, 3, 5), (3, 4, 5)).reshape(*shape, -1)
    return split(np.pad(data, padding)), split(there)


def mean(data, step):
    voxels, there = cells(data, step)
    total = np.where(there, voxels, 0).astype(np.float64).sum(-1)
    result = total / there.sum(-1)
    return (np.rint(result) if data.dtype.kind in "iu" else result).astype(data.dtype)


def mode(data, step):
    """The most frequent; of several, the smallest that is not 0."""
    voxels, there = cells(data, step)
    count = ((voxels[..., :, None] == voxels[..., None, :]) & there[..., None, :]).sum(-1) * there
    best = (count == count.max(-1, keepdims=True)) & there
    greatest = np.iinfo(data.dtype).max
    smallest = np.where(best & (voxels != 0), voxels, greatest).min(-1)
    return np.where((best & (voxels != 0)).any(-1), smallest, 0).astype(data.dtype)


def pyramid(dtype, labels, low):
    levels = [values(low, BOX_MAX, dtype, labels)]
    for step in STEPS:
        levels.append((mode if labels else mean)(levels[-1], step))
    return levels


def same(what, got, expected):
    got = np.asarray(got)
    assert got.dtype == expected.dtype, f"{what}: {got.dtype} instead of {expected.dtype}"
    assert got.shape == expected.shape, f"{what}: {got.shape} instead of {expected.shape}"
    assert np.array_equal(got, expected), f"{what}: {np.count_nonzero(got != expected)} voxels differ"


def check_ome(folder, entry):
    levels = pyramid(entry["dataType"], entry["labels"], BOX_MIN)
    group = zarr.open_group(str(folder), mode="r")
    attributes = group.attrs["ome"] if entry["version"] == "0.5" else dict(group.attrs)
    assert ("image-label" in attributes) == entry["labels"]
    multiscale = attributes["multiscales"][0]
    assert [(axis["name"], axis["unit"]) for axis in multiscale["axes"]] == [(name, "nanometer") for name in "zyx"]
    assert len(multiscale["datasets"]) == len(levels)
    factor = np.ones(3)
    for number, (dataset, expected) in enumerate(zip(multiscale["datasets"], levels)):
        factor *= STEPS[number - 1] if number else 1
        scale, translation = (t[t["type"]] for t in dataset["coordinateTransformations"])
        assert scale == list(VOXEL_NM * factor)[::-1]
        assert np.allclose(translation, (BOX_MIN * VOXEL_NM + VOXEL_NM * factor / 2)[::-1])
        same(f"zarr {number}", group[dataset["path"]][...], expected.T)
        driver = "zarr3" if entry["version"] == "0.5" else "zarr"
        store = ts.open({"driver": driver, "kvstore": f"file://{folder}/{dataset['path']}/"}).result()
        same(f"tensorstore {number}", store.read().result(), expected.T)
    # The library of the format's authors finds an image, or labels, of so many levels.
    nodes = list(Reader(parse_url(str(folder), mode="r"))())
    assert [array.shape for array in nodes[0].data] == [level.T.shape for level in levels]


def check_precomputed(folder, entry):
    total = np.prod(STEPS, axis=0)
    low = BOX_MIN - BOX_MIN % total
    levels = pyramid(entry["dataType"], entry["labels"], low)
    info = json.loads((folder / "info").read_text())
    assert info["type"] == ("segmentation" if entry["labels"] else "image")
    assert len(info["scales"]) == len(levels)
    factor = np.ones(3, int)
    for number, expected in enumerate(levels):
        factor *= STEPS[number - 1] if number else 1
        scale = info["scales"][number]
        assert scale["resolution"] == list(VOXEL_NM * factor) and scale["voxel_offset"] == list(low // factor)
        spec = {"driver": "neuroglancer_precomputed", "kvstore": f"file://{folder}/", "scale_index": number}
        store = ts.open(spec).result()
        assert list(store.domain.inclusive_min[:3]) == list(low // factor)
        same(f"tensorstore {number}", store.read().result()[..., 0], expected)
        volume = CloudVolume(f"file://{folder}", mip=number, fill_missing=True, progress=False)
        same(f"cloud-volume {number}", np.asarray(volume[:, :, :])[..., 0], expected)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    entries = json.loads((folder / "list.json").read_text())
    for entry in entries:
        path = folder / entry["file"]
        if entry["format"] == "npy":
            expected = values(BOX_MIN, BOX_MAX, entry["dataType"], entry["labels"])
            same(entry["file"], np.load(path), expected.T)
        else:
            with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
                archive.extractall(unpacked)
                check = check_ome if entry["format"] == "ome-zarr" else check_precomputed
                try:
                    check(pathlib.Path(unpacked), entry)
                except AssertionError as error:
                    raise AssertionError(f"{entry['file']}: {error}") from error
        print("✓", entry["file"], flush=True)
    print(f"{len(entries)} exports")


if __name__ == "__main__":
    main()
