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
    /// Slices of a flat panel.
    Slice,
    /// Slices into the depth buffer alone, where they draw something.
    Cover,
    /// Slices where they are the nearest.
    NearestSlice,
    /// Cells of a flat panel.
    Cell,
    /// Opaque cells, where they are the nearest so far.
    NearestCell,
    /// Lines, which slices hide where their depth says so.
    Line,
}

/// What a pipeline is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    /// What the slices of a plane ask of the shader; the default for lines.
    pub(super) variant: Variant,
    /// The format of the target.
    pub(super) format: wgpu::TextureFormat,
    /// Whether the pass has a depth buffer.
    pub(super) depth: bool,
}

#[derive(Debug)]
pub(super) struct Pipelines {
    slice_module: wgpu::ShaderModule,
    cell_module: wgpu::ShaderModule,
    line_module: wgpu::ShaderModule,
    pub(super) slice_layout: wgpu::BindGroupLayout,
    pub(super) line_layout: wgpu::BindGroupLayout,
    made: FxHashMap<Key, wgpu::RenderPipeline>,
}

/// Storage buffers that slices read before the plane, a uniform; `tests/render_shaders.rs` knows the shader's bindings.
const SLICE_STORAGES: u32 = 6;

impl Pipelines {
    pub(super) fn new(device: &wgpu::Device) -> Result<Self, GpuError> {
        let module = |name: &str| {
            let source = shader::compose(name).map_err(|error| GpuError::Refused(error.to_string()))?;
            let source = wgpu::ShaderSource::Wgsl(source.into());
            Ok(device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source }))
        };
        let layout = |label: &str, entries: &[wgpu::BindGroupLayoutEntry]| {
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries })
        };
        let storage = wgpu::BufferBindingType::Storage { read_only: true };
        let mut slice_entries: Vec<_> = (0..SLICE_STORAGES).map(|at| binding(at, storage, false)).collect();
        slice_entries.push(binding(SLICE_STORAGES, wgpu::BufferBindingType::Uniform, true));
        Ok(Self {
            slice_module: module("slice.wgsl")?,
            cell_module: module("cell.wgsl")?,
            line_module: module("lines.wgsl")?,
            slice_layout: layout("slices", &slice_entries),
            line_layout: layout("lines", &[binding(0, storage, false)]),
            made: FxHashMap::default(),
        })
    }

    /// The pipeline of a key, made when first asked for.
    pub(super) fn get(&mut self, device: &wgpu::Device, key: Key) -> wgpu::RenderPipeline {
        if let Some(pipeline) = self.made.get(&key) {
            return pipeline.clone();
        }
        let pipeline = self.create(device, key);
        self.made.insert(key, pipeline.clone());
        pipeline
    }

    fn create(&self, device: &wgpu::Device, key: Key) -> wgpu::RenderPipeline {
        let Key { kind, variant, format, depth } = key;
        let (module, layout, vertex, fragment) = match kind {
            Kind::Slice | Kind::NearestSlice => (&self.slice_module, &self.slice_layout, "vs_slice", "fs_slice"),
            Kind::Cover => (&self.slice_module, &self.slice_layout, "vs_slice", "fs_cover"),
            Kind::Background => (&self.slice_module, &self.slice_layout, "vs_slice", "fs_background"),
            Kind::Cell => (&self.cell_module, &self.slice_layout, "vs_cell", "fs_cell"),
            Kind::NearestCell => (&self.cell_module, &self.slice_layout, "vs_cell", "fs_nearest_cell"),
            Kind::Line => (&self.line_module, &self.line_layout, "vs_line", "fs_line"),
        };
        let (compare, write) = match kind {
            Kind::Background | Kind::Slice | Kind::Cell => (wgpu::CompareFunction::Always, false),
            Kind::Cover | Kind::NearestCell => (wgpu::CompareFunction::Less, true),
            Kind::NearestSlice => (wgpu::CompareFunction::Equal, false),
            Kind::Line => (wgpu::CompareFunction::LessEqual, false),
        };
        let overrides = variant.overrides();
        let constants: &[(&str, f64)] = match kind {
            Kind::Background | Kind::Line => &[],
            _ => &overrides,
        };
        let compilation_options = wgpu::PipelineCompilationOptions { constants, ..Default::default() };
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
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
        })
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
