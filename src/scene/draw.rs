//! The draw list: everything of one frame, as plain data that a dumb executor draws.
//!
//! The slices of a plane are one quad. Its fragments find each layer's voxel through a **page table** (one word per brick place
//! of the region in view, per level) that names a record of [`crate::cache::residency`], so each pixel of a layer is
//! evaluated and blended exactly once. Owns no choice of what to draw, and must not know how it is drawn.

use glam::Mat4;
use smallvec::SmallVec;

use crate::voxel::DataType;

/// The words of a page table.
pub mod page {
    /// Wanted and not there yet.
    pub const LOADING: u32 = 0;
    /// Known not to exist: reads as the fill value.
    pub const ABSENT: u32 = 1;
    /// Could not be had.
    pub const FAILED: u32 = 2;
    /// Nothing is wanted here: outside what the view needs.
    pub const NOTHING: u32 = 3;
    /// Record 0 of the residency; record `n` is `FIRST_RECORD + n`.
    pub const FIRST_RECORD: u32 = 4;

    /// The word for a resident brick.
    #[must_use]
    pub const fn resident(record: u32) -> u32 {
        record.saturating_add(FIRST_RECORD)
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawList {
    /// Width and height of the target in device pixels.
    pub size_px: [u32; 2],
    /// The colour outside every panel: red, green, blue, alpha, 0 to 1, as stored (no transfer curve is applied anywhere).
    pub clear: [f32; 4],
    /// Device pixels per CSS pixel: the scale of hatches.
    pub px_ratio: f32,
    /// Time of the frame, from any origin: drives the loading shimmer.
    pub time_millis: f64,
    /// Whether hatches, the loading shimmer and lines are drawn; false for pictures that are measured.
    pub overlays: bool,
    /// The panels; they do not overlap.
    pub panels: Vec<PanelDraw>,
    /// The page tables of all levels of all slices, one word per brick place (see [`page`]), x fastest.
    pub table: Vec<u32>,
}

/// A rectangle of the target with a picture of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelDraw {
    /// x, y, width, height in device pixels, y downwards; what lies outside the target is cut off.
    pub rect_px: [u32; 4],
    /// Red, green, blue, alpha; drawn over the whole rectangle first.
    pub background: [f32; 4],
    /// Whether the slices hide each other by depth (a view into space) instead of lying in one plane.
    ///
    /// Of several planes only the nearest is seen at a pixel; the slices of one plane (equal `clip_from_plane` and
    /// `plane_rect`) blend as in a flat panel.
    pub depth: bool,
    /// Slices in blending order; in a panel with depth, those of one plane follow each other.
    pub slices: Vec<SliceDraw>,
    /// Lines, drawn after the slices.
    pub lines: Vec<LineDraw>,
    /// How the layers look that are or will be here: what draws them is made ready before there is anything to draw.
    pub looks: Vec<SliceStyle>,
}

/// One layer cut by one plane.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceDraw {
    /// Plane coordinates (u, v, 0, 1), in pixels, to clip space of the panel (x right, y up, z 0 to 1).
    ///
    /// In a flat panel with its corner at the plane's origin, [`clip_from_panel_px`] is pixel-exact.
    pub clip_from_plane: Mat4,
    /// The part of the plane that is drawn: u0, v0, u1, v1.
    pub plane_rect: [f32; 4],
    /// The levels to look through, the target first, then what stands in for it until it is there.
    pub levels: SmallVec<[LevelDraw; 4]>,
    /// How voxels become colours.
    pub style: SliceStyle,
}

impl SliceDraw {
    /// Whether another slice lies in the same plane and covers the same part of it. Neighbours in the list that do are drawn
    /// together.
    #[must_use]
    pub fn in_plane_of(&self, other: &Self) -> bool {
        self.clip_from_plane == other.clip_from_plane && self.plane_rect == other.plane_rect
    }
}

/// Where the voxels of one level are, seen from the plane.
///
/// Voxel coordinates are relative to `base_voxel`, so that they stay exact in 32 bits; the table may span at most
/// [`LevelDraw::MAX_SPAN`] voxels per axis. Within the table, with `r` a voxel relative to the base:
/// `chunk = r / chunk_shape`, `in_chunk = r % chunk_shape`, `place = chunk * bricks_per_chunk + in_chunk / brick_shape`,
/// and the voxel is number `in_chunk % brick_shape` of its brick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelDraw {
    /// The lower corner of the first chunk of the table, in voxels of this level. Nothing is drawn from it; it names the
    /// base for those who read the list.
    pub base_voxel: [i64; 3],
    /// The voxel position of plane coordinates (0, 0), relative to the base. Voxel `v` covers `[v, v + 1)`.
    pub origin: [f32; 3],
    /// How the voxel position moves per unit of u.
    pub du: [f32; 3],
    /// How the voxel position moves per unit of v.
    pub dv: [f32; 3],
    /// The voxels that exist, relative to the base: lower corner.
    pub box_min: [i32; 3],
    /// One past the last voxel that exists.
    pub box_max: [i32; 3],
    /// Voxels of a whole chunk.
    pub chunk_shape: [u32; 3],
    /// Voxels of a whole brick.
    pub brick_shape: [u32; 3],
    /// `chunk_shape / brick_shape`, rounded up.
    pub bricks_per_chunk: [u32; 3],
    /// Brick places of the table along x, y, z: a whole number of chunks.
    pub table_shape: [u32; 3],
    /// The word of [`DrawList::table`] with the table's first place.
    pub table_offset: u32,
}

impl LevelDraw {
    /// The most voxels that a table may span along an axis: beyond, 32-bit floats could name a neighbour's voxel.
    pub const MAX_SPAN: u32 = 1 << 20;

    /// Voxels that the table spans along each axis.
    #[must_use]
    pub fn span(&self) -> [u64; 3] {
        std::array::from_fn(|axis| {
            let chunks = u64::from(self.table_shape[axis]) / u64::from(self.bricks_per_chunk[axis].max(1));
            chunks * u64::from(self.chunk_shape[axis])
        })
    }

    /// The words of the table that this level's places take; `None` where that does not fit.
    #[must_use]
    pub fn table_len(&self) -> Option<usize> {
        self.table_shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(usize::try_from(n).ok()?))
    }
}

/// How voxels become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SliceStyle {
    /// Numbers through a contrast window.
    Image(ImageStyle),
    /// Ids through the colours of their palette entries.
    Segmentation(SegmentationStyle),
}

impl SliceStyle {
    /// Whether values between voxel centres are drawn.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        matches!(self, Self::Image(style) if style.linear)
    }

    /// The same without rims around segments.
    #[must_use]
    pub fn without_outline(self) -> Self {
        match self {
            Self::Segmentation(style) => Self::Segmentation(SegmentationStyle { outline_px: 0.0, ..style }),
            Self::Image(_) => self,
        }
    }
}

/// The style of an image layer: `color * invert(window(value) ^ (1 / gamma))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageStyle {
    /// The type of the values.
    pub data_type: DataType,
    /// The values that become black and full colour.
    pub window: [f32; 2],
    /// Above 1 brightens the middle.
    pub gamma: f32,
    /// Whether black and full colour are swapped.
    pub invert: bool,
    /// Red, green, blue of full colour.
    pub color: [f32; 3],
    /// 0 to 1.
    pub opacity: f32,
    /// Linear filtering between voxel centres instead of the nearest voxel.
    pub linear: bool,
    /// Adds to what is below instead of covering it.
    pub additive: bool,
    /// The value of voxels whose brick is absent.
    pub fill: f32,
}

/// The style of a segmentation layer; the colours are in the palette entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentationStyle {
    /// 0 to 1, multiplied with the alpha of each segment's colour.
    pub opacity: f32,
    /// Width in pixels of the rim of each segment that is drawn at `outline_opacity`; 0 for none.
    pub outline_px: f32,
    /// The opacity of the rim of a segment that is not wholly transparent.
    pub outline_opacity: f32,
}

/// A straight line with even ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineDraw {
    /// One end in clip space of the panel.
    pub from: [f32; 4],
    /// The other end.
    pub to: [f32; 4],
    /// Red, green, blue, alpha; not premultiplied.
    pub color: [f32; 4],
    /// Device pixels.
    pub width_px: f32,
    /// Whether slices in front hide it (only in panels with depth).
    pub depth_tested: bool,
}

impl LineDraw {
    /// A line between two points of a space, seen through `clip_from_space`.
    #[must_use]
    pub fn in_space(clip_from_space: Mat4, from: [f32; 3], to: [f32; 3], color: [f32; 4], width_px: f32) -> Self {
        let clip = |point: [f32; 3]| (clip_from_space * glam::Vec3::from(point).extend(1.0)).to_array();
        Self { from: clip(from), to: clip(to), color, width_px, depth_tested: true }
    }

    /// A line between two points in pixels of a panel of this size; (0.5, 0.5) is the centre of the first pixel.
    #[must_use]
    pub fn in_px(panel_size_px: [u32; 2], from: [f32; 2], to: [f32; 2], color: [f32; 4], width_px: f32) -> Self {
        let clip_from_px = clip_from_panel_px(panel_size_px);
        let clip = |[x, y]: [f32; 2]| (clip_from_px * glam::Vec4::new(x, y, 0.0, 1.0)).to_array();
        Self { from: clip(from), to: clip(to), color, width_px, depth_tested: false }
    }
}

/// Pixels of a panel (x right, y down, origin at its upper left corner) to its clip space.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "no panel is wider than 2^24 pixels")]
pub fn clip_from_panel_px(panel_size_px: [u32; 2]) -> Mat4 {
    let [width, height] = panel_size_px.map(|n| n.max(1) as f32);
    Mat4::from_cols_array_2d(&[[2.0 / width, 0.0, 0.0, 0.0], [0.0, -2.0 / height, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [-1.0, 1.0, 0.0, 1.0]])
}
