// SPDX-License-Identifier: BSL-1.0
// The parameters of requests, as JSON text.

import { AsyncLocalStorage } from 'node:async_hooks';

import { InvalidArgumentError } from './errors.js';
import { RawJson, encode, encodeObject } from './json.js';
import { Reply, asReply } from './reply.js';

/** The cause of what the running hook emits. */
export const currentCause = new AsyncLocalStorage();

// A payload may be null, and is {} where it is absent.
const payloadOf = (payload) => (payload === undefined ? new RawJson('{}') : payload);

// `cause`, else that of the hook which runs, else $HOOK_CAUSE; undefined for none.
const causeOf = (cause) => (cause ?? currentCause.getStore() ?? process.env.HOOK_CAUSE) || undefined;

function milliseconds(value, name) {
  if (value === undefined) return undefined;
  if (!Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError(`${name} has to be a positive number of milliseconds, not ${value}`);
  }
  return Math.ceil(value);
}

export function emitParams(event, payload, { reserve, cause, scope, operationId }) {
  return encodeObject({
    event,
    payload: payloadOf(payload),
    reserve_ms: milliseconds(reserve, 'reserve'),
    cause: causeOf(cause),
    scope,
    operation_id: operationId,
  });
}

export function waitParams(event, payload, options) {
  const { timeout, policy, failurePolicy, requireSubscriber, require, cause, scope, operationId } = options;
  return encodeObject({
    event,
    payload: payloadOf(payload),
    timeout_ms: milliseconds(timeout, 'timeout'),
    policy: policy === undefined ? 'veto' : (policy ?? undefined),
    failure_policy: failurePolicy,
    require_subscriber: requireSubscriber === false ? false : undefined,
    require: require?.length ? require : undefined,
    cause: causeOf(cause),
    scope,
    operation_id: operationId,
  });
}

export function awaitParams(hookEventId, timeout) {
  return encodeObject({ hook_event_id: hookEventId, timeout_ms: milliseconds(timeout, 'timeout') });
}

export function respondParams(hookEventId, reply) {
  return encodeObject({ hook_event_id: hookEventId, ...(reply instanceof Reply ? reply : asReply(reply)).members });
}

export function callParams(params) {
  return params === undefined ? '{}' : encode(params);
}
