"""Writes tests/data/datasource/by-webknossos.json: a description as WEBKNOSSOS's own library writes it; `--read FILE` prints what it reads of one.

It needs an environment of its own: webknossos==4.3.3, which wants other versions of what the other oracles use.
"""

import json
import sys
from pathlib import Path

from webknossos.dataset_properties import (
    DatasetProperties,
    DatasetViewConfiguration,
    LayerProperties,
    LayerViewConfiguration,
    MagViewProperties,
    SegmentationLayerProperties,
    VoxelSize,
)
from webknossos.dataset_properties.coordinate_transformations import AffineCoordinateTransformation, ThinPlateSplineCoordinateTransformation
from webknossos.dataset_properties.data_format import DataFormat
from webknossos.dataset_properties.length_unit import LengthUnit
from webknossos.dataset_properties.structuring import get_dataset_converter
from webknossos.geometry import BoundingBox

OUT = Path(__file__).parent.parent / "data" / "datasource" / "by-webknossos.json"


def box(corner, size):
    return BoundingBox(corner, size).normalize_axes(1)


def mag(text, path):
    return MagViewProperties(mag=text, path=path)


def properties():
    image = LayerProperties(
        name="em",
        category="color",
        bounding_box=box((5, 3, 2), (27, 22, 15)),
        dtype="uint8",
        data_format=DataFormat.WKW,
        mags=[mag("1", "https://data.example/ds/em/1"), mag("2-2-1", "https://data.example/ds/em/2-2-1")],
        default_view_configuration=LayerViewConfiguration(color=(255, 128, 0), alpha=75, intensity_range=(20.0, 200.0), is_inverted=True, min=0, max=255),
        coordinate_transformations=[AffineCoordinateTransformation([[0, -1, 0, 30], [1, 0, 0, -4], [0, 0, 2, 6], [0, 0, 0, 1]])],
    )
    warped = LayerProperties(
        name="warped",
        category="color",
        bounding_box=box((0, 0, 0), (64, 64, 32)),
        dtype="uint16",
        data_format=DataFormat.Zarr3,
        mags=[mag("1", "https://data.example/warped/0")],
        coordinate_transformations=[ThinPlateSplineCoordinateTransformation(source=[[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]], target=[[1, 2, 3], [12, 2, 3], [1, 13, 3], [1, 2, 14]])],
    )
    cells = SegmentationLayerProperties(
        name="cells",
        category="segmentation",
        bounding_box=box((5, 3, 2), (27, 22, 15)),
        dtype="uint64",
        data_format=DataFormat.NeuroglancerPrecomputed,
        mags=[mag("2", "https://data.example/cells/22_22_56")],
        largest_segment_id=2**64 - 1,
        default_view_configuration=LayerViewConfiguration(alpha=30, is_disabled=True),
    )
    return DatasetProperties(
        id={"name": "described", "team": "lab"},
        scale=VoxelSize(factor=(0.01124, 0.01124, 0.028), unit=LengthUnit.MICROMETER),
        data_layers=[image, warped, cells],
        version=1,
        default_view_configuration=DatasetViewConfiguration(position=(16, 12, 9), zoom=2.5, rotation=(30, 40, 50), interpolation=False, blend_mode="Cover"),
    )


def read(path):
    """Members that have a meaning of their own there, as it understands them."""
    converter = get_dataset_converter()
    dataset = converter.structure(json.loads(Path(path).read_text()), DatasetProperties)
    return converter.unstructure(dataset)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps(read(sys.argv[2]), indent=1, default=str))
    else:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(get_dataset_converter().unstructure(properties()), indent=1) + "\n")
