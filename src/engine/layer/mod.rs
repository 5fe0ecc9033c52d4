//! One layer of a view: its options, its source, and how far it is.

mod describe;
mod look;

use std::rc::Rc;

use futures::channel::oneshot;

use crate::error::{ErrorCode, ViewerError};
use crate::format::{Selection, VolumeSpec};
use crate::job::{Documents, OpenJob};
use crate::scene::layer::{LayerKind, LayerOptions, OptionsError};
use crate::scene::resolve::ChunkCounts;
use crate::scene::segment_color::SegmentStyle;
use crate::store::url::at_s3_service;
use crate::voxel::DataType;

use crate::engine::context::Shared;
use crate::engine::info::{LayerInfo, MadeLevelsInfo};
use crate::engine::source::{VolumeStatus, rescaled};

use look::segment_style;

/// How far a layer is.
#[derive(Debug)]
pub(in crate::engine) enum Status {
    Opening,
    Ready(Ready),
    Failed(ViewerError),
}

/// A layer that can be drawn.
#[derive(Debug)]
pub(in crate::engine) struct Ready {
    pub(in crate::engine) spec: Rc<VolumeSpec>,
    pub(in crate::engine) source: u32,
    /// The window found from the data, and whether it is final.
    auto_window: Option<[f64; 2]>,
    auto_final: bool,
}

/// One layer of a view.
#[derive(Debug)]
pub(in crate::engine) struct ViewLayer {
    pub(in crate::engine) options: LayerOptions,
    pub(in crate::engine) status: Status,
    pub(in crate::engine) counts: ChunkCounts,
    /// The layer's number in the residency.
    pub(in crate::engine) number: u32,
    pub(in crate::engine) volume: u32,
    /// The levels that the volume lacks, as they were last told of.
    levels: Option<MadeLevelsInfo>,
    waiting: Vec<oneshot::Sender<Result<LayerInfo, ViewerError>>>,
    segments: SegmentStyle,
}

/// An options error at the edge.
pub(in crate::engine) fn options_error(error: &OptionsError) -> ViewerError {
    ViewerError::new(ErrorCode::InvalidOptions, error.to_string()).with_detail("key", error.key)
}

impl ViewLayer {
    /// Begins to open a layer whose options have been checked; `documents`: see [`super::View::add_layer`].
    pub(in crate::engine) fn open(options: LayerOptions, documents: Documents, shared: &mut Shared) -> Self {
        let volume = shared.open_volume(open_job(&options), documents);
        let segments = segment_style(&options);
        Self {
            options,
            status: Status::Opening,
            counts: ChunkCounts::default(),
            number: shared.new_layer(),
            volume,
            levels: None,
            waiting: Vec::new(),
            segments,
        }
    }

    /// The answer once the metadata is read.
    pub(in crate::engine) fn wait(&mut self) -> oneshot::Receiver<Result<LayerInfo, ViewerError>> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push(sender);
        receiver
    }

    pub(in crate::engine) fn id(&self) -> &str {
        self.options.id.as_deref().unwrap_or_default()
    }

    pub(in crate::engine) fn is_visible(&self) -> bool {
        self.options.visible.unwrap_or(true)
    }

    pub(in crate::engine) fn is_segmentation(&self) -> bool {
        self.options.kind == Some(LayerKind::Segmentation)
    }

    pub(in crate::engine) fn ready(&self) -> Option<&Ready> {
        match &self.status {
            Status::Ready(ready) => Some(ready),
            Status::Opening | Status::Failed(_) => None,
        }
    }

    /// Looks whether the volume has been opened. Says whether the layer's state changed.
    pub(in crate::engine) fn settle(&mut self, at: &std::collections::BTreeMap<String, u64>, shared: &mut Shared) -> bool {
        if !matches!(self.status, Status::Opening) {
            let grown = self.follow_levels(shared);
            let levels = shared.levels_info(self.volume);
            let changed = levels != self.levels;
            self.levels = levels;
            return grown || changed;
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
            Status::Opening | Status::Ready(_) => Ok(self.info(shared)),
        };
        for sender in self.waiting.drain(..) {
            // Whoever asked may have gone.
            let _gone = sender.send(answer.clone());
        }
        true
    }

    /// Takes levels into use that have been made since, or does without them. What is loaded of the others stays. Says whether there are others now.
    fn follow_levels(&mut self, shared: &mut Shared) -> bool {
        let Status::Ready(ready) = &mut self.status else { return false };
        let Some(VolumeStatus::Open(spec)) = shared.volumes.get(&self.volume).map(|volume| volume.status.clone()) else { return false };
        if spec.levels.len() == ready.spec.levels.len() {
            return false;
        }
        ready.spec = own_spec(&self.options, &spec);
        shared.replace_levels(ready.source, &ready.spec);
        true
    }

    fn start(
        &self,
        spec: &Rc<VolumeSpec>,
        at: &std::collections::BTreeMap<String, u64>,
        shared: &mut Shared,
    ) -> Result<Ready, ViewerError> {
        let spec = own_spec(&self.options, spec);
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

    /// Whether these options choose something that the layer has.
    ///
    /// # Errors
    /// A channel that does not exist.
    pub(in crate::engine) fn check_selection(
        &self,
        options: &LayerOptions,
        at: &std::collections::BTreeMap<String, u64>,
    ) -> Result<(), ViewerError> {
        self.ready().map_or(Ok(()), |ready| selection(options, &ready.spec, at).map(|_| ()))
    }

    /// Takes over changed options. Says whether any has changed.
    ///
    /// # Errors
    /// What cannot be used; then nothing has changed.
    pub(in crate::engine) fn update(
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
    pub(in crate::engine) fn source_at(
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
    pub(in crate::engine) fn reselect(
        &mut self,
        at: &std::collections::BTreeMap<String, u64>,
        shared: &mut Shared,
    ) -> Result<(), ViewerError> {
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

    /// Adds a segment to the selection, or takes it out.
    pub(in crate::engine) fn toggle_segment(&mut self, id: u64, shared: &mut Shared) {
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
    pub(in crate::engine) fn change(&mut self, change: impl FnOnce(&mut LayerOptions), shared: &mut Shared) {
        change(&mut self.options);
        if let Status::Ready(ready) = &mut self.status {
            ready.auto_final = false;
        }
        self.restyle(shared);
    }

    /// Tries to open a failed layer again.
    pub(in crate::engine) fn reopen(&mut self, shared: &mut Shared) {
        if matches!(self.status, Status::Failed(_)) {
            shared.close_volume(self.volume);
            self.volume = shared.open_volume(open_job(&self.options), Documents::new());
            self.status = Status::Opening;
        }
    }

    /// Gives everything back.
    pub(in crate::engine) fn close(self, shared: &mut Shared) {
        if let Status::Ready(ready) = &self.status {
            shared.release_source(ready.source);
        }
        shared.residency.remove_layer(self.number);
        shared.close_volume(self.volume);
        for sender in self.waiting {
            let _gone = sender.send(Err(ViewerError::new(ErrorCode::Disposed, "the layer was removed before its metadata was read")));
        }
    }
}

/// The specification with the voxel size that the options give.
fn own_spec(options: &LayerOptions, spec: &Rc<VolumeSpec>) -> Rc<VolumeSpec> {
    match options.source.as_ref().and_then(crate::scene::layer::SourceOptions::voxel_size_nm) {
        Some(voxel_size_nm) => Rc::new(rescaled(spec, voxel_size_nm)),
        None => Rc::clone(spec),
    }
}

fn open_job(options: &LayerOptions) -> OpenJob {
    let Some(source) = &options.source else { return OpenJob::default() };
    let (endpoint, path_style) = source.s3_service();
    OpenJob {
        url: at_s3_service(source.url(), endpoint, path_style),
        said: source.said(),
        labels: options.kind == Some(LayerKind::Segmentation),
    }
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
