//! Pictures back from the GPU.

use std::future::Future;

use futures::channel::oneshot;

use super::{Gpu, GpuError};
use crate::scene::draw::DrawList;

/// The format in which pictures are read back.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

impl Gpu {
    /// Draws a list into a picture of its own: red, green, blue, alpha (premultiplied), 8 bits each, rows from the top. The
    /// commands are sent before this returns; the future only waits for the pixels.
    ///
    /// # Errors
    ///
    /// As [`Gpu::draw`]; the future fails where the device is lost before the pixels arrive.
    pub fn render_to_rgba(&mut self, list: &DrawList) -> Result<impl Future<Output = Result<Vec<u8>, GpuError>> + use<>, GpuError> {
        self.check_size(list.size_px)?;
        let [width, height] = list.size_px;
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        self.draw(list, &texture.create_view(&wgpu::TextureViewDescriptor::default()), FORMAT)?;

        let row_bytes = width * 4;
        let padded_row_bytes = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture rows"),
            size: u64::from(padded_row_bytes) * u64::from(height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("picture") });
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded_row_bytes), rows_per_image: None },
            },
            size,
        );
        self.queue.submit([encoder.finish()]);
        let (sender, receiver) = oneshot::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |mapped| {
            // Nobody waits any more where the future was dropped.
            sender.send(mapped).unwrap_or_default();
        });
        // Natively this waits and runs the callback; on the web the browser's event loop does.
        let polled = self.device.poll(wgpu::PollType::wait_indefinitely());
        let errors = self.errors.clone();
        Ok(async move {
            let failed = |cause: String| errors.check().err().unwrap_or(GpuError::DeviceLost(cause));
            polled.map_err(|error| failed(error.to_string()))?;
            receiver.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
            errors.check()?;
            let rows = buffer.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
            let mut pixels = Vec::with_capacity(row_bytes as usize * height as usize);
            for row in rows.chunks(padded_row_bytes as usize) {
                pixels.extend(row.iter().take(row_bytes as usize));
            }
            Ok(pixels)
        })
    }
}
