// SPDX-License-Identifier: BSL-1.0
// The native framing (four bytes of length, then JSON), and the messages in it. Without I/O.

import { InvalidArgumentError, notUnderstood, requestError } from './errors.js';
import { encode } from './json.js';

/** The longest frame that any daemon reads. */
export const maxSent = 128 * 1024 * 1024;
/** The longest frame that is read. The daemon's own limit is for what it reads; a verdict holds many replies. */
export const maxReceived = 256 * 1024 * 1024;

const headBytes = 4;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The frame of a request, or of a notification where `number` is undefined. `params` is JSON text. */
export function requestFrame(number, method, params) {
  const id = number === undefined ? '' : `"id":${number},`;
  const body = Buffer.from(`{"jsonrpc":"2.0",${id}"method":${encode(method)},"params":${params}}`);
  if (body.length > maxSent) {
    throw new InvalidArgumentError(
      `the request has ${body.length} bytes; a daemon reads at most ${maxSent}: send a reference to the data`);
  }
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** One frame from the daemon: an answer (number, and result or error), or a notification (method and params). */
export class Message {
  constructor(frame) {
    let fields;
    try {
      this.text = utf8.decode(frame);
      fields = JSON.parse(this.text);
    } catch (error) {
      throw notUnderstood(`it sent a frame that is not JSON (${error.message})`);
    }
    const isMessage = typeof fields === 'object' && fields !== null && ('method' in fields || 'result' in fields || 'error' in fields);
    if (!isMessage) throw notUnderstood('it sent a frame that is neither an answer nor a notification');
    this.number = fields.id ?? null;
    this.method = fields.method;
    this.params = fields.params;
    this.result = fields.result;
    this.error = fields.error;
  }

  /** Whether it is an error that belongs to no request: the daemon says it, and closes. */
  get isLastWord() {
    return this.error !== undefined && this.number === null;
  }

  /** This answer to `method`, unless it is an error, which is thrown. */
  successful(method) {
    if (this.error !== undefined) throw requestError(this.error, method);
    return this;
  }
}

/** Bytes of the stream until they are complete frames. Refuses a length before anything is stored for it. */
export class FrameReader {
  #chunks = [];
  #bytes = 0;

  feed(chunk) {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next complete frame, or undefined until more bytes have come. */
  nextFrame() {
    if (this.#bytes < headBytes) return undefined;
    const size = this.#peek(headBytes).readUInt32BE();
    if (size === 0 || size > maxReceived) {
      throw notUnderstood(`it announced a frame of ${size} bytes, and at most ${maxReceived} are read`);
    }
    if (this.#bytes < headBytes + size) return undefined;
    const all = this.#peek(headBytes + size);
    this.#chunks[0] = all.subarray(headBytes + size);
    this.#bytes -= headBytes + size;
    return all.subarray(headBytes, headBytes + size);
  }

  // A buffer that begins with at least `size` bytes; joins the chunks only as far as that takes.
  #peek(size) {
    let count = 0;
    for (let bytes = 0; bytes < size; count += 1) bytes += this.#chunks[count].length;
    if (count > 1) this.#chunks.splice(0, count, Buffer.concat(this.#chunks.slice(0, count)));
    return this.#chunks[0];
  }
}
