// SPDX-License-Identifier: BSL-1.0
// Abstract sockets, which have a name and no file: who listens on one.

import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';

// libuv before 1.48 fills names up with zeros, and so connects to another name (libuv/libuv#4266).
const [major, minor] = process.versions.uv.split('.').map(Number);

/** Whether this Node connects to the abstract socket that is meant. */
export const canConnect = major > 1 || minor >= 48;

/**
 * The inode of the one socket that listens on an abstract name, which begins with `@`; undefined where there is none. A name may have line ends
 * in it and so forge lines of this file, but not take away that of the true listener: two lines are as bad as none.
 */
export function findListener(name) {
  const acceptsConnections = 0x10000;
  const wanted = Buffer.from(name).toString('latin1');
  const inodes = readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .map((line) => /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line))
    .filter((match) => match?.[3] === wanted && (Number.parseInt(match[1], 16) & acceptsConnections) !== 0)
    .map((match) => match[2]);
  return inodes.length === 1 ? inodes[0] : undefined;
}

/** The user of a process that has this socket open, as far as /proc may be read. */
export function ownerOf(inode) {
  const link = `socket:[${inode}]`;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const open = readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkOrNothing(`/proc/${pid}/fd/${fd}`) === link);
      if (open) return statSync(`/proc/${pid}`).uid;
    } catch {
      // another user's, or it has ended
    }
  }
  return undefined;
}

function readlinkOrNothing(file) {
  try {
    return readlinkSync(file);
  } catch {
    return undefined; // closed meanwhile
  }
}
