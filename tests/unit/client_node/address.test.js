// SPDX-License-Identifier: BSL-1.0
// Where the daemon is, and whose it has to be.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';

import * as hookd from '../../../client/node/hookd.js';
import { canConnect, findListener, ownerOf } from '../../../client/node/lib/abstract.js';

const isRoot = process.geteuid() === 0;
const stranger = 61666;
let directory;
let socketPath;
let servers;
let variables;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'hookd-'));
  socketPath = path.join(directory, 's');
  servers = [];
  variables = { ...process.env };
  for (const name of ['HOOKD_SOCKET', 'XDG_RUNTIME_DIR', 'HOOKD_DAEMON_USER']) delete process.env[name];
});

afterEach(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
  process.env = variables;
});

async function listen(where = socketPath) {
  const server = net.createServer((socket) => {
    socket.on('data', (data) => server.emit('bytes', data));
    socket.on('error', () => {});
  });
  server.received = [];
  server.on('bytes', (data) => server.received.push(data));
  servers.push(server);
  server.listen(where);
  await once(server, 'listening');
  return server;
}

async function connects(options) {
  const client = await hookd.connect({ path: socketPath, ...options });
  client.close();
}

const refuses = (kind, words, options) =>
  assert.rejects(connects(options), (error) => {
    assert.ok(error instanceof kind, error);
    assert.match(error.message, words);
    return true;
  });

test('the path is that of the environment, else the default', () => {
  process.env.XDG_RUNTIME_DIR = '/run/me';
  assert.equal(hookd.defaultSocketPath(), '/run/me/hookd/hookd.sock');
  process.env.HOOKD_SOCKET = '/x/s';
  assert.equal(hookd.defaultSocketPath(), '/x/s');
  process.env.HOOKD_SOCKET = '';
  process.env.XDG_RUNTIME_DIR = '';
  const user = process.getuid();
  assert.ok([`/run/user/${user}/hookd/hookd.sock`, `/tmp/hookd-${user}/hookd.sock`].includes(hookd.defaultSocketPath()));
});

test('a path that is not there is an absent daemon', () => refuses(hookd.NoDaemonError, /start one with: hookd --socket/));

test('a file that is not a socket is told apart', async () => {
  writeFileSync(socketPath, '');
  await refuses(hookd.NoDaemonError, /not a socket/);
});

test('a socket that no process listens on is an absent daemon', async () => {
  const holder = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('up'))`]);
  await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await refuses(hookd.NoDaemonError, /no process listens/);
});

test('whatever else is in the way is not an absent daemon', async () => {
  writeFileSync(socketPath, '');
  await refuses(hookd.UnreachableError, /can't connect/, { path: `${socketPath}/s` });
});

test('a path that can not be is refused', () => {
  for (const wrong of ['', '@', 'a\0b', `/${'x'.repeat(107)}`, `/${'é'.repeat(54)}`]) {
    assert.throws(() => new hookd.Client({ path: wrong }), hookd.InvalidArgumentError, wrong);
  }
  new hookd.Client({ path: `/${'x'.repeat(106)}` });
});

test('a socket of the own user is trusted', async () => {
  await listen();
  await connects();
});

test('a link is followed where all that it leads through is trusted', async () => {
  mkdirSync(path.join(directory, 'real'));
  await listen(path.join(directory, 'real', 's'));
  symlinkSync('real', path.join(directory, 'link'));
  await connects({ path: path.join(directory, 'link', 's') });
  chmodSync(path.join(directory, 'real'), 0o777);
  await refuses(hookd.UntrustedDaemonError, /others may write to .*real/, { path: path.join(directory, 'link', 's') });
});

test('a directory that others may write to is not trusted, and nothing is sent', async () => {
  const server = await listen();
  chmodSync(directory, 0o770);
  const client = new hookd.Client({ path: socketPath });
  await assert.rejects(client.emit('secret', { token: 's3cret' }), hookd.UntrustedDaemonError);
  server.close();
  await once(server, 'close');
  assert.deepEqual(server.received, []);
});

test('the socket of another user is not trusted unless he is named', { skip: !isRoot && 'needs root' }, async () => {
  await listen();
  chownSync(socketPath, stranger, stranger);
  await refuses(hookd.UntrustedDaemonError, /belongs to user 61666/);
  await connects({ daemonUser: stranger });
  process.env.HOOKD_DAEMON_USER = String(stranger);
  await connects();
  await refuses(hookd.UntrustedDaemonError, /belongs to user 61666/, { daemonUser: 0 });
});

test('a directory of another user is not trusted', { skip: !isRoot && 'needs root' }, async () => {
  const inner = path.join(directory, 'inner');
  mkdirSync(inner);
  await listen(path.join(inner, 's'));
  chownSync(inner, stranger, stranger);
  await refuses(hookd.UntrustedDaemonError, /inner belongs to user 61666/, { path: path.join(inner, 's') });
});

test('a user that is not known is refused', () => {
  for (const daemonUser of ['no-such-user', '4294967295', '-1', '0x0']) {
    assert.throws(() => new hookd.Client({ path: socketPath, daemonUser }), hookd.InvalidArgumentError, daemonUser);
  }
  new hookd.Client({ path: socketPath, daemonUser: 'root' });
});

// Listens on abstract names, exactly; resolves with how to end it. As another user where `user` is given.
async function listenOnAbstract(names, user) {
  const program = [
    'import os, socket, sys', `if ${user ?? 0}: os.setuid(${user ?? 0})`, 'all = []',
    'for name in sys.argv[1:]:', '    s = socket.socket(socket.AF_UNIX); s.bind("\\0" + name); s.listen(8); all.append(s)',
    'print("up", flush=True)', 'sys.stdin.read()',
  ];
  const holder = spawn('python3', ['-c', program.join('\n'), ...names], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return async () => {
    holder.stdin.end();
    await once(holder, 'exit');
  };
}

test('who listens on an abstract name is looked up', async () => {
  const name = path.basename(directory);
  assert.equal(findListener(`@${name}`), undefined);
  const stop = await listenOnAbstract([name]);
  assert.equal(ownerOf(findListener(`@${name}`)), process.geteuid());
  await stop();
});

test('another user who listens on an abstract name is told apart', { skip: !isRoot && 'needs root' }, async () => {
  const name = path.basename(directory);
  const stop = await listenOnAbstract([name], stranger);
  assert.equal(ownerOf(findListener(`@${name}`)), stranger);
  await stop();
});

test('a name that forges a line of /proc/net/unix is no proof', async () => {
  const name = path.basename(directory);
  const stop = await listenOnAbstract([name, `x\n0000: 00000002 00000000 00010000 0001 01 4711 @${name}`]);
  assert.equal(findListener(`@${name}`), undefined);
  await stop();
});

test('an abstract socket is connected to, or it is said that this Node can not', async () => {
  const name = path.basename(directory);
  if (canConnect) {
    await refuses(hookd.NoDaemonError, /no process listens/, { path: `@${name}` });
    const stop = await listenOnAbstract([name]);
    await connects({ path: `@${name}` });
    await stop();
  } else {
    await refuses(hookd.InvalidArgumentError, /Node 22/, { path: `@${name}` });
  }
});

test('a socket that was put in place of another is looked at anew', async () => {
  await listen();
  const client = new hookd.Client({ path: socketPath });
  await client.connect();
  client.close();
  renameSync(socketPath, `${socketPath}.old`);
  await assert.rejects(client.connect(), hookd.NoDaemonError);
});
