// Answers `net` of bench-engine.c with ONNX Runtime, for ./run.
// SPDX-License-Identifier: LGPL-2.1-or-later
//
//   compare-onnxruntime.cjs float|int8
//
// int8: convolutions of u8 values by s8 weights, a scale a channel. The time
// does not depend on the values, so weights and scales are any.
'use strict';
const ort = require('onnxruntime-node');
const readline = require('readline');

const WIDTH = 640, HEIGHT = 360, MIN_RUNS = 3, MIN_MS = 200;
const INT8 = process.argv[2] === 'int8';

// Protocol buffers, as far as ONNX needs them: onnx.proto has the numbers.
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128))
    bytes.push(value % 128 + 128);
  return Buffer.from([...bytes, value]);
}

const number = (field, value) =>
  Buffer.concat([varint(field * 8), varint(value)]);

function bytes(field, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

const FLOAT = 1, UINT8 = 2, INT8_TYPE = 3, INT32 = 6;
const ARRAYS = {
  [FLOAT]: Float32Array, [UINT8]: Uint8Array, [INT8_TYPE]: Int8Array,
  [INT32]: Int32Array,
};

const attribute = (name, value) => bytes(5, bytes(1, name),
  ...Array.isArray(value) ? [...value.map((v) => number(8, v)), number(20, 7)]
    : typeof value === 'string' ? [bytes(4, value), number(20, 3)]
      : [number(3, value), number(20, 2)]);

const port = (field, name, ...dims) => bytes(field, bytes(1, name), bytes(2,
  bytes(1, number(1, FLOAT), bytes(2, ...dims.map((d) =>
    bytes(1, number(1, d)))))));

// What of the architecture language the benchmark's nets use.
class Graph {
  constructor(channels, text) {
    this.parts = [];
    this.n = 0;
    this.value = 'in';
    this.channels = channels;
    this.quantized = false;
    const saved = {};
    for (const words of text.split(/[,|]/).map((s) => s.trim().split(/\s+/))) {
      const [name, argument] = words;
      if (name === 'conv' || name === 'deconv') {
        this.conv(name, argument, Number(words[2]));
      } else if (name === 'save') {
        saved[argument] = [this.value, this.channels];
        continue;
      } else if (name === 'add') {
        this.value = this.node('Add', [this.value, saved[argument][0]]);
      } else if (name === 'concat') {
        this.value = this.node('Concat', [this.value, saved[argument][0]],
          { axis: 1 });
        this.channels += saved[argument][1];
      } else if (name === 'unshuffle') {
        this.value = this.node('SpaceToDepth', [this.value],
          { blocksize: Number(argument) });
        this.channels *= argument ** 2;
      } else if (name === 'shuffle') {
        this.value = this.node('DepthToSpace', [this.value],
          { blocksize: Number(argument), mode: 'CRD' });
        this.channels /= argument ** 2;
      } else {
        throw new Error(`no such layer: ${name}`);
      }
      const relu = words.at(-1) === 'relu';
      if (relu)
        this.value = this.node('Relu', [this.value]);
      this.quantized = false;
      if (INT8 && name === 'conv')
        this.quantize(relu ? 0 : 128);
    }
    this.node('Identity', [this.value], {}, 'out');
  }

  node(type, inputs, attributes = {}, output = `v${this.n++}`) {
    this.parts.push(bytes(1, ...inputs.map((name) => bytes(1, name)),
      bytes(2, output), bytes(4, type),
      ...Object.entries(attributes).map((pair) => attribute(...pair))));
    return output;
  }

  constant(type, dims, fill) {
    const name = `c${this.n++}`;
    const data = new ARRAYS[type](dims.reduce((a, b) => a * b, 1));
    this.parts.push(bytes(5, ...dims.map((d) => number(1, d)),
      number(2, type), bytes(8, name),
      bytes(9, new Uint8Array(data.map(fill).buffer))));
    return name;
  }

  quantize(zero) {
    const like = [this.constant(FLOAT, [], () => 1 / 64),
      this.constant(UINT8, [], () => zero)];
    this.value = this.node('DequantizeLinear',
      [this.node('QuantizeLinear', [this.value, ...like]), ...like]);
    this.quantized = true;
  }

  // weights or bias of `n` channels, their scale in each
  dequantized(type, dims, scale, fill) {
    const n = dims[0];
    return this.node('DequantizeLinear', [this.constant(type, dims, fill),
      this.constant(FLOAT, [n], () => scale),
      this.constant(type, [n], () => 0)], { axis: 0 });
  }

  conv(name, kernel, n) {
    const [, k, s] = kernel.match(/(\d+)x\d+[/*]?(\d*)/).map((x) => Number(x) || 1);
    const down = name === 'conv';
    const dims = down ? [n, this.channels, k, k] : [this.channels, n, k, k];
    const pad = Math.floor((down ? k - 1 : k - s + 1) / 2);
    const sizes = { kernel_shape: [k, k], strides: [s, s],
      pads: [pad, pad, pad, pad],
      ...down ? {} : { output_padding: [(k - s) % 2, (k - s) % 2] } };
    const random = () => Math.random() - 0.5;
    let parameters;
    if (INT8 && down) {
      if (!this.quantized)
        this.quantize(0);
      parameters = [
        this.dequantized(INT8_TYPE, dims, 1 / 256, () => 254 * random()),
        this.dequantized(INT32, [n], 1 / 256 / 64, () => 0)];
    } else {
      parameters = [this.constant(FLOAT, dims, () => random() / k),
        this.constant(FLOAT, [n], () => 0)];
    }
    this.value = this.node(down ? 'Conv' : 'ConvTranspose',
      [this.value, ...parameters], sizes);
    this.channels = n;
  }

  model(channels) {
    return Buffer.concat([number(1, 8), bytes(8, number(2, 13)), bytes(7,
      bytes(2, 'net'), ...this.parts,
      port(11, 'in', 1, channels, HEIGHT, WIDTH),
      port(12, 'out', 1, this.channels, HEIGHT, WIDTH))]);
  }
}

async function timeNet(threads, channels, text) {
  const session = await ort.InferenceSession.create(
    new Graph(channels, text).model(channels),
    { intraOpNumThreads: threads, interOpNumThreads: 1,
      graphOptimizationLevel: 'all', logSeverityLevel: 3 });
  const frame = { in: new ort.Tensor('float32',
    new Float32Array(channels * HEIGHT * WIDTH).map(Math.random),
    [1, channels, HEIGHT, WIDTH]) };
  const times = [];
  let total = 0;
  await session.run(frame);
  while (times.length < MIN_RUNS || total < MIN_MS) {
    const start = performance.now();
    await session.run(frame);
    times.push(performance.now() - start);
    total += times.at(-1);
  }
  await session.release();
  return times.sort((a, b) => a - b)[times.length >> 1];
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [, threads, channels, text] = line.split('\t');
    console.log(await timeNet(Number(threads), Number(channels), text));
  }
})();
