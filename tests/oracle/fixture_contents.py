"""Writes tests/data/fixture_contents.json: what must be read from the annotations, properties, skeletons, meshes and tables in ../shared/fixtures.

    VENV/bin/python tests/oracle/fixture_contents.py

Only facts go into the list: counts, sums, bounds. They come from the values that came with the fixtures, from cloud-volume, Python's csv;
nothing of neurolume's.
"""

import csv
import json
import pathlib

import numpy as np
from cloudvolume import CloudVolume

from contents import Cases, column, mesh_facts


def annotations(cases, folder):
    rows = list(csv.DictReader((folder / "generated/base/hemibrain_synapses.csv").open()))
    path = "generated/precomputed/annotations_points"
    nm = np.array([[float(row[axis]) for axis in "xyz"] for row in rows]) * 8
    # The writer aligned the property after the first float to 3 bytes: only what comes before is where the description says.
    cases.case("hemibrain synapses", path, {"kind": "annotations"}, annotations={
        "shape": "point", "count": len(rows), "complete": True, "sumsNm": nm.sum(0).tolist()})
    for body in sorted({row["body"] for row in rows}):
        own = [row for row in rows if row["body"] == body]
        cases.case(f"hemibrain synapses of {body}", path, {"kind": "annotations", "relatedTo": body}, annotations={"count": len(own), "sumsNm": (np.array([[float(row[a]) for a in "xyz"] for row in own]) * 8).sum(0).tolist()})
    cases.case("hemibrain synapse 50", path, {"kind": "annotations", "id": "50"}, annotations={
        "count": 1, "positionsNm": [nm[50].tolist()], "related": [[rows[50]["body"]]], "properties": {"confidence": [[float(rows[50]["confidence"])]]}})
    low, high = nm.mean(0) - 20_000, nm.mean(0) + 20_000
    inside = int(((nm >= low) & (nm <= high)).all(1).sum())
    cases.case("hemibrain synapses in a box", path, {"kind": "annotations", "boxNm": {"min": low.tolist(), "max": high.tolist()}}, annotations={"count": inside, "complete": True})
    path = "formats/h01-annotations"
    # Of the spatial index, the first level is here alone.
    cases.case("H01: all that is here", path, {"kind": "annotations", "most": 1}, annotations={"shape": "point", "count": 10043, "complete": False})
    cases.case("H01: one", path, {"kind": "annotations", "id": "3867588737"}, annotations={"count": 1, "positionsNm": [[1937760, 1318752, 96921]]})
    cases.case("H01: of a skeleton", path, {"kind": "annotations", "relatedTo": "243895108", "relationship": "skeleton_id"}, annotations={"count": 4, "properties": {"class_label": [[0]] * 4}})


def segment_properties(cases, folder):
    inline = json.loads((folder / "generated/precomputed/segment_properties/info").read_text())["inline"]
    by_id = {p["id"]: p for p in inline["properties"]}
    cases.case("bodies", "generated/precomputed/segment_properties", {"kind": "segment-properties"}, segmentProperties={
        "ids": inline["ids"], "labels": by_id["label"]["values"], "columns": {"voxels": {"type": "uint32", "values": by_id["voxels"]["values"]}},
        "tags": [[by_id["tags"]["tags"][i] for i in own] for own in by_id["tags"]["values"]]})


def skeletons(cases, folder, expected):
    for id_, one in expected["precomputed/skeletons"]["segments"].items():
        cases.case(f"skeleton {id_}", "generated/precomputed/skeletons", {"kind": "skeleton", "id": id_}, skeleton={
            "vertices": one["vertices"], "edges": one["edges"], "cableNm": one["cable_length_stored_units"], "boundsNm": [one["min"], one["max"]]})
    cv = CloudVolume(f"precomputed://file://{folder}/sample/fib25-igneous/seg", progress=False)
    for path in sorted((folder / "sample/fib25-igneous/seg/skeletons_mip_1").glob("[0-9]*"))[:20]:
        if path.name.isdigit():
            skeleton = cv.skeleton.get(int(path.name))
            cases.case(f"sample: skeleton {path.name}", "sample/fib25-igneous/seg/skeletons_mip_1", {"kind": "skeleton", "id": path.name}, skeleton={
                "vertices": len(skeleton.vertices), "edges": len(skeleton.edges), "cableNm": float(skeleton.cable_length()),
                "attributes": {"radius": {"sum": float(skeleton.radius.astype(np.float64).sum())}}})


def meshes(cases, folder, expected, copied):
    for id_, parts in expected["precomputed/mesh_legacy"]["segments"].items():
        bounds = [np.min([p["min_nm"] for p in parts], 0).tolist(), np.max([p["max_nm"] for p in parts], 0).tolist()]
        cases.case(f"legacy mesh {id_}", "generated/precomputed/mesh_legacy", {"kind": "mesh", "id": id_}, mesh={
            "vertices": sum(p["vertices"] for p in parts), "triangles": sum(p["triangles"] for p in parts), "boundsNm": bounds, "levels": 1})
    for id_, one in copied["seg/pinky40-compresso"]["legacy_meshes"].items():
        cases.case(f"pinky40 mesh {id_}", "seg/pinky40-compresso/mesh_mip_2_err_40", {"kind": "mesh", "id": id_}, mesh={n: one[n] for n in ("vertices", "triangles")})
    for id_, one in expected["precomputed/mesh_multires_draco"]["segments"].items():
        size, origin = np.array(one["chunk_shape"]), np.array(one["grid_origin"])
        for level, lod in enumerate(one["lods"]):
            parts = lod["fragments"]
            corner = lambda name: np.array([origin + size * 2**level * (np.array(p["pos"]) + np.array(p[name]) / 65535) for p in parts if p["bytes"]]) * 20
            cases.case(f"multi-resolution mesh {id_}, level {level}", "generated/precomputed/mesh_multires_draco", {"kind": "mesh", "id": id_, "level": level}, mesh={
                "vertices": sum(p["vertices"] for p in parts if p["bytes"]), "triangles": sum(p["triangles"] for p in parts if p["bytes"]), "level": level, "levels": one["num_lods"],
                "boundsNm": [corner("quantized_min").min(0).tolist(), corner("quantized_max").max(0).tolist()]})
    # The shard of this folder, which its info speaks of; the files beside it are another meshing.
    cv = CloudVolume(f"precomputed://file://{folder}/sample/fib25-igneous/seg", mesh_dir="mesh_legacy", progress=False)
    for path in sorted((folder / "sample/fib25-igneous/seg/mesh_legacy").glob("*.index"), key=lambda path: int(path.stem))[::12]:
        id_ = int(path.stem)
        count = cv.mesh.get_manifest(id_).num_lods
        for level in range(count):
            mesh = cv.mesh.get(id_, lod=level)[id_]
            facts = mesh_facts(mesh.vertices, mesh.faces, level=level, levels=int(count))
            del facts["vertices"]  # cloud-volume joins those that are equal
            cases.case(f"sample: sharded mesh {id_}, level {level}", "sample/fib25-igneous/seg/mesh_legacy", {"kind": "mesh", "id": str(id_), "level": level}, mesh=facts)
    cases.case("sample: no mesh", "sample/fib25-igneous/seg/mesh_legacy", {"kind": "mesh", "id": "999999999"}, mesh=None)


def tables(cases, folder):
    def integers(rows, name):
        values = [int(row[name]) for row in rows]
        return column(values, "int64" if min(values) < 0 else "uint64")

    path = "tables/fib25-training2_synapse_candidates.csv"
    rows = list(csv.DictReader((folder / path).open()))
    cases.case("synapse candidates", path, {"kind": "table"}, table={"rows": len(rows), "columns": {
        **{n: integers(rows, n) for n in ("id", "pre_pt_x", "post_pt_z", "pre_neuron_id", "post_neuron_id", "size_vx")}, "score": column([float(row["score"]) for row in rows], "float64")}})
    path = "neurons/hemibrain-DA1/synapses/722817260.csv"
    rows = list(csv.DictReader((folder / path).open()))
    cases.case("hemibrain connectors", path, {"kind": "table"}, table={"rows": len(rows), "columns": {
        **{n: integers(rows, n) for n in ("node_id", "x")}, "type": column([row["type"] for row in rows], "text")}})
    path = "neurons/synanno-golden/neuron_3896803064_synapses.csv"
    rows = list(csv.DictReader((folder / path).open()))
    cases.case("H01 synapses", path, {"kind": "table", "columns": ["pre_neuron_id", "post_neuron_id"]}, table={"rows": len(rows), "columns": {n: integers(rows, n) for n in ("pre_neuron_id", "post_neuron_id")}})


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = (here.parent.parent / "../shared/fixtures").resolve()
    expected, copied = (json.loads((folder / name).read_text()) for name in ("generated/expected.json", "expected.copied.json"))
    cases = Cases(folder)
    annotations(cases, folder)
    segment_properties(cases, folder)
    skeletons(cases, folder, expected)
    meshes(cases, folder, expected, copied)
    tables(cases, folder)
    cases.write(here.parent / "data/fixture_contents.json")
    print(f"{len(cases.cases)} reads of what is no volume in the fixtures")


if __name__ == "__main__":
    main()
