//! One layer of a view: its options, how far it is, and how it looks.

use std::rc::Rc;

use futures::channel::oneshot;

use crate::cache::residency::PaletteColor;
use crate::error::{ErrorCode, ViewerError};
use crate::format::{Selection, VolumeSpec};
use crate::geometry::{DAffine3, DVec3};
use crate::job::OpenJob;
use crate::scene::draw::{ImageStyle, SegmentationStyle, SliceStyle};
use crate::scene::layer::{Blend, Contrast, Interpolation, LayerKind, LayerOptions, OptionsError, parse_color};
use crate::scene::plan::SceneLayer;
use crate::scene::resolve::ChunkCounts;
use crate::scene::segment_color::SegmentStyle;
use crate::store::url::at_s3_service;
use crate::voxel::DataType;

use super::auto_contrast;
use super::context::Shared;
use super::info::{LayerInfo, LayerState, LevelInfo};
use super::source::{VolumeStatus, rescaled};

/// How far a layer is.
#[derive(Debug)]
pub(super) enum Status {
    Opening,
    Ready(Ready),
    Failed(ViewerError),
}

/// A layer that can be drawn.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) spec: Rc<VolumeSpec>,
    pub(super) source: u32,
    /// The window found from the data, and whether it is final.
    auto_window: Option<[f64; 2]>,
    auto_final: bool,
}

/// One layer of a view.
#[derive(Debug)]
pub(super) struct ViewLayer {
    pub(super) options: LayerOptions,
    pub(super) status: Status,
    pub(super) counts: ChunkCounts,
    /// The layer's number in the residency.
    pub(super) number: u32,
    volume: u32,
    waiting: Vec<oneshot::Sender<Result<LayerInfo, ViewerError>>>,
    segments: SegmentStyle,
}

/// An options error at the edge.
pub(super) fn options_error(error: &OptionsError) -> ViewerError {
    ViewerError::new(ErrorCode::InvalidOptions, error.to_string()).with_detail("key", error.key)
}

impl ViewLayer {
    /// Begins to open a layer whose options have been checked.
    pub(super) fn open(options: LayerOptions, shared: &mut Shared) -> Self {
        let volume = shared.open_volume(open_job(&options));
        let segments = segment_style(&options);
        Self {
            options,
            status: Status::Opening,
            counts: ChunkCounts::default(),
            number: shared.new_layer(),
            volume,
            waiting: Vec::new(),
            segments,
        }
    }

    /// The answer once the metadata is read.
    pub(super) fn wait(&mut self) -> oneshot::Receiver<Result<LayerInfo, ViewerError>> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push(sender);
        receiver
    }

    pub(super) fn id(&self) -> &str {
        self.options.id.as_deref().unwrap_or_default()
    }

    pub(super) fn is_visible(&self) -> bool {
        self.options.visible.unwrap_or(true)
    }

    pub(super) fn is_segmentation(&self) -> bool {
        self.options.kind == Some(LayerKind::Segmentation)
    }

    pub(super) fn ready(&self) -> Option<&Ready> {
        match &self.status {
            Status::Ready(ready) => Some(ready),
            Status::Opening | Status::Failed(_) => None,
        }
    }

    /// Looks whether the volume has been opened. Says whether the layer's state changed.
    pub(super) fn settle(&mut self, at: &std::collections::BTreeMap<String, u64>, shared: &mut Shared) -> bool {
        if !matches!(self.status, Status::Opening) {
            return false;
        }
        let Some(volume) = shared.volumes.get(&self.volume) else { return false };
        let result = match volume.status.clone() {
            VolumeStatus::Opening => return false,
            VolumeStatus::Failed(error) => Err(error),
            VolumeStatus::Open(spec) => self.start(&spec, at, shared),
        };
        self.status = match result {
            Ok(ready) => Status::Ready(ready),
            Err(error) => Status::Failed(error),
        };
        let answer = match &self.status {
            Status::Failed(error) => Err(error.clone()),
            Status::Opening | Status::Ready(_) => Ok(self.info()),
        };
        for sender in self.waiting.drain(..) {
            // Whoever asked may have gone.
            let _gone = sender.send(answer.clone());
        }
        true
    }

    fn start(
        &self,
        spec: &Rc<VolumeSpec>,
        at: &std::collections::BTreeMap<String, u64>,
        shared: &mut Shared,
    ) -> Result<Ready, ViewerError> {
        let spec = match self.options.source.as_ref().and_then(crate::scene::layer::SourceOptions::voxel_size_nm) {
            Some(voxel_size_nm) => Rc::new(rescaled(spec, voxel_size_nm)),
            None => Rc::clone(spec),
        };
        self.check_type(&spec)?;
        let source = shared.use_source(self.volume, &spec, &selection(&self.options, &spec, at)?, self.is_segmentation());
        Ok(Ready { spec, source, auto_window: None, auto_final: false })
    }

    fn check_type(&self, spec: &VolumeSpec) -> Result<(), ViewerError> {
        let fits = match spec.data_type {
            DataType::Uint8 | DataType::Uint16 | DataType::Uint32 => true,
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Float32 => !self.is_segmentation(),
            DataType::Uint64 => self.is_segmentation(),
            DataType::Int64 | DataType::Float64 => false,
        };
        if fits {
            return Ok(());
        }
        let kind = if self.is_segmentation() { "segmentation" } else { "image" };
        let error = ViewerError::new(
            ErrorCode::Unsupported,
            format!("voxels of type {} cannot be shown as layer of type \"{kind}\"", spec.data_type.name()),
        )
        .with_detail("name", spec.data_type.name());
        Err(match spec.data_type {
            DataType::Uint64 => error.with_remedy("Add it as a layer of type \"segmentation\"."),
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Float32 => {
                error.with_remedy("Add it as a layer of type \"image\".")
            }
            _ => error.with_remedy("Convert it to a supported data type."),
        })
    }

    /// Takes over changed options. Says whether any has changed.
    ///
    /// # Errors
    /// What cannot be used; then nothing has changed.
    pub(super) fn update(
        &mut self,
        patch: LayerOptions,
        at: &std::collections::BTreeMap<String, u64>,
        shared: &mut Shared,
    ) -> Result<bool, ViewerError> {
        let before = std::mem::take(&mut self.options);
        match before.patched(patch) {
            Ok(merged) => self.options = merged,
            Err(error) => {
                self.options = before;
                return Err(options_error(&error));
            }
        }
        if let Err(error) = self.reselect(at, shared) {
            self.options = before;
            return Err(error);
        }
        if self.options.contrast != before.contrast
            && let Status::Ready(ready) = &mut self.status
        {
            ready.auto_final = false;
        }
        self.restyle(shared);
        Ok(self.options != before)
    }

    /// The source for a read, perhaps of another channel or place. The read releases it.
    pub(super) fn source_at(
        &self,
        channel: Option<u32>,
        at: Option<&std::collections::BTreeMap<String, u64>>,
        other_axes: &std::collections::BTreeMap<String, u64>,
        shared: &mut Shared,
    ) -> Result<u32, ViewerError> {
        let Some(ready) = self.ready() else { return Err(ViewerError::new(ErrorCode::Internal, "the layer is not ready")) };
        let options = LayerOptions { channel: channel.or(self.options.channel), ..LayerOptions::default() };
        let selection = selection(&options, &ready.spec, at.unwrap_or(other_axes))?;
        Ok(shared.use_source(self.volume, &ready.spec, &selection, self.is_segmentation()))
    }

    /// Follows a changed channel or place along the other axes.
    pub(super) fn reselect(&mut self, at: &std::collections::BTreeMap<String, u64>, shared: &mut Shared) -> Result<(), ViewerError> {
        let Status::Ready(ready) = &self.status else { return Ok(()) };
        let (spec, old) = (Rc::clone(&ready.spec), ready.source);
        let selection = selection(&self.options, &spec, at)?;
        if shared.sources.get(&old).is_some_and(|source| source.selection == selection) {
            return Ok(());
        }
        let source = shared.use_source(self.volume, &spec, &selection, self.is_segmentation());
        shared.release_source(old);
        shared.residency.remove_layer(self.number);
        if let Status::Ready(ready) = &mut self.status {
            ready.source = source;
        }
        Ok(())
    }

    fn restyle(&mut self, shared: &mut Shared) {
        let segments = segment_style(&self.options);
        if self.is_segmentation() && segments != self.segments {
            self.segments = segments;
            shared.residency.recolor(self.number, &|id| self.palette_color(id));
        }
    }

    /// The colour of an id.
    pub(super) fn palette_color(&self, id: u64) -> PaletteColor {
        PaletteColor { segment: id, rgba: self.segments.rgba(id) }
    }

    /// Adds a segment to the selection, or takes it out.
    pub(super) fn toggle_segment(&mut self, id: u64, shared: &mut Shared) {
        let selected = self.options.selected.get_or_insert_default();
        let id = crate::scene::layer::SegmentId(id);
        match selected.iter().position(|known| *known == id) {
            Some(place) => {
                selected.remove(place);
            }
            None => selected.push(id),
        }
        self.restyle(shared);
    }

    /// Sets the selection or the seed without a check: for actions.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut LayerOptions), shared: &mut Shared) {
        change(&mut self.options);
        if let Status::Ready(ready) = &mut self.status {
            ready.auto_final = false;
        }
        self.restyle(shared);
    }

    /// Tries to open a failed layer again.
    pub(super) fn reopen(&mut self, shared: &mut Shared) {
        if matches!(self.status, Status::Failed(_)) {
            shared.close_volume(self.volume);
            self.volume = shared.open_volume(open_job(&self.options));
            self.status = Status::Opening;
        }
    }

    /// Gives everything back.
    pub(super) fn close(self, shared: &mut Shared) {
        if let Status::Ready(ready) = &self.status {
            shared.release_source(ready.source);
        }
        shared.residency.remove_layer(self.number);
        shared.close_volume(self.volume);
        for sender in self.waiting {
            let _gone = sender.send(Err(ViewerError::new(ErrorCode::Disposed, "the layer was removed before its metadata was read")));
        }
    }

    /// Finds the automatic window from what is loaded. `complete`: all that is in view is there, so the window is final.
    pub(super) fn update_auto_contrast(&mut self, complete: bool, shared: &Shared) -> bool {
        let automatic = self.is_automatic();
        let Status::Ready(ready) = &mut self.status else { return false };
        if !automatic || ready.auto_final {
            return false;
        }
        let sorted = auto_contrast::sample(shared.bricks.of_source(ready.source).map(|(_, brick)| brick));
        let Some(window) = auto_contrast::window(&sorted) else { return false };
        ready.auto_final = complete;
        let changed = ready.auto_window != Some(window);
        ready.auto_window = Some(window);
        changed
    }

    fn is_automatic(&self) -> bool {
        self.options.kind == Some(LayerKind::Image) && !matches!(self.options.contrast, Some(Contrast::Range(_)))
    }

    /// Whether the window is still to be found.
    pub(super) fn contrast_pending(&self) -> bool {
        self.is_automatic() && self.ready().is_some_and(|ready| !ready.auto_final && ready.auto_window.is_none() && self.counts.loaded > 0)
    }

    /// The contrast window in use.
    pub(super) fn window(&self) -> Option<[f64; 2]> {
        let ready = self.ready()?;
        if self.is_segmentation() {
            return None;
        }
        let (low, high) = ready.spec.data_type.range();
        Some(match self.options.contrast {
            Some(Contrast::Range(range)) => range,
            _ => ready.auto_window.filter(|_| self.is_automatic()).unwrap_or([low, high]),
        })
    }

    fn style(&self, spec: &VolumeSpec) -> SliceStyle {
        let options = &self.options;
        if self.is_segmentation() {
            return SliceStyle::Segmentation(SegmentationStyle {
                opacity: f32_of(options.opacity.unwrap_or(0.5)),
                outline_px: if options.outline.unwrap_or(true) { 1.0 } else { 0.0 },
                outline_opacity: 1.0,
            });
        }
        SliceStyle::Image(ImageStyle {
            window: self.window().unwrap_or([0.0, 1.0]).map(f32_of),
            gamma: f32_of(options.gamma.unwrap_or(1.0)),
            invert: options.invert.unwrap_or(false),
            color: options.color.as_deref().and_then(parse_color).unwrap_or([1.0; 3]),
            opacity: f32_of(options.opacity.unwrap_or(1.0)),
            linear: options.interpolation != Some(Interpolation::Nearest),
            additive: options.blend == Some(Blend::Additive),
            fill: f32_of(spec.data_type.number(spec.fill_bits)),
        })
    }

    /// The layer for the scene, if it is to be drawn.
    pub(super) fn scene_layer(&self, shared: &Shared) -> Option<SceneLayer> {
        let ready = self.ready().filter(|_| self.is_visible())?;
        let source = shared.sources.get(&ready.source)?;
        Some(SceneLayer {
            layer: self.number,
            source: ready.source,
            levels: Rc::clone(&source.grids),
            volume_from_world: self.world_from_volume().inverse(),
            style: self.style(&ready.spec),
            // Labels are palette-compressed: mostly 4 or 8 bits.
            bytes_per_voxel: if self.is_segmentation() { 1.0 } else { ready.spec.data_type.size_bytes() as f64 },
        })
    }

    /// The layer's transform; it was checked with the options.
    pub(super) fn world_from_volume(&self) -> DAffine3 {
        self.options.world_from_volume().unwrap_or(DAffine3::IDENTITY)
    }

    /// The corners of the volume in the world, nm: where it lies.
    pub(super) fn corners(&self) -> Option<[DVec3; 8]> {
        let finest = self.ready()?.spec.levels.first()?;
        let world_from_volume = self.world_from_volume();
        Some(std::array::from_fn(|corner| {
            let nm: [f64; 3] = std::array::from_fn(|axis| {
                let voxel = if corner >> axis & 1 == 1 { finest.voxel_box.max[axis] } else { finest.voxel_box.min[axis] };
                finest.offset_nm[axis] + voxel as f64 * finest.voxel_size_nm[axis]
            });
            world_from_volume.transform_point3(DVec3::from_array(nm))
        }))
    }

    /// What is known of the layer.
    pub(super) fn info(&self) -> LayerInfo {
        let spec = self.ready().map(|ready| &*ready.spec);
        LayerInfo {
            format: spec.map(|spec| spec.format),
            data_type: spec.map(|spec| spec.data_type),
            kind: spec.and_then(|spec| spec.kind),
            channels: spec.map_or(0, |spec| spec.channels),
            offset_nm: spec.and_then(|spec| spec.levels.first()).map_or([0.0; 3], |level| level.offset_nm),
            levels: spec.into_iter().flat_map(|spec| &spec.levels).map(level_info).collect(),
            other_axes: spec.map(|spec| spec.other_axes.clone()).unwrap_or_default(),
            state: match self.status {
                Status::Opening => LayerState::Loading,
                Status::Ready(_) => LayerState::Ready,
                Status::Failed(_) => LayerState::Error,
            },
            error: match &self.status {
                Status::Failed(error) => Some(error.clone()),
                Status::Opening | Status::Ready(_) => None,
            },
            chunks: self.counts,
            window: self.window(),
        }
    }

    /// How often values occur in what is loaded.
    pub(super) fn histogram(&self, shared: &Shared) -> Option<auto_contrast::Histogram> {
        let ready = self.ready().filter(|_| !self.is_segmentation())?;
        let sorted = auto_contrast::sample(shared.bricks.of_source(ready.source).map(|(_, brick)| brick));
        auto_contrast::histogram(&sorted, ready.spec.data_type)
    }
}

fn open_job(options: &LayerOptions) -> OpenJob {
    let Some(source) = &options.source else { return OpenJob { url: String::new(), format: None } };
    let (endpoint, path_style) = source.s3_service();
    OpenJob { url: at_s3_service(source.url(), endpoint, path_style), format: source.format() }
}

fn selection(options: &LayerOptions, spec: &VolumeSpec, at: &std::collections::BTreeMap<String, u64>) -> Result<Selection, ViewerError> {
    let channel = options.channel.unwrap_or(0);
    if channel >= spec.channels {
        return Err(ViewerError::new(
            ErrorCode::InvalidOptions,
            format!("channel {channel} does not exist: there are {} from 0", spec.channels),
        )
        .with_detail("key", "channel"));
    }
    // A position beyond an axis's end shows its last place: other layers may have more.
    let at = spec
        .other_axes
        .iter()
        .filter_map(|axis| Some((axis.name.clone(), (*at.get(&axis.name)?).min(axis.size.saturating_sub(1)))))
        .collect();
    Ok(Selection { channel, at })
}

fn level_info(level: &crate::format::LevelSpec) -> LevelInfo {
    LevelInfo {
        voxel_size_nm: level.voxel_size_nm,
        voxel_box: level.voxel_box,
        chunk_shape: level.chunk_shape,
        encoding: level.encoding.clone(),
    }
}

fn segment_style(options: &LayerOptions) -> SegmentStyle {
    SegmentStyle {
        selected: options.selected.iter().flatten().map(|id| id.0).collect(),
        hide_unselected: options.hide_unselected.unwrap_or(false),
        colors: options.segment_colors().unwrap_or_default().into_iter().collect(),
        seed: options.color_seed.unwrap_or(0),
        // The layer's opacity comes on top.
        selected_alpha: 1.0,
        unselected_alpha: 0.3,
        ..SegmentStyle::default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "styles are drawn in f32")]
fn f32_of(value: f64) -> f32 {
    value as f32
}
