//! Every volume of `tests/data`, and of the fixtures where present, opened and read natively: values exactly as other
//! implementations wrote or read them, refusals and damage with their codes.
#![cfg(feature = "decode")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::rc::Rc;

use neurolume::error::ViewerError;
use neurolume::format::{ChunkSource, FormatError, RawLayout, Said, Selection};
use neurolume::geometry::VoxelBox;
use neurolume::runtime::Cancel;
use neurolume::store::FileProvider;
use support::expected::{self, Array, Bad, Case, Expected, Values};

fn open(path: &Path, raw: Option<&RawLayout>) -> Result<Box<dyn ChunkSource>, FormatError> {
    let url = path.to_str().unwrap();
    let said = Said { raw: raw.cloned(), ..Said::default() };
    pollster::block_on(neurolume::format::open(Rc::new(FileProvider), url, &said, &Cancel::never()))
}

/// The error code as the public API spells it.
fn code_of(error: &ViewerError) -> String {
    serde_json::to_value(error.code).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn own_volumes_read_exactly() {
    let folder = support::data_folder();
    let expected = expected::read(&folder.join("expected.json")).unwrap();
    check_all(&folder, &expected);
}

#[test]
fn fixtures_read_exactly() {
    let Some(folder) = support::fixtures_folder() else {
        return;
    };
    let Some(expected) = expected::read(&support::data_folder().join("fixtures.json")) else {
        eprintln!("SKIPPED: no fixtures.json");
        return;
    };
    check_all(&folder, &expected);
}

fn check_all(folder: &Path, expected: &Expected) {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in &expected.cases {
        count += 1;
        if let Err(reason) = check_case(folder, &expected.arrays, case) {
            failures.push(format!("{}: {reason}", case.name));
        }
    }
    for refusal in &expected.refusals {
        count += 1;
        if let Err(reason) = check_refusal(&folder.join(&refusal.path), &refusal.code, &refusal.names) {
            failures.push(format!("{}: {reason}", refusal.name));
        }
    }
    for bad in &expected.bad {
        count += 1;
        if let Err(reason) = check_bad(folder, &expected.arrays, bad) {
            failures.push(format!("{}: {reason}", bad.name));
        }
    }
    assert!(failures.is_empty(), "{} of {count} fail:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 0, "nothing was checked");
}

fn check_case(folder: &Path, arrays: &std::collections::BTreeMap<String, Array>, case: &Case) -> Result<(), String> {
    let source = open(&folder.join(&case.path), case.raw.as_ref()).map_err(|error| error.to_string())?;
    let spec = source.spec();
    same("format", serde_json::to_value(spec.format).unwrap().as_str(), Some(&*case.format))?;
    same("data type", spec.data_type.name(), &*case.data_type)?;
    same("channels", spec.channels, case.channels)?;
    if let Some(kind) = spec.kind {
        same("kind", serde_json::to_value(kind).unwrap().as_str(), Some(&*case.kind))?;
    }
    let axes: Vec<_> = spec.other_axes.iter().map(|axis| expected::Axis { name: axis.name.clone(), size: axis.size }).collect();
    same("other axes", &axes, &case.other_axes)?;
    same("levels", spec.levels.len(), case.levels.len())?;
    let flat = |orientation: Option<[[f64; 3]; 3]>| orientation.map(|rows| rows.concat());
    let (turned, wanted) = (flat(spec.orientation), flat(case.orientation));
    // Files hold it in single precision.
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 2e-6;
    if turned.is_some() != wanted.is_some() || !turned.iter().flatten().zip(wanted.iter().flatten()).all(near) {
        return Err(format!("orientation {turned:?} instead of {wanted:?}"));
    }
    for (number, wanted) in case.levels.iter().enumerate() {
        let level = &spec.levels[number];
        same("box", level.voxel_box, wanted.voxel_box)?;
        same("chunk shape", wanted.chunk_shape.map(|_| level.chunk_shape), wanted.chunk_shape)?;
        // What is turned lies where directions in single precision say.
        let tolerance = if spec.orientation.is_some() { 1e-7 } else { 1e-9 };
        let near = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0));
        if !near(&level.voxel_size_nm, &wanted.voxel_size_nm) || !near(&level.offset_nm, &wanted.offset_nm) {
            return Err(format!("level {number}: voxel size {:?}, offset {:?}", level.voxel_size_nm, level.offset_nm));
        }
        for values in &wanted.values {
            check_values(folder, &*source, number, values, &arrays[&values.array], case.tolerance)
                .map_err(|reason| format!("level {number}, channel {}, at {:?}: {reason}", values.channel, values.at))?;
        }
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got:?} instead of {wanted:?}")) }
}

fn check_values(
    folder: &Path,
    source: &dyn ChunkSource,
    number: usize,
    values: &Values,
    array: &Array,
    tolerance: u8,
) -> Result<(), String> {
    let selection = Selection { channel: values.channel, at: values.at.clone() };
    let level = support::read_level(source, number, &selection).map_err(|error| error.to_string())?;
    same("shape", level.block.shape, array.shape)?;
    same("type", level.block.data_type.name(), &*array.data_type)?;
    let inside = |chunk: &VoxelBox| values.absent.iter().any(|absent| absent.intersection(chunk) == *chunk);
    if let Some(chunk) = level.absent.iter().find(|chunk| !inside(chunk)) {
        return Err(format!("{chunk:?} is absent"));
    }
    let absent_voxels = |boxes: &[VoxelBox]| boxes.iter().map(VoxelBox::volume).sum::<u64>();
    same("absent voxels", absent_voxels(&level.absent), absent_voxels(&values.absent))?;
    if let Some(wanted) = array.bytes(folder) {
        same("bytes", level.block.data.len(), wanted.len())?;
        return compare(&level.block.data, &wanted, tolerance);
    }
    if tolerance == 0 {
        same("sha256", sha256(&level.block.data), array.sha256.clone())?;
    }
    for [x, y, z, value] in &array.probes {
        let at = [x, y, z].map(|n| u32::try_from(n.as_u64().unwrap()).unwrap());
        let bits = level.block.bits(at).ok_or("a probe lies outside")?;
        check_probe(level.block.data_type, bits, value, tolerance).map_err(|reason| format!("at {at:?}: {reason}"))?;
    }
    Ok(())
}

fn check_probe(data_type: neurolume::voxel::DataType, bits: u64, value: &serde_json::Value, tolerance: u8) -> Result<(), String> {
    use neurolume::voxel::DataType::{Int64, Uint64};
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match data_type {
        Uint64 => return same("value", bits.to_string(), text),
        Int64 => return same("value", bits.cast_signed().to_string(), text),
        _ => {}
    }
    let got = data_type.number(bits);
    let wanted: f64 = text.parse().map_err(|_| format!("no number: {text}"))?;
    let close = got == wanted || (got.is_nan() && wanted.is_nan()) || (got - wanted).abs() <= f64::from(tolerance);
    if close { Ok(()) } else { Err(format!("{got} instead of {wanted}")) }
}

fn compare(got: &[u8], wanted: &[u8], tolerance: u8) -> Result<(), String> {
    let differing = got.iter().zip(wanted).enumerate().filter(|(_, (got, wanted))| got.abs_diff(**wanted) > tolerance);
    let count = differing.clone().count();
    match { differing }.next() {
        None => Ok(()),
        Some((at, (got, wanted))) => Err(format!("{count} bytes differ, the first at {at}: {got} instead of {wanted}")),
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_refusal(path: &Path, code: &str, names: &[String]) -> Result<(), String> {
    let error = match open(path, None) {
        Err(error) => error,
        Ok(source) => first_failure(&*source, 0, None).ok_or("it opens and reads")?,
    };
    let error = ViewerError::from(error);
    same("code", code_of(&error), code.to_owned())?;
    let message = error.message.to_lowercase();
    // A word may list alternatives: "<i8|int64"; a leading bar belongs to the name.
    let said =
        |name: &String| message.contains(&name.to_lowercase()) || name.split('|').any(|one| !one.is_empty() && message.contains(one));
    match names.iter().find(|name| !said(name)) {
        None => Ok(()),
        Some(name) => Err(format!("\"{}\" does not say {name}", error.message)),
    }
}

/// The error of the first chunk that fails, of those that touch the box.
fn first_failure(source: &dyn ChunkSource, level: usize, within: Option<VoxelBox>) -> Option<FormatError> {
    let spec = &source.spec().levels[level];
    let grid = spec.grid_box();
    let places = (grid.min[2]..grid.max[2])
        .flat_map(|z| (grid.min[1]..grid.max[1]).flat_map(move |y| (grid.min[0]..grid.max[0]).map(move |x| [x, y, z])));
    places
        .filter(|place| within.is_none_or(|within| !within.intersection(&spec.chunk_box(*place)).is_empty()))
        .find_map(|place| pollster::block_on(source.chunk(level, place, &Selection::default(), &Cancel::never())).err())
}

fn check_bad(folder: &Path, arrays: &std::collections::BTreeMap<String, Array>, bad: &Bad) -> Result<(), String> {
    let opened = open(&folder.join(&bad.path), bad.raw.as_ref());
    let error = match (&*bad.stage, opened) {
        ("open", Ok(_)) => return Err("it opens".to_owned()),
        (_, Err(error)) if bad.stage == "open" => error,
        (_, Err(error)) => return Err(format!("it does not open: {error}")),
        (_, Ok(source)) => {
            if let Some(good) = &bad.good {
                let got = read_box(&*source, bad.level, &good.voxel_box).map_err(|error| format!("the good part fails: {error}"))?;
                // Damaged JPEG volumes are named so; libjpeg's values are the expected ones.
                let tolerance = if bad.name.contains("jpeg") { 2 } else { 0 };
                compare(&got, &arrays[&good.array].bytes(folder).unwrap(), tolerance)?;
            }
            first_failure(&*source, bad.level, bad.voxel_box).ok_or("it reads")?
        }
    };
    let error = ViewerError::from(error);
    let code = code_of(&error);
    if code != bad.code && !bad.codes.contains(&code) {
        return Err(format!("code {code} instead of {}: {}", bad.code, error.message));
    }
    let message = error.message.to_lowercase();
    if let Some(word) = bad.mentions.iter().find(|word| !message.contains(&word.to_lowercase())) {
        return Err(format!("\"{}\" does not mention {word}", error.message));
    }
    Ok(())
}

/// The bytes of a box, from the chunks that touch it.
fn read_box(source: &dyn ChunkSource, level: usize, wanted: &VoxelBox) -> Result<Vec<u8>, FormatError> {
    let spec = &source.spec().levels[level];
    let size = source.spec().data_type.size_bytes();
    let [width, height, _] = wanted.shape();
    let mut data = vec![0; usize::try_from(wanted.volume()).unwrap() * size];
    let grid = spec.grid_box();
    for z in grid.min[2]..grid.max[2] {
        for y in grid.min[1]..grid.max[1] {
            for x in grid.min[0]..grid.max[0] {
                let chunk_box = spec.chunk_box([x, y, z]);
                let part = chunk_box.intersection(wanted);
                if part.is_empty() {
                    continue;
                }
                let Some(chunk) = pollster::block_on(source.chunk(level, [x, y, z], &Selection::default(), &Cancel::never()))? else {
                    continue;
                };
                for vz in part.min[2]..part.max[2] {
                    for vy in part.min[1]..part.max[1] {
                        for vx in part.min[0]..part.max[0] {
                            let voxel = [vx, vy, vz];
                            let in_chunk = std::array::from_fn(|axis| u32::try_from(voxel[axis] - chunk_box.min[axis]).unwrap());
                            let [wx, wy, wz]: [i64; 3] = std::array::from_fn(|axis| voxel[axis] - wanted.min[axis]);
                            let at = usize::try_from(wx + width * (wy + height * wz)).unwrap() * size;
                            data[at..at + size].copy_from_slice(&chunk.bits(in_chunk).unwrap().to_le_bytes()[..size]);
                        }
                    }
                }
            }
        }
    }
    Ok(data)
}
