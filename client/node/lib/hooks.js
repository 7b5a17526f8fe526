// SPDX-License-Identifier: BSL-1.0
// Hooks: functions that are asked about events.

import { setTimeout as pause } from 'node:timers/promises';

import { Address } from './address.js';
import { Connection } from './connection.js';
import {
  ConnectionBrokenError, InvalidArgumentError, LimitExceededError, NoDaemonError, RequestError, ResumeImpossibleError, ShuttingDownError,
  UnreachableError, UntrustedDaemonError, notUnderstood,
} from './errors.js';
import { encodeObject } from './json.js';
import { Event, readAccepted } from './model.js';
import { abstain, asReply, failed } from './reply.js';
import { currentCause, respondParams } from './requests.js';

// Read ahead while hooks are busy, so that a cancellation is seen behind events that wait; past it the daemon keeps the rest.
const maxQueuedCharacters = 4 * 1024 * 1024;

// Why the daemon did not accept a reply. `answered` is none of them: another hook's reply, as a veto that came first, has ended the wait.
const refusalTexts = {
  expired: 'it came after the time limit', cancelled: 'the emitter no longer waits', unknown: 'the daemon no longer knows the event',
};

/** Subscribes, hands events to functions, sends what they return; reconnects and resumes by itself. */
export class Hooks {
  #options;
  #address;
  #routes = [];
  #position;
  #run;
  #stopRequested = false;

  constructor(name, options = {}) {
    this.#options = {
      responds: true, concurrency: 64, waitForDaemon: false, connectTimeout: 5_000, answerTimeout: 30_000, drainTimeout: 2_000,
      reconnectMin: 50, reconnectMax: 5_000, onNotice: printNotice, ...options, name,
    };
    this.#address = new Address(options.path, options.daemonUser);
    this.#position = options.resumeFrom;
  }

  on(patterns, hook) {
    const all = [patterns].flat();
    if (all.length === 0 || !all.every((each) => typeof each === 'string') || typeof hook !== 'function') {
      throw new InvalidArgumentError("on() takes a pattern, or an array of them, and a function: hooks.on('pre_push', (event) => …)");
    }
    for (const pattern of all) this.#routes.push({ pattern, glob: globExpression(pattern), hook });
    return this;
  }

  async run() {
    if (this.#routes.length === 0) throw new InvalidArgumentError("there is no hook: call hooks.on('pre_push', (event) => …) first");
    this.#run = new HookRun(this.#options, this.#address, this.#routes, this.#position);
    try {
      if (!this.#stopRequested) await this.#run.serve();
    } finally {
      this.#position = this.#run.position;
      this.#run = undefined;
      this.#stopRequested = false;
    }
  }

  stop() {
    this.#stopRequested = true;
    this.#run?.stop();
  }

  get position() {
    return this.#run ? this.#run.position : this.#position;
  }
}

// One run(), from its start to its end.
class HookRun {
  position; // after the last event handed out

  #options;
  #address;
  #routes;
  #reached; // up to where events were received: { afterSeq, instance }
  #wasOpen = false;
  #stopping = new AbortController();
  #stopped;
  #connection; // while its session is open
  #onLagged = () => {};
  #queue = [];
  #queuedCharacters = 0;
  #isPaused = false;
  #reading; // the connection that events are read from
  #asked = 0; // hooks that have not answered yet
  #inHand = new Map(); // event -> promise of its end, once its reply was taken
  #undelivered = []; // answered while there was no session

  constructor(options, address, routes, position) {
    this.#options = options;
    this.#address = address;
    this.#routes = routes;
    this.position = position;
    this.#reached = position;
    this.#stopped = new Promise((resolve) => {
      this.#stopping.signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
  }

  stop() {
    this.#stopping.abort();
  }

  async serve() {
    let wait = this.#options.reconnectMin;
    for (;;) {
      const { failure, wasOpen } = await this.#serveConnection();
      if (failure === undefined) return;
      if (!this.#outlasts(failure)) throw failure;
      if (wasOpen) wait = this.#options.reconnectMin;
      // Cut at random by up to a half, so that many clients of a daemon that was restarted do not return at the same moment.
      await pause(wait * (0.5 + Math.random() / 2), undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      wait = Math.min(wait * 2, this.#options.reconnectMax);
    }
  }

  // --- the connection ------------------------------------------------------------------------------------------------

  // Serves one connection. Why it ended, and nothing where stop() ended it.
  async #serveConnection() {
    let wasOpen = false;
    let connection;
    try {
      connection = await Connection.open(this.#address, this.#options.connectTimeout, (message) => this.#onMessage(message));
      this.#reading = connection;
      if (this.#isPaused) connection.pause();
      for (;;) {
        const lagged = new Promise((resolve) => {
          this.#onLagged = () => resolve('lagged');
        });
        const subscribing = this.#subscribe(connection);
        subscribing.catch(() => {}); // nobody asks any longer, once stop() was called
        await Promise.race([this.#stopped, subscribing]);
        if (this.#stopping.signal.aborted && !this.#connection) return {}; // stop() does not wait for a daemon that hangs
        wasOpen = true;
        const what = await Promise.race([this.#stopped, lagged, connection.ended]);
        if (what === 'stopped') {
          await this.#drain();
          return {};
        }
        if (what !== 'lagged') {
          this.#notify('disconnected', `lost the daemon, trying again: ${what.message}`);
          return { failure: what, wasOpen };
        }
      }
    } catch (failure) {
      return { failure, wasOpen };
    } finally {
      this.#connection = undefined;
      this.#reading = undefined;
      connection?.close();
    }
  }

  async #subscribe(connection) {
    const { answerTimeout, waitForDaemon } = this.#options;
    // The first answer has a limit, so that a daemon which hangs does not look like one that has nothing to ask.
    const limit = this.#wasOpen || waitForDaemon ? undefined : answerTimeout;
    const onResult = (result) => this.#onSubscribed(connection, result);
    const attempt = () => connection.request('subscribe', this.#subscribeParams(), { limit, answerTimeout, onResult });
    try {
      await attempt();
    } catch (failure) {
      if (!(failure instanceof ResumeImpossibleError) || !this.#reached) throw failure;
      this.#notify('resume_impossible',
        `could not resume after event ${this.#reached.afterSeq}, so events may have been missed (${failure.message})`, failure);
      this.#reached = undefined;
      await attempt();
    }
  }

  // What is not asked for is not sent, for older daemons.
  #subscribeParams() {
    const { name, responds, askedOnly, onFailure, order, where, shadow, scope, cancellations } = this.#options;
    return encodeObject({
      events: [...new Set(this.#routes.map(({ pattern }) => pattern))],
      name,
      responds: responds ? undefined : false,
      asked_only: askedOnly || undefined,
      on_failure: onFailure,
      order,
      where,
      shadow: shadow || undefined,
      scope,
      cancellations: cancellations || undefined,
      after_seq: this.#reached?.afterSeq,
      instance: this.#reached?.instance,
    });
  }

  #onSubscribed(connection, result) {
    if (typeof result?.instance !== 'string' || !Number.isInteger(result.head_seq)) throw notUnderstood('it opened no proper session');
    const afterSeq = result.resumed && this.#reached ? this.#reached.afterSeq : result.head_seq;
    this.#reached = { afterSeq, instance: result.instance };
    if (this.#queue.length === 0) this.position = this.#reached;
    this.#wasOpen = true;
    this.#connection = connection;
    this.#notify('connected', `subscribed; the session begins after event ${afterSeq}`);
    for (const { event, reply } of this.#undelivered.splice(0)) this.#begin(event, this.#deliver(connection, event, reply));
  }

  #onMessage(message) {
    const { method, params, text } = message;
    if (method === 'event') {
      const event = new Event(message);
      this.#received(event.seq);
      this.#queue.push({ event, position: this.#reached, size: text.length });
      this.#queuedCharacters += text.length;
      this.#handOut();
    } else if (method === 'cancelled') {
      this.#cancel(params?.hook_event_id, params?.reason);
    } else if (method === 'closed') {
      this.#onClosed(params?.reason, params?.last_seq);
    }
  }

  #onClosed(reason, lastSeq) {
    this.#connection = undefined;
    if (Number.isInteger(lastSeq)) this.#received(lastSeq);
    if (reason !== 'shutdown') {
      this.#notify('lagged', `the daemon closed the session (${reason}); resuming`);
      this.#onLagged();
    }
  }

  // An event that waited for its turn in a chain may have a lower number than those before it; that is no way back.
  #received(seq) {
    if (!this.#reached || seq > this.#reached.afterSeq) this.#reached = { ...this.#reached, afterSeq: seq };
  }

  // Whether to try again after that.
  #outlasts(failure) {
    if (failure instanceof UntrustedDaemonError || !(this.#wasOpen || this.#options.waitForDaemon)) return false;
    return [LimitExceededError, ShuttingDownError, NoDaemonError, UnreachableError, ConnectionBrokenError]
      .some((kind) => failure instanceof kind);
  }

  // --- events --------------------------------------------------------------------------------------------------------

  #handOut() {
    while (this.#queue.length > 0 && this.#asked < this.#options.concurrency && !this.#stopping.signal.aborted) {
      const { event, position, size } = this.#queue.shift();
      this.#queuedCharacters -= size;
      this.position = position;
      this.#begin(event, this.#handle(event));
    }
    const isFull = this.#queuedCharacters > maxQueuedCharacters;
    if (isFull !== this.#isPaused) {
      this.#isPaused = isFull;
      if (isFull) this.#reading?.pause();
      else this.#reading?.resume();
    }
  }

  #begin(event, work) {
    this.#inHand.set(event, work.finally(() => this.#inHand.delete(event)));
  }

  async #handle(event) {
    this.#asked += 1;
    const reply = await this.#ask(event);
    this.#asked -= 1;
    // And not once the reply was taken: that is not heard of where reading is paused.
    this.#handOut();
    if (event.signal.aborted || !this.#options.responds || !(event.expectsResponse || event.replayed)) return;
    if (this.#connection) await this.#deliver(this.#connection, event, reply);
    else this.#undelivered.push({ event, reply });
  }

  async #ask(event) {
    const route = this.#routes.find(({ glob }) => glob.test(event.name));
    if (!route) return abstain();
    try {
      return asReply(await currentCause.run(event.asCause, route.hook, event));
    } catch (error) {
      // A hook that breaks must not take the others along.
      const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      if (!event.signal.aborted) this.#notify('hook_failed', `the hook for ${event.name} (event ${event.seq}) failed: ${why}`, error);
      return failed(why);
    }
  }

  #cancel(hookEventId, reason) {
    const waiting = this.#queue.map(({ event }) => event);
    for (const event of [...waiting, ...this.#inHand.keys()]) {
      if (event.hookEventId === hookEventId) event.cancel(reason);
    }
    this.#queue = this.#queue.filter(({ event, size }) => {
      if (event.signal.aborted) this.#queuedCharacters -= size;
      return !event.signal.aborted;
    });
  }

  async #deliver(connection, event, reply) {
    const which = `the reply to ${event.name} (event ${event.seq})`;
    try {
      const message = await connection.send('respond', respondParams(event.hookEventId, reply)).answer;
      const { accepted, reason } = readAccepted(message.successful('respond'));
      if (!accepted && reason !== 'answered' && !event.signal.aborted) {
        this.#notify('reply_refused', `${which} was not accepted: ${refusalTexts[reason] ?? reason}`);
      }
    } catch (error) {
      if (error instanceof RequestError || error instanceof InvalidArgumentError) {
        this.#notify('reply_refused', `${which} was refused: ${error.message}`, error);
        // A reply that is not valid is a hook that failed; the emitter is not to wait for it until its time is over.
        if ('response' in reply.members) await this.#deliver(connection, event, failed(error.message));
      }
      // Else it is reported as disconnected, and the daemon has noticed that this responder left.
    }
  }

  async #drain() {
    const all = Promise.allSettled(this.#inHand.values());
    const timer = new AbortController();
    await Promise.race([all, pause(this.#options.drainTimeout, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }

  #notify(kind, message, error) {
    this.#options.onNotice({ kind, message, error });
  }
}

function printNotice({ kind, message }) {
  if (kind !== 'connected') console.error(`hookd: ${message}`);
}

function globExpression(pattern) {
  const parts = [...pattern].map((each) => ({ '*': '.*', '?': '.' })[each] ?? each.replace(/[\\^$.+()[\]{}|]/, '\\$&'));
  return new RegExp(`^${parts.join('')}$`, 's');
}
