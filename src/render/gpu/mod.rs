//! Executes draw lists with wgpu: buffers, pipelines, one render pass per frame.
//!
//! Owns the GPU's copy of what [`crate::cache::residency`] decided. Decides nothing itself, never panics, and tells a lost
//! device and full memory as values. Knows no canvas: whoever owns one hands a view of its texture in.

mod buffers;
mod error;
mod pipelines;
mod readback;

use buffers::GrowingBuffer;
use error::ErrorSlot;
pub use error::GpuError;
use futures::channel::oneshot;
use pipelines::{DEPTH_FORMAT, Key, Kind, Pipelines};

use super::layout::{Frame, Panel, Part, PartShader, Plane, Variant};
use crate::cache::residency::{Entry, GpuBudget, Uploads};
use crate::scene::draw::DrawList;

/// A device and everything of ours on it.
#[derive(Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    budget: GpuBudget,
    errors: ErrorSlot,
    lost: Option<oneshot::Receiver<()>>,
    pipelines: Pipelines,
    heap: GrowingBuffer,
    records: GrowingBuffer,
    palette: GrowingBuffer,
    table: GrowingBuffer,
    planes: GrowingBuffer,
    rects: GrowingBuffer,
    readings: GrowingBuffer,
    lines: GrowingBuffer,
    bind_groups: Option<BindGroups>,
    /// Depth buffers by size, the last used last; several views of different sizes share a device.
    depths: Vec<([u32; 2], wgpu::TextureView)>,
}

#[derive(Clone, Debug)]
struct BindGroups {
    slices: wgpu::BindGroup,
    lines: wgpu::BindGroup,
}

/// The stride of planes in their buffer.
#[expect(clippy::cast_possible_truncation, reason = "a few kilobytes")]
const PLANE_BYTES: u32 = size_of::<Plane>() as u32;
const _: () = assert!(PLANE_BYTES.is_multiple_of(256), "dynamic offsets are multiples of 256");
/// Depth buffers kept at a time.
const MOST_DEPTHS: usize = 3;
/// Buffers start small and grow.
const FIRST_HEAP_BYTES: u64 = 8 << 20;
const FIRST_SIDE_BYTES: u64 = 64 << 10;

impl Gpu {
    /// Takes a device over. Buffers grow within `budget`, which is lowered where the device's limits ask for it: see
    /// [`Gpu::budget`].
    ///
    /// # Errors
    ///
    /// Where the device refuses the shaders or is already lost.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue, budget: GpuBudget) -> Result<Self, GpuError> {
        let errors = ErrorSlot::default();
        let lost = errors.listen(&device);
        let largest = largest_buffer_bytes(&device.limits());
        let entry_bytes = size_of::<Entry>() as u64;
        let most_entries = u32::try_from(largest / entry_bytes).unwrap_or(u32::MAX);
        let budget = GpuBudget {
            heap_bytes: budget.heap_bytes.min(largest) & !3,
            records: budget.records.min(most_entries),
            palette_entries: budget.palette_entries.min(most_entries),
        };
        let buffer =
            |label, first_bytes, most_bytes| GrowingBuffer::new(&device, label, wgpu::BufferUsages::STORAGE, first_bytes, most_bytes);
        let gpu = Self {
            pipelines: Pipelines::new(&device),
            heap: buffer("voxels", FIRST_HEAP_BYTES, budget.heap_bytes),
            records: buffer("records", FIRST_SIDE_BYTES, u64::from(budget.records) * entry_bytes),
            palette: buffer("palette entries", FIRST_SIDE_BYTES, u64::from(budget.palette_entries) * entry_bytes),
            table: buffer("page tables", FIRST_SIDE_BYTES, largest),
            planes: GrowingBuffer::new(&device, "planes", wgpu::BufferUsages::UNIFORM, FIRST_SIDE_BYTES, device.limits().max_buffer_size),
            rects: buffer("parts of planes", FIRST_SIDE_BYTES, largest),
            readings: buffer("readings of cells", FIRST_SIDE_BYTES, largest),
            lines: buffer("lines", FIRST_SIDE_BYTES, largest),
            bind_groups: None,
            depths: Vec::new(),
            device,
            queue,
            budget,
            errors,
            lost: Some(lost),
        };
        gpu.errors.check()?;
        Ok(gpu)
    }

    /// The budget that the buffers keep to.
    #[must_use]
    pub fn budget(&self) -> GpuBudget {
        self.budget
    }

    /// The device, for those who configure canvases.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// The queue, for those who present to canvases.
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// Ends with `Ok` when the device is lost; for the first who asks. Without it a loss is met by the next call here.
    pub fn take_lost(&mut self) -> Option<oneshot::Receiver<()>> {
        self.lost.take()
    }

    /// Bytes that the buffers take now.
    #[must_use]
    pub fn buffer_bytes(&self) -> u64 {
        let buffers = [&self.heap, &self.records, &self.palette, &self.table, &self.planes, &self.rects, &self.readings, &self.lines];
        buffers.iter().map(|buffer| buffer.buffer().size()).sum()
    }

    /// Whether the device has told of an error since the last call of anything here.
    ///
    /// # Errors
    ///
    /// That error.
    pub fn check(&self) -> Result<(), GpuError> {
        self.errors.check()
    }

    /// Writes what became resident.
    ///
    /// # Errors
    ///
    /// Where the device is lost or out of memory, or the uploads do not fit the budget.
    pub fn apply(&mut self, uploads: &Uploads) -> Result<(), GpuError> {
        self.errors.check()?;
        let (device, queue) = (&self.device, &self.queue);
        let replaced = [
            self.heap.write(device, queue, uploads.heap.iter().map(|(start, words)| (u64::from(*start) * 4, words.bytes())))?,
            self.records.write(device, queue, entries(&uploads.records))?,
            self.palette.write(device, queue, entries(&uploads.palette))?,
        ];
        if replaced.contains(&true) {
            self.bind_groups = None;
        }
        self.errors.check()
    }

    /// Draws a list into a view of a texture of the list's size. The format is one of 8 bits per channel without a transfer
    /// curve.
    ///
    /// # Errors
    ///
    /// Where the device is lost, out of memory, or refused something; an error that the device tells late comes with the
    /// next call.
    pub fn draw(&mut self, list: &DrawList, view: &wgpu::TextureView, format: wgpu::TextureFormat) -> Result<(), GpuError> {
        self.errors.check()?;
        self.check_size(list.size_px)?;
        if !matches!(format, wgpu::TextureFormat::Rgba8Unorm | wgpu::TextureFormat::Bgra8Unorm) {
            return Err(GpuError::Format(format!("{format:?}")));
        }
        let frame = Frame::new(list);
        let (device, queue) = (&self.device, &self.queue);
        let replaced = [
            self.table.fill(device, queue, &list.table)?,
            self.planes.fill(device, queue, &frame.planes)?,
            self.rects.fill(device, queue, &frame.rects)?,
            self.readings.fill(device, queue, &frame.readings)?,
            self.lines.fill(device, queue, &frame.lines)?,
        ];
        if replaced.contains(&true) {
            self.bind_groups = None;
        }
        let bind_groups = self.bind_groups.take().unwrap_or_else(|| self.make_bind_groups());
        let depth_view = frame.panels.iter().any(|panel| panel.depth).then(|| self.depth_view(list.size_px));

        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        {
            let [r, g, b, a] = list.clear.map(f64::from);
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("frame"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view,
                    depth_slice: None,
                    resolve_target: None,
                    ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a }), store: wgpu::StoreOp::Store },
                })],
                depth_stencil_attachment: depth_view.as_ref().map(|view| wgpu::RenderPassDepthStencilAttachment {
                    view,
                    depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
                    stencil_ops: None,
                }),
                timestamp_writes: None,
                occlusion_query_set: None,
                multiview_mask: None,
            });
            for panel in &frame.panels {
                self.draw_panel(&mut pass, &frame, panel, &bind_groups, format, depth_view.is_some())?;
            }
        }
        self.queue.submit([encoder.finish()]);
        self.bind_groups = Some(bind_groups);
        self.errors.check()
    }

    fn draw_panel(
        &mut self,
        pass: &mut wgpu::RenderPass<'_>,
        frame: &Frame,
        panel: &Panel,
        bind_groups: &BindGroups,
        format: wgpu::TextureFormat,
        depth: bool,
    ) -> Result<(), GpuError> {
        let most = self.device.limits().max_texture_dimension_2d;
        if panel.rect_px.iter().any(|&n| n > most) {
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "at most the side of a texture")]
        let [x, y, width, height] = panel.rect_px.map(|n| n as f32);
        pass.set_viewport(x, y, width, height, 0.0, 1.0);
        let [x, y, width, height] = panel.scissor_px;
        pass.set_scissor_rect(x, y, width, height);
        let parts = frame.parts.get(as_range(panel.background..panel.parts_end)).unwrap_or_default();
        let (background, parts) = parts.split_at(parts.len().min(1));
        let (at_once, others): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|part| part.at_once);
        let mut draw = |kind: Kind, part: &Part| {
            let &Part { plane, variant, rects: [start, end], .. } = part;
            pass.set_pipeline(&self.pipelines.get(&self.device, Key { kind, variant, format, depth })?);
            pass.set_bind_group(0, &bind_groups.slices, &[plane * PLANE_BYTES]);
            pass.draw(0..4, start..end);
            Ok::<(), GpuError>(())
        };
        background.iter().try_for_each(|part| draw(Kind::Background, part))?;
        for part in at_once {
            draw(if part.shader == PartShader::Cell { Kind::Cell } else { Kind::Slice }, part)?;
        }
        // Planes that are not opaque, or drawn in turns, find where they are nearest first.
        others.iter().try_for_each(|part| draw(Kind::Cover, part))?;
        others.iter().try_for_each(|part| draw(Kind::NearestSlice, part))?;
        let [start, end] = panel.lines;
        if start < end {
            let key = Key { kind: Kind::Line, variant: Variant::default(), format, depth };
            pass.set_pipeline(&self.pipelines.get(&self.device, key)?);
            pass.set_bind_group(0, &bind_groups.lines, &[]);
            pass.draw(0..4, start..end);
        }
        Ok(())
    }

    fn check_size(&self, [width, height]: [u32; 2]) -> Result<(), GpuError> {
        let most = self.device.limits().max_texture_dimension_2d;
        let fits = |n: u32| (1..=most).contains(&n);
        if fits(width) && fits(height) { Ok(()) } else { Err(GpuError::Size { width, height, most }) }
    }

    fn make_bind_groups(&self) -> BindGroups {
        let group = |label, layout, resources: Vec<wgpu::BindingResource<'_>>| {
            let entries: Vec<_> = (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
            self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries: &entries })
        };
        let storages = [&self.heap, &self.records, &self.palette, &self.table, &self.rects, &self.readings]
            .map(|buffer| buffer.buffer().as_entire_binding());
        let plane = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.planes.buffer(),
            offset: 0,
            size: std::num::NonZeroU64::new(u64::from(PLANE_BYTES)),
        });
        BindGroups {
            slices: group("slices", &self.pipelines.slice_layout, storages.into_iter().chain([plane]).collect()),
            lines: group("lines", &self.pipelines.line_layout, vec![self.lines.buffer().as_entire_binding()]),
        }
    }

    fn depth_view(&mut self, size_px: [u32; 2]) -> wgpu::TextureView {
        if let Some(at) = self.depths.iter().position(|(size, _)| *size == size_px) {
            let kept = self.depths.remove(at);
            let view = kept.1.clone();
            self.depths.push(kept);
            return view;
        }
        let [width, height] = size_px;
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("depth"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: DEPTH_FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        if self.depths.len() >= MOST_DEPTHS {
            self.depths.remove(0);
        }
        self.depths.push((size_px, view.clone()));
        view
    }
}

fn entries(runs: &[(u32, Vec<Entry>)]) -> impl Iterator<Item = (u64, &[u8])> + Clone {
    runs.iter().map(|(start, entries)| (u64::from(*start) * size_of::<Entry>() as u64, bytemuck::cast_slice(entries)))
}

fn as_range(range: std::ops::Range<u32>) -> std::ops::Range<usize> {
    range.start as usize..range.end as usize
}

/// The largest buffer that a shader of this device may read.
#[must_use]
pub fn largest_buffer_bytes(limits: &wgpu::Limits) -> u64 {
    limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
}
