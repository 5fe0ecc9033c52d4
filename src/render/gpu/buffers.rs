//! Buffers that grow, within a limit, and keep what they hold.

use super::GpuError;

/// A buffer that grows by half, or to what is needed.
#[derive(Debug)]
pub(super) struct GrowingBuffer {
    label: &'static str,
    buffer: wgpu::Buffer,
    most_bytes: u64,
}

/// The usages of every buffer here, with the given one.
const fn with_copies(usage: wgpu::BufferUsages) -> wgpu::BufferUsages {
    usage.union(wgpu::BufferUsages::COPY_DST).union(wgpu::BufferUsages::COPY_SRC)
}

impl GrowingBuffer {
    /// A buffer of `first_bytes`, which may grow to `most_bytes`; both at least one struct of the shader.
    pub(super) fn new(device: &wgpu::Device, label: &'static str, usage: wgpu::BufferUsages, first_bytes: u64, most_bytes: u64) -> Self {
        let most_bytes = most_bytes.max(LEAST_BYTES);
        Self { label, buffer: create(device, label, with_copies(usage), first_bytes.clamp(LEAST_BYTES, most_bytes)), most_bytes }
    }

    pub(super) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Makes room for `bytes` in all and says whether the buffer was replaced. What it held is kept if `keep`.
    pub(super) fn reserve(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, bytes: u64, keep: bool) -> Result<bool, GpuError> {
        if bytes <= self.buffer.size() {
            return Ok(false);
        }
        if bytes > self.most_bytes {
            return Err(GpuError::OverBudget { buffer: self.label, wanted_bytes: bytes, budget_bytes: self.most_bytes });
        }
        let grown = create(
            device,
            self.label,
            self.buffer.usage(),
            bytes.max(self.buffer.size() / 2 * 3).next_multiple_of(STEP_BYTES).min(self.most_bytes),
        );
        if keep {
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(self.label) });
            encoder.copy_buffer_to_buffer(&self.buffer, 0, &grown, 0, self.buffer.size());
            // Submitted at once: writes queued before go into the old buffer first, writes queued after into the new one.
            queue.submit([encoder.finish()]);
        }
        // What was submitted still reads it; the browser's garbage collector would keep it for much longer.
        std::mem::replace(&mut self.buffer, grown).destroy();
        Ok(true)
    }

    /// Replaces everything it holds.
    pub(super) fn fill<T: bytemuck::Pod>(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, items: &[T]) -> Result<bool, GpuError> {
        let replaced = self.reserve(device, queue, size_of_val(items) as u64, false)?;
        if !items.is_empty() {
            queue.write_buffer(&self.buffer, 0, bytemuck::cast_slice(items));
        }
        Ok(replaced)
    }

    /// Writes runs of bytes where they belong, growing as needed.
    pub(super) fn write<'a>(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        runs: impl Iterator<Item = (u64, &'a [u8])> + Clone,
    ) -> Result<bool, GpuError> {
        let needed = runs.clone().map(|(start, bytes)| start + bytes.len() as u64).max().unwrap_or(0);
        let replaced = self.reserve(device, queue, needed, true)?;
        for (start, bytes) in runs {
            queue.write_buffer(&self.buffer, start, bytes);
        }
        Ok(replaced)
    }
}

/// Buffers are multiples of this.
const STEP_BYTES: u64 = 64 << 10;
/// Larger than any struct that a shader reads from an array: a binding must hold one element.
const LEAST_BYTES: u64 = 1024;

fn create(device: &wgpu::Device, label: &'static str, usage: wgpu::BufferUsages, bytes: u64) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size: bytes & !3, usage, mapped_at_creation: false })
}
