// Networks in LiteRT's runtime for browsers.

import { fixShapes } from "./fixed_shape.js";

const PREPARED = 2; // sizes of inputs for which a network stays prepared: those of a picture's two looks

// Starts the runtime; `factory` is what its script defines, `wasm` its program.
export async function startRuntime(factory, wasm) {
  // It tells what it does as if that were errors; what fails is thrown.
  const runtime = await factory({ wasmBinary: wasm, print() {}, printErr() {} });
  runtime.setupLogging();
  return { runtime, environment: runtime.LiteRtEnvironment.create(null) };
}

// A network with one input and one output of float32.
export class Network {
  constructor(started, content) {
    Object.assign(this, started, { content, prepared: new Map() });
  }

  // The output, of a given shape, for an input of a given shape.
  async call(data, inputShape, outputShape) {
    const { runtime, environment } = this, { LiteRtTensorBufferLockMode: mode } = runtime;
    const { model, compiled } = await this.prepare(inputShape, outputShape);
    const type = model.getInputTensorType(0, 0), kind = runtime.LiteRtTensorBufferType.HOST_MEMORY;
    const input = runtime.LiteRtTensorBuffer.createManaged(environment, kind, type, data.byteLength);
    runtime.HEAPU8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), input.lock(mode.WRITE));
    input.unlock();
    const [output] = await compiled.run(0, [input]);
    const start = output.lock(mode.READ);
    const answer = new Float32Array(runtime.HEAPU8.slice(start, start + output.packedSize()).buffer);
    output.unlock();
    for (const used of [type, input, output]) used.delete();
    return answer;
  }

  async prepare(inputShape, outputShape) {
    const name = inputShape.join();
    if (!this.prepared.has(name)) {
      if (this.prepared.size === PREPARED) this.forget(this.prepared.keys().next().value);
      this.prepared.set(name, await this.compile(inputShape, outputShape));
    }
    return this.prepared.get(name);
  }

  async compile(inputShape, outputShape) {
    const { runtime, environment, content } = this;
    const start = runtime._malloc(content.length);
    runtime.HEAPU8.set(content, start);
    fixShapes(new DataView(runtime.HEAPU8.buffer, start, content.length), inputShape, outputShape);
    const model = runtime.loadModel(environment, start, content.length);
    const onProcessor = { accelerator: "wasm", cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} };
    const options = { environment, ...onProcessor };
    return { start, model, compiled: await runtime.compileModel(environment, model, options) };
  }

  forget(name) {
    const { start, model, compiled } = this.prepared.get(name);
    compiled.delete();
    model.delete();
    this.runtime._free(start);
    this.prepared.delete(name);
  }
}
