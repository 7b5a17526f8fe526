// SPDX-License-Identifier: BSL-1.0
// What a hook answers.

import { InvalidArgumentError } from './errors.js';
import { RawJson, encode } from './json.js';

/** What a hook answers. Made by proceed, veto, respond, abstain and failed. */
export class Reply {
  /** `members`: those of respond's parameters besides the id. */
  constructor(members) {
    this.members = members;
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Any JSON object. Its member `abort`, where it is a non-empty string, vetoes; `note` is shown to the person who waits. */
export function respond(response) {
  if (!isObject(response)) throw new InvalidArgumentError('a reply is an object');
  const raw = response instanceof RawJson ? response : new RawJson(encode(response));
  if (!raw.text.trimStart().startsWith('{')) throw new InvalidArgumentError('a reply is a JSON object');
  return new Reply({ response: raw });
}

/** No objection. */
export function proceed(members = {}) {
  return respond(members);
}

/** An objection. An empty reason vetoes, too: the emitter then reads "vetoed without a reason". */
export function veto(reason, members = {}) {
  return respond({ ...members, abort: reason || 'vetoed without a reason' });
}

/** No opinion: this hook decides nothing, and no emitter waits for it any longer. */
export function abstain() {
  return new Reply({ abstain: true });
}

/** The hook could not do its work: it decides nothing, is listed as missing, and the failure policy decides. */
export function failed(why) {
  return new Reply({ failed: String(why) || 'failed without a reason' });
}

/** What a hook function returned, as a reply. */
export function asReply(value) {
  if (value === undefined || value === null) return proceed();
  if (value instanceof Reply) return value;
  if (isObject(value)) return respond(value);
  return failed(`the hook returned a ${typeof value}: return nothing, an object, or what veto() and its like return`);
}
