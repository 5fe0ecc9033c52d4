//! What can go wrong on the GPU.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

/// What went wrong on the GPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// The device is gone; everything resident must be made anew on another.
    #[error("the graphics device was lost: {0}")]
    DeviceLost(String),
    /// The graphics memory did not suffice; a smaller budget may.
    #[error("graphics memory is full")]
    OutOfMemory,
    /// The GPU refused a command: a defect of this program.
    #[error("the graphics device refused a command: {0}")]
    Refused(String),
    /// Uploads that do not fit the budget the buffers were made for.
    #[error("{wanted_bytes} bytes of {buffer} exceed the graphics budget of {budget_bytes} bytes")]
    OverBudget {
        /// Which buffer.
        buffer: &'static str,
        /// The bytes it would take.
        wanted_bytes: u64,
        /// The bytes it may take.
        budget_bytes: u64,
    },
    /// A picture that is empty or larger than the device draws.
    #[error("a picture of {width} × {height} pixels cannot be drawn: the device draws 1 to {most} along a side")]
    Size {
        /// Pixels along x.
        width: u32,
        /// Pixels along y.
        height: u32,
        /// The most along either.
        most: u32,
    },
    /// A target format that would change the colours.
    #[error("drawing into {0} is not supported: colours are stored as they are in 8 bits per channel")]
    Format(String),
}

/// The first error that the device told and nobody has heard yet. Being lost stays.
#[derive(Clone, Debug, Default)]
pub(super) struct ErrorSlot(Arc<Mutex<Option<GpuError>>>);

impl ErrorSlot {
    /// Listens to a device; without a listener wgpu would panic. What it gives ends with `Ok` when the device is lost.
    pub(super) fn listen(&self, device: &wgpu::Device) -> oneshot::Receiver<()> {
        let slot = self.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            slot.set(match error {
                wgpu::Error::OutOfMemory { .. } => GpuError::OutOfMemory,
                wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => GpuError::Refused(description),
            });
        }));
        let slot = self.clone();
        let (tell, lost) = oneshot::channel();
        let tell = Mutex::new(Some(tell));
        device.set_device_lost_callback(move |reason, message| {
            slot.set(GpuError::DeviceLost(format!("{message} ({reason:?})")));
            if let Some(tell) = tell.lock().unwrap_or_else(PoisonError::into_inner).take() {
                // Nobody may be waiting.
                let _unheard = tell.send(());
            }
        });
        lost
    }

    /// The error, if any, as a result.
    pub(super) fn check(&self) -> Result<(), GpuError> {
        let mut slot = self.lock();
        match slot.as_ref() {
            None => Ok(()),
            Some(lost @ GpuError::DeviceLost(_)) => Err(lost.clone()),
            Some(_) => slot.take().map_or(Ok(()), Err),
        }
    }

    fn set(&self, error: GpuError) {
        let mut slot = self.lock();
        if slot.is_none() || matches!(error, GpuError::DeviceLost(_)) {
            *slot = Some(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<GpuError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
