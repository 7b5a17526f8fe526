// SPDX-License-Identifier: BSL-1.0
// The errors of this package. Each message is a sentence that says what was wrong and what to do about it.

/** The base of all. */
export class HookdError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument is unusable. Nothing was sent. */
export class InvalidArgumentError extends HookdError {}

/** The daemon is absent: there is no socket at the path, or no process listens on it. Nothing was sent. */
export class NoDaemonError extends HookdError {}

/** Something is at the path that can't be connected to, or it refuses. That is not an absent daemon. Nothing was sent. */
export class UnreachableError extends HookdError {}

/** The socket, or a directory on its path, is another user's, or can't be told to be one's own. Nothing was sent. */
export class UntrustedDaemonError extends UnreachableError {}

/** The connection ended before the answer arrived: whether the daemon carried the request out is unknown. */
export class ConnectionBrokenError extends HookdError {}

/** The daemon hangs: no answer came in time. Whether it carried the request out is unknown. */
export class AnswerTimeoutError extends HookdError {}

/** The daemon answered with an error. There is a subclass for each code of PROTOCOL.md. */
export class RequestError extends HookdError {
  constructor(message, code, data) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** -32700: the daemon could not read a frame. */
export class ParseError extends RequestError {}
/** -32600: not a valid request. */
export class InvalidRequestError extends RequestError {}
/** -32601: this daemon does not know the method. */
export class MethodNotFoundError extends RequestError {}
/** -32602: a parameter is missing, unknown or out of range; the message names it. */
export class InvalidParamsError extends RequestError {}
/** -32603: a fault of the daemon. */
export class InternalError extends RequestError {}
/** -32001: `data` has the limit's name and value. */
export class LimitExceededError extends RequestError {}
/** -32002: the daemon stops. */
export class ShuttingDownError extends RequestError {}
/** -32003: the daemon does not serve this user, or not this method. */
export class NotAllowedError extends RequestError {}
/** -32004: not in the catalog, or not what its schema says; `data` names the place. */
export class CatalogError extends RequestError {}
/** -32005: events may have been missed. */
export class ResumeImpossibleError extends RequestError {}
/** -32006: the connection has a push session already. */
export class SessionOpenError extends RequestError {}
/** -32007: in no cluster, or it could not be reached and nothing was fired. */
export class ClusterError extends RequestError {}
/** -32800: the request was cancelled. */
export class RequestCancelledError extends RequestError {}

const classes = new Map([
  [-32700, ParseError],
  [-32600, InvalidRequestError],
  [-32601, MethodNotFoundError],
  [-32602, InvalidParamsError],
  [-32603, InternalError],
  [-32001, LimitExceededError],
  [-32002, ShuttingDownError],
  [-32003, NotAllowedError],
  [-32004, CatalogError],
  [-32005, ResumeImpossibleError],
  [-32006, SessionOpenError],
  [-32007, ClusterError],
  [-32800, RequestCancelledError],
]);

/** The error for the `error` member of an answer to `method`. */
export function requestError(error, method = '') {
  const code = Number.isInteger(error?.code) ? error.code : 0;
  const words = typeof error?.message === 'string' ? error.message : 'the daemon answered with an error that it does not explain';
  const Class = classes.get(code) ?? RequestError;
  return new Class(method ? `${method}: ${words}` : words, code, error?.data);
}

/** What came is not what the wire contract says. */
export function notUnderstood(what) {
  return new ConnectionBrokenError(`what answers there is not a hookd that this client understands: ${what}`);
}
