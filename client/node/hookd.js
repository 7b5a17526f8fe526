// SPDX-License-Identifier: BSL-1.0
// Talk to hookd, the local daemon through which tools ask hooks for leave. README.md shows how; hookd.d.ts says it all.

export { defaultSocketPath } from './lib/address.js';
export { Client, connect } from './lib/client.js';
export {
  AnswerTimeoutError, CatalogError, ClusterError, ConnectionBrokenError, HookdError, InternalError, InvalidArgumentError, InvalidParamsError,
  InvalidRequestError, LimitExceededError, MethodNotFoundError, NoDaemonError, NotAllowedError, ParseError, RequestCancelledError,
  RequestError, ResumeImpossibleError, SessionOpenError, ShuttingDownError, UnreachableError, UntrustedDaemonError,
} from './lib/errors.js';
export { Hooks } from './lib/hooks.js';
export { RawJson } from './lib/json.js';
export { Event, Verdict } from './lib/model.js';
export { Reply, abstain, failed, proceed, respond, veto } from './lib/reply.js';
