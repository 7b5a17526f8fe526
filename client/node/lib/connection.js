// SPDX-License-Identifier: BSL-1.0
// One connection: what Client and Hooks are made of.

import net from 'node:net';

import { AnswerTimeoutError, ConnectionBrokenError, HookdError, requestError } from './errors.js';
import { encodeObject } from './json.js';
import { FrameReader, Message, requestFrame } from './wire.js';

/** Any number of requests at a time, and notifications between their answers. */
export class Connection {
  /** Why it ended; undefined while it is open. */
  lost;
  /** Resolves with `lost`, once it has ended. */
  ended;

  #socket;
  #frames = new FrameReader();
  #framesRead = 0;
  #waiting = new Map();
  #lastNumber = 0;
  #lastWord;
  #writeFailure;
  #onNotification;
  #resolveEnded;

  /** `onNotification` is called with each notification, in order of arrival. */
  static async open(address, timeout, onNotification) {
    return new Connection(await address.connect(timeout), onNotification);
  }

  constructor(socket, onNotification) {
    this.#socket = socket;
    this.#onNotification = onNotification;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    // A write that fails destroys a socket, and with it what the daemon said before it closed. That is read first.
    socket.destroy = (error) => {
      if (error?.syscall !== 'write' || this.#writeFailure) return net.Socket.prototype.destroy.call(socket, error);
      this.#writeFailure = error;
      return socket;
    };
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#end(this.#lastWord ?? broken(this.#writeFailure ?? error)));
    socket.on('end', () => this.#end(this.#lastWord ?? broken(this.#writeFailure)));
    socket.on('close', () => this.#end(this.#lastWord ?? broken(this.#writeFailure)));
  }

  /** Ends it; what waits for an answer fails. */
  close() {
    this.#end(new ConnectionBrokenError('the connection was closed before the answer came'));
  }

  /** No further notification comes until resume(). */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  /**
   * Sends a request. `onResult` is called with a result as it is read, before what comes behind it. Returns its number, and the promise of its
   * answer, which is rejected once the connection is lost.
   */
  send(method, params, onResult) {
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    const frame = requestFrame(number, method, params);
    const answer = new Promise((resolve, reject) => {
      if (this.lost) {
        reject(this.lost);
        return;
      }
      this.#waiting.set(number, { resolve, reject, onResult });
      this.#write(frame);
    });
    answer.catch(() => {}); // whoever lost interest need not ask for it
    return { number, answer };
  }

  /** Nobody waits for that answer any longer; asks the daemon to end the request. */
  cancel(number) {
    if (this.#waiting.delete(number)) this.#write(requestFrame(undefined, '$/cancelRequest', encodeObject({ id: number })));
  }

  /**
   * The answer; AnswerTimeoutError after `limit` ms, or, without a limit, once the daemon does not answer a ping either. `signal` cancels
   * the request at the daemon, too.
   */
  async request(method, params, { limit, answerTimeout, signal, onResult }) {
    signal?.throwIfAborted();
    const { number, answer } = this.send(method, params, onResult);
    const timer = new Patience();
    let stopListening;
    const aborted = new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal?.addEventListener('abort', abort, { once: true });
      stopListening = () => signal?.removeEventListener('abort', abort);
    });
    try {
      const impatience = limit === undefined ? this.#endOfLife(timer, answerTimeout) : timer.after(limit);
      const message = await Promise.race([answer, aborted, impatience]);
      if (message === undefined) throw new AnswerTimeoutError('the daemon did not answer in time: see whether it hangs');
      return message.successful(method);
    } finally {
      timer.cancel();
      stopListening();
      this.cancel(number);
    }
  }

  // Resolves once the daemon neither sends anything nor answers a ping.
  async #endOfLife(timer, answerTimeout) {
    for (;;) {
      const read = this.#framesRead;
      await timer.after(answerTimeout);
      if (this.#framesRead === read) {
        // The wait may be long, but a daemon that lives answers this at once.
        this.send('ping', '{}');
        await timer.after(answerTimeout);
        if (this.#framesRead === read) return undefined;
      }
    }
  }

  #write(frame) {
    if (!this.#writeFailure) this.#socket.write(frame);
  }

  #read(chunk) {
    try {
      this.#frames.feed(chunk);
      for (let frame = this.#frames.nextFrame(); frame !== undefined && !this.lost; frame = this.#frames.nextFrame()) {
        this.#framesRead += 1;
        this.#take(new Message(frame));
      }
    } catch (error) {
      if (!(error instanceof HookdError)) throw error;
      this.#end(error);
    }
  }

  #take(message) {
    if (message.method !== undefined) {
      this.#onNotification?.(message);
    } else if (message.isLastWord) {
      this.#lastWord = requestError(message.error);
    } else {
      const waiting = this.#waiting.get(message.number);
      this.#waiting.delete(message.number);
      if (message.error === undefined) waiting?.onResult?.(message.result);
      waiting?.resolve(message);
    }
  }

  #end(why) {
    if (this.lost) return;
    this.lost = why;
    net.Socket.prototype.destroy.call(this.#socket);
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
    this.#resolveEnded(why);
  }
}

function broken(failure) {
  const reason = failure ? ` (${failure.code ?? failure.message})` : '';
  return new ConnectionBrokenError(
    `the daemon closed the connection${reason}; unanswered requests may or may not have been carried out`);
}

// One timer at a time, which does not outlive the request that it is for.
class Patience {
  #timer;

  after(ms) {
    return new Promise((resolve) => {
      // Longer than a timer can be: it would end at once.
      this.#timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    });
  }

  cancel() {
    clearTimeout(this.#timer);
  }
}
