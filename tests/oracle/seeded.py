"""The arrays that everything in tests/data is written from. All are indexed [x, y, z] and made from a seed."""

import numpy as np


def grey(shape, seed=1):
    """uint8, smooth and image-like: what JPEG is made for."""
    rng = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    total = np.full(shape, 128.0)
    for _ in range(6):
        k = rng.uniform(-0.45, 0.45, 3)
        total += rng.uniform(8, 24) * np.sin(k[0] * x + k[1] * y + k[2] * z + rng.uniform(0, 6.28))
    return np.clip(np.rint(total + rng.normal(0, 2, shape)), 1, 255).astype(np.uint8)


def values(dtype, shape, seed=2):
    """Any type, over its whole range: slabs of few distinct values (so that codecs have something to compress), noise
    along z's upper third, both extremes in the first voxels. Never equal to 0 over a whole chunk."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng([seed, dtype.itemsize, ord(dtype.kind)])
    x, y, z = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    if dtype.kind == "f":
        table = rng.normal(0, 1000, 64).astype(dtype)
        noise = rng.normal(0, 1e-3, shape).astype(dtype)
        low, high = np.finfo(dtype).min, np.finfo(dtype).max
    else:
        info = np.iinfo(dtype)
        low, high = info.min, info.max
        table = rng.integers(low, high, 64, dtype=dtype, endpoint=True)
        noise = rng.integers(low, high, shape, dtype=dtype, endpoint=True)
    block = table[(x // 3 + 5 * (y // 2) + 11 * z) % 64]
    upper = z >= shape[2] - max(1, shape[2] // 3)
    block = np.where(upper, noise, block)
    block[0, 0, 0], block[1, 0, 0] = low, high
    return block


def labels(dtype, shape, seed=3, cells=24):
    """Voronoi cells with ids over the type's whole range; 0 and the largest id occur, most u64 ids exceed 2^53."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng([seed, dtype.itemsize])
    points = rng.uniform(0, 1, (cells, 3)) * np.array(shape)
    grid = np.stack(np.meshgrid(*[np.arange(n) + 0.5 for n in shape], indexing="ij"), -1)
    nearest = ((grid[..., None, :] - points) ** 2).sum(-1).argmin(-1)
    ids = rng.integers(1, np.iinfo(dtype).max, cells, dtype=dtype)
    ids[0], ids[1], ids[2] = 0, np.iinfo(dtype).max, 1
    return ids[nearest]


def cleared(block, boxes, fill=0):
    """The block with the given (min, max) boxes set to the fill value: chunks there will not be written."""
    block = block.copy()
    for lower, upper in boxes:
        block[tuple(slice(a, b) for a, b in zip(lower, upper))] = fill
    return block
