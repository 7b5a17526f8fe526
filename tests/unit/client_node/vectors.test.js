// SPDX-License-Identifier: BSL-1.0
// The conversations that every client library holds (tests/vectors).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import * as hookd from '../../../client/node/hookd.js';
import { ScriptedDaemon } from './scripted_daemon.js';

const { calls, hooks } = JSON.parse(readFileSync(new URL('../../vectors/conversations.json', import.meta.url), 'utf8'));
const kinds = {
  invalid_argument: hookd.InvalidArgumentError,
  no_daemon: hookd.NoDaemonError,
  broken: hookd.ConnectionBrokenError,
  timed_out: hookd.AnswerTimeoutError,
  refused: hookd.RequestError,
  cancelled: hookd.RequestCancelledError,
};

const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

async function carryOut(client, { method, event, hook_event_id: id, payload, response, timeout_ms: timeout, ...more }) {
  const options = Object.fromEntries(Object.entries(more).map(([name, value]) => [camelCase(name), value]));
  const raw = payload === undefined ? undefined : new hookd.RawJson(payload);
  switch (method) {
    case 'ping': return client.ping();
    case 'emit': return client.emit(event, raw, options);
    case 'emit_and_wait': return client.emitAndWait(event, raw, { timeout, ...options });
    case 'await_response': return client.awaitResponse(id, { timeout });
    case 'respond': return client.respond(id, hookd.respond(new hookd.RawJson(response)));
    default: throw new Error(`unknown method ${method}`);
  }
}

function checkError(expected, error) {
  assert.ok(error instanceof kinds[expected.kind], error);
  if ('code' in expected) assert.equal(error.code, expected.code);
  if ('data' in expected) assert.deepEqual(error.data, expected.data);
  assert.ok(error.message.includes(expected.says ?? ''), error.message);
  return true;
}

function checkResult(expected, result) {
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'responders') assert.deepEqual(result.responses.map(({ responder }) => responder), value);
    else if (name === 'missing') assert.deepEqual(result.missing.map(({ responder, why }) => ({ responder, why })), value);
    else assert.deepEqual(result[camelCase(name)], value, name);
  }
}

for (const { name, call, steps, result, error } of calls) {
  test(name, () => ScriptedDaemon.run(steps, async (daemon) => {
    const client = new hookd.Client({ path: daemon.path });
    try {
      if (error) await assert.rejects(carryOut(client, call), (failure) => checkError(error, failure));
      else checkResult(result, await carryOut(client, call));
    } finally {
      client.close();
    }
  }));
}

function reply({ veto, abstain, failed, raise, response }) {
  if (raise) throw new Error(raise);
  if (veto) return hookd.veto(veto);
  if (abstain) return hookd.abstain();
  return failed ? hookd.failed(failed) : response;
}

for (const { name, patterns, replies, steps, notices, error } of hooks) {
  test(name, async () => {
    const seen = [];
    await ScriptedDaemon.run(steps, async (daemon) => {
      const runner = new hookd.Hooks('guard', {
        path: daemon.path, concurrency: 1, reconnectMin: 1, onNotice: ({ kind }) => seen.push(kind),
      });
      runner.on(patterns, (event) => reply(replies[event.name]));
      if (!error) daemon.onEnd = () => runner.stop(); // an error ends it by itself
      if (error) await assert.rejects(runner.run(), (failure) => checkError(error, failure));
      else await runner.run();
    });
    assert.deepEqual(seen, notices);
  });
}
