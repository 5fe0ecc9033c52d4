//! The graphics device, and a canvas as a target of drawing.

use wasm_bindgen::JsValue;
use web_sys::HtmlCanvasElement;

use crate::cache::residency::GpuBudget;
use crate::error::{ErrorCode, ViewerError};
use crate::render::gpu::{Gpu, GpuError};
use crate::scene::draw::DrawList;

/// The browser's WebGPU and one device.
#[derive(Debug)]
pub struct Device {
    instance: wgpu::Instance,
    adapter: wgpu::Adapter,
    /// What draws.
    pub gpu: Gpu,
}

/// A canvas that can be drawn to.
#[derive(Debug)]
pub struct CanvasSurface {
    surface: wgpu::Surface<'static>,
    format: wgpu::TextureFormat,
    size_px: [u32; 2],
}

/// A graphics error at the edge.
#[must_use]
pub fn gpu_error(error: &GpuError) -> ViewerError {
    let message = error.to_string();
    match error {
        GpuError::DeviceLost(_) => {
            ViewerError::new(ErrorCode::DeviceLost, message).with_remedy("Wait: the picture is drawn anew on another device.").retryable()
        }
        GpuError::OutOfMemory | GpuError::OverBudget { .. } => {
            ViewerError::new(ErrorCode::OutOfMemory, message).with_remedy("Lower limits.gpuBytes, or close other pages.")
        }
        GpuError::Size { .. } => ViewerError::new(ErrorCode::InvalidOptions, message),
        _ => ViewerError::new(ErrorCode::Internal, message),
    }
}

impl Device {
    /// Gets a device; `gpu_bytes` is the budget of what it will hold.
    ///
    /// # Errors
    /// `unsupported` where the browser has no WebGPU or gives no adapter or device.
    pub async fn new(gpu_bytes: u64) -> Result<Self, ViewerError> {
        let unsupported = |message: String| {
            ViewerError::new(ErrorCode::Unsupported, message).with_remedy(
                "Use a browser with WebGPU: a current Chrome, Edge, Safari or Firefox, with hardware acceleration switched on.",
            )
        };
        let has_webgpu = js_sys::Reflect::get(&js_sys::global(), &"navigator".into())
            .and_then(|navigator| js_sys::Reflect::get(&navigator, &"gpu".into()))
            .is_ok_and(|gpu: JsValue| !gpu.is_undefined() && !gpu.is_null());
        if !has_webgpu {
            return Err(unsupported("this browser has no WebGPU".to_owned()));
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::BROWSER_WEBGPU,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(|error| unsupported(format!("the browser gives no graphics adapter: {error}")))?;
        let offered = adapter.limits();
        let required_limits = wgpu::Limits {
            // What a volume needs beyond the least that WebGPU promises: one large buffer.
            max_buffer_size: offered.max_buffer_size,
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            max_texture_dimension_2d: offered.max_texture_dimension_2d,
            ..wgpu::Limits::default()
        };
        let descriptor = wgpu::DeviceDescriptor { label: Some("neurolume"), required_limits, ..wgpu::DeviceDescriptor::default() };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| unsupported(format!("the graphics adapter gives no device: {error}")))?;
        let largest = device.limits().max_storage_buffer_binding_size.min(device.limits().max_buffer_size);
        let gpu = Gpu::new(device, queue, GpuBudget::within(gpu_bytes, largest)).map_err(|error| gpu_error(&error))?;
        Ok(Self { instance, adapter, gpu })
    }

    /// The most bytes that one buffer may hold.
    #[must_use]
    pub fn largest_buffer_bytes(&self) -> u64 {
        let limits = self.gpu.device().limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    }

    /// Makes a canvas a target.
    ///
    /// # Errors
    /// A canvas that is in use for something else.
    pub fn surface(&self, canvas: HtmlCanvasElement) -> Result<CanvasSurface, ViewerError> {
        let surface = self
            .instance
            .create_surface(wgpu::SurfaceTarget::Canvas(canvas))
            .map_err(|error| ViewerError::new(ErrorCode::Unsupported, format!("the canvas cannot be drawn to: {error}")))?;
        // The browser's favourite comes first; another would be copied once more for every frame.
        let offered = surface.get_capabilities(&self.adapter).formats;
        let usable = |format: &wgpu::TextureFormat| matches!(format, wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Rgba8Unorm);
        let format = offered.into_iter().find(usable).unwrap_or(wgpu::TextureFormat::Bgra8Unorm);
        Ok(CanvasSurface { surface, format, size_px: [0, 0] })
    }

    /// Draws onto a canvas.
    ///
    /// # Errors
    /// A lost device, or memory that does not suffice.
    pub fn draw(&mut self, surface: &mut CanvasSurface, list: &DrawList) -> Result<(), ViewerError> {
        let [width, height] = list.size_px;
        if width == 0 || height == 0 {
            return Ok(());
        }
        if surface.size_px != list.size_px {
            surface.surface.configure(
                self.gpu.device(),
                &wgpu::SurfaceConfiguration {
                    usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
                    format: surface.format,
                    color_space: wgpu::SurfaceColorSpace::default(),
                    width,
                    height,
                    present_mode: wgpu::PresentMode::Fifo,
                    desired_maximum_frame_latency: 2,
                    alpha_mode: wgpu::CompositeAlphaMode::Opaque,
                    view_formats: Vec::new(),
                },
            );
            surface.size_px = list.size_px;
        }
        let texture = match surface.surface.get_current_texture() {
            wgpu::CurrentSurfaceTexture::Success(texture) | wgpu::CurrentSurfaceTexture::Suboptimal(texture) => texture,
            wgpu::CurrentSurfaceTexture::Lost | wgpu::CurrentSurfaceTexture::Outdated => {
                // Configured anew with the next frame.
                surface.size_px = [0, 0];
                return Ok(());
            }
            _ => return Ok(()),
        };
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.gpu.draw(list, &view, surface.format).map_err(|error| gpu_error(&error))?;
        self.gpu.queue().present(texture);
        Ok(())
    }
}
