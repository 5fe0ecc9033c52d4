//! The layers of a view: adding, changing, ordering, and what is known of them.

use futures::channel::oneshot;

use crate::engine::auto_contrast::Histogram;
use crate::engine::info::{FailureInfo, LayerInfo};
use crate::engine::layer::{Status, ViewLayer, options_error};
use crate::error::{ErrorCode, ViewerError};
use crate::job::Documents;
use crate::scene::layer::LayerOptions;

use super::{View, ViewEvent};

impl View {
    /// Adds a layer, on top or before another (under it). The answer comes when its metadata is read.
    ///
    /// `documents`: what the host has read already of what opening the layer reads, by whole address.
    ///
    /// # Errors
    /// Options that cannot be used.
    pub fn add_layer(
        &mut self,
        options: LayerOptions,
        before: Option<&str>,
        documents: Documents,
    ) -> Result<oneshot::Receiver<Result<LayerInfo, ViewerError>>, ViewerError> {
        options.check().map_err(|error| options_error(&error))?;
        let id = options.id.clone().unwrap_or_default();
        if self.layers.iter().any(|layer| layer.id() == id) {
            return Err(ViewerError::new(ErrorCode::InvalidOptions, format!("there is a layer \"{id}\" already")).with_detail("key", "id"));
        }
        let place = match before {
            None => self.layers.len(),
            Some(before) => self.place(before)?,
        };
        let mut layer = ViewLayer::open(options, documents, &mut self.context.shared.borrow_mut());
        let answer = layer.wait();
        self.layers.insert(place, layer);
        self.events.push(ViewEvent::Layers);
        self.events.push(ViewEvent::Layer { id });
        self.settle();
        self.replan();
        Ok(answer)
    }

    pub(super) fn place(&self, id: &str) -> Result<usize, ViewerError> {
        let missing = || ViewerError::new(ErrorCode::InvalidOptions, format!("there is no layer \"{id}\"")).with_detail("key", "id");
        self.layers.iter().position(|layer| layer.id() == id).ok_or_else(missing)
    }

    pub(super) fn layer(&self, id: &str) -> Result<&ViewLayer, ViewerError> {
        let place = self.place(id)?;
        self.layers.get(place).ok_or_else(|| ViewerError::new(ErrorCode::Internal, "a layer went missing"))
    }

    /// Changes options of a layer.
    ///
    /// # Errors
    /// No such layer, or options that cannot be used; then nothing has changed.
    pub fn update_layer(&mut self, id: &str, patch: LayerOptions) -> Result<(), ViewerError> {
        let place = self.place(id)?;
        if let Some(layer) = self.layers.get_mut(place)
            && layer.update(patch, &self.other_axes, &mut self.context.shared.borrow_mut())?
        {
            self.layers_changed();
        }
        Ok(())
    }

    /// Removes a layer.
    ///
    /// # Errors
    /// No such layer.
    pub fn remove_layer(&mut self, id: &str) -> Result<(), ViewerError> {
        let place = self.place(id)?;
        let layer = self.layers.remove(place);
        // What it wanted is wanted no more, before its source goes.
        let mut shared = self.context.shared.borrow_mut();
        shared.set_wants(self.ticket, Vec::new());
        layer.close(&mut shared);
        drop(shared);
        self.layers_changed();
        Ok(())
    }

    /// Moves a layer under another, or to the top.
    ///
    /// # Errors
    /// No such layer.
    pub fn move_layer(&mut self, id: &str, before: Option<&str>) -> Result<(), ViewerError> {
        let from = self.place(id)?;
        if before.is_some_and(|before| before == id) {
            return Ok(());
        }
        before.map(|before| self.place(before)).transpose()?;
        let layer = self.layers.remove(from);
        let to = before.and_then(|before| self.place(before).ok()).unwrap_or(self.layers.len());
        self.layers.insert(to, layer);
        self.layers_changed();
        Ok(())
    }

    /// The options of all layers, bottom first.
    #[must_use]
    pub fn layers(&self) -> Vec<LayerOptions> {
        self.layers.iter().map(|layer| layer.options.clone()).collect()
    }

    /// What is known of a layer.
    #[must_use]
    pub fn layer_info(&self, id: &str) -> Option<LayerInfo> {
        Some(self.layer(id).ok()?.info(&self.context.shared.borrow()))
    }

    /// The colour of a segment of a layer, `#rrggbb`.
    ///
    /// # Errors
    /// No such layer.
    pub fn segment_color(&self, id: &str, segment: u64) -> Result<String, ViewerError> {
        let [r, g, b, _] = self.layer(id)?.palette_color(segment).rgba;
        Ok(format!("#{r:02x}{g:02x}{b:02x}"))
    }

    /// Shows these layers and no others. Those that stay, by id, kind and source, keep what they have loaded.
    ///
    /// # Errors
    /// Options that cannot be used; then nothing has changed.
    pub fn restore(&mut self, layers: Vec<LayerOptions>) -> Result<(), ViewerError> {
        for (place, options) in layers.iter().enumerate() {
            options.check().map_err(|error| options_error(&error))?;
            if let Some(kept) = self.layers.iter().find(|layer| is_same(layer, options)) {
                kept.check_selection(options, &self.other_axes)?;
            }
            if layers.iter().take(place).any(|other| other.id == options.id) {
                return Err(ViewerError::new(
                    ErrorCode::InvalidOptions,
                    format!("two layers have the id \"{}\"", options.id.clone().unwrap_or_default()),
                ));
            }
        }
        let mut old: Vec<ViewLayer> = self.layers.drain(..).collect();
        let mut shared = self.context.shared.borrow_mut();
        for options in layers {
            let kept = old.iter().position(|layer| is_same(layer, &options)).map(|place| old.remove(place));
            let layer = match kept {
                Some(mut layer) => {
                    layer.change(|known| *known = options, &mut shared);
                    layer.reselect(&self.other_axes, &mut shared)?;
                    layer
                }
                None => ViewLayer::open(options, Documents::new(), &mut shared),
            };
            self.layers.push(layer);
        }
        shared.set_wants(self.ticket, Vec::new());
        for layer in old {
            layer.close(&mut shared);
        }
        drop(shared);
        self.events.push(ViewEvent::Layers);
        self.settle();
        self.replan();
        Ok(())
    }

    /// How often values occur in what is loaded of an image layer.
    #[must_use]
    pub fn histogram(&self, id: &str) -> Option<Histogram> {
        self.layer(id).ok()?.histogram(&self.context.shared.borrow())
    }

    /// A layer's failed chunks by cause.
    #[must_use]
    pub fn failures(&self, id: &str) -> Vec<FailureInfo> {
        let shared = self.context.shared.borrow();
        let source = self.layer(id).ok().and_then(ViewLayer::ready).and_then(|ready| shared.sources.get(&ready.source));
        let Some(source) = source else { return Vec::new() };
        let mut failed: Vec<_> = source.failed.iter().collect();
        // The first of a cause is the same every time.
        failed.sort_unstable_by_key(|(key, _)| **key);
        let mut failures: Vec<FailureInfo> = Vec::new();
        for (_, error) in failed {
            let cause = cause(&error.message);
            match failures.iter_mut().find(|known| known.error.code == error.code && self::cause(&known.error.message) == cause) {
                Some(known) => known.count += 1,
                None => {
                    let of_volume = || shared.volumes.get(&source.volume).map(|volume| volume.open.url.clone());
                    let example = error.detail.get("url").cloned().or_else(of_volume).unwrap_or_default();
                    failures.push(FailureInfo { error: error.clone(), count: 1, example });
                }
            }
        }
        failures
    }

    /// Failed chunks and layers.
    #[must_use]
    pub fn failure_count(&self) -> usize {
        self.layers.iter().map(|layer| layer.counts.failed + usize::from(matches!(layer.status, Status::Failed(_)))).sum()
    }

    /// Makes the coarser levels that a layer's volume lacks. The layer's information tells how far they are.
    ///
    /// # Errors
    /// No such layer, or none that lacks levels which could be made.
    pub fn make_levels(&mut self, id: &str) -> Result<(), ViewerError> {
        let volume = self.layer(id)?.volume;
        self.context.shared.borrow_mut().make_levels(volume)?;
        self.settle();
        Ok(())
    }

    /// Stops making levels, and removes what was made of them.
    ///
    /// # Errors
    /// No such layer.
    pub fn stop_levels(&mut self, id: &str) -> Result<(), ViewerError> {
        let volume = self.layer(id)?.volume;
        self.context.shared.borrow_mut().stop_levels(volume);
        self.settle();
        Ok(())
    }

    /// Asks again for what failed, of one layer or of all.
    pub fn retry_failed(&mut self, id: Option<&str>) {
        let mut shared = self.context.shared.borrow_mut();
        for layer in self.layers.iter_mut().filter(|layer| id.is_none_or(|id| layer.id() == id)) {
            if let Status::Ready(ready) = &layer.status {
                shared.retry_failed(ready.source);
            }
            layer.reopen(&mut shared);
        }
        drop(shared);
        self.replan();
    }

    /// Looks whether layers have been opened. Call after messages have come.
    pub fn settle(&mut self) {
        let mut shared = self.context.shared.borrow_mut();
        let changed: Vec<String> =
            self.layers.iter_mut().filter_map(|layer| layer.settle(&self.other_axes, &mut shared).then(|| layer.id().to_owned())).collect();
        drop(shared);
        if changed.is_empty() {
            return;
        }
        self.events.extend(changed.into_iter().map(|id| ViewEvent::Layer { id }));
        if self.placed != [true; 2] && self.bounds().is_some() {
            let keep = self.placed;
            self.placed = [true; 2];
            self.fit(keep, 0.0, 0.0, false);
        }
        self.replan();
        self.ask_ahead();
    }
}

/// Whether a layer with these options shows the same thing in the same place.
fn is_same(layer: &ViewLayer, options: &LayerOptions) -> bool {
    layer.options.id == options.id && layer.options.kind == options.kind && layer.options.source == options.source
}

/// An error's message without the URL, which comes last.
fn cause(message: &str) -> &str {
    message.rsplit_once(": ").map_or(message, |(cause, _)| cause)
}
