// Put into each page before its own scripts: watches frames, and knows when the GPU has done them. The same for both viewers.
//
// A frame is an animation frame's callback in which something was submitted; its time runs from the callback's start until
// the GPU's work is done (`onSubmittedWorkDone` of WebGPU, a fence of WebGL).

(() => {
  const watch = { submitted: 0, looks: [], spot: null, wait: null };
  globalThis.benchWatch = watch;

  const queues = new Set();
  const contexts = new Set();
  /** The devices of WebGPU's canvases. */
  const devices = new WeakMap();
  let submit;
  if (globalThis.GPUAdapter) {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await requestDevice.apply(this, args);
      queues.add(device.queue);
      return device;
    };
    ({ submit } = GPUQueue.prototype);
    GPUQueue.prototype.submit = function (...args) {
      watch.submitted += 1;
      return submit.apply(this, args);
    };
    const { configure } = GPUCanvasContext.prototype;
    GPUCanvasContext.prototype.configure = function (options) {
      devices.set(this, options.device);
      return configure.call(this, { ...options, usage: (options.usage ?? GPUTextureUsage.RENDER_ATTACHMENT) | GPUTextureUsage.COPY_SRC });
    };
  }
  const canvasKinds = new WeakMap();
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, ...args) {
    const context = getContext.call(this, kind, ...args);
    if (context) canvasKinds.set(this, kind);
    if (kind === 'webgl2' && context) contexts.add(context);
    return context;
  };
  for (const name of ['drawArrays', 'drawArraysInstanced', 'drawElements', 'drawElementsInstanced']) {
    const draw = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...args) {
      watch.submitted += 1;
      return draw.apply(this, args);
    };
  }

  // Between two questions the page rests: a fence that is asked for without pause would count as the page's own work.
  const rest = () => new Promise((resolve) => setTimeout(resolve, 1));
  const gpuIsDone = async () => {
    await Promise.all([...queues].map((queue) => queue.onSubmittedWorkDone()));
    for (const gl of contexts) {
      const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      while (gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) await rest();
      gl.deleteSync(fence);
    }
  };

  const canvasIn = (root) => {
    for (const element of root.querySelectorAll('*')) {
      const found = element instanceof HTMLCanvasElement && element.width > 600 ? element : element.shadowRoot && canvasIn(element.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  const EDGE = 16;
  /** The spot of what was just drawn, copied on the GPU behind it: a function that reads it, when that holds nothing up. */
  const copies = {
    webgpu(context, x, y) {
      const device = devices.get(context);
      const stride = 256;
      const buffer = device.createBuffer({ size: stride * EDGE, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      const encoder = device.createCommandEncoder();
      encoder.copyTextureToBuffer({ texture: context.getCurrentTexture(), origin: [x, y] }, { buffer, bytesPerRow: stride }, [EDGE, EDGE]);
      submit.call(device.queue, [encoder.finish()]);
      return async () => {
        await buffer.mapAsync(GPUMapMode.READ);
        const rows = new Uint8Array(buffer.getMappedRange());
        return Array.from({ length: EDGE }, (_, row) => rows.subarray(row * stride, row * stride + EDGE * 4));
      };
    },
    webgl2(gl, x, y) {
      const [framebuffer, bound] = [gl.getParameter(gl.READ_FRAMEBUFFER_BINDING), gl.getParameter(gl.PIXEL_PACK_BUFFER_BINDING)];
      const buffer = gl.createBuffer();
      gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
      gl.bufferData(gl.PIXEL_PACK_BUFFER, EDGE * EDGE * 4, gl.STREAM_READ);
      gl.readPixels(x, gl.drawingBufferHeight - y - EDGE, EDGE, EDGE, gl.RGBA, gl.UNSIGNED_BYTE, 0);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, bound);
      gl.bindFramebuffer(gl.READ_FRAMEBUFFER, framebuffer);
      return async () => {
        const before = gl.getParameter(gl.PIXEL_PACK_BUFFER_BINDING);
        const data = new Uint8Array(EDGE * EDGE * 4);
        gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
        gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, data);
        gl.bindBuffer(gl.PIXEL_PACK_BUFFER, before);
        return [data];
      };
    },
  };
  const look = () => {
    const canvas = canvasIn(document);
    const kind = canvas && canvasKinds.get(canvas);
    if (!kind) return;
    const { x, y } = watch.spot;
    const seen = { read: copies[kind](getContext.call(canvas, kind), x - EDGE / 2, y - EDGE / 2), done: null };
    watch.looks.push(seen);
    void gpuIsDone().then(() => {
      seen.done = performance.now();
    });
  };

  /** When the first frame with data at the spot was done, if there was one; looks at no more frames. */
  watch.firstPixel = async () => {
    watch.spot = null;
    for (const seen of watch.looks) {
      let [sum, squares] = [0, 0];
      for (const data of await seen.read()) {
        for (let i = 0; i < data.length; i += 4) {
          sum += data[i + 1];
          squares += data[i + 1] ** 2;
        }
      }
      const n = EDGE * EDGE;
      // Data have texture; backgrounds and things that load have not.
      if (squares / n - (sum / n) ** 2 > 16) return seen.done;
    }
    return null;
  };

  const ask = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) => ask((now) => {
    const before = watch.submitted;
    const start = performance.now();
    callback(now);
    if (watch.submitted === before) return;
    if (watch.spot) look();
    const done = watch.wait?.(start);
    if (done) void gpuIsDone().then(() => done(performance.now() - start));
  });

  /** Waits for a frame to begin, and for the GPU to have done it. */
  watch.drawn = async () => {
    await new Promise(ask);
    await gpuIsDone();
  };

  /** Resolves with the time of the next frame. */
  watch.frame = (change) => new Promise((resolve) => {
    watch.wait = () => {
      watch.wait = null;
      return resolve;
    };
    change();
  });
})();
