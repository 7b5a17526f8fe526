// SPDX-License-Identifier: BSL-1.0
// What the daemon sends, as JavaScript sees it.

import { notUnderstood } from './errors.js';
import { memberText } from './json.js';

const isObject = (value) => typeof value === 'object' && value !== null;

/** A place as a cause has it: a list still, and a JSON string without escapes. */
const writtenPlace = (place) =>
  Array.from(Buffer.from(place), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w.:/\-~+=]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');

/** An event as a hook receives it. */
export class Event {
  #message;
  #cancellation = new AbortController();

  constructor(message) {
    const params = message.params;
    if (!isObject(params) || !Number.isInteger(params.seq) || typeof params.hook_event_id !== 'string' || typeof params.event !== 'string') {
      throw notUnderstood('it sent no proper event');
    }
    this.#message = message;
    this.seq = params.seq;
    this.hookEventId = params.hook_event_id;
    this.name = params.event;
    this.payload = params.payload;
    this.emittedAt = params.emitted_at;
    this.expectsResponse = params.expects_response === true;
    this.timeout = params.timeout_ms;
    this.cause = params.cause ?? '';
    this.host = params.host;
    this.replayed = params.replayed === true;
  }

  /** All of the event as one JSON object, byte for byte: the `params` of the notification. */
  get text() {
    return memberText(this.#message.text, 'params');
  }

  /** The payload as JSON text, byte for byte as it was emitted: with the digits that a JavaScript number can't hold. */
  get payloadText() {
    return memberText(this.#message.text, 'params', 'payload');
  }

  /** A part of the payload, `event.get('author', 'name')`; undefined where the payload has no such part or another shape. */
  get(...path) {
    let value = this.payload;
    for (const step of path) {
      if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
      value = value[step];
    }
    return value;
  }

  /**
   * The cause of what a hook emits for this event. emit and emitAndWait use it within a hook unless told otherwise; a program that the hook starts
   * finds it in the variable HOOK_CAUSE if you put it there.
   */
  get asCause() {
    let entry = this.name;
    const place = this.name.startsWith('git.') ? this.get('git_dir') : undefined;
    if (typeof place === 'string' && place !== '') {
      const written = writtenPlace(place);
      if (written.length <= 4096) entry += `@${written}`; // the daemon takes no longer ones
    }
    return this.cause ? `${this.cause},${entry}` : entry;
  }

  /** Aborted once the emitter has stopped waiting, where Hooks has `cancellations: true`. */
  get signal() {
    return this.#cancellation.signal;
  }

  /** Aborts `signal`; what the library calls, and a test of a hook may. */
  cancel(reason = 'cancelled') {
    this.#cancellation.abort(reason);
  }
}

const OUTCOMES = ['answered', 'abstained', 'timeout', 'abandoned', 'no_subscribers', 'shutdown', 'unknown'];
/** Those of the outcomes after which the hooks have had their say. */
const CONSULTED = ['answered', 'abstained'];

/** What the hooks decided. Look at `proceed`: an object is always true. */
export class Verdict {
  #message;

  /** `failurePolicy`: of the request. */
  constructor(message, failurePolicy) {
    const result = message.result;
    // A verdict that can't be understood must not be taken for consent.
    const isReply = (each) => isObject(each?.response) && !Array.isArray(each.response);
    const isVerdict = isObject(result) && typeof result.abort === 'string' && OUTCOMES.includes(result.outcome) &&
      Array.isArray(result.responses) && result.responses.every(isReply) && Array.isArray(result.missing);
    if (!isVerdict) throw notUnderstood('it sent no proper verdict');
    const isConsulted = result.abort !== '' || CONSULTED.includes(result.outcome) || Boolean(result.bypassed);
    if (failurePolicy === 'closed' && !isConsulted) throw notUnderstood('it sent a verdict that proceeds though no hook decided');
    this.#message = message;
    this.hookEventId = result.hook_event_id;
    this.seq = result.seq;
    this.outcome = result.outcome;
    this.abort = result.abort;
    this.responses = result.responses.map(({ response, responder, uid, elapsed_ms: elapsedMs, host }) =>
      ({ response, responder, uid, elapsedMs, host }));
    this.missing = result.missing.map(({ responder, why, host }) => ({ responder, why, host }));
    this.payload = result.payload;
    this.bypassed = result.bypassed;
  }

  /** Whether the operation may go on. Under failure policy `open` (the default) that is so if no hook has decided, too. */
  get proceed() {
    return this.abort === '';
  }

  /** What the hooks have to say to the person who waits. */
  get notes() {
    return this.responses.map(({ response }) => response?.note).filter((note) => typeof note === 'string');
  }

  /** The whole result as JSON text, byte for byte. */
  get text() {
    return memberText(this.#message.text, 'result');
  }

  /** `payload` as JSON text, byte for byte; undefined where no hook replaced it. */
  get payloadText() {
    return memberText(this.#message.text, 'result', 'payload');
  }
}

export function readEmission({ result }) {
  if (!isObject(result) || typeof result.hook_event_id !== 'string') throw notUnderstood('it sent no proper result of emit');
  return { hookEventId: result.hook_event_id, seq: result.seq, subscribers: result.subscribers };
}

export function readAccepted({ result }) {
  if (!isObject(result) || typeof result.accepted !== 'boolean') throw notUnderstood('it sent no proper result of respond');
  return { accepted: result.accepted, reason: result.reason };
}

export function readInfo({ result }) {
  if (!isObject(result) || typeof result.instance !== 'string') throw notUnderstood('it sent no proper result of ping');
  return { instance: result.instance, version: result.version, protocol: result.protocol, pid: result.pid };
}
