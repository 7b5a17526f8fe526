# SPDX-License-Identifier: BSL-1.0
"""Where the daemon is, and whose it has to be."""

from __future__ import annotations

import errno
import os
import pwd
import socket
import stat
import struct
from typing import Optional, Union

from ._errors import InvalidArgumentError, NoDaemonError, UnreachableError, UntrustedDaemonError

#: sockaddr_un holds 108 bytes, with a zero at the end of a path or in front of an abstract name (unix(7)).
_MAX_PATH = 107
_credentials = struct.Struct("iII")  # struct ucred: pid, uid, gid
_NO_USER = 2**32 - 1


def default_socket_path() -> str:
    """$HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else /run/user/UID/hookd/hookd.sock where /run/user/UID is a directory, else
    /tmp/hookd-UID/hookd.sock. A variable that is empty counts as unset."""
    named = os.environ.get("HOOKD_SOCKET")
    if named:
        return named
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime:
        user = os.getuid()
        runtime = f"/run/user/{user}"
        if not os.path.isdir(runtime):
            return f"/tmp/hookd-{user}/hookd.sock"
    return runtime + "/hookd/hookd.sock"


class Address:
    """A daemon's socket and the users that may own it. Raises InvalidArgumentError for a path or user that can't be."""

    def __init__(self, path: Union[str, "os.PathLike[str]", None], daemon_user: Union[str, int, None]) -> None:
        self.path = os.fspath(path) if path is not None else default_socket_path()
        encoded = os.fsencode(self.path)
        if not encoded or b"\0" in encoded or encoded == b"@":
            raise InvalidArgumentError("the socket's path is empty or has a zero byte in it: give the path of hookd's socket, or @NAME")
        if len(encoded) > _MAX_PATH:
            raise InvalidArgumentError(
                f"the socket's path has {len(encoded)} bytes, and the system allows {_MAX_PATH}: choose a shorter one: {self.path}")
        self._is_abstract = encoded.startswith(b"@")
        self._name = b"\0" + encoded[1:] if self._is_abstract else encoded
        self._daemon_user = _user_number(daemon_user)

    def try_connect(self) -> Optional[socket.socket]:
        """A connected socket, whose other end has been checked; it does not block. None where the daemon's queue of connections is full."""
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            peer.connect(self._name)
            self._check_owner(peer)
        except BlockingIOError:
            peer.close()
            return None
        except OSError as failure:
            peer.close()
            raise self._connect_error(failure) from None
        except BaseException:
            peer.close()
            raise
        return peer

    def full_error(self) -> UnreachableError:
        return UnreachableError(f"hookd at {self.path} accepts no connections at the moment: see whether it hangs")

    def _check_owner(self, peer: socket.socket) -> None:
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _credentials.size)
        owner = _credentials.unpack(raw)[1]
        trusted = owner in (0, os.geteuid(), self._daemon_user)
        if trusted and not _is_unmapped(owner):
            return
        raise UntrustedDaemonError(
            f"user {owner} listens on {self.path}, not you: nothing was sent. If that daemon is meant, say so with daemon_user or "
            f"HOOKD_DAEMON_USER={owner}; else choose another path")

    def _connect_error(self, failure: OSError) -> Union[NoDaemonError, UnreachableError]:
        start = f"start one with: hookd --socket {self.path}"
        if failure.errno == errno.ENOENT:
            return NoDaemonError(f"no hookd at {self.path}: there is no such socket; {start}")
        if failure.errno == errno.ECONNREFUSED:
            reason = "that is not a socket" if self._is_other_file() else f"no process listens on it; {start}"
            return NoDaemonError(f"no hookd at {self.path}: {reason}")
        if failure.errno in (errno.EACCES, errno.EPERM):
            return UnreachableError(
                f"this user may not connect to {self.path}: the daemon's user has to allow that, with hookd --allow-user")
        return UnreachableError(f"can't connect to {self.path}: {os.strerror(failure.errno or 0)}")

    def _is_other_file(self) -> bool:
        """connect(2) refuses such a file as it refuses a socket that nobody listens on."""
        try:
            return not self._is_abstract and not stat.S_ISSOCK(os.stat(self._name).st_mode)
        except OSError:
            return False


def _user_number(user: Union[str, int, None]) -> Optional[int]:
    given = os.environ.get("HOOKD_DAEMON_USER") if user is None else str(user)
    if not given:
        return None
    try:
        number = int(given) if given.isascii() and given.isdigit() else pwd.getpwnam(given).pw_uid
    except (KeyError, ValueError):
        number = _NO_USER
    if number >= _NO_USER:
        raise InvalidArgumentError(
            f"daemon_user has to be the name or number of a user that this system knows, not {given!r} (or HOOKD_DAEMON_USER is wrong)")
    return number


def _is_unmapped(user: int) -> bool:
    """Whether this number stands for all users that have none in this process's user namespace (user_namespaces(7))."""
    try:
        with open("/proc/sys/kernel/overflowuid", encoding="ascii") as file:
            overflow = int(file.read())
        with open("/proc/self/uid_map", encoding="ascii") as file:
            mapped = sum(int(line.split()[2]) for line in file)
    except (OSError, ValueError, IndexError):
        return user == 65534
    return user == overflow and mapped < _NO_USER
