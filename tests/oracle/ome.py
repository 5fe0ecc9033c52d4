"""OME-Zarr 0.4 and 0.5: levels and arrays written by ome-zarr or zarr-python, read back by tensorstore.

Half a voxel: an OME translation names the centre of voxel 0, `offsetNm` its lower corner.
"""

import json

import numcodecs
import numpy as np
import ome_zarr.format
import ome_zarr.writer
import tinybrain
import zarr

import seeded
import zarr_cases
from book import level
from zarr_cases import BYTES, SPACE, chunk_exists, read_ts, read_zarr, sharding, split, zstd

NM = {"angstrom": 0.1, "nanometer": 1, "micrometer": 1000, "millimeter": 1e6, None: 1}
AXIS_TYPES = {"t": "time", "c": "channel"}


def axes_of(names, unit, time_unit="second"):
    """The axes member."""
    axes = []
    for name in names:
        axis = {"name": name, "type": AXIS_TYPES.get(name, "space")}
        if name in SPACE and unit:
            axis["unit"] = unit
        if name == "t":
            axis["unit"] = time_unit
        axes.append(axis)
    return axes


def transforms(scale, translation=None):
    """A list of coordinate transformations."""
    steps = [{"type": "scale", "scale": list(scale)}]
    if translation is not None:
        steps.append({"type": "translation", "translation": list(translation)})
    return steps


def expected_levels(book, path, datas, chunks, names, scales, translations, unit, outer=None, fill=0, chunk_known=True):
    """Levels of a multiscale; scales and translations in axis order and in the unit, `outer` the multiscale's own."""
    outer_scale, outer_translation = outer or ([1] * len(names), [0] * len(names))
    levels = []
    for i, (data, chunk) in enumerate(zip(datas, chunks)):
        folder = book.root / path / str(i)
        values, shape, chunk = split(book, f"{path.replace('/', '-')}-{i}", data, names, chunk, fill, chunk_exists(folder))
        size, offset = [], []
        for a in SPACE:
            if a in names:
                at = names.index(a)
                voxel = NM[unit] * outer_scale[at] * scales[i][at]
                centre = NM[unit] * (outer_scale[at] * (translations[i] or [0] * len(names))[at] + outer_translation[at])
                size.append(voxel)
                offset.append(centre - voxel / 2)
            else:
                size.append(1)
                offset.append(0)
        levels.append(level(shape, size, chunk if chunk_known else None, values, offset=offset))
    return levels


def put_arrays(folder, version, datas, chunks, codecs=None, inner=None, names=None):
    """Writes level arrays 0, 1, … below a group, as zarr-python does it."""
    for i, data in enumerate(datas):
        if version == "0.4":
            zarr_cases.write_v2(folder / str(i), data, chunks[i], numcodecs.Blosc("zstd", 3, numcodecs.Blosc.SHUFFLE), separator="/")
        else:
            zarr_cases.write_v3(folder / str(i), data, chunks[i], codecs or [BYTES, zstd()], names=names)
        zarr_cases.check(folder / str(i), data)


def put_group(folder, version, multiscales, **more):
    """Writes the group's metadata with zarr-python."""
    if version == "0.4":
        multiscales = [{"version": "0.4", **m} for m in multiscales]
        zarr.open_group(str(folder), mode="a", zarr_format=2).attrs.update({"multiscales": multiscales, **more})
    else:
        zarr.open_group(str(folder), mode="a", zarr_format=3).attrs.update({"ome": {"version": "0.5", "multiscales": multiscales, **more}})


def image(book, name, version, datas, chunks, names, scales, translations=None, *, unit="nanometer", outer=None, codecs=None, inner=None,
          features=(), omero=None, kind=None, dimension_names=False, fill=0, folder=None, root_path=None):
    """One multiscale image: arrays, group and case. Scales and translations per level, in axis order and unit."""
    path = root_path or f"ome/{name}"
    folder = folder or book.root / path
    translations = translations or [None] * len(datas)
    put_arrays(folder, version, datas, chunks, codecs, names=list(names) if dimension_names else None)
    multiscale = {
        "name": name, "axes": axes_of(names, unit),
        "datasets": [{"path": str(i), "coordinateTransformations": transforms(s, t)} for i, (s, t) in enumerate(zip(scales, translations))],
    }
    if outer:
        multiscale["coordinateTransformations"] = transforms(*outer)
    put_group(folder, version, [multiscale], **({"omero": omero} if omero else {}))
    levels = expected_levels(book, path, datas, inner or chunks, list(names), scales, translations, unit, outer, fill)
    sizes = dict(zip(names, datas[0].shape))
    more = {}
    if omero:
        more["omero"] = [{"window": [c["window"]["start"], c["window"]["end"]], "color": c["color"], "label": c["label"]} for c in omero["channels"]]
    book.case(path, "ome-zarr", datas[0].dtype, levels, name=path, kind=kind, channels=sizes.get("c", 1), fill=fill,
              other_axes=[(a, sizes[a]) for a in names if a not in (*SPACE, "c")], features=[version, *features], voxel_size_known=unit is not None, **more)


def pyramid(block, count, factor=(2, 2, 2)):
    """A block [x, y, z] and its averages, as arrays z, y, x."""
    blocks = [block, *tinybrain.downsample_with_averaging(block, factor, num_mips=count - 1)]
    return [np.ascontiguousarray(np.asarray(b).reshape(b.shape[:3]).T) for b in blocks]


def by_hand(book):
    """Transforms, units, axes, channels, time: metadata written as the specification's examples are."""
    for version in ("0.4", "0.5"):
        grey = pyramid(seeded.grey((45, 35, 21), 200), 3)
        translations = [(0, 0, 0), (20, 4, 4), (60, 12, 12)]
        image(book, f"{version}-levels", version, grey, [(8, 16, 20)] * 3, "zyx", [(40, 8, 8), (80, 16, 16), (160, 32, 32)], translations,
              features=["translation"])
        # The ratio of an odd size: 45 / 23, not 2.
        scales = [(40, 8, 8)] + [tuple(s * a / b for s, a, b in zip((40, 8, 8), grey[0].shape, g.shape)) for g in grey[1:]]
        image(book, f"{version}-odd-ratio", version, grey, [(8, 16, 20)] * 3, "zyx", scales, features=["odd ratio"])
        image(book, f"{version}-micrometer", version, grey[:2], [(10, 10, 30)] * 2, "zyx", [(0.04, 0.008, 0.008), (0.08, 0.016, 0.016)],
              [(1.5, 0.25, -0.125), (1.52, 0.254, -0.121)], unit="micrometer", features=["micrometer", "translation"])
        image(book, f"{version}-no-unit", version, grey[:1], [(21, 35, 45)], "zyx", [(3, 1, 1)], unit=None, features=["no unit"])
        image(book, f"{version}-multiscale-transform", version, grey[:2], [(8, 16, 20)] * 2, "zyx", [(1, 1, 1), (2, 2, 2)],
              [(0, 0, 0), (0.5, 0.5, 0.5)], outer=((30, 6, 6), (300, -60, 1200)), features=["multiscale transform", "translation"])
        channels = np.stack([pyramid(seeded.grey((25, 21, 11), 210 + c), 1)[0] for c in range(3)])
        omero = {"name": "three", "channels": [
            {"label": n, "color": c, "active": True, "window": {"min": 0, "max": 255, "start": a, "end": b}}
            for n, c, a, b in (("dapi", "0000FF", 10, 200), ("gfp", "00FF00", 0, 255), ("rfp", "FF0000", 30, 120))]}
        image(book, f"{version}-channels", version, [channels, channels[:, ::2, ::2, ::2]], [(1, 6, 8, 10)] * 2, "czyx",
              [(1, 40, 8, 8), (1, 80, 16, 16)], omero=omero, features=["channels", "omero"])
        movie = np.stack([np.stack([seeded.values("uint16", (17, 13, 5), 220 + 2 * t + c).T for c in range(2)]) for t in range(3)])
        image(book, f"{version}-time", version, [movie], [(1, 2, 3, 8, 10)], "tczyx", [(0.5, 1, 40, 8, 8)], features=["channels", "time"])
        flat = seeded.values("int16", (31, 23, 1), 230)[..., 0].T
        image(book, f"{version}-2d", version, [flat, np.ascontiguousarray(flat[::2, ::2])], [(10, 12)] * 2, "yx", [(4, 6), (8, 12)], [(0, 0), (2, 3)],
              features=["2-D"])
        xyz = seeded.values("float32", (19, 11, 7), 240)
        image(book, f"{version}-axes-xyz", version, [xyz], [(8, 5, 4)], "xyz", [(8, 9, 40)], features=["axis order"])
    image(book, "0.4-angstrom", "0.4", grey[:1], [(21, 35, 45)], "zyx", [(400, 80, 80)], unit="angstrom", features=["angstrom"])
    block = seeded.cleared(seeded.values("uint16", (42, 30, 17), 250), [((0, 0, 0), (20, 16, 8)), ((40, 24, 16), (42, 30, 17))])
    half = np.ascontiguousarray(block.T[::2, ::2, ::2])
    image(book, "0.5-sharded", "0.5", [block.T, half], [(8, 16, 20), (8, 8, 10)], "zyx", [(40, 8, 8), (80, 16, 16)], [None, None],
          codecs=[sharding((4, 8, 10), [BYTES, zstd(True)])], inner=[(4, 8, 10)] * 2, features=["sharded", "absent"], dimension_names=True)
    # An axis beyond those of the specification's first pages, and a float image without a channel axis in 4-D.
    angles = np.stack([seeded.values("float32", (9, 8, 5), 260 + i).T for i in range(2)])
    path = "ome/0.5-time-only"
    image(book, "0.5-time-only", "0.5", [angles], [(1, 3, 8, 9)], "tzyx", [(2, 40, 8, 8)], features=["time"], root_path=path)


def by_ome_zarr(book):
    """Image and labels as ome-zarr-py writes them; the metadata is read from what it wrote."""
    for version, format_ in (("0.4", ome_zarr.format.FormatV04()), ("0.5", ome_zarr.format.FormatV05())):
        path = f"ome/{version}-ome-zarr-py"
        folder = book.root / path
        image_zyx = seeded.grey((43, 37, 19), 270).T
        labels_zyx = seeded.labels("uint32", (43, 37, 19), 271).T
        group = zarr.open_group(str(folder), mode="w", zarr_format=2 if version == "0.4" else 3)
        how = {"axes": axes_of("zyx", None), "axes_units": {a: "nanometer" for a in "zyx"}, "scale": {"z": 33.0, "y": 4.0, "x": 4.0},
               "fmt": format_, "scale_factors": [2, 4], "storage_options": {"chunks": (8, 16, 20)}}
        ome_zarr.writer.write_image(np.ascontiguousarray(image_zyx), group, **how)
        ome_zarr.writer.write_labels(np.ascontiguousarray(labels_zyx), group, name="cells", label_metadata={"colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}], "source": {"image": "../../"}}, **how)
        for where, kind, first in ((path, None, image_zyx), (f"{path}/labels/cells", "segmentation", labels_zyx)):
            case_of_written(book, where, version, kind, first)


def case_of_written(book, path, version, kind, first):
    """A case from an image that ome-zarr-py wrote: sizes from its metadata, values by tensorstore, checked with zarr-python."""
    folder = book.root / path
    attributes = json.loads((folder / (".zattrs" if version == "0.4" else "zarr.json")).read_text())
    attributes = attributes if version == "0.4" else attributes["attributes"]["ome"]
    multiscale = attributes["multiscales"][0]
    names = [a["name"] for a in multiscale["axes"]]
    assert not multiscale.get("coordinateTransformations"), multiscale
    assert [a.get("unit") for a in multiscale["axes"]] == ["nanometer"] * 3
    levels = []
    for dataset in multiscale["datasets"]:
        array = folder / dataset["path"]
        data = read_ts(array)
        assert np.array_equal(data, read_zarr(array))
        chunks = zarr.open_array(str(array), mode="r").chunks
        scale, translation = None, [0] * len(names)
        for step in dataset["coordinateTransformations"]:
            scale = step.get("scale", scale)
            translation = step.get("translation", translation)
        values, shape, chunk = split(book, f"{path}-{dataset['path']}".replace("/", "-"), data, names, chunks, 0, chunk_exists(array))
        order = [names.index(a) for a in SPACE]
        levels.append(level(shape, [scale[i] for i in order], chunk, values, offset=[translation[i] - scale[i] / 2 for i in order]))
    assert np.array_equal(read_ts(folder / multiscale["datasets"][0]["path"]), first)
    book.case(path, "ome-zarr", first.dtype, levels, kind=kind, features=[version, "ome-zarr-py", *(["labels"] if kind else [])])


def labels(book):
    """A labels group written by hand around zarr-python's arrays: 64-bit ids, its own levels."""
    for version in ("0.4", "0.5"):
        path = f"ome/{version}-with-labels"
        grey = pyramid(seeded.grey((33, 27, 15), 280), 2)
        image(book, f"{version}-with-labels", version, grey, [(6, 10, 14)] * 2, "zyx", [(40, 8, 8), (80, 16, 16)], features=["has labels"])
        fine = seeded.labels("uint64", (33, 27, 15), 281)
        coarse = tinybrain.downsample_segmentation(fine, (2, 2, 2), num_mips=1)[0]
        format_ = 2 if version == "0.4" else 3
        lists = zarr.open_group(str(book.root / path / "labels"), mode="a", zarr_format=format_)
        lists.attrs.update({"labels": ["neurons"]} if version == "0.4" else {"ome": {"version": "0.5", "labels": ["neurons"]}})
        where = f"{path}/labels/neurons"
        image(book, "neurons", version, [np.ascontiguousarray(b.T) for b in (fine, coarse)], [(5, 9, 17)] * 2, "zyx", [(40, 8, 8), (80, 16, 16)],
              features=["labels"], kind="segmentation", root_path=where)
        group = zarr.open_group(str(book.root / where), mode="a", zarr_format=format_)
        colours = {"version": version, "colors": [{"label-value": 1, "rgba": [255, 255, 0, 255]}], "source": {"image": "../../"}}
        if version == "0.4":
            group.attrs.update({"image-label": colours})
        else:
            group.attrs.update({"ome": {**group.attrs["ome"], "image-label": colours}})


def refusals(book):
    """Images that are OME-Zarr, but hold a type or a transformation which is not read."""
    data = seeded.grey((9, 8, 5), 290).T.astype("float16")
    folder = book.root / "ome/refuse-float16"
    zarr_cases.write_v3(folder / "0", data, (5, 8, 9))
    put_group(folder, "0.5", [{"name": "f2", "axes": axes_of("zyx", "nanometer"),
                               "datasets": [{"path": "0", "coordinateTransformations": transforms((40, 8, 8))}]}])
    book.refuse("ome/refuse-float16", "float16")


def write(book):
    """Every OME-Zarr image."""
    by_hand(book)
    by_ome_zarr(book)
    labels(book)
    refusals(book)
