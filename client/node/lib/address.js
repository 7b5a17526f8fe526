// SPDX-License-Identifier: BSL-1.0
// Where the daemon is, and whose it has to be.
//
// Node can't ask the kernel who listens at the other end of a socket (SO_PEERCRED). It does what it can. For a path: once connected, and before a
// byte is sent, the socket file and each directory on the way to it must be such that no other user can have put them there. For an abstract
// socket, which has no file: the process that listens is looked up in /proc, before and after connecting.

import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { canConnect, findListener, ownerOf } from './abstract.js';
import { InvalidArgumentError, NoDaemonError, UnreachableError, UntrustedDaemonError } from './errors.js';

// sockaddr_un holds 108 bytes, with a zero at the end of a path or in front of an abstract name (unix(7)).
const maxPath = 107;
const noUser = 2 ** 32 - 1;
const connectPause = 1; // ms, between attempts while the daemon's queue of connections is full
const maxLinks = 40;

/**
 * $HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else /run/user/UID/hookd/hookd.sock where /run/user/UID is a directory, else
 * /tmp/hookd-UID/hookd.sock. A variable that is empty counts as unset.
 */
export function defaultSocketPath() {
  if (process.env.HOOKD_SOCKET) return process.env.HOOKD_SOCKET;
  if (process.env.XDG_RUNTIME_DIR) return `${process.env.XDG_RUNTIME_DIR}/hookd/hookd.sock`;
  const user = process.getuid();
  const runtime = `/run/user/${user}`;
  return statSync(runtime, { throwIfNoEntry: false })?.isDirectory() ? `${runtime}/hookd/hookd.sock` : `/tmp/hookd-${user}/hookd.sock`;
}

/** A daemon's socket, and the users that may own it. */
export class Address {
  #daemonUser;

  constructor(socketPath, daemonUser) {
    this.path = socketPath ?? defaultSocketPath();
    if (typeof this.path !== 'string' || this.path === '' || this.path === '@' || this.path.includes('\0')) {
      throw new InvalidArgumentError("the socket's path is empty or has a zero byte in it: give the path of hookd's socket, or @NAME");
    }
    const bytes = Buffer.byteLength(this.path);
    if (bytes > maxPath) {
      throw new InvalidArgumentError(
        `the socket's path has ${bytes} bytes, and the system allows ${maxPath}: choose a shorter one: ${this.path}`);
    }
    if (this.#isAbstract && !canConnect) {
      throw new InvalidArgumentError(
        `${this.path} is an abstract socket, and this Node can't connect to one: use Node 22 or newer, or give the path of a socket`);
    }
    this.#daemonUser = userNumber(daemonUser);
  }

  get #isAbstract() {
    return this.path.startsWith('@');
  }

  /** A connected socket, whose owner has been checked; nothing has been sent. `timeout`: for a daemon whose queue of connections is full. */
  async connect(timeout) {
    const end = performance.now() + timeout;
    for (;;) {
      const listener = this.#isAbstract ? findListener(this.path) : undefined;
      const socket = await this.#tryConnect();
      if (socket) {
        try {
          if (this.#isAbstract) this.#checkListener(listener);
          else this.#checkPath();
        } catch (error) {
          socket.destroy();
          throw error;
        }
        return socket;
      }
      if (performance.now() >= end) {
        throw new UnreachableError(`hookd at ${this.path} accepts no connections at the moment: see whether it hangs`);
      }
      await pause(connectPause);
    }
  }

  #tryConnect() {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.#isAbstract ? `\0${this.path.slice(1)}` : this.path);
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(socket);
      });
      socket.once('error', (error) => {
        if (error.code === 'EAGAIN') resolve(undefined);
        else reject(this.#connectError(error));
      });
    });
  }

  #connectError(error) {
    const start = `start one with: hookd --socket ${this.path}`;
    switch (error.code) {
      case 'ENOENT':
        return new NoDaemonError(`no hookd at ${this.path}: there is no such socket; ${start}`);
      case 'ECONNREFUSED':
      case 'ENOTSOCK': {
        const reason = this.#isOtherFile() ? 'that is not a socket' : `no process listens on it; ${start}`;
        return new NoDaemonError(`no hookd at ${this.path}: ${reason}`);
      }
      case 'EACCES':
      case 'EPERM':
        return new UnreachableError(
          `this user may not connect to ${this.path}: the daemon's user has to allow that, with hookd --allow-user`);
      default:
        return new UnreachableError(`can't connect to ${this.path}: ${error.message}`);
    }
  }

  // connect(2) refuses such a file as it refuses a socket that no process listens on.
  #isOtherFile() {
    if (this.#isAbstract) return false;
    return statSync(this.path, { throwIfNoEntry: false })?.isSocket() === false;
  }

  #trusts(user) {
    return (user === 0 || user === process.geteuid() || user === this.#daemonUser) && !isUnmapped(user);
  }

  #refusal(what) {
    return new UntrustedDaemonError(
      `${what}, so that the daemon at ${this.path} may be another user's: nothing was sent. If that user's daemon is meant, say so with ` +
        'daemonUser or HOOKD_DAEMON_USER; else choose another path');
  }

  #checkPath() {
    let links = 0;
    let left = path.resolve(this.path).split('/').slice(1);
    let at = '/';
    this.#checkEntry(at, left.length === 0);
    while (left.length > 0) {
      const [name, ...rest] = left;
      const next = path.join(at, name);
      const target = this.#checkEntry(next, rest.length === 0);
      if (target === undefined) {
        at = next;
        left = rest;
      } else {
        links += 1;
        if (links > maxLinks) throw this.#refusal(`${next} is a link without an end`);
        left = [...path.resolve(at, target).split('/').slice(1), ...rest];
        at = '/';
      }
    }
  }

  // Refuses what another user may have put there, or may replace. Returns where a symbolic link leads.
  #checkEntry(entry, isLast) {
    let info;
    try {
      info = lstatSync(entry);
    } catch (error) {
      throw this.#refusal(`${entry} can't be looked at (${error.code})`);
    }
    if (!this.#trusts(info.uid)) throw this.#refusal(`${entry} belongs to user ${info.uid}`);
    if (info.isSymbolicLink()) return readlinkSync(entry);
    if (isLast) {
      if (!info.isSocket()) throw this.#refusal(`${entry} is not a socket`);
      return undefined;
    }
    const othersMayWrite = (info.mode & 0o022) !== 0;
    const isStickyOfRoot = (info.mode & 0o1000) !== 0 && info.uid === 0;
    if (othersMayWrite && !isStickyOfRoot) throw this.#refusal(`others may write to ${entry}`);
    return undefined;
  }

  // The listener that was there before connecting must be there still: then it is the one that was connected to.
  #checkListener(before) {
    const after = findListener(this.path);
    if (after === undefined || after !== before) throw this.#refusal('/proc/net/unix does not name one listener for it');
    const owner = ownerOf(after);
    if (owner === undefined) throw this.#refusal('the process that listens is not one that this user may look into');
    if (!this.#trusts(owner)) throw this.#refusal(`it belongs to user ${owner}`);
  }
}

function userNumber(user) {
  const given = String(user ?? process.env.HOOKD_DAEMON_USER ?? '');
  if (given === '') return undefined;
  const number = /^\d+$/.test(given) ? Number(given) : numberInPasswd(given);
  if (number === undefined || number >= noUser) {
    throw new InvalidArgumentError(
      `daemonUser has to be the number of a user, or a name in /etc/passwd, not "${given}" (or HOOKD_DAEMON_USER is wrong)`);
  }
  return number;
}

function numberInPasswd(name) {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === name);
  return entry && Number(entry[2]);
}

// Whether this number stands for all users that have none in this process's user namespace (user_namespaces(7)).
function isUnmapped(user) {
  try {
    const overflow = Number(readFileSync('/proc/sys/kernel/overflowuid', 'ascii'));
    const counts = readFileSync('/proc/self/uid_map', 'ascii').trim().split('\n').map((line) => Number(line.trim().split(/\s+/)[2]));
    return user === overflow && counts.reduce((sum, each) => sum + each, 0) < noUser;
  } catch {
    return user === 65534;
  }
}
