//! The CPU twin against what is known without it: direct lookups, an exact ramp, marks.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking, and its numbers are small")]

mod render_scene;

use glam::DVec3;
use neurolume::render::reference::{self, Memory, Picture};
use neurolume::scene::draw::{LevelDraw, page};
use neurolume::voxel::DataType;
use render_scene::{LevelSpec, Plane, Rng, Scene, axis_rotation, flat_panel, flat_slice, mix, plain_image, random_rotation, seen};

const PX: [u32; 2] = [120, 90];

fn draw(scene: &mut Scene) -> Picture {
    let mut memory = Memory::default();
    memory.apply(&scene.uploads());
    reference::draw(&scene.list, &memory)
}

fn grey(picture: &Picture, x: u32, y: u32) -> u8 {
    picture.rgba[((y * picture.size_px[0] + x) * 4) as usize]
}

fn volume(seed: u64) -> (LevelSpec, impl Fn([u32; 3]) -> u64) {
    let spec = LevelSpec { shape: [61, 47, 33], chunk: [20, 16, 13], brick: [7, 16, 5], first_chunk: [0; 3], chunks: [4, 3, 3] };
    (spec, move |v: [u32; 3]| mix(seed ^ u64::from(v[0] | v[1] << 10 | v[2] << 20)) & 255)
}

fn one_image(seed: u64, plane: &Plane, linear: bool) -> Picture {
    let mut scene = Scene::new(PX);
    let (spec, voxel) = volume(seed);
    let level = scene.add_level(&spec, 0, DataType::Uint8, None, &voxel, &mut || None);
    scene.list.panels = vec![flat_panel(
        [0, 0, PX[0], PX[1]],
        vec![flat_slice(PX, vec![seen(level, plane, 1.0)], plain_image(DataType::Uint8, [0.0, 255.0], linear))],
    )];
    draw(&mut scene)
}

#[test]
fn nearest_equals_a_lookup_in_the_array() {
    let mut rng = Rng(11);
    for case in 0..12_u32 {
        let rotation = if case < 6 { axis_rotation(case % 3) } else { random_rotation(&mut rng) };
        let plane = Plane::through(DVec3::new(30.3, 20.2, 15.5), rotation, 0.1 + rng.unit(), PX);
        let picture = one_image(u64::from(case), &plane, false);
        let (spec, voxel) = volume(u64::from(case));
        for y in 0..PX[1] {
            for x in 0..PX[0] {
                if picture.unsure[(y * PX[0] + x) as usize] {
                    continue;
                }
                let at = plane.at(f64::from(x) + 0.5, f64::from(y) + 0.5).floor().to_array();
                let inside = (0..3).all(|a| at[a] >= 0.0 && at[a] < f64::from(spec.shape[a]));
                let expected = if inside { voxel(at.map(|n| n as u32)) } else { 51 };
                assert_eq!(u64::from(grey(&picture, x, y)), expected, "case {case}, pixel {x}, {y}, voxel {at:?}");
            }
        }
    }
}

#[test]
fn linear_draws_a_ramp_without_seams() {
    let mut rng = Rng(5);
    // Linear interpolation of a linear function is that function, between the outermost voxel centres.
    let slope = DVec3::new(1.7, 2.1, -1.3);
    for case in 0..9_u32 {
        let rotation = if case < 3 { axis_rotation(case) } else { random_rotation(&mut rng) };
        let plane = Plane::through(DVec3::new(30.0, 20.2, 15.7), rotation, 0.2 + 0.3 * rng.unit(), PX);
        let mut scene = Scene::new(PX);
        let (spec, _) = volume(0);
        let ramp = |p: DVec3| slope.dot(p) + 60.0;
        let voxel = |v: [u32; 3]| u64::from((ramp(DVec3::from(v.map(|n| f64::from(n) + 0.5))) as f32).to_bits());
        let level = scene.add_level(&spec, 0, DataType::Float32, None, &voxel, &mut || None);
        scene.list.panels = vec![flat_panel(
            [0, 0, PX[0], PX[1]],
            vec![flat_slice(PX, vec![seen(level, &plane, 1.0)], plain_image(DataType::Uint8, [0.0, 255.0], true))],
        )];
        let picture = draw(&mut scene);
        let mut compared = 0;
        for y in 0..PX[1] {
            for x in 0..PX[0] {
                let at = plane.at(f64::from(x) + 0.5, f64::from(y) + 0.5);
                if (0..3).all(|a| at[a] >= 0.5 && at[a] <= f64::from(spec.shape[a]) - 0.5) {
                    compared += 1;
                    let expected = ramp(at).clamp(0.0, 255.0);
                    assert!((f64::from(grey(&picture, x, y)) - expected).abs() <= 0.51, "case {case}, pixel {x}, {y}, expected {expected}");
                }
            }
        }
        assert!(compared > 1000);
    }
}

/// Two bricks side by side along x, 8 × 8 × 1 voxels each, the second with the given word.
fn two_bricks(word: Option<u32>, linear: bool, overlays: bool) -> Picture {
    let mut scene = Scene::new([16, 8]);
    scene.list.overlays = overlays;
    let spec = LevelSpec { shape: [16, 8, 1], chunk: [8, 8, 1], brick: [8, 8, 1], first_chunk: [0; 3], chunks: [2, 1, 1] };
    let mut place = 0;
    let mut state = || {
        place += 1;
        if place == 2 { word } else { None }
    };
    let level = scene.add_level(&spec, 0, DataType::Uint8, None, &|v| if v[0] < 8 { 100 } else { 200 }, &mut state);
    let plane = Plane { origin: DVec3::new(0.0, 0.0, 0.5), du: DVec3::X, dv: DVec3::Y };
    scene.list.panels = vec![flat_panel(
        [0, 0, 16, 8],
        vec![flat_slice([16, 8], vec![seen(level, &plane, 1.0)], plain_image(DataType::Uint8, [0.0, 255.0], linear))],
    )];
    draw(&mut scene)
}

#[test]
fn what_is_not_there_reads_as_said() {
    for linear in [false, true] {
        assert_eq!(grey(&two_bricks(None, linear, false), 12, 3), 200);
        assert_eq!(grey(&two_bricks(Some(page::ABSENT), linear, false), 12, 3), 0, "absent is the fill value");
        for word in [page::LOADING, page::FAILED, page::NOTHING] {
            let picture = two_bricks(Some(word), linear, false);
            assert_eq!(grey(&picture, 12, 3), 51, "nothing is drawn");
            assert_eq!(grey(&picture, 7, 3), 100, "the edge voxel repeats");
        }
    }
    let marks = [page::ABSENT, page::LOADING, page::FAILED, page::NOTHING].map(|word| {
        let picture = two_bricks(Some(word), false, true);
        let right: Vec<u8> = picture.rgba.chunks(64).flat_map(|row| row[32..].to_vec()).collect();
        right
    });
    for (n, mark) in marks.iter().enumerate() {
        assert!(marks.iter().skip(n + 1).all(|other| other != mark), "each state looks different");
    }
}

#[test]
fn a_coarser_level_stands_in() {
    let mut scene = Scene::new([8, 8]);
    let fine = LevelSpec { shape: [8, 8, 8], chunk: [4, 8, 8], brick: [4, 8, 8], first_chunk: [0; 3], chunks: [2, 1, 1] };
    let coarse = LevelSpec { shape: [4, 4, 4], chunk: [4, 4, 4], brick: [4, 4, 4], first_chunk: [0; 3], chunks: [1, 1, 1] };
    let mut words = [None, Some(page::FAILED)].into_iter();
    let plane = Plane { origin: DVec3::new(0.0, 0.0, 0.5), du: DVec3::X, dv: DVec3::Y };
    let fine = scene.add_level(&fine, 0, DataType::Uint8, None, &|_| 10, &mut || words.next().flatten());
    let coarse = scene.add_level(&coarse, 1, DataType::Uint8, None, &|_| 20, &mut || None);
    let levels: Vec<LevelDraw> = vec![seen(fine, &plane, 1.0), seen(coarse, &plane, 2.0)];
    scene.list.panels = vec![flat_panel([0, 0, 8, 8], vec![flat_slice([8, 8], levels, plain_image(DataType::Uint8, [0.0, 255.0], false))])];
    let picture = draw(&mut scene);
    assert_eq!((grey(&picture, 1, 1), grey(&picture, 6, 1)), (10, 20));
}
