// SPDX-License-Identifier: BSL-1.0
// What the client does besides the conversations of tests/vectors.

import assert from 'node:assert/strict';
import test from 'node:test';

import * as hookd from '../../../client/node/hookd.js';
import { ScriptedDaemon } from './scripted_daemon.js';

const verdict = { hook_event_id: 'an-id', seq: 1, outcome: 'answered', abort: '', responses: [], missing: [] };
const emission = { hook_event_id: 'an-id', seq: 1, subscribers: 0 };

const run = (script, use, options = {}) => ScriptedDaemon.run(script, async (daemon) => {
  const client = new hookd.Client({ path: daemon.path, ...options });
  try {
    return await use(client, daemon);
  } finally {
    client.close();
  }
});

test('the policy is veto unless another is named', () => run(async (daemon) => {
  for (const policy of ['veto', 'first']) {
    await daemon.expect('emit_and_wait', { params: { policy, payload: {} } });
    daemon.result(verdict);
  }
  await daemon.expect('emit_and_wait', { absent: ['policy'] });
  daemon.result(verdict);
}, async (client) => {
  await client.emitAndWait('x');
  await client.emitAndWait('x', {}, { policy: 'first' });
  await client.emitAndWait('x', {}, { policy: null });
}));

test('a verdict says what there is to know', () => run(async (daemon) => {
  await daemon.expect('emit_and_wait', { params: { require: ['lint'], scope: 'cluster' } });
  daemon.send(`{"jsonrpc":"2.0","id":$id,"result":{"hook_event_id":"an-id","seq":1,"outcome":"answered","abort":"","bypassed":"fire",
    "payload":{"n" : 1.10},"responses":[{"response":{"note":"looked at it"},"responder":"lint","uid":0,"elapsed_ms":1}],"missing":[]}}`);
}, async (client) => {
  const decided = await client.emitAndWait('x', {}, { require: ['lint'], scope: 'cluster' });
  assert.deepEqual([decided.proceed, decided.notes, decided.bypassed, decided.payload, decided.payloadText],
    [true, ['looked at it'], 'fire', { n: 1.1 }, '{"n" : 1.10}']);
}));

test('an outcome that is not known is no verdict', () => run(async (daemon) => {
  await daemon.expect('emit_and_wait');
  daemon.result({ ...verdict, outcome: 'who knows' });
}, async (client) => {
  await assert.rejects(client.emitAndWait('x'), hookd.ConnectionBrokenError);
}));

test('under failure policy closed only a completed consultation is consent', async () => {
  for (const outcome of ['answered', 'abstained', 'timeout', 'abandoned', 'no_subscribers', 'shutdown', 'unknown']) {
    const isConsulted = outcome === 'answered' || outcome === 'abstained';
    for (const [more, proceeds] of [[{}, isConsulted], [{ bypassed: 'fire' }, true], [{ abort: 'no' }, false]]) {
      await run(async (daemon) => {
        await daemon.expect('emit_and_wait', { params: { failure_policy: 'closed' } });
        daemon.result({ ...verdict, outcome, ...more });
      }, async (client) => {
        const asked = client.emitAndWait('x', {}, { failurePolicy: 'closed' });
        if (!isConsulted && Object.keys(more).length === 0) {
          await assert.rejects(asked, hookd.ConnectionBrokenError, outcome);
        } else {
          assert.equal((await asked).proceed, proceeds, outcome);
        }
      });
    }
  }
});

test('the cause is inherited', () => run(async (daemon) => {
  for (const cause of ['pre_push', 'other']) {
    await daemon.expect('emit', { params: { cause } });
    daemon.result(emission);
  }
  await daemon.expect('emit', { absent: ['cause'] });
  daemon.result(emission);
}, async (client) => {
  process.env.HOOK_CAUSE = 'pre_push';
  try {
    await client.emit('x');
    await client.emit('x', {}, { cause: 'other' });
    await client.emit('x', {}, { cause: '' });
  } finally {
    delete process.env.HOOK_CAUSE;
  }
}));

test('times are checked and rounded up', () => run(async (daemon) => {
  await daemon.expect('emit', { params: { reserve_ms: 2 } });
  daemon.result(emission);
}, async (client) => {
  for (const timeout of [0, -1, Infinity, NaN, '5']) {
    await assert.rejects(client.emitAndWait('x', {}, { timeout }), hookd.InvalidArgumentError);
  }
  await client.emit('x', {}, { reserve: 1.1 });
}));

test('requests share a connection, and answers come in any order', () => run(async (daemon) => {
  const requests = [];
  for (let i = 0; i < 3; i += 1) {
    await daemon.expect('emit');
    requests.push(daemon.request);
  }
  for (const request of requests.reverse()) {
    daemon.request = request;
    daemon.result({ ...emission, hook_event_id: request.params.event });
  }
}, async (client) => {
  const done = await Promise.all(['a', 'b', 'c'].map((name) => client.emit(name)));
  assert.deepEqual(done.map(({ hookEventId }) => hookEventId), ['a', 'b', 'c']);
}));

test('a signal ends a wait, here and at the daemon', () => {
  const controller = new AbortController();
  return run(async (daemon) => {
    await daemon.expect('emit_and_wait');
    const { id } = daemon.request;
    controller.abort(new Error('enough'));
    await daemon.expect('$/cancelRequest', { params: { id } });
    await daemon.expect('emit');
    daemon.result(emission);
  }, async (client) => {
    await assert.rejects(client.emitAndWait('x', {}, { signal: controller.signal }), /enough/);
    await assert.rejects(client.emitAndWait('x', {}, { signal: controller.signal }), /enough/);
    await client.emit('x');
  });
});

test('an idle connection that the daemon closed is opened anew', () => {
  let reopen;
  const closed = new Promise((resolve) => {
    reopen = resolve;
  });
  return run(async (daemon) => {
    await daemon.expect('emit');
    daemon.result(emission);
    daemon.close();
    reopen();
    await daemon.accept();
    await daemon.expect('emit');
    daemon.result(emission);
  }, async (client) => {
    await client.emit('x');
    await closed;
    // Until the end has arrived here, too: what is sent before that fails, as it must.
    for (;;) {
      try {
        await client.emit('x');
        return;
      } catch (error) {
        assert.ok(error instanceof hookd.ConnectionBrokenError);
      }
    }
  });
});

test('a daemon that hangs ends the call', () => run(async (daemon) => {
  while (await daemon.readFrame() !== undefined);
}, async (client) => {
  await assert.rejects(client.emit('x'), hookd.AnswerTimeoutError);
  await assert.rejects(client.emitAndWait('x'), hookd.AnswerTimeoutError);
  await assert.rejects(client.emitAndWait('x', {}, { timeout: 10 }), hookd.AnswerTimeoutError);
  client.close();
}, { answerTimeout: 50 }));

test('a long wait lasts while the daemon answers pings', () => run(async (daemon) => {
  await daemon.expect('emit_and_wait', { absent: ['timeout_ms'] });
  const { request } = daemon;
  for (let i = 0; i < 3; i += 1) {
    await daemon.expect('ping');
    daemon.result({});
  }
  daemon.request = request;
  daemon.result(verdict);
}, async (client) => {
  assert.ok((await client.emitAndWait('x')).proceed);
}, { answerTimeout: 300 }));

test('the reason is read though the daemon closed while it was sent', () => run((daemon) => {
  daemon.send('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"too large","data":{"limit":"max_frame","max":1}}}');
  daemon.close();
}, async (client) => {
  await assert.rejects(client.emit('x', 'a'.repeat(4_000_000)), (error) => {
    assert.ok(error instanceof hookd.LimitExceededError, error);
    assert.equal(error.data.limit, 'max_frame');
    return true;
  });
}));

test('a large payload goes there and back', () => {
  const payload = 'é'.repeat(3_000_000);
  return run(async (daemon) => {
    await daemon.expect('emit_and_wait', { params: { payload } });
    daemon.result({ ...verdict, payload });
  }, async (client) => {
    assert.equal((await client.emitAndWait('x', payload)).payload, payload);
  });
});

test('any request can be made', () => run(async (daemon) => {
  await daemon.expect('what/ever', { params: { a: 1 } });
  daemon.result([1, null]);
}, async (client) => {
  assert.deepEqual(await client.call('what/ever', { a: 1 }), [1, null]);
}));

test('connect() says at once that no daemon is there', () =>
  assert.rejects(hookd.connect({ path: '/nonexistent/socket' }), hookd.NoDaemonError));
