"""Writes tests/data from seeded arrays with other people's libraries, and what must be read from it.

    python -m venv VENV && VENV/bin/pip install -r tests/oracle/requirements.txt && VENV/bin/python tests/oracle/make.py [OUT]

OUT is tests/data unless given. Running it twice gives the same bytes. README.md describes what it writes.
"""

import gzip
import pathlib
import shutil
import sys
import types

import bad
import contents
import files_cases
import n5_cases
import ome
import precomputed
import tiff_cases
import wkw_cases
import zarr_cases
import zips
from book import Book

PARTS = ("arrays", "precomputed", "zarr", "ome", "bad", "n5", "wkw", "zip", "files", "tiff", "images", "contents")


def main():
    """Removes what an earlier run wrote, then writes everything."""
    gzip.time = types.SimpleNamespace(time=lambda: 0)  # writers put the hour into the header otherwise
    here = pathlib.Path(__file__).resolve().parent
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here.parent / "data"
    for part in PARTS:
        shutil.rmtree(root / part, ignore_errors=True)
    book = Book(root)
    for part in (precomputed, zarr_cases, ome, bad, n5_cases, wkw_cases, zips, files_cases, tiff_cases):
        part.write(book)
    contents.write(root)
    book.write(root / "expected.json")
    files = [f for f in root.rglob("*") if f.is_file()]
    size = sum(f.stat().st_size for f in files)
    print(f"{len(book.cases)} volumes, {len(book.refusals)} refusals, {len(book.bad)} bad, {len(files)} files, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
