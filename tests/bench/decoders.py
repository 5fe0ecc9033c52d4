"""MB/s of C libraries on the chunks that `cargo xtask bench --decoders` wrote: python3 decoders.py FOLDER

Writes c.json there. Packages: simplejpeg (libjpeg-turbo), zstandard, numcodecs (c-blosc), compressed-segmentation, google-crc32c;
gzip is Python's zlib, and deflate (libdeflate) where installed. What is missing is named and left out.
"""

import json
import pathlib
import sys
import time
import zlib

SECONDS = 0.4


def decoders():
    """Case prefix → (library, function of bytes and the decoded length)."""
    found = {"gzip": [("zlib", lambda b, n: zlib.decompress(b, 31, n))], "zlib": [("zlib", lambda b, n: zlib.decompress(b, 15, n))]}

    def add(codec, package, make):
        try:
            found.setdefault(codec, []).append((package, make(__import__(package))))
        except ImportError:
            print(f"!! {package} is not installed: no figure for {codec}")

    def blosc(numcodecs):
        numcodecs.blosc.use_threads = False
        return lambda b, n: numcodecs.blosc.decompress(b)

    def crc32c(google_crc32c):
        return lambda b, n: b[:-4] if google_crc32c.value(b[:-4]) == int.from_bytes(b[-4:], "little") else None

    segmentation = lambda m: lambda b, n: m.decompress(b, (64, 64, 64), "uint64", block_size=(8, 8, 8), order="F").tobytes("F")
    add("jpeg", "simplejpeg", lambda m: lambda b, n: m.decode_jpeg(b, "GRAY"))
    add("compressed_segmentation", "compressed_segmentation", segmentation)
    add("zstd", "zstandard", lambda m: m.ZstdDecompressor().decompress)
    add("blosc", "numcodecs", blosc)
    add("crc32c", "google_crc32c", crc32c)
    add("gzip", "deflate", lambda m: lambda b, n: m.gzip_decompress(b, n))
    return found


def speed(decode, chunks):
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        before = time.perf_counter()
        for encoded, raw in chunks:
            decode(encoded, len(raw))
        best = min(best, time.perf_counter() - before)
    return sum(len(raw) for _, raw in chunks) / best / 1e6


def main(folder):
    figures, known = {}, decoders()
    for case in sorted(folder.glob("inputs/*/*")):
        files = [file for file in sorted(case.iterdir()) if not file.suffix]
        chunks = [(file.read_bytes(), file.with_suffix(".raw").read_bytes()) for file in files]
        name = f"{case.parent.name} {case.name}"
        for place, (library, decode) in enumerate(known.get(case.name.split(".")[0], [])):
            for encoded, raw in chunks:
                assert bytes(decode(encoded, len(raw))) == raw, f"{name}: {library} gives other bytes"
            figure = speed(decode, chunks)
            if place == 0:
                figures[name] = figure
            else:
                print(f"{name}: {library} {figure:.0f} MB/s")
    (folder / "c.json").write_text(json.dumps(figures))


main(pathlib.Path(sys.argv[1]))
