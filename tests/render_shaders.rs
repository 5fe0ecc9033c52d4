//! Every shader composes and validates, and agrees with Rust on structs, constants and bindings.
#![cfg(not(target_arch = "wasm32"))]

use std::mem::{offset_of, size_of};

use naga::valid::{Capabilities, ValidationFlags, Validator};
use neurolume::cache::residency::{KIND_SHIFT, kind};
use neurolume::render::{layout, shader};
use neurolume::scene::draw::page;

fn parse(name: &str, variant: &layout::Variant) -> Result<(naga::Module, String), String> {
    let source = shader::compose(name, variant).map_err(|error| error.to_string())?;
    let module = naga::front::wgsl::parse_str(&source).map_err(|error| error.emit_to_string(&source))?;
    Ok((module, source))
}

fn module(name: &str) -> naga::Module {
    parse(name, &layout::Variant { slice_count: 1, level_count: 4, kinds: [0; 4] }).unwrap_or_else(|error| panic!("{name}: {error}")).0
}

/// Every kind that one slice can be of, in planes of one slice, and in planes of several beside others.
fn variants() -> Vec<layout::Variant> {
    let every = shader::KINDS.iter().fold(0, |all, (_, flag)| all | flag);
    let kinds = (0..=every).filter(|kind| kind & !every == 0);
    let alone = kinds.clone().map(|kind| layout::Variant { slice_count: 1, level_count: 1 << (kind % 3), kinds: [kind, 0, 0, 0] });
    let beside = kinds.step_by(7).zip(0..).map(|(kind, number)| layout::Variant {
        slice_count: number % 5,
        level_count: 4 >> (number % 3),
        kinds: [kind, layout::flag::SEGMENTATION, layout::flag::LINEAR, kind],
    });
    alone.chain(beside).collect()
}

#[test]
fn every_shader_is_valid() {
    let failures: Vec<String> = shader::SHADERS
        .iter()
        .flat_map(|name| variants().into_iter().map(move |variant| (name, variant)))
        .filter_map(|(name, variant)| {
            let checked = parse(name, &variant).and_then(|(module, source)| {
                // No capability beyond the core of WebGPU.
                let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
                validator.validate(&module).map_err(|error| error.emit_to_string(&source))?;
                if module.entry_points.is_empty() { Err("has no entry point".to_owned()) } else { Ok(()) }
            });
            checked.err().map(|error| format!("{name} {variant:?}: {error}"))
        })
        .take(5)
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn an_unknown_file_is_named() {
    assert_eq!(shader::compose("no.wgsl", &layout::Variant::default()).unwrap_err().to_string(), "there is no shader file named no.wgsl");
}

/// Compares a struct of a shader with fields of Rust: name, offset.
fn check_struct(module: &naga::Module, name: &str, size: usize, fields: &[(&str, usize)]) -> Vec<String> {
    let Some((_, found)) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name)) else {
        return vec![format!("{name} is not in the shader")];
    };
    let naga::TypeInner::Struct { members, span } = &found.inner else { return vec![format!("{name} is no struct")] };
    let in_shader: Vec<_> = members.iter().map(|member| (member.name.clone().unwrap_or_default(), member.offset as usize)).collect();
    let in_rust: Vec<_> =
        fields.iter().filter(|(field, _)| !field.starts_with("pad")).map(|&(field, offset)| (field.to_owned(), offset)).collect();
    let mut failures = Vec::new();
    if in_shader != in_rust {
        failures.push(format!("{name}: the shader has {in_shader:?}, Rust has {in_rust:?}"));
    }
    if *span as usize != size {
        failures.push(format!("{name}: {span} bytes in the shader, {size} in Rust"));
    }
    failures
}

macro_rules! fields {
    ($struct:path: $($field:ident),* $(,)?) => {{
        // Does not compile where a field is not listed.
        let _ = |value: $struct| {
            let $struct { $($field: _),* } = value;
        };
        [$((stringify!($field), offset_of!($struct, $field))),*]
    }};
}

#[test]
fn structs_agree() {
    let slice = module("slice.wgsl");
    let mut failures = check_struct(
        &slice,
        "Slice",
        size_of::<layout::Slice>(),
        &fields!(layout::Slice: color, opacity, window_low, window_sign, window_width, inverse_gamma, fill, outline_px,
            outline_opacity, phase, px_ratio, flags, level_count, pad),
    );
    failures.extend(check_struct(
        &module("cell.wgsl"),
        "Reading",
        size_of::<layout::Reading>(),
        &fields!(layout::Reading: walk, span, source),
    ));
    failures.extend(check_struct(
        &slice,
        "Plane",
        offset_of!(layout::Plane, pad_end),
        &fields!(layout::Plane: clip_from_plane, background, slice_count, first_cell, first_reading, pad, slices, levels, pad_end),
    ));
    failures.extend(check_struct(
        &slice,
        "Level",
        size_of::<layout::Level>(),
        &fields!(layout::Level: origin, table_offset, du, pad0, dv, pad1, box_min, pad2, box_last, pad3, chunk_shape, pad4, chunk_inverse, pad5, brick_shape,
            pad6, brick_inverse, pad7, bricks_per_chunk, pad8, table_shape, pad9),
    ));
    failures.extend(check_struct(
        &module("lines.wgsl"),
        "Line",
        size_of::<layout::Line>(),
        &fields!(layout::Line: start, end, color, panel, width_px, depth_scale, pad),
    ));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn constant(module: &naga::Module, name: &str) -> Option<f64> {
    let (_, found) = module.constants.iter().find(|(_, constant)| constant.name.as_deref() == Some(name))?;
    match module.global_expressions[found.init] {
        naga::Expression::Literal(naga::Literal::U32(value)) => Some(f64::from(value)),
        naga::Expression::Literal(naga::Literal::F32(value)) => Some(f64::from(value)),
        _ => None,
    }
}

#[test]
fn constants_agree() {
    let slice = module("slice.wgsl");
    let expected = [
        ("KIND_SHIFT", KIND_SHIFT),
        ("KIND_UNSIGNED", kind::UNSIGNED),
        ("KIND_SIGNED", kind::SIGNED),
        ("KIND_FLOAT", kind::FLOAT),
        ("KIND_LABELS", kind::LABELS),
        ("PAGE_LOADING", page::LOADING),
        ("PAGE_ABSENT", page::ABSENT),
        ("PAGE_FAILED", page::FAILED),
        ("PAGE_NOTHING", page::NOTHING),
        ("PAGE_FIRST_RECORD", page::FIRST_RECORD),
        ("FLAG_INVERT", layout::flag::INVERT),
        ("FLAG_ADDITIVE", layout::flag::ADDITIVE),
        ("FLAG_OVERLAYS", layout::flag::OVERLAYS),
    ];
    assert_eq!(constant(&slice, "MAX_SLICES"), Some(layout::MAX_SLICES as f64));
    assert_eq!(constant(&slice, "MAX_LEVELS"), Some(layout::MAX_LEVELS as f64));
    for (name, value) in expected {
        assert_eq!(constant(&slice, name), Some(f64::from(value)), "{name}");
    }
    let cell = module("cell.wgsl");
    let shown = [
        ("SHOWS_NOTHING", layout::shows::NOTHING),
        ("SHOWS_BRICK", layout::shows::BRICK),
        ("SHOWS_LOADING", layout::shows::LOADING),
        ("SHOWS_FAILED", layout::shows::FAILED),
        ("SHOWS_ABSENT", layout::shows::ABSENT),
    ];
    for (name, value) in shown {
        assert_eq!(constant(&cell, name), Some(f64::from(value)), "{name}");
    }
    assert_eq!(constant(&slice, "LARGEST"), Some(f64::from(layout::LARGEST)));
}

#[test]
fn bindings_are_in_a_row() {
    // What `render::gpu` binds, in its order: storage buffers, then the plane.
    let slices: &[&str] = &["heap", "records", "palette", "table", "rects", "readings", "panel"];
    let expected = [("slice.wgsl", slices), ("cell.wgsl", slices), ("lines.wgsl", &["lines"])];
    for (name, names) in expected {
        let module = module(name);
        let mut bound = 0;
        for (_, variable) in module.global_variables.iter() {
            let (Some(binding), Some(name)) = (&variable.binding, &variable.name) else { continue };
            let space = match name.as_str() {
                "panel" => naga::AddressSpace::Uniform,
                _ => naga::AddressSpace::Storage { access: naga::StorageAccess::LOAD },
            };
            assert_eq!(variable.space, space, "{name}");
            assert_eq!((binding.group, names.get(binding.binding as usize)), (0, Some(&name.as_str())), "{name}");
            bound += 1;
        }
        assert!(bound + 1 >= names.len(), "{name} binds {bound} of {names:?}");
    }
}
