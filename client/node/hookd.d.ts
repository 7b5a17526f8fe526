// SPDX-License-Identifier: BSL-1.0
/**
 * Talk to hookd, the local daemon through which tools ask hooks for leave. Times are in milliseconds. Payloads are JSON values, or RawJson
 * for a text that is to arrive byte for byte; numbers beyond what a JavaScript number holds have their digits in `payloadText` and `text`.
 */

/** $HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else /run/user/UID/hookd/hookd.sock where /run/user/UID is, else
 * /tmp/hookd-UID/hookd.sock. */
export function defaultSocketPath(): string;

export interface ConnectOptions {
  /** The daemon's socket, or `@NAME` for an abstract one (Node 22 or newer); defaultSocketPath() if absent. */
  path?: string;
  /** A user, besides the own one and root, whose daemon is trusted: a number, or a name in /etc/passwd. $HOOKD_DAEMON_USER if absent. */
  daemonUser?: string | number;
  /** For a daemon whose queue of connections is full; an absent one is reported at once. Default 5,000. */
  connectTimeout?: number;
  /** How long an answer may take beyond what the request itself asks to wait. Default 30,000. */
  answerTimeout?: number;
}

export interface EmitOptions {
  /** Keeps a slot that long for awaitResponse. */
  reserve?: number;
  /** The events that led to this one. If absent, that of the hook which runs, or $HOOK_CAUSE; '' for none. */
  cause?: string;
  scope?: 'local' | 'cluster';
  /** A UUID that makes a retry safe. */
  operationId?: string;
}

export interface WaitOptions {
  /** If absent, what the daemon's catalog says, else 30,000. */
  timeout?: number;
  /** Default 'veto', as hookctl has it and other than on the wire: a fast "fine" must not overtake a slower veto. null leaves it to the
   * daemon: its catalog, else 'first'. */
  policy?: 'first' | 'veto' | 'all' | 'chain' | null;
  /** If absent, what the daemon's catalog says, else 'open'. */
  failurePolicy?: 'open' | 'closed';
  /** False: waits for a hook where none is there. */
  requireSubscriber?: boolean;
  /** Names of hooks that must have replied. */
  require?: string[];
  cause?: string;
  scope?: 'local' | 'cluster';
  operationId?: string;
  /** Ends the wait, here and at the daemon; the promise is rejected with its reason. */
  signal?: AbortSignal;
}

export interface Emission {
  hookEventId: string;
  seq: number;
  /** Sessions that it was queued for. */
  subscribers: number;
}

export interface Accepted {
  accepted: boolean;
  /** Why not: 'answered', 'expired', 'cancelled' or 'unknown'. */
  reason: string | null;
}

export interface DaemonInfo {
  /** A UUID, new for every run of the daemon (one that is durable keeps it). */
  instance: string;
  version: string;
  protocol: number;
  pid: number;
}

export interface Response {
  response: Record<string, unknown>;
  /** The hook's name, `pid N`, or `peer N`. */
  responder: string;
  uid?: number;
  elapsedMs: number;
  host?: string;
}

export interface Missing {
  responder: string;
  /** 'timeout', 'left', 'failed: …', 'lagged', 'absent' or 'shutdown'. */
  why: string;
  host?: string;
}

/** What the hooks decided. Look at `proceed`: an object is always true. */
export class Verdict {
  private constructor();
  readonly hookEventId: string;
  /** null where the outcome is 'unknown'. */
  readonly seq: number | null;
  readonly outcome: 'answered' | 'abstained' | 'timeout' | 'abandoned' | 'no_subscribers' | 'shutdown' | 'unknown';
  /** Why not to go on; empty to go on. */
  readonly abort: string;
  readonly responses: readonly Response[];
  readonly missing: readonly Missing[];
  /** Under policy 'chain', the last payload, where a hook replaced it. */
  readonly payload: unknown;
  /** The reason of the bypass that this verdict proceeds by. */
  readonly bypassed?: string;
  /** Whether the operation may go on. Under failure policy 'open' (the default) that is so if no hook has decided, too. */
  readonly proceed: boolean;
  /** What the hooks have to say to the person who waits. */
  readonly notes: string[];
  /** The whole result as JSON text, byte for byte. */
  readonly text: string;
  /** `payload` as JSON text, byte for byte; undefined where no hook replaced it. */
  readonly payloadText: string | undefined;
}

/** A JSON text that is sent byte for byte, as the whole of a payload or reply. Throws InvalidArgumentError where it is not JSON. */
export class RawJson {
  constructor(text: string);
  readonly text: string;
}

/**
 * One connection, any number of requests under way on it. It connects with the first request, and again with the next one once the connection
 * is lost. A connection that breaks while an answer is awaited is reported (ConnectionBrokenError), since the daemon may have done what was
 * asked; but what has an `operationId`, or changes nothing (ping, stats), is sent once more over a new connection first. An open connection
 * keeps the process alive: close().
 */
export class Client {
  constructor(options?: ConnectOptions);
  readonly path: string;
  /** Connects now, to learn whether a daemon is there. */
  connect(): Promise<void>;
  /** Fires an event and does not wait. `payload`: {} if absent. */
  emit(event: string, payload?: unknown, options?: EmitOptions): Promise<Emission>;
  /** Fires an event and waits for what the hooks say. */
  emitAndWait(event: string, payload?: unknown, options?: WaitOptions): Promise<Verdict>;
  /** Waits for the reply to an event that was emitted with `reserve`, by any process. */
  awaitResponse(hookEventId: string, options?: { timeout?: number; signal?: AbortSignal }): Promise<Verdict>;
  /** Answers an event, from whichever process knows its id. */
  respond(hookEventId: string, reply?: Reply | object): Promise<Accepted>;
  /** Asks which daemon this is. */
  ping(): Promise<DaemonInfo>;
  /** The daemon's counters. */
  stats(): Promise<Record<string, unknown>>;
  /** Any request; resolves with its result. `timeout`: how long the request itself waits, if it does; without one, as long as the daemon lives. */
  call(method: string, params?: object, options?: { timeout?: number; signal?: AbortSignal }): Promise<any>;
  /** Ends the connection; what is under way fails. */
  close(): void;
}

/** A connected client. */
export function connect(options?: ConnectOptions): Promise<Client>;

/** An event as a hook receives it. */
export class Event {
  private constructor();
  /** Its number: grows by one an event, from 1, for each run of the daemon. */
  readonly seq: number;
  /** The unguessable id that a reply names. */
  readonly hookEventId: string;
  readonly name: string;
  /** Any JSON value: an object as a rule, but the emitter decides. */
  readonly payload: any;
  /** RFC 3339, UTC, nanoseconds. */
  readonly emittedAt: string;
  /** Whether an emitter waited for a reply when it was emitted. */
  readonly expectsResponse: boolean;
  /** For how long that emitter waits, counted from the emission. */
  readonly timeout?: number;
  /** The events that led to it, oldest first, separated by commas. */
  readonly cause: string;
  /** The host that it comes from, where that is another one. */
  readonly host?: string;
  /** Whether it was handed out again by `hookctl replay`. */
  readonly replayed: boolean;
  /** All of the event as one JSON object, byte for byte. */
  readonly text: string;
  /** The payload as JSON text, byte for byte: with the digits that a JavaScript number can't hold. */
  readonly payloadText: string;
  /** A part of the payload, `event.get('author', 'name')`; undefined where the payload has no such part or another shape. */
  get(...path: (string | number)[]): any;
  /** The cause of what a hook emits for this event. A program that the hook starts finds it in HOOK_CAUSE if you put it there. */
  readonly asCause: string;
  /** Aborted once the emitter has stopped waiting, where Hooks has `cancellations: true`. */
  readonly signal: AbortSignal;
  /** Aborts `signal`; what the library calls, and a test of a hook may. */
  cancel(reason?: string): void;
}

/** What a hook answers. Made by proceed, veto, respond, abstain and failed. */
export class Reply {
  private constructor();
}

/** Any JSON object. Its member `abort`, where it is a non-empty string, vetoes; `note` is shown to the person who waits. */
export function respond(response: object): Reply;
/** No objection. */
export function proceed(members?: object): Reply;
/** An objection. An empty reason vetoes, too: the emitter then reads "vetoed without a reason". */
export function veto(reason: string, members?: object): Reply;
/** No opinion: this hook decides nothing, and no emitter waits for it any longer. */
export function abstain(): Reply;
/** The hook could not do its work: it decides nothing, is listed as missing, and the failure policy decides. */
export function failed(why: string): Reply;

export interface Position {
  afterSeq: number;
  /** The daemon's run that it belongs to; absent for the present one. */
  instance?: string;
}

export interface Notice {
  /** 'resume_impossible': events may have been missed. */
  kind: 'connected' | 'disconnected' | 'lagged' | 'resume_impossible' | 'reply_refused' | 'hook_failed';
  message: string;
  error?: unknown;
}

export interface HooksOptions extends ConnectOptions {
  /** False: an observer, for which no emitter waits. */
  responds?: boolean;
  /** Only events that an emitter waits for. */
  askedOnly?: boolean;
  /** 'closed': where this hook is missing, for whatever reason, nothing proceeds. */
  onFailure?: 'open' | 'closed';
  /** Its turn in a chain. */
  order?: number;
  /** JSON pointers into the payload, with globs. */
  where?: Record<string, string>;
  /** It is asked and recorded, and decides nothing. */
  shadow?: boolean;
  scope?: 'local' | 'cluster';
  /** Once the emitter stops waiting, Event.signal is aborted. */
  cancellations?: boolean;
  /** Events in hand at a time; past it they wait. 1 hands out the next event once the one before is answered. Default 64. */
  concurrency?: number;
  /** Where to go on; where that is impossible it is reported, and begins with the next event. */
  resumeFrom?: Position;
  /** Also for a daemon that is not there at the start. */
  waitForDaemon?: boolean;
  /** How long stop() leaves hooks that are under way. Default 2,000. */
  drainTimeout?: number;
  /** The pauses between attempts, doubled from one to the other. Default 50 and 5,000. */
  reconnectMin?: number;
  reconnectMax?: number;
  /** What happens to the connection. If absent, all but 'connected' is printed on stderr. */
  onNotice?: (notice: Notice) => void;
}

type HookResult = Reply | object | null | undefined | void;

/**
 * Subscribes, hands events to functions, sends what they return; reconnects and resumes by itself. A hook returns nothing (no objection), an
 * object (the reply), or what proceed, veto, respond, abstain or failed return; or a promise of one of these. One that throws has failed: the
 * emitter's failure policy decides, and the next event is handed out as ever. Each event goes to the first hook that matches.
 */
export class Hooks {
  /** `name`: what verdicts and logs call this subscriber. */
  constructor(name?: string, options?: HooksOptions);
  /** `patterns`: names of events, with `*` for any run and `?` for one character. */
  on(patterns: string | string[], hook: (event: Event) => HookResult | Promise<HookResult>): this;
  /** Serves until stop(). Rejected with NoDaemonError where no daemon is there at the start, and where the daemon refuses for good. */
  run(): Promise<void>;
  /** Ends run(): no further event is handed out, and hooks that are under way may finish within drainTimeout. Before run() it makes that return
   * at once. */
  stop(): void;
  /** Where a later Hooks has to resume: after the last event handed out. */
  readonly position: Position | undefined;
}

/** The base of all errors of this package. */
export class HookdError extends Error {}
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
  protected constructor();
  readonly code: number;
  /** What the protocol defines for that code. */
  readonly data: any;
}
/** -32700 */
export class ParseError extends RequestError {}
/** -32600 */
export class InvalidRequestError extends RequestError {}
/** -32601 */
export class MethodNotFoundError extends RequestError {}
/** -32602: the message names the parameter. */
export class InvalidParamsError extends RequestError {}
/** -32603 */
export class InternalError extends RequestError {}
/** -32001: `data` has the limit's name and value. */
export class LimitExceededError extends RequestError {}
/** -32002 */
export class ShuttingDownError extends RequestError {}
/** -32003 */
export class NotAllowedError extends RequestError {}
/** -32004: `data` names the place. */
export class CatalogError extends RequestError {}
/** -32005 */
export class ResumeImpossibleError extends RequestError {}
/** -32006 */
export class SessionOpenError extends RequestError {}
/** -32007 */
export class ClusterError extends RequestError {}
/** -32800 */
export class RequestCancelledError extends RequestError {}
