// Put into each page before its own scripts: watches frames, and knows when the GPU has done them. The same for both viewers.
//
// A frame is an animation frame's callback in which something was submitted; its time runs from the callback's start until
// the GPU's work is done (`onSubmittedWorkDone` of WebGPU, a fence of WebGL).

(() => {
  const watch = { submitted: 0, looks: [], spot: null, wait: null };
  globalThis.benchWatch = watch;

  const queues = new Set();
  const contexts = new Set();
  if (globalThis.GPUAdapter) {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await requestDevice.apply(this, args);
      queues.add(device.queue);
      return device;
    };
    const { submit } = GPUQueue.prototype;
    GPUQueue.prototype.submit = function (...args) {
      watch.submitted += 1;
      return submit.apply(this, args);
    };
  }
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, ...args) {
    const context = getContext.call(this, kind, ...args);
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

  const nextTask = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
  /** `turn`: what to wait for between two questions. */
  const gpuIsDone = async (turn = nextTask) => {
    await Promise.all([...queues].map((queue) => queue.onSubmittedWorkDone()));
    for (const gl of contexts) {
      const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      while (gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) await turn();
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
  const rest = () => new Promise((resolve) => setTimeout(resolve, 3));
  // A copy on the GPU, read when the load is over: reading at once takes a quarter of a second that is not the viewer's.
  const look = () => {
    const canvas = canvasIn(document);
    if (!canvas) return;
    const { x, y } = watch.spot;
    const seen = { picture: createImageBitmap(canvas, x - 8, y - 8, 16, 16), done: null };
    watch.looks.push(seen);
    void gpuIsDone(rest).then(() => {
      seen.done = performance.now();
    });
  };

  /** When the first frame with data at the spot was done, if there was one; looks at no more frames. */
  watch.firstPixel = async () => {
    watch.spot = null;
    const pen = new OffscreenCanvas(16, 16).getContext('2d', { willReadFrequently: true });
    for (const { picture, done } of watch.looks) {
      pen.drawImage(await picture, 0, 0);
      const { data } = pen.getImageData(0, 0, 16, 16);
      let [sum, squares] = [0, 0];
      for (let i = 0; i < data.length; i += 4) {
        sum += data[i + 1];
        squares += data[i + 1] ** 2;
      }
      const n = data.length / 4;
      // Data have texture; backgrounds and things that load have not.
      if (squares / n - (sum / n) ** 2 > 16) return done;
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
