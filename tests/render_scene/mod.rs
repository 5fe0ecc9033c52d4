//! Random volumes, and draw lists that look at them: shared by the tests of drawing.
#![allow(dead_code, missing_debug_implementations, reason = "each test uses its part, and prints none of it")]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking, and its numbers are small")]

use glam::camera::rh::proj::directx;
use glam::{DQuat, DVec3, Mat4};
use neurolume::cache::residency::{ColorOf, GpuBudget, PaletteColor, Residency, Uploads};
use neurolume::scene::draw::{
    DrawList, ImageStyle, LevelDraw, LineDraw, PanelDraw, SegmentationStyle, SliceDraw, SliceStyle, clip_from_panel_px, page,
};
use neurolume::voxel::{Brick, BrickKey, DataType, VoxelBlock};

/// A small generator of numbers: the same for the same seed, everywhere.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        u32::try_from(self.next() % u64::from(n)).unwrap()
    }
    /// `low..=high`
    pub(crate) fn range(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

pub(crate) fn mix(mut n: u64) -> u64 {
    n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// One level of a volume: how it is stored, and what its voxels are.
pub(crate) struct LevelSpec {
    pub(crate) shape: [u32; 3],
    pub(crate) chunk: [u32; 3],
    pub(crate) brick: [u32; 3],
    /// Chunks in the table: first, count.
    pub(crate) first_chunk: [u32; 3],
    pub(crate) chunks: [u32; 3],
}

pub(crate) const ALL_TYPES: [DataType; 7] =
    [DataType::Uint8, DataType::Int8, DataType::Uint16, DataType::Int16, DataType::Uint32, DataType::Int32, DataType::Float32];

/// A view of a plane: voxel position of level 0 as origin + u du + v dv.
#[derive(Clone, Copy)]
pub(crate) struct Plane {
    pub(crate) origin: DVec3,
    pub(crate) du: DVec3,
    pub(crate) dv: DVec3,
}

impl Plane {
    pub(crate) fn at(&self, u: f64, v: f64) -> DVec3 {
        self.origin + self.du * u + self.dv * v
    }

    /// Looks at `centre` (voxels of level 0) from the middle of a panel.
    pub(crate) fn through(centre: DVec3, rotation: DQuat, voxels_per_px: f64, panel_px: [u32; 2]) -> Self {
        let (du, dv) = (rotation * DVec3::X * voxels_per_px, rotation * DVec3::Y * voxels_per_px);
        // Rotations by right angles come out exact.
        let clean = |v: DVec3| DVec3::from(v.to_array().map(|n| if n.abs() < 1e-12 { 0.0 } else { n }));
        let (du, dv) = (clean(du), clean(dv));
        let [w, h] = panel_px.map(f64::from);
        Self { origin: centre - du * w / 2.0 - dv * h / 2.0, du, dv }
    }
}

pub(crate) struct Scene {
    pub(crate) residency: Residency,
    pub(crate) list: DrawList,
    next_layer: u32,
}

pub(crate) const BUDGET: GpuBudget = GpuBudget { heap_bytes: 256 << 20, records: 1 << 17, palette_entries: 1 << 20 };

impl Scene {
    pub(crate) fn new(size_px: [u32; 2]) -> Self {
        let list = DrawList {
            size_px,
            clear: [0.1, 0.1, 0.1, 1.0],
            px_ratio: 1.0,
            time_millis: 700.0,
            overlays: true,
            panels: Vec::new(),
            table: Vec::new(),
        };
        Self { residency: Residency::new(BUDGET), list, next_layer: 0 }
    }

    /// Stores a level and makes its bricks resident. `voxel` gives the bits of a voxel, `state` the word of a brick place
    /// (`None`: resident).
    pub(crate) fn add_level(
        &mut self,
        spec: &LevelSpec,
        number: u8,
        data_type: DataType,
        colors: Option<ColorOf<'_>>,
        voxel: &dyn Fn([u32; 3]) -> u64,
        state: &mut dyn FnMut() -> Option<u32>,
    ) -> LevelDraw {
        let layer = self.next_layer;
        let bricks_per_chunk: [u32; 3] = std::array::from_fn(|a| spec.chunk[a].div_ceil(spec.brick[a]));
        let table_shape: [u32; 3] = std::array::from_fn(|a| spec.chunks[a] * bricks_per_chunk[a]);
        let table_offset = u32::try_from(self.list.table.len()).unwrap();
        let base: [u32; 3] = std::array::from_fn(|a| spec.first_chunk[a] * spec.chunk[a]);
        for z in 0..table_shape[2] {
            for y in 0..table_shape[1] {
                for x in 0..table_shape[0] {
                    let place = [x, y, z];
                    let chunk_min: [u32; 3] = std::array::from_fn(|a| base[a] + place[a] / bricks_per_chunk[a] * spec.chunk[a]);
                    let min: [u32; 3] = std::array::from_fn(|a| chunk_min[a] + place[a] % bricks_per_chunk[a] * spec.brick[a]);
                    let end: [u32; 3] =
                        std::array::from_fn(|a| (min[a] + spec.brick[a]).min(chunk_min[a] + spec.chunk[a]).min(spec.shape[a]));
                    if (0..3).any(|a| min[a] >= end[a]) {
                        self.list.table.push(page::NOTHING);
                        continue;
                    }
                    if let Some(word) = state() {
                        self.list.table.push(word);
                        continue;
                    }
                    let shape: [u32; 3] = std::array::from_fn(|a| end[a] - min[a]);
                    let mut data = Vec::new();
                    for vz in min[2]..end[2] {
                        for vy in min[1]..end[1] {
                            for vx in min[0]..end[0] {
                                data.extend_from_slice(&voxel([vx, vy, vz]).to_le_bytes()[..data_type.size_bytes()]);
                            }
                        }
                    }
                    let brick = Brick::cut(&VoxelBlock { data_type, shape, data }, [0; 3], shape, colors.is_some());
                    let key = BrickKey { source: layer, level: number, grid: place.map(|n| i32::try_from(n).unwrap()) };
                    let record = self.residency.insert(layer, key, &brick.into(), colors, 1).unwrap();
                    self.list.table.push(page::resident(record));
                }
            }
        }
        let relative = |n: u32, axis: usize| i32::try_from(i64::from(n) - i64::from(base[axis])).unwrap();
        LevelDraw {
            base_voxel: base.map(i64::from),
            origin: [0.0; 3],
            du: [0.0; 3],
            dv: [0.0; 3],
            box_min: std::array::from_fn(|a| relative(0, a)),
            box_max: std::array::from_fn(|a| relative(spec.shape[a], a)),
            chunk_shape: spec.chunk,
            brick_shape: spec.brick,
            bricks_per_chunk,
            table_shape,
            table_offset,
        }
    }

    pub(crate) fn next_layer(&mut self) {
        self.next_layer += 1;
    }

    pub(crate) fn uploads(&mut self) -> Uploads {
        self.residency.take_uploads()
    }
}

/// A level as seen from a plane given in voxels of level 0, whose voxels are `1 / scale` as large as this level's.
pub(crate) fn seen(level: LevelDraw, plane: &Plane, scale: f64) -> LevelDraw {
    let base = DVec3::from(level.base_voxel.map(|n| n as f64));
    LevelDraw {
        origin: (plane.origin / scale - base).as_vec3().to_array(),
        du: (plane.du / scale).as_vec3().to_array(),
        dv: (plane.dv / scale).as_vec3().to_array(),
        ..level
    }
}

/// What is made ready for these slices: nothing of it may be seen.
fn looks(slices: &[SliceDraw]) -> Vec<SliceStyle> {
    slices.iter().map(|slice| slice.style).collect()
}

pub(crate) fn flat_panel(rect_px: [u32; 4], slices: Vec<SliceDraw>) -> PanelDraw {
    PanelDraw { rect_px, background: [0.2, 0.2, 0.22, 1.0], depth: false, looks: looks(&slices), slices, lines: Vec::new() }
}

pub(crate) fn flat_slice(panel_px: [u32; 2], levels: Vec<LevelDraw>, style: SliceStyle) -> SliceDraw {
    let [w, h] = panel_px.map(|n| n as f32);
    SliceDraw { clip_from_plane: clip_from_panel_px(panel_px), plane_rect: [0.0, 0.0, w, h], levels: levels.into(), style }
}

pub(crate) fn plain_image(data_type: DataType, window: [f32; 2], linear: bool) -> SliceStyle {
    SliceStyle::Image(ImageStyle {
        data_type,
        window,
        gamma: 1.0,
        invert: false,
        color: [1.0; 3],
        opacity: 1.0,
        linear,
        additive: false,
        fill: 0.0,
    })
}

pub(crate) fn paint(id: u64) -> PaletteColor {
    let [r, g, b, ..] = mix(id).to_le_bytes();
    let alpha = match id % 5 {
        0 => 0,
        n => u8::try_from(n * 60).unwrap(),
    };
    // Two supervoxels to a segment.
    PaletteColor { segment: id / 2, rgba: [r, g, b, alpha] }
}

/// Right-angled rotations that give XY, XZ and YZ.
pub(crate) fn axis_rotation(which: u32) -> DQuat {
    use std::f64::consts::FRAC_PI_2;
    match which {
        0 => DQuat::IDENTITY,
        1 => DQuat::from_rotation_x(FRAC_PI_2),
        _ => DQuat::from_rotation_y(FRAC_PI_2),
    }
}

pub(crate) fn random_rotation(rng: &mut Rng) -> DQuat {
    DQuat::from_xyzw(rng.unit() - 0.5, rng.unit() - 0.5, rng.unit() - 0.5, rng.unit() - 0.5).normalize()
}

/// A random volume of one layer: its levels (not yet seen from any plane), finest first, and a style for it.
pub(crate) fn random_layer(scene: &mut Scene, rng: &mut Rng, gaps: bool) -> (Vec<LevelDraw>, SliceStyle) {
    scene.next_layer();
    let labels = rng.chance(0.35);
    let data_type = if labels {
        [DataType::Uint8, DataType::Uint16, DataType::Uint32, DataType::Uint64][rng.below(4) as usize]
    } else {
        ALL_TYPES[rng.below(7) as usize]
    };
    let shape: [u32; 3] = std::array::from_fn(|_| rng.range(20, 90));
    let salt = rng.next();
    let few = rng.chance(0.5);
    let levels = (0..rng.range(1, 3))
        .map(|number| {
            let shape = shape.map(|n| n.div_ceil(1 << number));
            let chunk: [u32; 3] = std::array::from_fn(|_| rng.range(5, 40));
            let brick = if rng.chance(0.5) {
                neurolume::voxel::brick_shape(chunk)
            } else {
                std::array::from_fn(|a| rng.range(3, chunk[a].clamp(3, 20)))
            };
            let all: [u32; 3] = std::array::from_fn(|a| shape[a].div_ceil(chunk[a]));
            let first_chunk: [u32; 3] = std::array::from_fn(|a| u32::from(gaps && all[a] > 1 && rng.chance(0.2)));
            let chunks: [u32; 3] =
                std::array::from_fn(|a| all[a] - first_chunk[a] - u32::from(gaps && all[a] > first_chunk[a] + 1 && rng.chance(0.2)));
            let voxel = |v: [u32; 3]| {
                let at = v.map(|n| u64::from((n << number) / 7));
                let cell = mix(salt ^ (at[0] | at[1] << 20 | at[2] << 40));
                let grain = mix(cell ^ u64::from(v[0] | v[1] << 10 | v[2] << 20));
                match data_type {
                    _ if labels => if few { cell % 3 } else { cell % 23 }.wrapping_mul(if data_type == DataType::Uint64 {
                        0x0000_0301_0000_0007
                    } else {
                        1
                    }),
                    DataType::Float32 if grain.is_multiple_of(50) => u64::from(f32::NAN.to_bits()),
                    DataType::Float32 if grain % 50 == 1 => u64::from(f32::NEG_INFINITY.to_bits()),
                    DataType::Float32 => u64::from(((cell % 1000) as f32 / 7.0 - 40.0 + (grain % 10) as f32).to_bits()),
                    _ => (cell & !15) | (grain & 15),
                }
            };
            let spec = LevelSpec { shape, chunk, brick, first_chunk, chunks };
            let mut states = Rng(rng.next());
            let mut state = || {
                if !gaps || states.chance(0.7) {
                    return None;
                }
                Some([page::LOADING, page::ABSENT, page::FAILED, page::NOTHING][states.below(4) as usize])
            };
            scene.add_level(&spec, u8::try_from(number).unwrap(), data_type, labels.then_some(&paint), &voxel, &mut state)
        })
        .collect();
    let (low, high) = data_type.range();
    let (low, high) = if data_type == DataType::Float32 { (-40.0, 110.0) } else { (low, high) };
    let style = if labels {
        SliceStyle::Segmentation(SegmentationStyle {
            opacity: rng.unit() as f32,
            outline_px: rng.below(3) as f32,
            outline_opacity: rng.unit() as f32,
        })
    } else {
        let ends = [rng.unit() * 0.4, 0.6 + rng.unit() * 0.4].map(|t| (low + (high - low) * t) as f32);
        SliceStyle::Image(ImageStyle {
            data_type,
            window: if rng.chance(0.2) { [ends[1], ends[0]] } else { ends },
            gamma: if rng.chance(0.5) { 1.0 } else { 0.4 + rng.unit() as f32 * 2.0 },
            invert: rng.chance(0.3),
            color: std::array::from_fn(|_| rng.unit() as f32),
            opacity: rng.unit() as f32,
            linear: rng.chance(0.5),
            additive: rng.chance(0.3),
            fill: (low + (high - low) * rng.unit()) as f32,
        })
    };
    (levels, style)
}

/// A flat panel with a few layers, cut by one plane.
pub(crate) fn random_flat(scene: &mut Scene, rng: &mut Rng, rect_px: [u32; 4], gaps: bool) -> PanelDraw {
    let panel_px = [rect_px[2], rect_px[3]];
    let rotation = if rng.chance(0.5) { axis_rotation(rng.below(3)) } else { random_rotation(rng) };
    let centre = DVec3::new(rng.unit(), rng.unit(), rng.unit()) * 50.0 + 5.0;
    let centre = if rng.chance(0.5) { centre.floor() + 0.5 } else { centre };
    let plane = Plane::through(centre, rotation, 0.03 * 40_f64.powf(rng.unit()), panel_px);
    let slices = (0..rng.range(1, 3))
        .map(|_| {
            let (levels, style) = random_layer(scene, rng, gaps);
            let levels = (0..).zip(levels).map(|(n, level)| seen(level, &plane, f64::from(1_u32 << n))).collect();
            flat_slice(panel_px, levels, style)
        })
        .collect();
    flat_panel(rect_px, slices)
}

/// A view into space with three planes through one point, each with the same layers.
pub(crate) fn random_space(scene: &mut Scene, rng: &mut Rng, rect_px: [u32; 4], gaps: bool) -> PanelDraw {
    let half = 40.0;
    let layers: Vec<_> = (0..rng.range(1, 3)).map(|_| random_layer(scene, rng, gaps)).collect();
    let centre = DVec3::new(rng.unit(), rng.unit(), rng.unit()) * 30.0 + 10.0;
    let aspect = rect_px[2] as f32 / rect_px[3] as f32;
    let eye = glam::Vec3::new(rng.unit() as f32 - 0.5, rng.unit() as f32 - 0.5, rng.unit() as f32 - 0.5).normalize() * 100.0;
    let world_to_view = glam::camera::rh::view::look_at_mat4(eye, glam::Vec3::ZERO, glam::Vec3::new(0.1, -1.0, 0.05).normalize());
    let projection = if rng.chance(0.5) {
        directx::perspective(0.9, aspect, 10.0, 300.0)
    } else {
        directx::orthographic(-60.0 * aspect, 60.0 * aspect, -60.0, 60.0, 1.0, 300.0)
    };
    let clip_from_world = projection * world_to_view;
    let mut slices = Vec::new();
    for axis in 0..3 {
        let rotation = axis_rotation(axis);
        let plane = Plane::through(centre, rotation, 1.0, [0, 0]);
        // Plane pixels are voxels of level 0 around the centre; the world's origin is at the centre.
        let (du, dv) = (plane.du.as_vec3(), plane.dv.as_vec3());
        let world_from_plane = Mat4::from_cols(du.extend(0.0), dv.extend(0.0), glam::Vec4::ZERO, glam::Vec4::W);
        for (levels, style) in &layers {
            let levels = (0..).zip(levels).map(|(n, level)| seen(*level, &plane, f64::from(1_u32 << n))).collect();
            slices.push(SliceDraw {
                clip_from_plane: clip_from_world * world_from_plane,
                plane_rect: [-half, -half * 0.8, half * 0.9, half],
                levels,
                style: *style,
            });
        }
    }
    PanelDraw { rect_px, background: [0.0, 0.0, 0.0, 1.0], depth: true, looks: looks(&slices), slices, lines: Vec::new() }
}

/// Three slices and a view into space of a volume of blobs with dark borders, to look at and to time.
pub(crate) fn neuropil(size_px: [u32; 2], linear: bool, labels: bool) -> Scene {
    let mut scene = Scene::new(size_px);
    scene.list.clear = [0.07, 0.07, 0.08, 1.0];
    let edge = 128_u32;
    let sites: Vec<DVec3> = {
        let mut rng = Rng(4);
        (0..100).map(|_| DVec3::new(rng.unit(), rng.unit(), rng.unit()) * f64::from(edge)).collect()
    };
    let nearest_two = |p: DVec3| {
        let bent = p + DVec3::new((p.y * 0.11).sin(), (p.z * 0.13).sin(), (p.x * 0.09).sin()) * 5.0;
        let mut best = [(f64::MAX, 0_usize); 2];
        for (n, site) in sites.iter().enumerate() {
            let d = bent.distance(*site);
            if d < best[0].0 {
                best = [(d, n), best[0]];
            } else if d < best[1].0 {
                best[1] = (d, n);
            }
        }
        best
    };
    let spec = LevelSpec { shape: [edge; 3], chunk: [64; 3], brick: [32; 3], first_chunk: [0; 3], chunks: [2; 3] };
    let cells: Vec<(u8, u64)> = (0..edge * edge * edge)
        .map(|n| {
            let v = DVec3::new(f64::from(n % edge), f64::from(n / edge % edge), f64::from(n / edge / edge));
            let [(a, id), (b, _)] = nearest_two(v);
            let noise = (mix(u64::from(n)) % 50) as f64;
            let grey = if b - a < 1.6 { 60.0 } else { 150.0 + (mix(id as u64) % 30) as f64 } + noise;
            (grey as u8, id as u64 + 1)
        })
        .collect();
    let at = |v: [u32; 3]| cells[(v[0] + edge * (v[1] + edge * v[2])) as usize];
    let mut states = Rng(8);
    scene.next_layer();
    let image = scene.add_level(&spec, 0, DataType::Uint8, None, &|v| u64::from(at(v).0), &mut || {
        states.chance(0.25).then(|| [page::LOADING, page::ABSENT, page::FAILED, page::LOADING][states.below(4) as usize])
    });
    scene.next_layer();
    let style = neurolume::scene::segment_color::SegmentStyle { selected_alpha: 0.35, ..Default::default() };
    let color = move |id| PaletteColor { segment: id, rgba: style.rgba(id) };
    let segments = scene.add_level(&spec, 0, DataType::Uint64, Some(&color), &|v| at(v).1, &mut || None);

    let [w, h] = size_px.map(|n| n / 2);
    let centre = DVec3::new(64.5, 64.5, 64.5);
    let slices_of = |plane: &Plane, clip: Mat4, rect: [f32; 4]| {
        let slice = |levels: Vec<LevelDraw>, style| SliceDraw { clip_from_plane: clip, plane_rect: rect, levels: levels.into(), style };
        let mut slices = vec![slice(vec![seen(image, plane, 1.0)], plain_image(DataType::Uint8, [30.0, 230.0], linear))];
        if labels {
            let style = SliceStyle::Segmentation(SegmentationStyle { opacity: 1.0, outline_px: 1.0, outline_opacity: 0.9 });
            slices.push(slice(vec![seen(segments, plane, 1.0)], style));
        }
        slices
    };
    for (n, corner) in (0..3).zip([[0, 0], [w + 1, 0], [0, h + 1]]) {
        let px = [w - 1, h - 1];
        let plane = Plane::through(centre, axis_rotation(n), 0.35, px);
        let mut panel = flat_panel(
            [corner[0], corner[1], px[0], px[1]],
            slices_of(&plane, clip_from_panel_px(px), [0.0, 0.0, px[0] as f32, px[1] as f32]),
        );
        let (x, y) = ((px[0] / 2) as f32 + 0.5, (px[1] / 2) as f32 + 0.5);
        let colors = [[0.9, 0.25, 0.25, 0.8], [0.3, 0.8, 0.3, 0.8], [0.35, 0.5, 1.0, 0.8]];
        panel.lines.push(LineDraw::in_px(px, [0.0, y], [px[0] as f32, y], colors[n as usize], 1.0));
        panel.lines.push(LineDraw::in_px(px, [x, 0.0], [x, px[1] as f32], colors[(n as usize + 1) % 3], 1.0));
        scene.list.panels.push(panel);
    }
    let px = [w - 1, h - 1];
    let clip = directx::perspective(0.8, px[0] as f32 / px[1] as f32, 50.0, 900.0)
        * glam::camera::rh::view::look_at_mat4(glam::Vec3::new(150.0, -130.0, -220.0), glam::Vec3::ZERO, glam::Vec3::NEG_Y);
    let slices: Vec<SliceDraw> = (0..3)
        .flat_map(|n| {
            let plane = Plane::through(centre, axis_rotation(n), 1.0, [0, 0]);
            let world = Mat4::from_cols(plane.du.as_vec3().extend(0.0), plane.dv.as_vec3().extend(0.0), glam::Vec4::ZERO, glam::Vec4::W);
            slices_of(&plane, clip * world, [-70.0, -70.0, 70.0, 70.0])
        })
        .collect();
    let mut space = PanelDraw {
        rect_px: [w + 1, h + 1, px[0], px[1]],
        background: [0.05, 0.05, 0.06, 1.0],
        depth: true,
        looks: looks(&slices),
        slices,
        lines: Vec::new(),
    };
    let corner = |n: u32| std::array::from_fn(|axis| if n >> axis & 1 == 0 { -64.5 } else { 63.5 });
    for n in 0..8_u32 {
        for axis in (0..3).filter(|axis| n >> axis & 1 == 0) {
            space.lines.push(LineDraw::in_space(clip, corner(n), corner(n | 1 << axis), [0.85, 0.8, 0.3, 0.9], 1.0));
        }
    }
    for (axis, color) in [[0.95, 0.3, 0.3, 1.0], [0.35, 0.85, 0.35, 1.0], [0.4, 0.55, 1.0, 1.0]].into_iter().enumerate() {
        let end = std::array::from_fn(|a| if a == axis { 40.0 } else { 0.0 });
        space.lines.push(LineDraw::in_space(clip, [0.0; 3], end, color, 1.5));
    }
    scene.list.panels.push(space);
    scene
}
