//! What is under a point.

use crate::engine::info::{PickInfo, PickValue, VoxelValue};
use crate::engine::layer::ViewLayer;
use crate::geometry::{DVec2, DVec3, PanelKind};
use crate::tools::navigate;
use crate::voxel::{BrickKey, DataType};

use super::View;

impl View {
    /// What is under a point of the canvas, CSS pixels; `None` outside the panels.
    #[must_use]
    pub fn pick(&self, point: DVec2) -> Option<PickInfo> {
        let (panel, at) = self.panels.iter().find_map(|panel| {
            let [x, y, width, height] = panel.rect_px.map(|n| f64::from(n) / self.px_ratio);
            let at = point - DVec2::new(x, y);
            (at.x >= 0.0 && at.y >= 0.0 && at.x < width && at.y < height).then_some((panel.kind, at))
        })?;
        self.pick_in(panel, at)
    }

    /// What is under a point of a panel, CSS pixels from its corner.
    pub(super) fn pick_in(&self, panel: PanelKind, at: DVec2) -> Option<PickInfo> {
        let position = match panel {
            PanelKind::Space => self.point_on_slices(at)?,
            _ => navigate::point_under(&self.state, panel, at, self.panel_css(panel)),
        };
        let values = self.layers.iter().filter(|layer| layer.is_visible()).map(|layer| self.value(layer, position)).collect();
        Some(PickInfo { position: position.to_array(), panel: panel.name(), values })
    }

    /// The nearest point of the slices in space under a point of the 3D panel.
    pub(super) fn point_on_slices(&self, at: DVec2) -> Option<DVec3> {
        let panel = self.panel(PanelKind::Space)?;
        let size = DVec2::new(f64::from(panel.rect_px[2]), f64::from(panel.rect_px[3]));
        let px = at * self.px_ratio;
        let clip = DVec2::new(px.x / size.x * 2.0 - 1.0, 1.0 - px.y / size.y * 2.0);
        let world_from_clip = self.state.clip_from_world(size, self.switches.orthographic).inverse();
        let near = world_from_clip.project_point3(clip.extend(0.0));
        let far = world_from_clip.project_point3(clip.extend(1.0));
        let (low, high) = self.bounds()?;
        let hits = self.space_planes(size).into_iter().filter_map(|view| {
            let normal = view.plane.du.cross(view.plane.dv);
            let along = (view.plane.origin - near).dot(normal) / (far - near).dot(normal);
            let point = near + (far - near) * along;
            let inside = point.is_finite() && point.cmpge(low).all() && point.cmple(high).all();
            (inside && (0.0..=1.0).contains(&along)).then_some((along, point))
        });
        hits.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, point)| point)
    }

    /// A layer's value at a point: the finest that is loaded.
    fn value(&self, layer: &ViewLayer, position: DVec3) -> PickValue {
        let mut value = PickValue { layer_id: layer.id().to_owned(), voxel: None, value: None, segment_id: None };
        let Some(ready) = layer.ready() else { return value };
        let shared = self.context.shared.borrow();
        let Some(source) = shared.sources.get(&ready.source) else { return value };
        let in_volume = layer.world_from_volume().inverse().transform_point3(position);
        for (level, grid) in source.grids.iter().enumerate() {
            let point = grid.voxel_from_nm.transform_point3(in_volume).floor();
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and what is outside is dropped next")]
            let voxel = point.to_array().map(|n| n as i64);
            if !grid.voxel_box.contains(voxel) {
                continue;
            }
            if level == 0 {
                value.voxel = Some(voxel);
            }
            let brick = grid.brick_of_voxel(voxel);
            let key = BrickKey { source: ready.source, level: u8::try_from(level).unwrap_or(u8::MAX), grid: brick };
            let min = grid.brick_min(brick);
            let bits = shared
                .bricks
                .peek(&key)
                .and_then(|brick| brick.bits(std::array::from_fn(|axis| u32::try_from(voxel[axis] - min[axis]).unwrap_or(u32::MAX))));
            let absent = source.absent.contains(&crate::chunk::ChunkKey {
                source: ready.source,
                level: key.level,
                grid: grid.chunk_of_brick(brick),
            });
            let Some(bits) = bits.or(absent.then_some(ready.spec.fill_bits)) else { continue };
            value.value = Some(match ready.spec.data_type {
                DataType::Uint64 | DataType::Int64 => VoxelValue::Big(bits),
                other => VoxelValue::Number(other.number(bits)),
            });
            value.segment_id = layer.is_segmentation().then_some(bits);
            break;
        }
        value
    }
}
