// SPDX-License-Identifier: BSL-1.0
// The package and a real hookd: $HOOKD_BIN.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test, { afterEach, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as hookd from '../../../client/node/hookd.js';

const program = process.env.HOOKD_BIN;
const options = { skip: !program && 'HOOKD_BIN names no hookd' };
let directory;
let socketPath;
let daemon;
let running;

async function start() {
  daemon = spawn(program, ['--socket', socketPath], { env: { PATH: process.env.PATH, HOME: directory }, stdio: 'ignore' });
  for (;;) {
    try {
      (await hookd.connect({ path: socketPath })).close();
      return;
    } catch (error) {
      assert.ok(error instanceof hookd.NoDaemonError && daemon.exitCode === null, error);
    }
  }
}

async function stop() {
  daemon.kill();
  await once(daemon, 'exit');
}

beforeEach(async () => {
  if (!program) return;
  directory = mkdtempSync(path.join(tmpdir(), 'hookd-'));
  socketPath = path.join(directory, 'run', 's');
  running = [];
  await start();
});

afterEach(async () => {
  if (!program) return;
  for (const { hooks } of running) hooks.stop();
  await Promise.all(running.map(({ ended }) => ended));
  await stop();
  rmSync(directory, { recursive: true });
});

/** Runs a hook that closes main, and resolves once it is subscribed; `onNotice` hears all that follows. */
function guard(onNotice = () => {}) {
  return new Promise((resolve, reject) => {
    const hooks = new hookd.Hooks('no-main', {
      path: socketPath,
      reconnectMin: 1,
      onNotice: ({ kind }) => {
        onNotice(kind);
        if (kind === 'connected') resolve();
      },
    });
    hooks.on('pre_push', (event) => {
      if (event.get('branch') === 'main') return hookd.veto('main is closed');
    });
    const ended = hooks.run();
    ended.catch(reject);
    running.push({ hooks, ended });
  });
}

async function withClient(use) {
  const client = await hookd.connect({ path: socketPath });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

test('a hook decides', options, async () => {
  await guard();
  await withClient(async (client) => {
    const { abort, outcome, responses } = await client.emitAndWait('pre_push', { branch: 'main' });
    assert.deepEqual([abort, outcome, responses[0].responder], ['main is closed', 'answered', 'no-main']);
    assert.ok((await client.emitAndWait('pre_push', { branch: 'topic' })).proceed);
    assert.equal((await client.emit('build_done')).subscribers, 0);
    assert.equal((await client.ping()).pid, daemon.pid);
    assert.equal((await client.stats()).subscribers, 1);
  });
});

test('no payload gets rid of a hook', options, async () => {
  await guard();
  const digits = '9'.repeat(5000);
  await withClient(async (client) => {
    for (const payload of ['null', '[]', `{"branch":"main","n":${digits}}`, '"\\ud800"', '"a\u2028b"', '1e400', '{"__proto__":{"branch":"main"}}']) {
      await client.emitAndWait('pre_push', new hookd.RawJson(payload));
      assert.equal((await client.emitAndWait('pre_push', { branch: 'main' })).abort, 'main is closed', payload.slice(0, 30));
    }
  });
});

test('the samples of the README work', options, async () => {
  const packageDirectory = fileURLToPath(new URL('../../../client/node', import.meta.url));
  const samples = [...readFileSync(path.join(packageDirectory, 'README.md'), 'utf8').matchAll(/^```javascript\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.ok(samples[0].trim().split('\n').length <= 8);
  mkdirSync(path.join(directory, 'node_modules'));
  symlinkSync(packageDirectory, path.join(directory, 'node_modules', 'hookd'));
  const runSample = (code, name) => {
    writeFileSync(path.join(directory, name), code);
    return spawn(process.execPath, [name], { cwd: directory, env: { ...process.env, HOOKD_SOCKET: socketPath }, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const hook = runSample(samples[0], 'hook.mjs');
  try {
    await withClient((client) => client.emitAndWait('pre_push', { branch: 'topic' }, { requireSubscriber: false }));
    const tool = runSample(samples.find((code) => code.includes('process.exitCode')), 'tool.mjs');
    assert.equal(await text(tool.stderr), 'main is closed\n');
    assert.equal(tool.exitCode ?? (await once(tool, 'exit'))[0], 1);
  } finally {
    hook.kill();
    await once(hook, 'exit');
  }
});

test('it goes on after a restart and says what may be missing', options, async () => {
  const notices = [];
  let again;
  const reconnected = new Promise((resolve) => {
    again = resolve;
  });
  await guard((kind) => {
    notices.push(kind);
    if (notices.filter((each) => each === 'connected').length === 2) again();
  });
  await withClient((client) => client.emitAndWait('pre_push', {}));
  await stop();
  await start();
  await reconnected;
  assert.deepEqual(notices, ['connected', 'disconnected', 'resume_impossible', 'connected']);
  assert.equal((await withClient((client) => client.emitAndWait('pre_push', { branch: 'main' }))).proceed, false);
});

test('what was reserved is answered by another process', options, () => withClient(async (client) => {
  const { hookEventId } = await client.emit('review', {}, { reserve: 60_000 });
  assert.ok((await withClient((other) => other.respond(hookEventId, { approved_by: 'ann' }))).accepted);
  assert.deepEqual((await client.awaitResponse(hookEventId)).responses[0].response, { approved_by: 'ann' });
  assert.equal((await client.awaitResponse(hookEventId)).outcome, 'unknown');
  assert.equal((await client.respond(hookEventId)).reason, 'answered');
}));

test('a retry does not fire twice', options, () => withClient(async (client) => {
  const operationId = randomUUID();
  assert.deepEqual(await client.emit('deploy', {}, { operationId }), await client.emit('deploy', {}, { operationId }));
}));

test('errors have their types', options, () => withClient(async (client) => {
  await assert.rejects(client.emit('build done'), hookd.InvalidParamsError);
  await assert.rejects(client.call('emitt'), hookd.MethodNotFoundError);
  await assert.rejects(client.emit('x', 'a'.repeat(17 * 1024 * 1024)), (error) => {
    assert.ok(error instanceof hookd.LimitExceededError, error);
    assert.equal(error.data.limit, 'max_frame');
    return true;
  });
}));
