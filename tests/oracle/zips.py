"""ZIP archives, written by Python's zipfile: volumes of the other parts packed, the files of the store contract, and damaged archives.

Each archive's volume must read as the folder that it was made of.
"""

import struct
import zipfile

from bad import note

DATE = (2000, 1, 1, 0, 0, 0)
CONTRACT = {"digits": b"0123456789", "empty": b"", "a/b/c.0-64_-5-35_17-41": b"deep", "odd +%20#?&=\u00e9/x y": b"odd name"}


def pack(path, files, method=zipfile.ZIP_STORED, comment=b"", folders=()):
    """Writes an archive of these files (name → bytes), in this order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for name in folders:
            archive.writestr(zipfile.ZipInfo(name + "/", DATE), b"")
        for name, content in files.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = method
            archive.writestr(info, content)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in files} == files


def tree(folder, prefix=""):
    """The files below a folder."""
    return {prefix + str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def as_packed(book, path, original, inside="", **more):
    """The case of a volume, once more as it lies in an archive."""
    case = next(c for c in book.cases if c["name"] == original)
    where = f"{path}|zip:{inside}" if inside else path
    assert all(c["name"] != where for c in book.cases), where
    book.cases.append({**case, "name": where, "path": where, "features": [*case["features"], "zip"], **more})


def volumes(book):
    """Volumes in archives of each kind."""
    root = book.root
    for original, name, method in (
        ("ome/0.5-sharded", "ome-sharded-stored", zipfile.ZIP_STORED),
        ("precomputed/scales-image", "precomputed-deflated", zipfile.ZIP_DEFLATED),
        ("zarr/v2-blosc-zstd-shuffle", "zarr-v2-deflated", zipfile.ZIP_DEFLATED),
    ):
        pack(root / f"zip/{name}.zip", tree(root / original), method, comment=b"a comment behind the end record" if method else b"")
        as_packed(book, f"zip/{name}.zip", original)
    # All in one folder, as file managers pack; and with the place named as Neuroglancer's pipelines do.
    pack(root / "zip/in-folder.zip", tree(root / "precomputed/cseg-u64", "cells/"), folders=["cells"])
    as_packed(book, "zip/in-folder.zip", "precomputed/cseg-u64")
    pack(root / "zip/two-volumes.ozx", {**tree(root / "precomputed/cseg-u32", "a/"), **tree(root / "zarr/v3-gzip", "b c/")})
    as_packed(book, "zip/two-volumes.ozx", "precomputed/cseg-u32", "a/")
    as_packed(book, "zip/two-volumes.ozx", "zarr/v3-gzip", "b%20c")
    # What zipfile writes for archives of more than 4 GiB, with its limits lowered: ZIP64 records, and sizes in extra fields.
    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 100, 1
    try:
        pack(root / "zip/zip64.zip", tree(root / "zarr/v3-sharded-end-raw"))
    finally:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
    content = (root / "zip/zip64.zip").read_bytes()
    assert b"PK\6\6" in content and b"PK\6\7" in content and b"\xff\xff\xff\xff" in content
    as_packed(book, "zip/zip64.zip", "zarr/v3-sharded-end-raw")
    for name, method in (("contract-stored", zipfile.ZIP_STORED), ("contract-deflated", zipfile.ZIP_DEFLATED)):
        pack(root / f"zip/{name}.zip", CONTRACT, method)


def damaged(book):
    """Archives that are not what they say."""
    files = tree(book.root / "precomputed/raw-uint8")
    whole = book.root / "bad/zip-whole.zip"
    pack(whole, files)
    good = whole.read_bytes()
    whole.unlink()
    directory = good.index(b"PK\1\2")
    end = good.rindex(b"PK\5\6")

    def put(at, layout, *numbers):
        content = bytearray(good)
        struct.pack_into("<" + layout, content, at, *numbers)
        return bytes(content)

    def of(needle, content=good):  # the central entry of the file `info`
        return next(at for at in range(directory, end) if content[at:at + 4] == b"PK\1\2" and content[at + 46:at + 50] == needle)

    info = of(b"info")
    body = good.index(files["info"])
    for name, content, mentions, why in (
        ("cut-off", good[:end - 10], ["end record"], "the end is missing"),
        ("empty", b"", ["too short"], "nothing at all"),
        ("html", b"<!doctype html><title>Sign in</title>" * 3, ["end record"], "a page for people"),
        ("directory-outside", put(end + 16, "I", 0x7fffffff), ["directory"], "the directory lies beyond the end"),
        ("directory-garbage", put(directory, "I", 0), ["directory"], "no entry where the first should be"),
        ("encrypted", put(info + 8, "H", 1), ["encrypted"], "the flag of encryption"),
        ("method-12", put(info + 10, "H", 12), ["12"], "bzip2"),
        ("checksum", good[:body] + b"[" + good[body + 1:], ["checksum"], "a changed byte"),
        ("sizes-differ", put(info + 24, "I", 5), ["instead of 5"], "another length than what comes out"),
        ("no-header", put(info + 42, "I", 7), ["no file begins"], "no local header where one should be"),
        ("huge", put(info + 20, "II", 0xfffffffe, 0xfffffffe), [], "four gigabytes of metadata"),
    ):
        path = book.root / f"bad/zip-{name}.zip"
        path.write_bytes(content)
        note(book, f"bad/zip-{name}.zip", "open", "bad-data", why, mentions=mentions)


def write(book):
    """Every archive. Comes after the parts whose volumes it packs."""
    volumes(book)
    damaged(book)
