// SPDX-License-Identifier: BSL-1.0
// A daemon that does what a script says, and remembers what was wrong with the client.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { memberText } from '../../../client/node/lib/json.js';

export class ScriptedDaemon {
  request = {};
  #directory;
  #server = net.createServer();
  #accepted = [];
  #peer;

  /** Runs `use(daemon)` beside `script(daemon)`, or the steps of a conversation; rejects where either was wrong. */
  static async run(script, use) {
    const daemon = new ScriptedDaemon();
    await daemon.#listen();
    const serve = async () => {
      try {
        await daemon.accept();
        await (typeof script === 'function' ? script(daemon) : daemon.takeSteps(script));
      } catch (error) {
        daemon.close();
        throw error;
      } finally {
        daemon.onEnd();
      }
    };
    try {
      const [served, used] = await Promise.allSettled([serve(), use(daemon)]);
      for (const { status, reason } of [served, used]) {
        if (status === 'rejected') throw reason;
      }
      return used.value;
    } finally {
      daemon.close();
      daemon.#server.close();
      await rm(daemon.#directory, { recursive: true });
    }
  }

  onEnd = () => {};

  async #listen() {
    this.#directory = await mkdtemp(path.join(tmpdir(), 'hookd-'));
    this.path = path.join(this.#directory, 's');
    this.#server.on('connection', (socket) => {
      this.#accepted.push(new Peer(socket));
      this.#server.emit('accepted');
    });
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  async takeSteps(steps) {
    for (const step of steps) {
      if ('accept' in step) await this.accept();
      else if ('expect' in step) await this.expect(step.expect, step);
      else if ('send' in step) this.send(step.send, step.chunk);
      else if ('send_together' in step) this.sendBytes(Buffer.concat(step.send_together.map((text) => this.#frame(text))));
      else if ('send_bytes' in step) this.sendBytes(Buffer.from(step.send_bytes, 'hex'));
      else if ('close' in step) this.close();
      else throw new Error(`unknown step ${JSON.stringify(step)}`);
    }
  }

  async accept() {
    this.close();
    while (this.#accepted.length === 0) await once(this.#server, 'accepted');
    this.#peer = this.#accepted.shift();
  }

  close() {
    this.#peer?.socket.end();
    this.#peer = undefined;
  }

  /** Lets accept() leave this connection open, for takeUp(). */
  keepPeer() {
    const peer = this.#peer;
    this.#peer = undefined;
    return peer;
  }

  takeUp(peer) {
    this.close();
    this.#peer = peer;
  }

  /** The next frame's text; undefined where the client has closed. */
  readFrame() {
    return this.#peer.readFrame();
  }

  async expect(method, { params = {}, texts = {}, contains = {}, absent = [] } = {}) {
    const text = await this.readFrame();
    assert.notEqual(text, undefined, `the client closed; expected ${method}`);
    this.request = JSON.parse(text);
    assert.equal(this.request.jsonrpc, '2.0');
    assert.equal(this.request.method, method, text);
    const sent = this.request.params ?? {};
    for (const [name, value] of Object.entries(params)) assert.deepEqual(sent[name], value, name);
    for (const [name, value] of Object.entries(texts)) assert.equal(memberText(text, 'params', name), value);
    for (const [name, value] of Object.entries(contains)) assert.ok(sent[name]?.includes(value), `${name} has ${value}: ${text}`);
    for (const name of absent) assert.ok(!(name in sent), `${name} is absent: ${text}`);
    return sent;
  }

  #frame(text) {
    const body = Buffer.from(text.replace('$id', JSON.stringify(this.request.id)));
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    return Buffer.concat([head, body]);
  }

  send(text, chunk) {
    this.sendBytes(this.#frame(text), chunk);
  }

  sendBytes(data, chunk = data.length) {
    for (let start = 0; start < data.length; start += chunk) this.#peer.socket.write(data.subarray(start, start + chunk));
  }

  result(value) {
    this.send(`{"jsonrpc":"2.0","id":$id,"result":${JSON.stringify(value)}}`);
  }

  notify(method, params) {
    this.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  async openSession(headSeq = 0, instance = 'one', resumed = false) {
    const params = await this.expect('subscribe');
    this.result({ instance, head_seq: headSeq, resumed });
    return params;
  }

  event(seq, { name = 'pre_push', payload = {}, expectsResponse = true, ...more } = {}) {
    this.notify('event', {
      seq, hook_event_id: `id-${seq}`, event: name, emitted_at: '2026-11-23T12:00:00.000000001Z', expects_response: expectsResponse,
      timeout_ms: 30_000, payload, ...more,
    });
  }

  async takeReply() {
    const params = await this.expect('respond');
    this.result({ accepted: true, reason: null });
    return params;
  }
}

class Peer {
  #bytes = Buffer.alloc(0);
  #hasEnded = false;

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      socket.emit('progress');
    });
    socket.on('error', () => {}); // the client closed, and misses what it would have been sent
    socket.on('close', () => {
      this.#hasEnded = true;
      socket.emit('progress');
    });
  }

  async readFrame() {
    for (;;) {
      if (this.#bytes.length >= 4) {
        const end = 4 + this.#bytes.readUInt32BE();
        if (this.#bytes.length >= end) {
          const text = this.#bytes.subarray(4, end).toString();
          this.#bytes = this.#bytes.subarray(end);
          return text;
        }
      }
      if (this.#hasEnded) return undefined;
      await once(this.socket, 'progress');
    }
  }
}
