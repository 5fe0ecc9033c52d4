"""TIFF stacks, OME-TIFF and sequences of images: written by tifffile, imagecodecs and Pillow, each read back by another of them where it can; what is
broken, and what is refused.
"""

import re
import struct
import warnings

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

import seeded
from bad import HTML, note, put
from book import box, level

SHAPE = (20, 14, 5)  # x, y, z
NM = 2.54e7  # of an inch


def pages(block):
    """A block [x, y, z] or [x, y, z, c] as images [z, y, x] or [z, y, x, c]."""
    return np.ascontiguousarray(np.moveaxis(block, (0, 1, 2), (2, 1, 0)))


def colours(dtype, shape, count, seed):
    """A block [x, y, z, c]."""
    return np.stack([seeded.values(dtype, shape, 1000 * n + seed) for n in range(count)], -1)


def folder(book, name):
    """The place of a file, whose folder is there."""
    path = book.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_stack(book, name, block, **options):
    """Writes a block as the images of one file, one after the other."""
    path = folder(book, name)
    options = {"photometric": "rgb" if block.ndim == 4 and block.shape[3] in (3, 4) else "minisblack", "metadata": None, **options}
    tifffile.imwrite(path, pages(block), **options)
    return path


def by_pillow(path):
    """The images of a file as Pillow (libtiff) reads them, as a block; None for types that it has not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                frames = []
                for number in range(getattr(image, "n_frames", 1)):
                    image.seek(number)
                    frames.append(np.asarray(image))
    except (OSError, KeyError, SyntaxError, ValueError):
        return None
    return np.moveaxis(np.stack(frames), (2, 1, 0), (0, 1, 2))


def by_tifffile(path):
    """The images of a file as tifffile reads them, as a block."""
    with tifffile.TiffFile(path) as tiff:
        images = np.stack([page.asarray() for page in tiff.pages])
    return np.moveaxis(images, (2, 1, 0), (0, 1, 2))


def check(path, block, tolerance=0, readers=(by_pillow, by_tifffile)):
    """Both readers give the block, where they know its type."""
    for read in readers:
        got = read(path)
        if got is None or got.dtype.itemsize != block.dtype.itemsize:
            assert read is by_pillow, path
            continue
        assert got.shape == block.shape, (path, read, got.shape, block.shape)
        wide = got.astype(block.dtype).astype(np.int64) - block.astype(np.int64) if tolerance else got.astype(block.dtype) != block
        assert (np.abs(wide) <= tolerance).all(), (path, read)


#: Words of the names of cases that say what a file has.
WORDS = ("strips", "tiles", "lzw", "deflate", "packbits", "jpeg", "zstd", "lzma", "horizontal", "float", "big", "rgb", "planar", "palette", "pyramid", "png", "tiff", "lost")


def case(book, name, block, *, path=None, size=(1, 1, 1), chunk=None, format="tiff", known=False, features=(), smaller=(), **more):
    """Adds a case of a block [x, y, z] or [x, y, z, c]."""
    levels = []
    for number, (part, factor) in enumerate([(block, (1, 1, 1)), *smaller]):
        values = [book.values(f"{name.replace('/', '-')}-{number}-{c}", part[..., c] if part.ndim == 4 else part, channel=c)
                  for c in range(part.shape[3] if part.ndim == 4 else 1)]
        levels.append(level(part.shape[:3], [s * f for s, f in zip(size, factor)], chunk if number == 0 else None, values))
    channels = block.shape[3] if block.ndim == 4 else 1
    book.case(path or name, format, block.dtype, levels, name=name, channels=channels, features=features, voxel_size_known=known, **more)


# ---- one file -------------------------------------------------------------------------------------------------------

def types(book):
    """Every data type in both orders of bytes, in strips that are not compressed."""
    for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"):
        block = seeded.values(dtype, SHAPE, 400)
        for order in "<>" if dtype not in ("int8", "uint64") else "<":
            name = f"tiff/{dtype}{'-big' if order == '>' else ''}.tif"
            path = write_stack(book, name, block, byteorder=order, rowsperstrip=4)
            check(path, block)
            case(book, name, block, chunk=[20, 14, 1])


def encodings(book):
    """Compressions and predictors, in strips and tiles."""
    plain = [("lzw", "lzw", {}), ("deflate", "adobe_deflate", {}), ("deflate-old", "deflate", {}), ("packbits", "packbits", {}), ("zstd", "zstd", {"level": 3}), ("lzma", "lzma", {})]
    for number, (name, compression, args) in enumerate(plain):
        block = seeded.values("uint16", SHAPE, 410 + number)
        for layout, options, chunk in (("strips", {"rowsperstrip": 5}, [20, 14, 1]), ("tiles", {"tile": (16, 16)}, [16, 16, 1])):
            path = write_stack(book, f"tiff/{name}-{layout}.tif", block, compression=compression, compressionargs=args, **options)
            check(path, block)
            case(book, f"tiff/{name}-{layout}.tif", block, chunk=chunk)
    for dtype in ("uint8", "uint16", "int32", "uint64"):
        for order in "<>":
            block = seeded.values(dtype, SHAPE, 420)
            name = f"tiff/horizontal-{dtype}{'-big' if order == '>' else ''}.tif"
            path = write_stack(book, name, block, compression="lzw" if order == "<" else "zlib", predictor=2, byteorder=order, tile=(16, 16))
            # Pillow swaps bytes of 32-bit types once more after libtiff has done so.
            check(path, block, readers=(by_tifffile,) if (dtype, order) == ("int32", ">") else (by_pillow, by_tifffile))
            case(book, name, block)
    for dtype in ("float32", "float64"):
        for order in "<>":
            block = seeded.values(dtype, SHAPE, 421)
            name = f"tiff/float-{dtype}{'-big' if order == '>' else ''}.tif"
            path = write_stack(book, name, block, compression="zlib", predictor=3, byteorder=order, rowsperstrip=5)
            check(path, block, readers=(by_tifffile,) if order == ">" else (by_pillow, by_tifffile))
            case(book, name, block)
    block = colours("uint16", (20, 14, 5), 3, 422)
    path = write_stack(book, "tiff/horizontal-rgb.tif", block, compression="lzw", predictor=2, rowsperstrip=5)
    check(path, block)
    case(book, "tiff/horizontal-rgb.tif", block)
    # An image that is one large strip, of which chunks are cut.
    block = seeded.labels("uint32", (1100, 1050, 1), 423)
    path = write_stack(book, "tiff/large-strip.tif", block, compression="zlib", predictor=2, rowsperstrip=1050)
    check(path, block)
    case(book, "tiff/large-strip.tif", block, chunk=[512, 512, 1])
    # Few pixels a strip, many strips a chunk; the last strip has one row.
    block = np.repeat(seeded.values("uint8", (7, 1601, 3), 424)[..., :1], 100, axis=0)
    path = write_stack(book, "tiff/many-strips.tif", block, compression="packbits", rowsperstrip=8)
    check(path, block)
    case(book, "tiff/many-strips.tif", block, chunk=[700, 1496, 1])


def jpegs(book):
    """JPEG: grey and colour, in tiles with tables of their own and in strips that share one."""
    grey = seeded.grey((40, 37, 3), 430)
    path = write_stack(book, "tiff/jpeg-tiles.tif", grey, compression="jpeg", compressionargs={"level": 90}, tile=(16, 16))
    decoded = by_tifffile(path)
    check(path, decoded, 1)
    case(book, "tiff/jpeg-tiles.tif", decoded, tolerance=2, chunk=[16, 16, 1])
    colour = np.stack([seeded.grey((40, 37, 3), n) for n in (431, 432, 433)], -1)
    path = write_stack(book, "tiff/jpeg-ycbcr.tif", colour, compression="jpeg", compressionargs={"level": 95, "subsampling": "444"}, subsampling=(1, 1), rowsperstrip=16)
    decoded = by_tifffile(path)
    check(path, decoded, 2)
    case(book, "tiff/jpeg-ycbcr.tif", decoded, tolerance=2, features=["jpeg:ycbcr"])
    # libtiff writes tables once for all strips.
    path = folder(book, "tiff/jpeg-tables.tif")
    images = [Image.fromarray(page) for page in pages(grey)]
    images[0].save(path, save_all=True, append_images=images[1:], compression="jpeg", quality=90)
    decoded = by_pillow(path)
    with tifffile.TiffFile(path) as tiff:
        assert all(page.jpegtables for page in tiff.pages)
    check(path, decoded, 1)
    case(book, "tiff/jpeg-tables.tif", decoded, tolerance=2, features=["jpeg:tables"])
    images = [Image.fromarray(page) for page in pages(colour)]
    path = folder(book, "tiff/jpeg-rgb-tables.tif")
    images[0].save(path, save_all=True, append_images=images[1:], compression="jpeg", quality=95)
    decoded = by_pillow(path)
    check(path, decoded, 3)
    case(book, "tiff/jpeg-rgb-tables.tif", decoded, tolerance=3, features=["jpeg:tables"])


def channels(book):
    """Several channels a pixel, together and apart; what white and colours of a palette are."""
    block = colours("uint8", (20, 14, 5), 3, 440)
    for name, options in (("chunky", {}), ("planar", {"planarconfig": "separate"}), ("chunky-tiles", {"tile": (16, 16), "compression": "lzw"}), ("planar-tiles", {"tile": (16, 16), "planarconfig": "separate", "compression": "lzw"})):
        data = pages(block)
        path = folder(book, f"tiff/rgb-{name}.tif")
        if "planar" in name:
            data = np.moveaxis(data, 3, 1)
        with tifffile.TiffWriter(path) as tiff:
            for page in data:
                tiff.write(page, photometric="rgb", metadata=None, contiguous=False, **options)
        got = by_pillow(path)
        assert (got == block).all(), name
        case(book, f"tiff/rgb-{name}.tif", block)
    block = colours("uint16", (20, 14, 5), 4, 441)
    path = write_stack(book, "tiff/rgba-16.tif", block, extrasamples=["unassalpha"], byteorder=">")
    check(path, block)
    case(book, "tiff/rgba-16.tif", block)
    block = seeded.values("uint8", SHAPE, 442)
    path = write_stack(book, "tiff/white-is-zero.tif", 255 - block, photometric="miniswhite", rowsperstrip=6)
    assert (by_pillow(path) == block).all()
    case(book, "tiff/white-is-zero.tif", block)
    block = seeded.values("uint16", SHAPE, 443)
    write_stack(book, "tiff/white-is-zero-16.tif", 65535 - block, photometric="miniswhite", byteorder=">")
    case(book, "tiff/white-is-zero-16.tif", block)
    block = seeded.values("uint8", SHAPE, 444)
    path = write_stack(book, "tiff/palette.tif", block, photometric="palette", colormap=seeded.values("uint16", (3, 256, 1), 445)[..., 0])
    check(path, block)
    case(book, "tiff/palette.tif", block)


def stacks(book):
    """Many images: how they follow each other, and what is said of their size."""
    block = seeded.values("uint8", (9, 7, 120), 450)
    path = write_stack(book, "tiff/stack-at-end.tif", block)
    check(path, block)
    case(book, "tiff/stack-at-end.tif", block)
    path = write_stack(book, "tiff/stack-big.tif", block, bigtiff=True, byteorder=">")
    check(path, block)
    case(book, "tiff/stack-big.tif", block)
    # libtiff puts each directory after its pixels: at equal distances, or not where they are compressed.
    images = [Image.fromarray(page) for page in pages(block)]
    for name, options in (("regular", {}), ("packed", {"compression": "tiff_lzw"})):
        path = folder(book, f"tiff/stack-{name}.tif")
        images[0].save(path, save_all=True, append_images=images[1:], **options)
        check(path, block)
        with tifffile.TiffFile(path) as tiff:
            steps = {b.offset - a.offset for a, b in zip(tiff.pages[1:], tiff.pages[2:])}
        assert (len(steps) == 1) == (name == "regular"), (name, steps)
        case(book, f"tiff/stack-{name}.tif", block)
    block = seeded.values("uint16", SHAPE, 451)
    for name, resolution, unit, size in (("cm", (2.5e6, 1.25e6), 3, (4, 8, 4)), ("inch", (NM / 4, NM / 5), 2, (4, 5, 4)), ("none", (5, 5), 1, (1, 1, 1)), ("printer", (300, 300), 2, (1, 1, 1))):
        path = write_stack(book, f"tiff/resolution-{name}.tif", block, resolution=resolution, resolutionunit=unit)
        case(book, f"tiff/resolution-{name}.tif", block, size=size, known=size != (1, 1, 1))
    # Old programs leave lengths of strips out, or say that an image is one strip of any length.
    path = write_stack(book, "tiff/no-lengths.tif", block, rowsperstrip=4)
    retag(path, 279, 65001)
    case(book, "tiff/no-lengths.tif", block)
    path = write_stack(book, "tiff/one-strip.tif", block)
    patch_value(path, 278, 2**32 - 1)
    check(path, block)
    case(book, "tiff/one-strip.tif", block)


def pyramids(book):
    """Smaller versions: below each image, or after the only one."""
    block = seeded.values("uint16", (61, 47, 3), 460)
    small = block[:-1:2, :-1:2][:30, :23]
    path = folder(book, "tiff/tree.tif")
    with tifffile.TiffWriter(path) as tiff:
        for full, half in zip(pages(block), pages(small)):
            tiff.write(full, tile=(16, 16), compression="zlib", subifds=1, metadata=None, photometric="minisblack", contiguous=False)
            tiff.write(half, tile=(16, 16), compression="zlib", subfiletype=1, metadata=None, photometric="minisblack")
    with tifffile.TiffFile(path) as tiff:
        assert [len(page.subifds) for page in tiff.pages] == [1] * 3
        assert (tiff.pages[2].pages[0].asarray() == pages(small)[2]).all()
    case(book, "tiff/tree.tif", block, smaller=[(small, (2, 2, 1))], chunk=[16, 16, 1])
    one = block[..., :1]
    path = folder(book, "tiff/pyramid.tif")
    smaller = [(one[::2, ::2], (2, 2, 1)), (one[::4, ::4], (4, 4, 1))]
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for number, (part, _) in enumerate([(one, ()), *smaller]):
            tiff.write(pages(part)[0], rowsperstrip=9, subfiletype=min(number, 1), metadata=None, photometric="minisblack")
    assert [page.shape for page in tifffile.TiffFile(path).pages] == [(47, 61), (24, 31), (12, 16)]
    case(book, "tiff/pyramid.tif", one, smaller=smaller)


def retag(path, old, new):
    """Calls a field of all images of a classic file of little-endian numbers something else; fields need not be in order."""
    each_field(path, lambda data, at, tag: struct.pack_into("<H", data, at, new) if tag == old else None)


def patch_value(path, wanted, value):
    """Another value of 32 bits."""
    each_field(path, lambda data, at, tag: struct.pack_into("<HII", data, at + 2, 4, 1, value) if tag == wanted else None)


def each_field(path, change):
    """Calls `change(data, place, tag)` for all fields of all images."""
    data = bytearray(path.read_bytes())
    at = struct.unpack_from("<I", data, 4)[0]
    while at:
        count = struct.unpack_from("<H", data, at)[0]
        for field in range(at + 2, at + 2 + 12 * count, 12):
            change(data, field, struct.unpack_from("<H", data, field)[0])
        at = struct.unpack_from("<I", data, at + 2 + 12 * count)[0]
    path.write_bytes(data)


# ---- ImageJ and OME -------------------------------------------------------------------------------------------------

def hyper(book, path, block, order, at_time, **more):
    """Adds a case of a block [t, c, x, y, z]."""
    times, channels = block.shape[:2]
    values = [book.values(f"{path.replace('/', '-')}-{t}-{c}", block[t, c], channel=c, at={"t": t} if times > 1 else None)
              for t in range(times) for c in range(channels)]
    levels = [level(block.shape[2:], more.pop("size", (1, 1, 1)), more.pop("chunk", None), values)]
    book.case(path, "tiff", block.dtype, levels, kind="image", channels=channels, other_axes=[("t", times)] if times > 1 else [], features=[order], voxel_size_known=at_time, **more)


def hyperstack(dtype, times, channels, seed):
    """A block [t, c, x, y, z]."""
    return np.stack([np.stack([seeded.values(dtype, (12, 9, 4), seed + 10 * t + c) for c in range(channels)]) for t in range(times)])


def imagej(book):
    """What ImageJ and tifffile in its manner write."""
    block = hyperstack("uint16", 2, 3, 470)
    path = folder(book, "tiff/imagej-hyperstack.tif")
    options = {"imagej": True, "resolution": (1 / 0.004, 1 / 0.005)}
    tifffile.imwrite(path, block.transpose(0, 4, 1, 3, 2), metadata={"axes": "TZCYX", "unit": "um", "spacing": 0.03}, **options)
    assert (tifffile.imread(path) == block.transpose(0, 4, 1, 3, 2)).all()
    assert (by_pillow(path)[..., 1 + 3 * 2] == block[0, 1, ..., 2]).all()
    hyper(book, "tiff/imagej-hyperstack.tif", block, "imagej", True, size=(4, 5, 30))
    # A stack beyond 4 GiB has one directory.
    data = bytearray(path.read_bytes())
    order = ">" if data[:2] == b"MM" else "<"
    first = struct.unpack_from(order + "I", data, 4)[0]
    struct.pack_into(order + "I", data, first + 2 + 12 * struct.unpack_from(order + "H", data, first)[0], 0)
    folder(book, "tiff/imagej-one-directory.tif").write_bytes(data)
    assert (tifffile.imread(book.root / "tiff/imagej-one-directory.tif") == block.transpose(0, 4, 1, 3, 2)).all()
    hyper(book, "tiff/imagej-one-directory.tif", block, "imagej", True, size=(4, 5, 30))
    single = block[:1, :1]
    path = folder(book, "tiff/imagej-packed.tif")
    tifffile.imwrite(path, single[0, 0].T, compression="zlib", metadata={"axes": "ZYX", "unit": "pixel", "spacing": 3}, **options)
    hyper(book, "tiff/imagej-packed.tif", single, "imagej", False)
    colour = np.stack([seeded.values("uint8", (12, 9, 4), n) for n in (475, 476, 477)])[None]
    path = folder(book, "tiff/imagej-rgb.tif")
    tifffile.imwrite(path, colour[0].transpose(3, 2, 1, 0), imagej=True, metadata={"axes": "ZYXS"})
    assert (tifffile.imread(path) == colour[0].transpose(3, 2, 1, 0)).all()
    hyper(book, "tiff/imagej-rgb.tif", colour, "imagej", False)


UUID = "urn:uuid:00000000-0000-0000-0000-000000000001"
SIZES = {"PhysicalSizeX": 0.004, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 5, "PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 300, "PhysicalSizeZUnit": "Å"}


def ome(book):
    """OME-TIFF: orders of dimensions, colours, smaller versions, more than one file."""
    block = hyperstack("uint16", 2, 3, 480)
    for axes, transpose in (("TZCYX", (0, 4, 1, 3, 2)), ("CTZYX", (1, 0, 4, 3, 2)), ("ZTCYX", (4, 0, 1, 3, 2))):
        name = f"tiff/ome-{axes.lower()}.ome.tif"
        path = folder(book, name)
        data = block.transpose(transpose)
        tifffile.imwrite(path, data, ome=True, photometric="minisblack", metadata={"axes": axes, "UUID": UUID, **SIZES})
        assert (tifffile.imread(path) == data).all()
        hyper(book, name, block, "ome", True, size=(4, 5, 30))
    colour = np.stack([seeded.values("uint8", (12, 9, 4), n) for n in (485, 486, 487)])[None]
    path = folder(book, "tiff/ome-rgb.ome.tif")
    tifffile.imwrite(path, colour[0].transpose(3, 2, 1, 0), ome=True, photometric="rgb", metadata={"axes": "ZYXS", "UUID": UUID})
    hyper(book, "tiff/ome-rgb.ome.tif", colour, "ome", False)
    full = seeded.values("uint8", (50, 41, 3), 488)
    half = full[::2, ::2]
    path = folder(book, "tiff/ome-pyramid.ome.tif")
    with tifffile.TiffWriter(path, ome=True, bigtiff=True) as tiff:
        tiff.write(pages(full), subifds=1, tile=(16, 16), compression="lzw", photometric="minisblack", metadata={"axes": "ZYX", "UUID": UUID, **SIZES})
        tiff.write(pages(half), subfiletype=1, tile=(16, 16), compression="lzw", photometric="minisblack")
    with tifffile.TiffFile(path) as tiff:
        assert (tiff.series[0].levels[1].asarray() == pages(half)).all()
    case(book, "tiff/ome-pyramid.ome.tif", full, size=(4, 5, 30), known=True, smaller=[(half, (2, 2, 1))], chunk=[16, 16, 1])
    # Two files, each of a channel; the first has been renamed since. One plane was never written.
    block = hyperstack("uint16", 1, 2, 490)
    block[0, 1, ..., 3] = 0
    data = "".join(f'<TiffData FirstC="{c}" IFD="0" PlaneCount="{4 - c}"><UUID FileName="{name}">{uuid}</UUID></TiffData>'
                   for c, name, uuid in ((0, "old-name.ome.tif", UUID), (1, "ome-second.ome.tif", UUID[:-1] + "2")))
    pixels = f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="12" SizeY="9" SizeZ="4" SizeC="2" SizeT="1">{data}</Pixels>'
    for c, name, uuid in ((0, "ome-first", UUID), (1, "ome-second", UUID[:-1] + "2")):
        xml = f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuid}"><Image ID="Image:0">{pixels}</Image></OME>'
        path = folder(book, f"tiff/{name}.ome.tif")
        tifffile.imwrite(path, block[0, c].T[:4 - c], photometric="minisblack", metadata=None, description=xml, rowsperstrip=3)
    values = [book.values(f"tiff-ome-files-{c}", block[0, c], channel=c, absent=[box((0, 0, 3), (12, 9, 1))] if c else []) for c in range(2)]
    book.case("tiff/ome-first.ome.tif", "tiff", "uint16", [level((12, 9, 4), (1, 1, 1), [12, 9, 1], values)], kind="image", channels=2, features=["ome:files"], voxel_size_known=False)


# ---- sequences ------------------------------------------------------------------------------------------------------

def save(path, page):
    """Writes one image by its ending; PNG of 16 bits a channel by imagecodecs, which Pillow has not."""
    if path.suffix == ".png":
        path.write_bytes(imagecodecs.png_encode(page))
    elif path.suffix == ".jpg":
        path.write_bytes(imagecodecs.jpeg8_encode(page, level=90))
    else:
        tifffile.imwrite(path, page, photometric="rgb" if page.ndim == 3 else "minisblack", metadata=None)


def sequences(book):
    """Files of one image each."""
    cases = [
        ("png-8", "png", seeded.values("uint8", SHAPE, 500), "slice_{000..004}.png", "slice_{:03}.png", {"chunk": [20, 14, 1]}),
        ("png-16", "png", seeded.values("uint16", SHAPE, 501), "slice_{0..4}.png", "slice_{}.png", {}),
        ("png-rgb", "png", colours("uint8", (20, 14, 3), 3, 502), "{8..10}.png", "{}.png", {"first": 8}),
        ("png-rgb-16", "png", colours("uint16", (20, 14, 3), 3, 503), "{08..10}.png", "{:02}.png", {"first": 8}),
        ("png-large", "png", np.moveaxis(seeded.labels("uint8", (2, 700, 1030), 504), 2, 1).transpose(1, 2, 0), "s{1..2}.png", "s{}.png", {"first": 1, "chunk": [512, 512, 1]}),
        ("tiff", "tif", seeded.values("int16", SHAPE, 505), "a+b {00..04}.tif", "a+b {:02}.tif", {"chunk": [20, 14, 1]}),
        ("tiff-rgb", "tif", colours("uint8", (20, 14, 3), 3, 506), "{0..2}.tif", "{}.tif", {}),
    ]
    for name, _, block, template, pattern, options in cases:
        for number, page in enumerate(pages(block), options.pop("first", 0)):
            path = folder(book, f"images/{name}/{pattern.format(number)}")
            save(path, page)
            if page.dtype == np.uint8 or page.ndim == 2 and page.dtype == np.uint16:
                assert (np.asarray(Image.open(path)) == page).all(), path
        case(book, f"images/{name}", block, path=f"images/{name}/{template}", format="images", **options)
    for name, block in (("jpeg-grey", seeded.grey((40, 37, 3), 510)), ("jpeg-rgb", np.stack([seeded.grey((40, 37, 3), n) for n in (511, 512, 513)], -1))):
        decoded = []
        for number, page in enumerate(pages(block)):
            path = folder(book, f"images/{name}/{number}.jpg")
            path.write_bytes(imagecodecs.jpeg8_encode(page, level=90, subsampling="444"))
            decoded.append(np.asarray(Image.open(path)))
        decoded = np.moveaxis(np.stack(decoded), (2, 1, 0), (0, 1, 2))
        case(book, f"images/{name}", decoded, path=f"images/{name}/{{0..2}}.jpg", format="images", tolerance=2)
    # Of slices that were lost.
    for name, ending in (("png-lost", "png"), ("tiff-lost", "tif")):
        block = seeded.values("uint8", SHAPE, 514)
        block[..., 2] = 0
        for number, page in enumerate(pages(block)):
            if number != 2:
                save(folder(book, f"images/{name}/{number}.{ending}"), page)
        values = [book.values(f"images-{name}", block, absent=[box((0, 0, 2), (20, 14, 1))])]
        book.case(f"images/{name}/{{0..4}}.{ending}", "images", "uint8", [level(SHAPE, (1, 1, 1), [20, 14, 1], values)], name=f"images/{name}", kind="image", voxel_size_known=False)
    page = seeded.values("uint8", (20, 14, 1), 515)
    save(folder(book, "images/one.png"), pages(page)[0])
    case(book, "images/one.png", page, format="images")


# ---- what is refused, what is broken --------------------------------------------------------------------------------

def refusals(book):
    """What is not read, by name."""
    def refuse(name, data, *words, **options):
        path = folder(book, f"tiff/refuse-{name}.tif")
        tifffile.imwrite(path, data, **{"metadata": None, "photometric": "minisblack", **options})
        book.refuse(f"tiff/refuse-{name}.tif", *words)
        return path

    page = seeded.values("uint8", (20, 14, 1), 520)[..., 0].T
    refuse("bilevel", page > 100, "uint1")
    refuse("float16", page.astype("float16"), "float16")
    refuse("complex", page.astype("complex64"), "complex64")
    refuse("cmyk", np.stack([page] * 4, -1), "CMYK", photometric="separated")
    refuse("webp", np.stack([page] * 3, -1), "WebP", photometric="rgb", compression="webp")
    refuse("jpeg2000", page, "JPEG 2000", compression="jpeg2000")
    refuse("jpegxl", page, "JPEG XL", compression="jpegxl")
    for name, tag, value, words in (("old-jpeg", 259, 6, "old-style JPEG"), ("fax", 259, 4, "fax"), ("compression", 259, 12345, "12345"), ("bits", 266, 2, "fill order"), ("mask", 262, 4, "mask"), ("lab", 262, 8, "L*a*b*"), ("predictor", 317, 34892, "predictor")):
        path = refuse(name, page, words, compression="lzw", predictor=2)
        if tag == 266:  # in place of the name of the program
            retag(path, 305, tag)
        patch_value(path, tag, value)
    path = folder(book, "images/refuse-palette.png")
    Image.fromarray(page).convert("P").save(path)
    book.refuse("images/refuse-palette.png", "palette")
    path = folder(book, "images/refuse-bilevel.png")
    Image.fromarray(page > 100).save(path)
    book.refuse("images/refuse-bilevel.png", "1 bits")
    path = folder(book, "images/refuse-cmyk.jpg")
    Image.merge("CMYK", [Image.fromarray(page)] * 4).save(path, quality=90)
    book.refuse("images/refuse-cmyk.jpg", "4 channels")


def broken(book):
    """What is wrong with a file, told at once or when a slice of it is read."""
    block = seeded.values("uint16", SHAPE, 530)
    good = folder(book, "bad/tiff-good.tif")

    def fresh(**options):
        tifffile.imwrite(good, pages(block), metadata=None, photometric="minisblack", **{"compression": "zlib", "rowsperstrip": 14, **options})
        with tifffile.TiffFile(good) as tiff:
            places = [page.offset for page in tiff.pages]
            strips = [(page.dataoffsets[0], page.databytecounts[0]) for page in tiff.pages]
        data = good.read_bytes()
        good.unlink()
        return bytearray(data), places, strips

    def field(data, at, tag):
        count = struct.unpack_from("<H", data, at)[0]
        return next(f for f in range(at + 2, at + 2 + 12 * count, 12) if struct.unpack_from("<H", data, f)[0] == tag)

    def end(data, at):  # where the place of the next directory is
        return at + 2 + 12 * struct.unpack_from("<H", data, at)[0]

    def opens_not(name, data, *mentions, code="bad-metadata"):
        folder(book, f"bad/tiff-{name}.tif").write_bytes(data)
        note(book, f"bad/tiff-{name}.tif", "open", code, f"a TIFF file: {name}", mentions=mentions)

    opens_not("html", HTML, "II")
    opens_not("empty", b"", "bytes")
    opens_not("header-only", b"II*\0\x08\0\0\0", "outside")
    opens_not("no-image", b"II*\0\0\0\0\0", "no image")
    opens_not("version", b"II\x2b\x01\x08\0\0\0", "version")
    data, places, _ = fresh()
    opens_not("directory-cut", data[:places[-1] + 20], "outside")
    opens_not("loop", put(end(data, places[3]), "<I", places[1])(data), "leads back")
    opens_not("no-fields", put(places[0], "<H", 0)(data), "0 fields")
    for name, tag, kind, value, word in (
        ("no-width", 256, "<I", 0, "ImageWidth"), ("wide", 256, "<I", 2**31, "ImageWidth"), ("no-height", 257, "<I", 0, "ImageLength"), ("samples", 277, "<I", 0, "SamplesPerPixel"),
    ):
        data, places, _ = fresh()
        opens_not(name, put(field(data, places[0], tag) + 8, kind, value)(data), word)
    for name, tag, value, word in (("planar", 284, 3, "PlanarConfiguration"), ("sample-format", 339, 9, "SampleFormat")):
        data, places, _ = fresh()
        # In place of the name of the program.
        opens_not(name, put(field(data, places[0], 305), "<HHII", tag, 3, 1, value)(data), word)
    data, places, _ = fresh(rowsperstrip=7)
    opens_not("few-strips", put(field(data, places[0], 257) + 8, "<I", 140)(data), "strips")
    opens_not("many-values", put(field(data, places[0], 273) + 4, "<I", 2**31)(data), "field")
    opens_not("kind", put(field(data, places[0], 256) + 2, "<H", 99)(data), "unknown type")
    opens_not("text", put(field(data, places[0], 256) + 2, "<H", 2)(data), "ImageWidth")
    for name, text, word in (("imagej-number", "ImageJ=1.53c\nimages=many\n", "images"), ("imagej-more", "ImageJ=1.53c\nimages=6\nslices=6\n", "6"), ("imagej-product", "ImageJ=1.53c\nimages=5\nslices=4\n", "5"),
                             ("ome-cut", "<OME><Image><Pixels></OME>", "OME-XML"), ("ome-size", '<OME><Image><Pixels DimensionOrder="XYZCT" SizeX="9" SizeY="14" SizeZ="5" SizeC="1" SizeT="1"/></Image></OME>', "9"),
                             ("ome-entity", '<!DOCTYPE OME [<!ENTITY a "b">]><OME>&a;</OME>', "DOCTYPE"), ("ome-companion", '<OME><BinaryOnly MetadataFile="x.companion.ome"/></OME>', "x.companion.ome")):
        data, _, _ = fresh(description=text)
        opens_not(name, data, word)

    def reads_not(name, data, *mentions, slice=4, code="bad-data"):
        folder(book, f"bad/tiff-{name}.tif").write_bytes(data)
        rest = {"box": box((0, 0, 0), (20, 14, 1)), "array": book.array("bad-tiff-good", block[..., :1])}
        note(book, f"bad/tiff-{name}.tif", "read", code, f"a slice: {name}", format="tiff", level=0, box=box((0, 0, slice), (20, 14, 1)), good=rest, mentions=mentions)

    data, places, strips = fresh()
    at, length = strips[4]
    reads_not("noise", put(at + 4, "<Q", 2**63 + 5)(data), "strip 0 of image 4")
    reads_not("strip-short", put(field(data, places[4], 279) + 8, "<I", length - 9)(data), "strip 0")
    reads_not("strip-outside", put(field(data, places[4], 273) + 8, "<I", 2**31)(data), "outside")
    reads_not("strip-huge", put(field(data, places[4], 279) + 8, "<I", 2**30)(data), "more than")
    reads_not("other-width", put(field(data, places[2], 256) + 8, "<I", 19)(data), "19 × 14", slice=2)
    data, places, _ = fresh(compression=None)
    reads_not("raw-short", put(field(data, places[4], 279) + 8, "<I", 20)(data), "20 bytes")
    for name, compression in (("lzw", "lzw"), ("packbits", "packbits"), ("zstd", "zstd"), ("lzma", "lzma")):
        data, places, strips = fresh(compression=compression)
        at, length = strips[4]
        reads_not(f"{name}-short", put(field(data, places[4], 279) + 8, "<I", length // 2)(data), "strip 0")
    # Slices of a sequence that are not like the first.
    small = seeded.values("uint8", (9, 8, 3), 531)
    for name, ending, other, words in (
        ("size", "png", seeded.values("uint8", (9, 7, 1), 532), ("9 × 7", "1.png")), ("type", "png", seeded.values("uint16", (9, 8, 1), 533), ("uint16", "1.png")),
        ("tiff-size", "tif", seeded.values("uint8", (9, 7, 1), 532), ("9 × 7", "1.tif")), ("cut", "png", None, ("1.png",)), ("html", "png", HTML, ("1.png",)),
    ):
        for number, page in enumerate(pages(small)):
            path = folder(book, f"bad/images-{name}/{number}.{ending}")
            save(path, page)
            if number == 1 and other is None:
                path.write_bytes(path.read_bytes()[:-30])
            elif number == 1 and isinstance(other, bytes):
                path.write_bytes(other)
            elif number == 1:
                save(path, pages(other)[0])
        rest = {"box": box((0, 0, 2), (9, 8, 1)), "array": book.array("bad-images-good", small[..., 2:])}
        note(book, f"bad/images-{name}/{{0..2}}.{ending}", "read", "bad-data", f"a slice: {name}", format="images", level=0, box=box((0, 0, 1), (9, 8, 1)), good=rest, mentions=words)
    note(book, "bad/images-none/{0..2}.png", "open", "not-found", "no such files", mentions=["0.png"])
    note(book, "bad/images-many_{0..99999999}.png", "open", "bad-metadata", "more files than are read", mentions=["131072"])


def write(book):
    """Everything of TIFF and of sequences."""
    types(book)
    encodings(book)
    jpegs(book)
    channels(book)
    stacks(book)
    pyramids(book)
    imagej(book)
    ome(book)
    sequences(book)
    # The names of these cases are made of what is special about them.
    for one in book.cases:
        if one["format"] in ("tiff", "images"):
            words = re.split(r"[-/.]", one["name"])
            one["features"] += [word for word in WORDS if word in words and word not in one["features"]]
    refusals(book)
    broken(book)
