"""Volumes that are one file: NIfTI written by nibabel, raw by numpy, DM3 and DM4 by a writer made from the format's description and read back by ncempy."""

import gzip
import math
import struct

import nibabel
import numpy as np
from ncempy.io import dm as ncem

import seeded
from bad import HTML, note
from book import level

SHAPE = (7, 5, 4)
NM_PER_MM = 1e6


def native(block):
    """A block in the byte order of this machine."""
    return block.astype(block.dtype.newbyteorder("="))


def put(book, path, content):
    """Writes a file below tests/data."""
    file = book.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def seeds(dtype, shape=SHAPE, seed=500):
    """A block of a type: ids of uint64."""
    return seeded.labels(dtype, shape, seed) if np.dtype(dtype) == np.uint64 else seeded.values(dtype, shape, seed)


# ---- NIfTI ----------------------------------------------------------------------------------------------------------

def geometry(affine, nm=NM_PER_MM):
    """Voxel size and offset (nm) and orientation of a map from the indices of voxel centres to x, y, z: orientation @ (offset + (index + ½) size)
    is where the map puts a centre."""
    affine = np.asarray(affine, np.float64)
    size = np.linalg.norm(affine[:3, :3], axis=0)
    turn = affine[:3, :3] / size
    offset = np.linalg.solve(turn, affine[:3, 3]) - size / 2
    for index in ((0, 0, 0), (3, 1, 2)):
        centre = turn @ (offset + (np.array(index) + 0.5) * size)
        assert np.allclose(centre, (affine @ [*index, 1])[:3]), index
    more = {} if np.allclose(turn, np.eye(3), atol=1e-9) else {"orientation": turn.tolist()}
    return (size * nm).tolist(), (offset * nm).tolist(), more


def nifti(book, name, data, affine=None, *, version=1, endian="<", units=("mm", None), change=None, channels=1, axes=(), values=None, placed=None, features=(), known=True, gz=False):
    """A case from an array [x, y, z, …] that nibabel writes. `change` patches the bytes; then nibabel reads what is expected, unless it is given."""
    image_class, header_class = ((nibabel.Nifti1Image, nibabel.Nifti1Header), (nibabel.Nifti2Image, nibabel.Nifti2Header))[version - 1]
    header = header_class(endianness=endian)
    header.set_data_dtype(data.dtype.newbyteorder(endian) if data.dtype.names is None else data.dtype)
    header.set_xyzt_units(*units)
    image = image_class(data, np.diag([2.0, 3.0, 4.0, 1.0]) if affine is None else affine, header, dtype=data.dtype if data.dtype.names is None else None)
    assert image.header.endianness == endian
    content = image.to_bytes()
    content = change(content) if change else content
    path = f"files/{name}.nii" + (".gz" if gz else "")
    file = put(book, path, gzip.compress(content, 9, mtime=0) if gz else content)
    read = nibabel.load(file)
    assert (read.header["sizeof_hdr"], read.header.endianness) == ((348, 540)[version - 1], endian), path
    if values is None:
        stored = np.asanyarray(read.dataobj.get_unscaled())
        assert stored.dtype.newbyteorder("=") == data.dtype.newbyteorder("=") and np.array_equal(stored, data, equal_nan=data.dtype.kind == "f"), path
        scaled = not (read.dataobj.slope == 1 and read.dataobj.inter == 0)
        values = [((0, {}), native(stored) if not scaled else read.get_fdata(dtype=np.float64).astype(np.float32))]
    size, offset, more = geometry(read.affine, {"mm": 1e6, "micron": 1e3, "meter": 1e9}[units[0] or "mm"]) if placed is None else placed
    short = path.replace("/", "-")
    blocks = [book.values(f"{short}-{n}" if len(values) > 1 else short, np.ascontiguousarray(block), channel, at) for n, ((channel, at), block) in enumerate(values)]
    dtype = values[0][1].dtype
    book.case(path, "nifti", dtype, [level(values[0][1].shape, size, None, blocks, offset=offset)], channels=channels, other_axes=axes,
              features=["nifti", f"nifti-{version}", *features], voxel_size_known=known, **more)


def numbers(at, layout, *values):
    """Writes numbers at a place of a header."""
    return lambda b: b[:at] + struct.pack(layout, *values) + b[at + struct.calcsize(layout):]


def turned(angles, size):
    """A rotation about x, y, z (degrees) of voxels of these sizes."""
    total = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = [n for n in range(3) if n != axis]
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = math.cos(math.radians(angle))
        turn[a, b], turn[b, a] = -math.sin(math.radians(angle)), math.sin(math.radians(angle))
        total = turn @ total
    affine = np.eye(4)
    affine[:3, :3] = total * np.array(size)
    return affine


def nifti_cases(book):
    """Types, byte orders, both versions, scaling, every way to say where voxels lie, units, further axes, colours, gzip."""
    for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"):
        block = np.abs(seeds(dtype)) if dtype == "int64" else seeds(dtype)
        nifti(book, dtype, block, features=[dtype])
    nifti(book, "big-endian-int16", seeds("int16", seed=501), endian=">", features=["big-endian"])
    nifti(book, "big-endian-v2-float32", seeds("float32", seed=502), version=2, endian=">", features=["big-endian"])
    nifti(book, "v2-uint16", seeds("uint16", seed=503), version=2)
    nifti(book, "v2-turned", seeds("uint8", seed=504), turned((0, 90, 180), (2, 3, 4)), version=2, features=["orientation"])
    # Slopes and intercepts.
    nifti(book, "scaled-int16", seeds("int16", seed=505), change=numbers(112, "<ff", 0.37, -21.5), features=["scaled"])
    nifti(book, "scaled-uint8-big-endian", seeds("uint8", seed=506), endian=">", change=numbers(112, ">ff", 2, 0.25), features=["scaled"])
    nifti(book, "scaled-float64", seeds("float64", seed=507), change=numbers(112, "<ff", -3, 7), features=["scaled"])
    nifti(book, "slope-0", seeds("int16", seed=508), change=numbers(112, "<ff", 0, 5), features=["scaled"])
    nifti(book, "slope-nan", seeds("int16", seed=509), change=numbers(112, "<ff", math.nan, math.nan), features=["scaled"])
    # Where voxels lie: turned and flipped sforms, qforms with both hands, none.
    shift = np.array([[0, 0, 0, -11.5], [0, 0, 0, 7.25], [0, 0, 0, 30], [0, 0, 0, 0]])
    for name, affine in (
        ("flipped-x", np.diag([-2.0, 3, 4, 1])), ("flipped-all", np.diag([-2.0, -3, -4, 1])), ("axes-zxy", np.array([[0, 3.0, 0, 0], [0, 0, 4, 0], [2, 0, 0, 0], [0, 0, 0, 1]])),
        ("axes-yx-flipped", np.array([[0, -3.0, 0, 0], [2, 0, 0, 0], [0, 0, -4, 0], [0, 0, 0, 1]])), ("oblique", turned((10, -20, 30), (2, 3, 4))),
        ("sheared", np.array([[2, 0.5, 0, 0], [0, 3.0, 0.25, 0], [0, 0, 4, 0], [0, 0, 0, 1]])),
    ):
        nifti(book, f"sform-{name}", seeds("uint8", seed=510), affine + shift, features=["orientation"])
    no_sform = numbers(254, "<h", 0)
    for name, affine in (("straight", np.diag([2.0, 3, 4, 1])), ("turned", turned((0, 0, 90), (2, 3, 4))), ("half-turn", turned((180, 0, 0), (2, 3, 4))), ("oblique", turned((25, 40, -15), (2, 3, 4))),
                         ("left-handed", turned((25, 40, -15), (2, 3, -4)))):
        def qform_only(content, affine=affine):
            header = nibabel.Nifti1Header(content[:348])
            header.set_qform(affine + shift, code="scanner")
            return no_sform(header.binaryblock) + content[348:]
        nifti(book, f"qform-{name}", seeds("uint8", seed=511), change=qform_only, features=["orientation"])
    # Sizes alone: by the standard's first method, where nibabel would mirror x.
    bare = lambda b: numbers(252, "<hh", 0, 0)(b)
    nifti(book, "no-form", seeds("uint8", seed=512), change=bare, placed=geometry(np.diag([2.0, 3, 4, 1])), features=["orientation"])
    nifti(book, "singular-sform", seeds("uint8", seed=513), change=lambda b: numbers(280, "<12f", *[0] * 12)(numbers(252, "<h", 0)(b)), placed=geometry(np.diag([2.0, 3, 4, 1])), features=["orientation"])
    for unit in ("micron", "meter", None):
        nifti(book, f"unit-{unit}", seeds("uint8", seed=514), units=(unit, None), features=["units"])
    # Further axes.
    four = np.stack([seeds("uint16", seed=515 + n) for n in range(3)], -1)
    nifti(book, "time", four, units=("mm", "sec"), axes=[("t", 3)], values=[((0, {"t": n}), four[..., n]) for n in range(3)], features=["time"])
    vectors = np.stack([seeds("float32", seed=520 + n) for n in range(3)], -1)[:, :, :, None]
    nifti(book, "vectors", vectors, channels=3, values=[((n, {}), vectors[..., 0, n]) for n in range(3)], features=["channels"])
    many = np.stack([np.stack([seeds("int8", seed=525 + 2 * t + c) for c in range(2)], -1) for t in range(2)], 3)[..., None, None] * np.ones((1, 1, 1, 1, 1, 1, 2), np.int8)
    nifti(book, "seven", many, channels=2, axes=[("w", 2), ("t", 2)], values=[((c, {"t": t, "w": w}), many[:, :, :, t, c, 0, w]) for w in range(2) for c in range(2) for t in range(2)], features=["channels", "time"])
    nifti(book, "plane", seeds("uint8", (9, 6, 1), 530)[..., 0], values=[((0, {}), seeds("uint8", (9, 6, 1), 530))], features=["2D"])
    for letters in ("RGB", "RGBA"):
        colours = np.stack([seeds("uint8", seed=535 + n) for n in range(len(letters))], -1)
        packed = np.ascontiguousarray(colours).view([(letter, "u1") for letter in letters])[..., 0]
        nifti(book, letters.lower(), packed, channels=len(letters), values=[((n, {}), colours[..., n]) for n in range(len(letters))], features=["colours"])
    nifti(book, "packed", seeds("uint16", seed=540), gz=True, features=["gzip"])


def nifti_broken(book):
    """What is not read, by name, and what is damaged."""
    good = nibabel.Nifti1Image(seeds("uint16", seed=545), np.eye(4)).to_bytes()
    good_2 = nibabel.Nifti2Image(seeds("uint16", seed=545), np.eye(4)).to_bytes()
    for name, code, bits, word in (("complex64", 32, 64, "complex64"), ("complex128", 1792, 128, "complex128"), ("float128", 1536, 128, "float128"), ("binary", 1, 1, "binary"), ("type-77", 77, 16, "77")):
        put(book, f"files/refuse-{name}.nii", numbers(70, "<hh", code, bits)(good))
        book.refuse(f"files/refuse-{name}.nii", word)
    put(book, "files/refuse-pair.nii", numbers(344, "4s", b"ni1\0")(good))
    book.refuse("files/refuse-pair.nii", "another file", ".img")
    put(book, "files/refuse-colour-vectors.nii", numbers(70, "<hh", 128, 24)(numbers(40, "<8h", 5, 2, 2, 2, 1, 3, 1, 1)(good)))
    book.refuse("files/refuse-colour-vectors.nii", "dim[5]")
    for name, content, mentions, why in (
        ("empty", b"", [], "nothing"), ("html", HTML, ["348"], "a page for people"), ("cut-header", good[:200], ["header"], "ends within its header"),
        ("cut-header-2", good_2[:500], ["header"], "ends within its header"), ("cut-voxels", good[:-1], ["its voxels would end at byte 632", "631"], "a byte is missing"),
        ("magic", numbers(344, "4s", b"nope")(good), ["nope"], "another magic"), ("no-axes", numbers(40, "<h", 0)(good), ["dim[0]"], "no axes"),
        ("eight-axes", numbers(40, "<h", 8)(good), ["dim[0]"], "eight axes"), ("negative", numbers(44, "<h", -5)(good), ["dim[2]", "-5"], "a negative size"),
        ("zero", numbers(42, "<h", 0)(good), ["dim[1]"], "a size of 0"), ("huge-2", numbers(16, "<8q", 3, 2**62, 2**62, 2**62, 1, 1, 1, 1)(good_2), ["4611686018427387904"], "2^186 voxels"),
        ("overflow-2", numbers(16, "<8q", 3, 2**40, 2**40, 2**40, 1, 1, 1, 1)(good_2), ["more voxels"], "2^120 voxels"),
        ("within-header", numbers(108, "<f", 100)(good), ["vox_offset", "100"], "voxels that begin within the header"), ("far", numbers(108, "<f", 1e30)(good), ["voxels"], "voxels beyond the end"),
        ("nowhere", numbers(108, "<f", math.nan)(good), ["vox_offset"], "voxels that begin nowhere"), ("before-2", numbers(168, "<q", -1)(good_2), ["vox_offset"], "voxels before the beginning"),
    ):
        put(book, f"bad/nifti-{name}.nii", content)
        note(book, f"bad/nifti-{name}.nii", "open", "bad-metadata", why, mentions=mentions)
    packed = gzip.compress(good, 9, mtime=0)
    for name, content in (("cut", packed[:-20]), ("checksum", packed[:-8] + b"\0\0\0\0" + packed[-4:])):
        put(book, f"bad/nifti-packed-{name}.nii.gz", content)
        note(book, f"bad/nifti-packed-{name}.nii.gz", "open", "bad-data", f"a damaged gzip stream: {name}", mentions=["gzip"])
    put(book, "files/refuse-bomb.nii.gz", gzip.compress(good + bytes(80 << 20), 9, mtime=0))
    book.refuse("files/refuse-bomb.nii.gz", "64 MiB")


# ---- raw ------------------------------------------------------------------------------------------------------------

def raw_cases(book):
    """Types, byte orders, headers, channels; what does not fit."""
    for name, dtype, more in (
        ("uint8.raw", "<u1", {}), ("int16.bin", "<i2", {}), ("uint16-big-endian.raw", ">u2", {"littleEndian": False}), ("float32.dat", "<f4", {"headerBytes": 13}),
        ("float64-big-endian.raw", ">f8", {"littleEndian": False, "headerBytes": 512}), ("uint64.raw", "<u8", {}), ("int64", "<i8", {}), ("channels.raw", "<u2", {"channels": 3}),
    ):
        count = more.get("channels", 1)
        blocks = [np.abs(seeds(np.dtype(dtype).newbyteorder("="), seed=550 + n)) if dtype == "<i8" else seeds(np.dtype(dtype).newbyteorder("="), seed=550 + n) for n in range(count)]
        content = bytes(range(256)) * 2
        content = content[:more.get("headerBytes", 0)] + b"".join(block.astype(dtype).tobytes(order="F") for block in blocks)
        path = f"files/raw-{name}"
        put(book, path, content)
        values = [book.values(f"{path.replace('/', '-')}-{n}", native(block), n) for n, block in enumerate(blocks)]
        raw = {"shape": list(SHAPE), "dataType": np.dtype(dtype).name, **more}
        book.case(path, "raw", native(blocks[0]).dtype, [level(SHAPE, (1, 1, 1), None, values)], channels=count, features=["raw"], voxel_size_known=False, raw=raw)
    put(book, "bad/raw-140.raw", bytes(140))
    for name, raw, mentions in (
        ("none", None, ["nothing says"]), ("short", {"shape": [7, 5, 5], "dataType": "uint8"}, ["140", "175"]), ("long", {"shape": [7, 5, 3], "dataType": "uint8"}, ["140", "105"]),
        ("huge", {"shape": [2**52, 2**52, 2**52], "dataType": "uint8"}, ["more voxels"]), ("header", {"shape": [7, 5, 4], "dataType": "uint8", "headerBytes": 1}, ["140", "141"]),
    ):
        note(book, "bad/raw-140.raw", "open", "invalid-options", f"a layout that does not fit: {name}", mentions=mentions, **({"raw": raw} if raw else {}))
        book.bad[-1]["name"] = f"bad/raw-{name}"


# ---- DM3 and DM4 ----------------------------------------------------------------------------------------------------

#: Codes of types of tags, and of voxels.
TAG = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "bool": 8, "i1": 9, "u1": 10, "i8": 11, "u8": 12}
VOXEL = {"int16": 1, "float32": 2, "complex64": 3, "uint8": 6, "int32": 7, "int8": 9, "uint16": 10, "uint32": 11, "float64": 12, "complex128": 13, "rgb": 23, "int64": 39, "uint64": 40}


class Dm:
    """Writes a tree of tags. A group is a list of (name, value); values are groups, numpy scalars, arrays and strings, which are arrays of 16-bit letters."""

    def __init__(self, version, order):
        self.version, self.order = version, order

    def count(self, n):
        return struct.pack(">Q" if self.version == 4 else ">I", n)

    def group(self, tags):
        return b"\0\1" + self.count(len(tags)) + b"".join(self.tag(name, value) for name, value in tags)

    def tag(self, name, value):
        kind = 20 if isinstance(value, list) else 21
        body = self.group(value) if kind == 20 else self.value(value)
        name = name.encode()
        return bytes([kind]) + struct.pack(">H", len(name)) + name + (self.count(len(body)) if self.version == 4 else b"") + body

    def value(self, value):
        if isinstance(value, str):
            value = np.frombuffer(value.encode("utf-16-le"), "<u2")
        if isinstance(value, tuple):  # a struct
            types = [n for field in value for n in (0, TAG[field.dtype.str[1:]])]
            return self.typed([15, 0, len(value), *types], b"".join(self.ordered(field) for field in value))
        value = np.asarray(value)
        code = TAG[value.dtype.str[1:]] if value.dtype.kind != "c" else TAG["f8"]
        return self.typed([20, code, value.size] if value.ndim else [code], self.ordered(value))

    def typed(self, numbers, content):
        return b"%%%%" + self.count(len(numbers)) + b"".join(self.count(n) for n in numbers) + content

    def ordered(self, value):
        return np.asarray(value).astype(np.asarray(value).dtype.newbyteorder(self.order)).tobytes(order="F")

    def file(self, tags):
        root = self.group(tags)
        return struct.pack(">I", self.version) + self.count(len(root)) + struct.pack(">I", int(self.order == "<")) + root + bytes(8)


def image(block, scales, kind=None, data=None):
    """The tags of an image [x, y, …] with (scale, unit) along each axis."""
    calibrations = [("", [("Origin", np.float32(0)), ("Scale", np.float32(scale)), ("Units", unit)]) for scale, unit in scales]
    return [("ImageData", [
        ("Calibrations", [("Brightness", [("Origin", np.float32(0)), ("Scale", np.float32(1)), ("Units", "")]), ("Dimension", calibrations), ("DisplayCalibratedUnits", np.uint8(1))]),
        ("Data", block.reshape(-1, order="F") if data is None else data), ("DataType", np.uint32(VOXEL[kind or block.dtype.name])),
        ("Dimensions", [("", np.uint32(n)) for n in block.shape]), ("PixelDepth", np.uint32(block.dtype.itemsize)),
    ]), ("Name", "an image"), ("UniqueID", [("", np.uint32(n)) for n in range(4)])]


THUMBNAIL = image(np.zeros((40, 30), np.uint32), [(1, ""), (1, "")], "rgb")
AROUND = [("ApplicationBounds", (np.int32(0), np.int32(0), np.int32(768), np.int32(1024))), ("DocumentObjectList", [("", [("AnnotationType", np.uint32(20)), ("Label", "")])]), ("HasWindowPosition", np.uint8(1))]


def dm_file(version, order, images, thumbnail=True):
    """A file of these images, the thumbnail before them."""
    listed = [THUMBNAIL, *images] if thumbnail else images
    tags = [*AROUND, ("ImageList", [("", tags) for tags in listed]), ("InImageMode", np.uint8(1))]
    if thumbnail:
        tags.append(("Thumbnails", [("", [("ImageIndex", np.uint32(0)), ("SourceSize_Pixels", (np.int32(40), np.int32(30)))])]))
    return Dm(version, order).file(tags)


def dm(book, name, block, scales, size, *, version=3, order="<", thumbnail=True, axes=(), values=None, known=True, more=(), read=True):
    """A case; ncempy must read the same from it."""
    path = f"files/{name}.dm{version}"
    file = put(book, path, dm_file(version, order, [image(block, scales), *more], thumbnail))
    if read:
        found = ncem.dmReader(file)
        assert found["data"].dtype == block.dtype and np.array_equal(found["data"].T, block), path
        assert np.allclose(found["pixelSize"][::-1], [s for s, _ in scales]) and found["pixelUnit"][::-1] == [u for _, u in scales], path
    values = values or [((0, {}), block.reshape(block.shape + (1,) * (3 - block.ndim)))]
    short = path.replace("/", "-")
    blocks = [book.values(f"{short}-{n}", native(np.ascontiguousarray(b)), channel, at) for n, ((channel, at), b) in enumerate(values)]
    book.case(path, "dm", native(values[0][1]).dtype, [level(values[0][1].shape, size, None, blocks)], other_axes=axes, features=["dm", f"dm{version}"], voxel_size_known=known)


def dm_cases(book):
    """Both versions and byte orders, types, stacks, units, thumbnails; what is refused and what is damaged."""
    nm = [(4, "nm"), (4, "nm")]
    for number, dtype in enumerate(("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")):
        dm(book, f"plane-{dtype}", seeds(dtype, (9, 6, 1), 560 + number)[..., 0], nm, [4, 4, 4], version=3 + number % 2)
    # ncempy does not know these two.
    for dtype in ("uint64", "int64"):
        dm(book, f"plane-{dtype}", np.abs(seeds(dtype, (9, 6, 1), 570))[..., 0] if dtype == "int64" else seeds(dtype, (9, 6, 1), 570)[..., 0], nm, [4, 4, 4], version=4, read=False)
    for version in (3, 4):
        dm(book, "stack", seeds("int16", seed=571), [(2, "nm"), (2, "nm"), (30, "nm")], [2, 2, 30], version=version)
        dm(book, "big-endian", seeds("uint16", seed=572), [(0.5, "\u00b5m"), (0.25, "\u00b5m"), (2, "\u00b5m")], [500, 250, 2000], version=version, order=">", read=False)
        dm(book, "no-thumbnail", seeds("float32", seed=573), [(2, "nm"), (2, "nm"), (1, "")], [2, 2, 2], version=version, thumbnail=False)
    dm(book, "spectra", seeds("float32", seed=574), [(3, "nm"), (5, "nm"), (0.25, "eV")], [3, 5, 3], version=4)
    dm(book, "reciprocal", seeds("uint16", (9, 6, 1), 575)[..., 0], [(0.01, "1/nm"), (0.01, "1/nm")], [1, 1, 1], known=False)
    small = image(np.zeros((2, 2), np.float32), nm)
    dm(book, "two-images", seeds("uint16", seed=576), [(2, "nm"), (2, "nm"), (2, "nm")], [2, 2, 2], version=4, more=[small])
    four = np.stack([seeds("uint8", seed=577 + n) for n in range(2)], -1)
    dm(book, "four", four, [*nm, (4, "nm"), (1, "s")], [4, 4, 4], version=4, axes=[("dim_3", 2)], values=[((0, {"dim_3": n}), four[..., n]) for n in range(2)])

    block = seeds("uint16", seed=580)
    good = {version: dm_file(version, "<", [image(block, [*nm, (4, "nm")])]) for version in (3, 4)}
    plane = np.zeros((4, 4), np.float64)
    for name, kind, word in (("complex64", "complex64", "complex64"), ("complex128", "complex128", "complex128"), ("rgb", "rgb", "RGB")):
        put(book, f"files/refuse-{name}.dm3", dm_file(3, "<", [image(np.ones((50, 50)), nm, kind)]))
        book.refuse(f"files/refuse-{name}.dm3", word)
    at = {version: content.index(block.astype("<u2").tobytes(order="F")) for version, content in good.items()}
    deep = [("x", np.uint8(1))]
    for _ in range(70):
        deep = [("deeper", deep)]
    for name, version, content, mentions, why in (
        ("empty", 3, b"", ["ends"], "nothing"), ("html", 3, HTML, ["version"], "a page for people"), ("version-5", 4, b"\0\0\0\5" + good[4][4:], ["5"], "version 5"),
        ("byte-order", 3, good[3][:8] + b"\0\0\0\7" + good[3][12:], ["byte order"], "a byte order that is none"), ("cut-voxels", 3, good[3][:at[3] + 20], ["ends within"], "ends within its voxels"),
        ("cut-voxels", 4, good[4][:at[4] + 20], ["ends within"], "ends within its voxels"), ("cut-tags", 4, good[4][:300], ["ends within"], "ends within its tags"),
        ("many", 4, good[4][:18] + b"\xff" * 8 + good[4][26:], [], "2^64 tags"), ("deep", 4, Dm(4, "<").file(deep), ["deep"], "70 groups within each other"),
        ("no-image", 4, Dm(4, "<").file(AROUND), ["no image"], "no image"), ("only-thumbnail", 3, dm_file(3, "<", []), ["no image"], "a thumbnail alone"),
        ("sizes", 3, dm_file(3, "<", [image(plane, nm, data=np.zeros(1500, np.float64))]), ["12000"], "sizes that do not take the bytes"),
        ("no-delimiter", 3, good[3].replace(b"%%%%", b"%!%%", 1), ["%%%%"], "no delimiter before a value"), ("type", 3, good[3].replace(b"%%%%\0\0\0\1\0\0\0\x0a", b"%%%%\0\0\0\1\0\0\0\x63", 1), ["99"], "an unknown type"),
        ("kind", 3, good[3][:18] + b"\x07" + good[3][19:], ["kind 7"], "a tag of an unknown kind"),
    ):
        path = f"bad/dm-{name}.dm{version}"
        assert content not in good.values(), path
        put(book, path, content)
        note(book, path, "open", "bad-metadata", why, mentions=mentions)


def foreign(book):
    """Files of formats that others read are refused by their names."""
    for ending, word in (("czi", "CZI"), ("lif", "LIF"), ("nd2", "ND2"), ("oir", "Olympus"), ("vsi", "Olympus"), ("h5", "HDF5"), ("mrc", "MRC")):
        put(book, f"files/refuse.{ending}", b"nothing of that kind")
        book.refuse(f"files/refuse.{ending}", word)


def write(book):
    """Everything that is one file."""
    nifti_cases(book)
    nifti_broken(book)
    raw_cases(book)
    dm_cases(book)
    foreign(book)
