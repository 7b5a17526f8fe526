# SPDX-License-Identifier: BSL-1.0
"""Where the daemon is, and whose it has to be."""

import os
import socket
import struct
import tempfile
import unittest
from unittest import mock

import hookd
from hookd import _address
from scripted_daemon import ScriptedDaemon


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if name not in ("HOOKD_SOCKET", "XDG_RUNTIME_DIR", "HOOKD_DAEMON_USER")}
    return mock.patch.dict(os.environ, {**kept, **variables}, clear=True)


class DefaultPath(unittest.TestCase):
    def test_the_environment_comes_first(self):
        with environment(HOOKD_SOCKET="/x/s", XDG_RUNTIME_DIR="/run/me"):
            self.assertEqual(hookd.default_socket_path(), "/x/s")
        with environment(HOOKD_SOCKET="", XDG_RUNTIME_DIR="/run/me"):
            self.assertEqual(hookd.default_socket_path(), "/run/me/hookd/hookd.sock")

    def test_without_it_the_users_runtime_directory_counts_where_it_is(self):
        with environment(XDG_RUNTIME_DIR=""), mock.patch("os.getuid", return_value=4711):
            with mock.patch("os.path.isdir", lambda path: path == "/run/user/4711"):
                self.assertEqual(hookd.default_socket_path(), "/run/user/4711/hookd/hookd.sock")
            with mock.patch("os.path.isdir", return_value=False):
                self.assertEqual(hookd.default_socket_path(), "/tmp/hookd-4711/hookd.sock")


class Connecting(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "s")
        patch = environment()
        patch.start()
        self.addCleanup(patch.stop)

    def listen(self, path, backlog=8):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen(backlog)
        return listener

    def test_a_path_that_is_not_there_is_an_absent_daemon(self):
        with self.assertRaisesRegex(hookd.NoDaemonError, "start one with: hookd --socket " + self.path):
            hookd.Client(self.path)

    def test_a_socket_that_nobody_listens_on_is_an_absent_daemon(self):
        self.listen(self.path).close()
        with self.assertRaisesRegex(hookd.NoDaemonError, "no process listens"):
            hookd.Client(self.path)

    def test_a_file_that_is_not_a_socket_is_told_apart(self):
        with open(self.path, "w", encoding="ascii"):
            pass
        with self.assertRaisesRegex(hookd.NoDaemonError, "not a socket"):
            hookd.Client(self.path)

    def test_whatever_else_is_in_the_way_is_not_an_absent_daemon(self):
        with open(self.path, "w", encoding="ascii"):
            pass
        with self.assertRaises(hookd.UnreachableError):
            hookd.Client(self.path + "/s")

    def test_a_full_queue_is_not_an_absent_daemon(self):
        self.listen(self.path, backlog=0)
        waiting = []
        with self.assertRaisesRegex(hookd.UnreachableError, "accepts no connections"):
            while True:
                waiting.append(hookd.Client(self.path, connect_timeout=0.01))
                self.addCleanup(waiting[-1].close)

    def test_a_path_that_can_not_be_is_refused(self):
        for path in ("", "@", "a\0b", "/" + "x" * 107, "@" + "x" * 107):
            with self.subTest(path), self.assertRaises(hookd.InvalidArgumentError):
                hookd.Client(path)
        hookd._address.Address("/" + "x" * 106, None)

    def test_an_abstract_socket_has_no_file(self):
        name = "@hookd-test-" + os.path.basename(os.path.dirname(self.path))
        with self.assertRaises(hookd.NoDaemonError):
            hookd.Client(name)
        self.listen("\0" + name[1:])
        with hookd.Client(name):
            pass
        self.assertFalse(os.path.exists(name))

    def owned_by(self, user):
        """Connections whose other end belongs to that user, as far as the kernel says."""
        return mock.patch.object(_address, "_credentials", mock.Mock(size=12, unpack=lambda raw: (1, user, 1)))

    def test_only_the_own_user_and_root_and_who_was_named_are_trusted(self):
        own = os.geteuid()
        self.listen(self.path)
        for user in (own, 0):
            with self.owned_by(user), hookd.Client(self.path):
                pass
        with self.owned_by(61666):
            with self.assertRaisesRegex(hookd.UntrustedDaemonError, "user 61666 listens"):
                hookd.Client(self.path)
            with hookd.Client(self.path, daemon_user=61666):
                pass
            with environment(HOOKD_DAEMON_USER="61666"), hookd.Client(self.path):
                pass
            with environment(HOOKD_DAEMON_USER="61666"), self.assertRaises(hookd.UntrustedDaemonError):
                hookd.Client(self.path, daemon_user=61667)

    def test_a_user_that_is_not_known_is_refused(self):
        for user in ("no-such-user", "4294967295", "-1", "0x0", "²"):
            with self.subTest(user), self.assertRaises(hookd.InvalidArgumentError):
                hookd.Client(self.path, daemon_user=user)
        with self.assertRaises(hookd.NoDaemonError):
            hookd.Client(self.path, daemon_user="root")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to play another user")
    def test_nothing_is_sent_to_another_users_daemon(self):
        os.chmod(os.path.dirname(self.path), 0o777)
        ready, told = os.pipe()
        stranger = os.fork()
        if stranger == 0:
            try:
                os.setuid(61666)
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(self.path)
                listener.listen(8)
                os.write(told, b"x")
                peer, _ = listener.accept()
                received = peer.recv(100)
                os._exit(0 if not received else 1)
            finally:
                os._exit(2)
        os.read(ready, 1)
        with self.assertRaises(hookd.UntrustedDaemonError):
            hookd.Client(self.path)
        self.assertEqual(os.waitpid(stranger, 0)[1], 0)
        os.close(ready)
        os.close(told)

    def test_a_number_that_stands_for_unmapped_users_is_nobodys_own(self):
        def files(uid_map):
            texts = {"/proc/sys/kernel/overflowuid": "65534\n", "/proc/self/uid_map": uid_map}
            return mock.patch("builtins.open", lambda path, encoding: mock.mock_open(read_data=texts[path])())

        with files("         0       1000          1\n"):
            self.assertTrue(_address._is_unmapped(65534))
            self.assertFalse(_address._is_unmapped(0))
        with files("         0          0 4294967295\n"):
            self.assertFalse(_address._is_unmapped(65534))

    def test_the_kernels_credentials_are_three_numbers(self):
        one, other = socket.socketpair(socket.AF_UNIX)
        raw = one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
        self.assertEqual(_address._credentials.unpack(raw), (os.getpid(), os.geteuid(), os.getegid()))
        one.close()
        other.close()

    def test_hooks_stop_at_another_users_daemon(self):
        def script(daemon):
            daemon.open_session()
            daemon.close()

        with ScriptedDaemon(script) as daemon:
            hooks = hookd.Hooks("guard", path=daemon.path, reconnect_min=0.001)
            hooks.on("*")(lambda event: None)
            real = _address.Address._check_owner
            checks = []

            def check(address, peer):
                checks.append(1)
                with self.owned_by(61666 if len(checks) > 1 else os.geteuid()):
                    real(address, peer)

            with mock.patch.object(_address.Address, "_check_owner", check), self.assertRaises(hookd.UntrustedDaemonError):
                hooks.run()


if __name__ == "__main__":
    unittest.main()
