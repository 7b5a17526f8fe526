// SPDX-License-Identifier: BSL-1.0
// The client of a tool that fires events.

import { Address } from './address.js';
import { Connection } from './connection.js';
import { ConnectionBrokenError } from './errors.js';
import { Verdict, readAccepted, readEmission, readInfo } from './model.js';
import { awaitParams, callParams, emitParams, respondParams, waitParams } from './requests.js';

/**
 * One connection, any number of requests under way on it. It connects with the first request, and again with the next one once the connection
 * is lost. A connection that breaks while an answer is awaited is reported (ConnectionBrokenError), since the daemon may have done what was
 * asked; but what has an `operationId`, or changes nothing (ping, stats), is sent once more over a new connection first.
 */
export class Client {
  #address;
  #connectTimeout;
  #answerTimeout;
  #connection;

  constructor({ path, daemonUser, connectTimeout = 5_000, answerTimeout = 30_000 } = {}) {
    this.#address = new Address(path, daemonUser);
    this.#connectTimeout = connectTimeout;
    this.#answerTimeout = answerTimeout;
  }

  get path() {
    return this.#address.path;
  }

  async emit(event, payload, options = {}) {
    const isRepeatable = options.operationId !== undefined;
    return readEmission(await this.#request('emit', emitParams(event, payload, options), { isRepeatable }));
  }

  async emitAndWait(event, payload, options = {}) {
    const { timeout, signal, operationId, failurePolicy } = options;
    const isRepeatable = operationId !== undefined;
    return new Verdict(
      await this.#request('emit_and_wait', waitParams(event, payload, options), { waits: true, timeout, signal, isRepeatable }),
      failurePolicy);
  }

  async awaitResponse(hookEventId, { timeout, signal } = {}) {
    return new Verdict(await this.#request('await_response', awaitParams(hookEventId, timeout), { waits: true, timeout, signal }));
  }

  async respond(hookEventId, reply) {
    return readAccepted(await this.#request('respond', respondParams(hookEventId, reply), {}));
  }

  async ping() {
    return readInfo(await this.#request('ping', '{}', { isRepeatable: true }));
  }

  async stats() {
    return (await this.#request('stats', '{}', { isRepeatable: true })).result;
  }

  async call(method, params, { timeout, signal } = {}) {
    return (await this.#request(method, callParams(params), { waits: true, timeout, signal })).result;
  }

  async connect() {
    await this.#open();
  }

  close() {
    this.#connection?.then((connection) => connection.close(), () => {});
    this.#connection = undefined;
  }

  async #request(method, params, { waits = false, timeout, signal, isRepeatable = false }) {
    const limit = waits && timeout === undefined ? undefined : (timeout ?? 0) + this.#answerTimeout;
    const attempt = async () =>
      (await this.#open()).request(method, params, { limit, answerTimeout: this.#answerTimeout, signal });
    try {
      return await attempt();
    } catch (error) {
      if (!isRepeatable || !(error instanceof ConnectionBrokenError)) throw error;
      return attempt();
    }
  }

  // The connection that is there, or a new one; requests that are made while it is being opened share it.
  async #open() {
    const current = this.#connection;
    if (current) {
      const connection = await current.catch(() => undefined);
      if (connection && !connection.lost) return connection;
    }
    if (this.#connection === current) this.#connection = Connection.open(this.#address, this.#connectTimeout);
    return this.#connection;
  }
}

/** A connected client. */
export async function connect(options) {
  const client = new Client(options);
  await client.connect();
  return client;
}
