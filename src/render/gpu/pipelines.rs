//! The pipelines: three shaders, a few ways to treat depth.

use rustc_hash::FxHashMap;

use super::GpuError;
use crate::render::layout::Variant;
use crate::render::shader;

/// The format of the depth buffer.
pub(super) const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// What a pipeline draws, and what depth means to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// What lies behind the slices of a panel.
    Background,
    /// Parts of planes, opaque where their slices draw something, where they are the nearest so far.
    Slice,
    /// Cells, likewise.
    Cell,
    /// Slices into the depth buffer alone, where they draw something.
    Cover,
    /// Slices where they are the nearest.
    NearestSlice,
    /// Lines, which slices hide where their depth says so.
    Line,
}

/// What a pipeline is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    /// What the shader is composed for; the default for backgrounds and lines.
    pub(super) variant: Variant,
    /// The format of the target.
    pub(super) format: wgpu::TextureFormat,
    /// Whether the pass has a depth buffer.
    pub(super) depth: bool,
}

#[derive(Debug)]
pub(super) struct Pipelines {
    pub(super) slice_layout: wgpu::BindGroupLayout,
    pub(super) line_layout: wgpu::BindGroupLayout,
    made: FxHashMap<Key, wgpu::RenderPipeline>,
}

/// Storage buffers that slices read before the plane, a uniform; `tests/render_shaders.rs` knows the shader's bindings.
const SLICE_STORAGES: u32 = 6;

impl Pipelines {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let layout = |label: &str, entries: &[wgpu::BindGroupLayoutEntry]| {
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries })
        };
        let storage = wgpu::BufferBindingType::Storage { read_only: true };
        let mut slice_entries: Vec<_> = (0..SLICE_STORAGES).map(|at| binding(at, storage, false)).collect();
        slice_entries.push(binding(SLICE_STORAGES, wgpu::BufferBindingType::Uniform, true));
        Self {
            slice_layout: layout("slices", &slice_entries),
            line_layout: layout("lines", &[binding(0, storage, false)]),
            made: FxHashMap::default(),
        }
    }

    /// The pipeline of a key, made when first asked for.
    pub(super) fn get(&mut self, device: &wgpu::Device, key: Key) -> Result<wgpu::RenderPipeline, GpuError> {
        if let Some(pipeline) = self.made.get(&key) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.create(device, key)?;
        self.made.insert(key, pipeline.clone());
        Ok(pipeline)
    }

    fn create(&self, device: &wgpu::Device, key: Key) -> Result<wgpu::RenderPipeline, GpuError> {
        let Key { kind, variant, format, depth } = key;
        let (file, layout, vertex, fragment) = match kind {
            Kind::Background => ("slice.wgsl", &self.slice_layout, "vs_slice", "fs_background"),
            Kind::Slice => ("slice.wgsl", &self.slice_layout, "vs_slice", "fs_slice"),
            Kind::Cover => ("slice.wgsl", &self.slice_layout, "vs_slice", "fs_cover"),
            Kind::NearestSlice => ("slice.wgsl", &self.slice_layout, "vs_slice", "fs_nearest_slice"),
            Kind::Cell => ("cell.wgsl", &self.slice_layout, "vs_cell", "fs_cell"),
            Kind::Line => ("lines.wgsl", &self.line_layout, "vs_line", "fs_line"),
        };
        let (compare, write) = match kind {
            Kind::Background => (wgpu::CompareFunction::Always, false),
            Kind::Slice | Kind::Cell | Kind::Cover => (wgpu::CompareFunction::Less, true),
            Kind::NearestSlice => (wgpu::CompareFunction::Equal, false),
            Kind::Line => (wgpu::CompareFunction::LessEqual, false),
        };
        let source = shader::compose(file, &variant).map_err(|error| GpuError::Refused(error.to_string()))?;
        let source = wgpu::ShaderSource::Wgsl(source.into());
        let module = &device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(fragment), source });
        let compilation_options = wgpu::PipelineCompilationOptions::default();
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        Ok(device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(fragment),
            layout: Some(&layout),
            vertex: wgpu::VertexState { module, entry_point: Some(vertex), compilation_options: compilation_options.clone(), buffers: &[] },
            primitive: wgpu::PrimitiveState { topology: wgpu::PrimitiveTopology::TriangleStrip, ..wgpu::PrimitiveState::default() },
            depth_stencil: depth.then(|| wgpu::DepthStencilState {
                format: DEPTH_FORMAT,
                depth_write_enabled: Some(write),
                depth_compare: Some(compare),
                stencil: wgpu::StencilState::default(),
                bias: wgpu::DepthBiasState::default(),
            }),
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module,
                entry_point: Some(fragment),
                compilation_options,
                targets: &[Some(wgpu::ColorTargetState {
                    format,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: if kind == Kind::Cover { wgpu::ColorWrites::empty() } else { wgpu::ColorWrites::ALL },
                })],
            }),
            multiview_mask: None,
            cache: None,
        }))
    }
}

fn binding(binding: u32, ty: wgpu::BufferBindingType, has_dynamic_offset: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    }
}
