//! The GPU against its twin on the CPU, on a software adapter held to the rules of WebGPU.
#![cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking, and its numbers are small")]

mod render_scene;

use std::sync::{Mutex, MutexGuard, PoisonError};

use glam::DVec3;
use neurolume::cache::residency::{HeapWords, Uploads};
use neurolume::render::gpu::{Gpu, GpuError};
use neurolume::render::reference::{self, Memory};
use neurolume::scene::draw::{DrawList, LineDraw};
use neurolume::voxel::DataType;
use render_scene::{BUDGET, LevelSpec, Plane, Rng, Scene, flat_panel, flat_slice, mix, plain_image, random_flat, random_space, seen};

/// One test at a time has the adapter: several devices of a software adapter in one process fight over its threads.
static ADAPTER: Mutex<()> = Mutex::new(());

/// A device, or `None` with a loud word where this machine has none; in CI that is a failure.
fn gpu() -> Option<(Gpu, MutexGuard<'static, ()>)> {
    let turn = ADAPTER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN;
    descriptor.flags = wgpu::InstanceFlags::VALIDATION | wgpu::InstanceFlags::STRICT_WEBGPU_COMPLIANCE;
    let instance = wgpu::Instance::new(descriptor);
    let made = pollster::block_on(async {
        let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.map_err(|error| error.to_string())?;
        eprintln!("drawing on {}", adapter.get_info().name);
        adapter.request_device(&wgpu::DeviceDescriptor::default()).await.map_err(|error| error.to_string())
    });
    match made {
        Ok((device, queue)) => Some((Gpu::new(device, queue, BUDGET).unwrap(), turn)),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "no graphics adapter: {error}");
            eprintln!("SKIPPED, nothing was checked: no graphics adapter ({error})");
            None
        }
    }
}

fn render(gpu: &mut Gpu, uploads: &Uploads, list: &DrawList) -> Vec<u8> {
    gpu.apply(uploads).unwrap();
    pollster::block_on(gpu.render_to_rgba(list).unwrap()).unwrap()
}

/// Pixels compared, and of those the ones excused.
#[derive(Default)]
struct Tally {
    compared: usize,
    excused: usize,
    unsure: usize,
}

/// Draws on both and compares. A pixel may differ by more than `most` 255ths only where single precision may decide otherwise.
fn compare(gpu: &mut Gpu, scene: &mut Scene, name: &str, most: u8, tally: &mut Tally) {
    let uploads = scene.uploads();
    let drawn = render(gpu, &uploads, &scene.list);
    let mut memory = Memory::default();
    memory.apply(&uploads);
    let twin = reference::draw(&scene.list, &memory);
    for (index, (a, b)) in drawn.chunks(4).zip(twin.rgba.chunks(4)).enumerate() {
        tally.compared += 1;
        tally.unsure += usize::from(twin.unsure[index]);
        if a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > most) {
            let [x, y] = [index as u32 % scene.list.size_px[0], index as u32 / scene.list.size_px[0]];
            if !twin.unsure[index] {
                save(&format!("{name}-gpu"), scene.list.size_px, &drawn);
                save(&format!("{name}-twin"), scene.list.size_px, &twin.rgba);
            }
            assert!(twin.unsure[index], "{name}: pixel {x}, {y} is {a:?} on the GPU and {b:?} on the CPU");
            tally.excused += 1;
        }
    }
}

/// Writes a picture where `RENDER_PICTURES` says, to be looked at.
fn save(name: &str, [width, height]: [u32; 2], rgba: &[u8]) {
    let Some(folder) = std::env::var_os("RENDER_PICTURES") else { return };
    let file = std::fs::File::create(std::path::Path::new(&folder).join(format!("{name}.png"))).unwrap();
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(rgba).unwrap();
}

fn finish(tally: &Tally) {
    eprintln!("{} pixels compared, {} excused, {} near a face", tally.compared, tally.excused, tally.unsure);
    assert!(tally.excused * 200 <= tally.compared, "{} of {} pixels are excused", tally.excused, tally.compared);
}

#[test]
fn random_slices_equal_the_twin() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    let mut tally = Tally::default();
    for seed in 0..16 {
        let mut rng = Rng(seed);
        let mut scene = Scene::new([240, 180]);
        scene.list.px_ratio = [1.0, 1.5, 2.0][rng.below(3) as usize];
        scene.list.overlays = rng.chance(0.8);
        scene.list.time_millis = rng.unit() * 1e9;
        for rect in [[0, 0, 119, 90], [120, 0, 120, 90], [0, 91, 100, 89], [110, 95, 140, 90]] {
            let panel = random_flat(&mut scene, &mut rng, rect, seed % 4 != 0);
            scene.list.panels.push(panel);
        }
        compare(&mut gpu, &mut scene, &format!("flat-{seed}"), 1, &mut tally);
    }
    finish(&tally);
}

#[test]
fn random_planes_in_space_equal_the_twin() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    let mut tally = Tally::default();
    for seed in 0..6 {
        let mut rng = Rng(seed + 1000);
        let mut scene = Scene::new([200, 160]);
        let flat = random_flat(&mut scene, &mut rng, [0, 0, 60, 160], true);
        let space = random_space(&mut scene, &mut rng, [60, 0, 140, 160], seed % 2 == 0);
        scene.list.panels = vec![flat, space];
        compare(&mut gpu, &mut scene, &format!("space-{seed}"), 1, &mut tally);
    }
    finish(&tally);
}

#[test]
fn random_lines_equal_the_twin() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    let mut tally = Tally::default();
    for seed in 0..3 {
        let mut rng = Rng(seed + 2000);
        let mut scene = Scene::new([160, 120]);
        let mut panel = random_space(&mut scene, &mut rng, [8, 4, 150, 110], false);
        let clip_from_world = panel.slices[0].clip_from_plane;
        for n in 0..12 {
            let mut point = || std::array::from_fn(|_| rng.unit() as f32 * 80.0 - 40.0);
            let (from, to) = (point(), point());
            let color = [rng.unit() as f32, rng.unit() as f32, rng.unit() as f32, 0.3 + 0.7 * rng.unit() as f32];
            let width_px = 0.5 + 2.5 * rng.unit() as f32;
            panel.lines.push(if n % 2 == 0 {
                // A view from within: some lines pass the eye.
                LineDraw::in_space(clip_from_world, from, to.map(|c: f32| c * 3.0), color, width_px)
            } else {
                LineDraw::in_px([150, 110], [from[0] + 60.0, from[1] + 50.0], [to[0] + 70.0, to[1] + 50.0], color, width_px)
            });
        }
        scene.list.panels.push(panel);
        // Lines that cross are blended by the device, in 8 bits.
        compare(&mut gpu, &mut scene, &format!("lines-{seed}"), 2, &mut tally);
    }
    finish(&tally);
}

#[test]
fn a_ramp_over_many_bricks_has_no_seams() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    let mut rng = Rng(77);
    for case in 0..6 {
        let mut scene = Scene::new([200, 150]);
        let spec = LevelSpec { shape: [70, 60, 50], chunk: [19, 16, 13], brick: [10, 5, 13], first_chunk: [0; 3], chunks: [4, 4, 4] };
        let slope = DVec3::new(1.1, -1.6, 1.9);
        let ramp = |p: DVec3| slope.dot(p) + 90.0;
        let voxel = |v: [u32; 3]| u64::from((ramp(DVec3::from(v.map(|n| f64::from(n) + 0.5))) as f32).to_bits());
        let level = scene.add_level(&spec, 0, DataType::Float32, None, &voxel, &mut || None);
        let plane = Plane::through(DVec3::new(35.0, 30.0, 25.0), render_scene::random_rotation(&mut rng), 0.25, [200, 150]);
        scene.list.panels = vec![flat_panel(
            [0, 0, 200, 150],
            vec![flat_slice([200, 150], vec![seen(level, &plane, 1.0)], plain_image(DataType::Float32, [0.0, 255.0], true))],
        )];
        let uploads = scene.uploads();
        let drawn = render(&mut gpu, &uploads, &scene.list);
        let mut compared = 0;
        for (index, pixel) in drawn.chunks(4).enumerate() {
            let at = plane.at((index % 200) as f64 + 0.5, (index / 200) as f64 + 0.5);
            if (0..3).all(|a| at[a] >= 0.5 && at[a] <= f64::from(spec.shape[a]) - 0.5) {
                compared += 1;
                let expected = ramp(at).clamp(0.0, 255.0);
                assert!((f64::from(pixel[0]) - expected).abs() <= 1.0, "case {case}, pixel {index}: {} instead of {expected}", pixel[0]);
            }
        }
        assert!(compared > 5000, "{compared}");
    }
}

#[test]
fn one_voxel_per_pixel_equals_the_array() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    let px = [150, 130];
    let mut scene = Scene::new(px);
    scene.list.overlays = false;
    let spec = LevelSpec {
        shape: [150, 130, 3],
        chunk: [64, 64, 2],
        brick: neurolume::voxel::brick_shape([64, 64, 2]),
        first_chunk: [0; 3],
        chunks: [3, 3, 2],
    };
    let voxel = |v: [u32; 3]| mix(u64::from(v[0] | v[1] << 10 | v[2] << 20)) & 0xffff;
    let level = scene.add_level(&spec, 0, DataType::Uint16, None, &voxel, &mut || None);
    let plane = Plane { origin: DVec3::new(0.0, 0.0, 1.5), du: DVec3::X, dv: DVec3::Y };
    scene.list.panels = vec![flat_panel(
        [0, 0, 150, 130],
        vec![flat_slice(px, vec![seen(level, &plane, 1.0)], plain_image(DataType::Uint16, [0.0, 65_535.0], false))],
    )];
    let uploads = scene.uploads();
    let drawn = render(&mut gpu, &uploads, &scene.list);
    for (index, pixel) in drawn.chunks(4).enumerate() {
        let [x, y] = [index as u32 % 150, index as u32 / 150];
        let expected = voxel([x, y, 1]) as f64 / 257.0;
        assert!((f64::from(pixel[0]) - expected).abs() <= 1.0, "pixel {x}, {y}");
    }
}

#[test]
fn what_cannot_be_drawn_is_told_and_drawing_goes_on() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    let mut scene = Scene::new([0, 5]);
    assert!(matches!(gpu.render_to_rgba(&scene.list).err(), Some(GpuError::Size { width: 0, .. })));
    scene.list.size_px = [70_000, 5];
    assert!(matches!(gpu.render_to_rgba(&scene.list).err(), Some(GpuError::Size { width: 70_000, .. })));
    let far = Uploads { heap: vec![(u32::MAX - 4, HeapWords::Made(vec![1, 2, 3]))], ..Uploads::default() };
    assert!(matches!(gpu.apply(&far), Err(GpuError::OverBudget { .. })));
    // A list that promises a table it does not have draws nothing of it.
    scene.list.size_px = [32, 32];
    let mut rng = Rng(3);
    let panel = random_flat(&mut scene, &mut rng, [0, 0, 32, 32], false);
    scene.list.panels = vec![panel];
    scene.list.table.clear();
    let drawn = pollster::block_on(gpu.render_to_rgba(&scene.list).unwrap()).unwrap();
    assert!(drawn.chunks(4).all(|pixel| pixel == [51, 51, 56, 255]));
    gpu.device().destroy();
    let lost = (0..3)
        .map(|_| gpu.render_to_rgba(&scene.list).map(pollster::block_on).and_then(|result| result))
        .any(|result| matches!(result, Err(GpuError::DeviceLost(_))));
    assert!(lost);
}

/// How long a frame of a whole screen takes: `cargo test --release --features gpu --test render_gpu -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn time_a_screen() {
    let Some((mut gpu, _turn)) = gpu() else { return };
    for (name, size_px) in [("a quarter of 1280×800", [640, 400]), ("1280×800", [1280, 800])] {
        for (what, linear, labels) in
            [("image, nearest", false, false), ("image, linear", true, false), ("image, linear, and outlined labels", true, true)]
        {
            let mut scene = render_scene::neuropil(size_px, linear, labels);
            let uploads = scene.uploads();
            let start = std::time::Instant::now();
            let picture = render(&mut gpu, &uploads, &scene.list);
            let first = start.elapsed().as_secs_f64() * 1e3;
            save(&format!("screen-{}-{linear}-{labels}", size_px[0]), size_px, &picture);
            let mut millis: Vec<f64> = (0..9)
                .map(|_| {
                    let start = std::time::Instant::now();
                    pollster::block_on(gpu.render_to_rgba(&scene.list).unwrap()).unwrap();
                    start.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            millis.sort_by(f64::total_cmp);
            eprintln!("{name}, {what}: {:.1} ms with readback (median of 9), first {first:.0} ms", millis[4]);
        }
    }
}
