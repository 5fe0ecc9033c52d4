"""Writes tests/data/downsample.json: what TensorStore makes of seeded blocks when it averages them.

    VENV/bin/python tests/oracle/downsample.py
"""

import json
import pathlib

import numpy as np
import tensorstore

import seeded

TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]


def x_fastest(block):
    return block.astype(block.dtype.newbyteorder("<")).tobytes(order="F").hex()


def main():
    cases = []
    for dtype in TYPES:
        # Sums of floats depend on their order unless each is whole.
        block = np.rint(seeded.values(dtype, (7, 5, 6)).clip(-999, 999)) if dtype.startswith("float") else seeded.values(dtype, (7, 5, 6))
        for factors in [[2, 2, 1], [2, 2, 2], [3, 1, 2]]:
            mean = tensorstore.downsample(tensorstore.array(block), factors, "mean").read().result()
            cases.append({"dataType": dtype, "shape": list(block.shape), "factors": factors, "voxels": x_fastest(block), "meanShape": list(mean.shape), "mean": x_fastest(mean)})
    path = pathlib.Path(__file__).resolve().parent.parent / "data" / "downsample.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
