// SPDX-License-Identifier: BSL-1.0
// What Hooks does besides the conversations of tests/vectors.

import assert from 'node:assert/strict';
import test from 'node:test';

import * as hookd from '../../../client/node/hookd.js';
import { ScriptedDaemon } from './scripted_daemon.js';

/** Runs hooks, made by `make(hooks, daemon)`, until the script is over. */
const run = (script, options, make) => ScriptedDaemon.run(script, async (daemon) => {
  const hooks = new hookd.Hooks(options.name, { path: daemon.path, reconnectMin: 1, onNotice() {}, ...options });
  daemon.onEnd = () => hooks.stop();
  make(hooks, daemon);
  await hooks.run();
  return hooks;
});

function gate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('what is asked for is sent and nothing else', async () => {
  const options = {
    name: 'guard', askedOnly: true, onFailure: 'closed', order: 0, where: { '/cwd': '/src/*' }, shadow: true, scope: 'cluster', cancellations: true,
  };
  await run(async (daemon) => {
    assert.deepEqual(await daemon.openSession(), {
      events: ['pre_*', 'x?'], name: 'guard', asked_only: true, on_failure: 'closed', order: 0, where: { '/cwd': '/src/*' }, shadow: true,
      scope: 'cluster', cancellations: true,
    });
  }, options, (hooks) => hooks.on(['pre_*', 'x?', 'pre_*'], () => {}));
  await run(async (daemon) => assert.deepEqual(await daemon.openSession(), { events: ['*'] }), {}, (hooks) => hooks.on('*', () => {}));
});

test('an observer never replies', async () => {
  const { open, opened } = gate();
  const hooks = await run(async (daemon) => {
    assert.equal((await daemon.openSession()).responds, false);
    daemon.event(1);
    await opened;
  }, { responds: false }, (all) => all.on('*', open));
  assert.deepEqual(hooks.position, { afterSeq: 1, instance: 'one' });
});

test('the first hook that matches is asked and others abstain', () => run(async (daemon) => {
  await daemon.openSession();
  const expected = [
    ['pre_push', { response: { by: 'first' } }], ['pre_merge', { response: { by: 'second' } }], ['other', { abstain: true }],
    ['pre[x]', { abstain: true }],
  ];
  for (const [index, [name, reply]] of expected.entries()) {
    daemon.event(index + 1, { name });
    assert.deepEqual(await daemon.takeReply(), { hook_event_id: `id-${index + 1}`, ...reply });
  }
}, {}, (hooks) => hooks
  .on('pre_push', () => ({ by: 'first' }))
  .on('pre_*', () => ({ by: 'second' }))
  .on('pre[x]*?', () => ({ by: 'third' }))));

test('hooks are asked side by side up to the bound', async () => {
  const { open, opened } = gate();
  let busy = 0;
  let most = 0;
  await run(async (daemon) => {
    await daemon.openSession();
    for (const seq of [1, 2, 3]) daemon.event(seq);
    for (let i = 0; i < 3; i += 1) await daemon.takeReply();
  }, { concurrency: 2 }, (hooks) => hooks.on('*', async () => {
    busy += 1;
    most = Math.max(most, busy);
    if (busy === 2) open();
    await opened;
    busy -= 1;
  }));
  assert.equal(most, 2);
});

test('a hook learns that nobody waits any longer, behind other events', async () => {
  const { open, opened } = gate();
  const seen = [];
  await run(async (daemon) => {
    await daemon.openSession();
    for (const seq of [1, 2, 3]) daemon.event(seq);
    await opened;
    daemon.notify('cancelled', { hook_event_id: 'id-2', reason: 'cancelled' });
    daemon.notify('cancelled', { hook_event_id: 'id-1', reason: 'expired' });
    assert.equal((await daemon.takeReply()).hook_event_id, 'id-3');
  }, { cancellations: true, concurrency: 1 }, (hooks) => hooks.on('*', async ({ seq, signal }) => {
    seen.push(seq);
    if (seq !== 1) return;
    open();
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    assert.equal(signal.reason, 'expired');
  }));
  assert.deepEqual(seen, [1, 3]);
});

test('more than may be queued is left to the daemon, and comes later', async () => {
  const payload = 'x'.repeat(1_000_000);
  const { open, opened } = gate();
  const seen = [];
  await run(async (daemon) => {
    await daemon.openSession();
    for (let seq = 1; seq <= 6; seq += 1) daemon.event(seq, { payload });
    open();
    for (let i = 0; i < 6; i += 1) await daemon.takeReply();
  }, { concurrency: 1 }, (hooks) => hooks.on('*', async (event) => {
    await opened;
    seen.push(event.seq);
  }));
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6]);
});

test('what a hook emits has its cause', () => run(async (daemon) => {
  await daemon.openSession();
  daemon.event(1, { cause: 'deploy' });
  const session = daemon.keepPeer();
  await daemon.accept();
  await daemon.expect('emit', { params: { cause: 'deploy,pre_push' } });
  daemon.result({ hook_event_id: 'x', seq: 2, subscribers: 0 });
  assert.equal(await daemon.readFrame(), undefined);
  daemon.takeUp(session);
  await daemon.takeReply();
}, {}, (hooks, daemon) => hooks.on('*', async () => {
  const client = await hookd.connect({ path: daemon.path });
  await client.emit('pre_build');
  client.close();
})));

test('a reply that was ready too late for its connection takes the next', async () => {
  const asked = gate();
  const answer = gate();
  await run(async (daemon) => {
    await daemon.openSession();
    daemon.event(1);
    await asked.opened;
    daemon.close();
    await daemon.accept();
    await daemon.openSession(1, 'one', true);
    answer.open();
    assert.deepEqual(await daemon.takeReply(), { hook_event_id: 'id-1', response: { late: true } });
  }, {}, (hooks) => hooks.on('*', async () => {
    asked.open();
    await answer.opened;
    return { late: true };
  }));
});

test('a chain is no way back', () => run(async (daemon) => {
  await daemon.openSession();
  for (const seq of [7, 3]) {
    daemon.event(seq);
    await daemon.takeReply();
  }
  daemon.close();
  await daemon.accept();
  assert.equal((await daemon.openSession(7, 'one', true)).after_seq, 7);
}, {}, (hooks) => hooks.on('*', () => {})));

test('it goes on from a position', async () => {
  const hooks = await run(async (daemon) => {
    const { after_seq: afterSeq, instance } = await daemon.openSession(9, 'two', true);
    assert.deepEqual([afterSeq, instance], [5, 'two']);
  }, { resumeFrom: { afterSeq: 5, instance: 'two' } }, (all) => all.on('*', () => {}));
  assert.deepEqual(hooks.position, { afterSeq: 5, instance: 'two' });
});

test('it drains before it ends', () => run(async (daemon) => {
  await daemon.openSession();
  daemon.event(1);
  assert.deepEqual((await daemon.takeReply()).response, { last: true });
}, { drainTimeout: 60_000 }, (hooks) => hooks.on('*', () => {
  hooks.stop();
  return { last: true };
})));

test('stop() before run() makes it return at once', async () => {
  const hooks = new hookd.Hooks('x', { path: '/nonexistent/socket' });
  hooks.on('*', () => {});
  hooks.stop();
  await hooks.run();
  await assert.rejects(hooks.run(), hookd.NoDaemonError);
});

test('stop() does not wait for a daemon that hangs', () => {
  let stop;
  return run(async (daemon) => {
    await daemon.expect('subscribe');
    stop();
    assert.equal(await daemon.readFrame(), undefined);
  }, {}, (hooks) => {
    stop = () => hooks.stop();
    hooks.on('*', () => {});
  });
});

test('without a hook or a pattern it says so', async () => {
  const hooks = new hookd.Hooks('x', { path: '/nonexistent/socket' });
  await assert.rejects(hooks.run(), /there is no hook/);
  for (const wrong of [[], [[], () => {}], ['*'], [7, () => {}]]) assert.throws(() => hooks.on(...wrong), hookd.InvalidArgumentError);
});

test('it waits for a daemon where told to', async () => {
  const hooks = new hookd.Hooks('x', { path: '/nonexistent/socket', waitForDaemon: true, reconnectMin: 1 });
  hooks.on('*', () => {});
  setTimeout(() => hooks.stop(), 50);
  await hooks.run();
});
