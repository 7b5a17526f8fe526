// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, sections 3 and 4: who is at the other end, as the kernel tells it.
#include "support/deadline.hpp"
#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/process.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <csignal>
#include <string>

using namespace hookd::test;

namespace {

// A hook that subscribes, replies to its first event where `reply` is given, forks, says so and waits. The child keeps
// the connection.
constexpr const char* forking_hook = R"(
import json, os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile()
s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"name":"forker"}}\n'); f.readline()
kid = os.fork()
if kid == 0:
    time.sleep(600); os._exit(0)
print(kid, flush=True)
if len(sys.argv) > 2:
    id = json.loads(f.readline())["params"]["hook_event_id"]
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "respond", "params": {"hook_event_id": id, "response": {"abort": "no"}}}).encode() + b"\n")
    os._exit(0)
time.sleep(600)
)";

// A hook that objects to each event, and says what became of each of its replies.
constexpr const char* objecting_hook = R"(
import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile()
s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"name":"guard"}}\n'); f.readline()
print("ready", flush=True)
for line in f:
    m = json.loads(line)
    if m.get("method") == "event":
        s.sendall(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "respond", "params": {"hook_event_id": m["params"]["hook_event_id"], "response": {"abort": "no"}}}).encode() + b"\n")
    elif "result" in m:
        print(m["result"]["reason"] or "accepted", flush=True)
)";

/// Ends the child of a hook.
class orphan {
public:
    explicit orphan(pid_t pid) : pid_(pid) {}
    orphan(const orphan&) = delete;
    orphan& operator=(const orphan&) = delete;
    ~orphan() { ::kill(pid_, SIGKILL); }

private:
    pid_t pid_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(peer_process_suite)

BOOST_AUTO_TEST_CASE(hook_that_died_has_left_whoever_holds_its_socket) {
    test_daemon daemon;
    child_process hook({"python3", "-c", forking_hook, daemon.socket_path()});
    const orphan child{static_cast<pid_t>(std::stoi(hook.next_line()))};
    auto emitter = daemon.connect();
    const auto asked = send_emit_and_wait(emitter, "e", R"("timeout_ms":3600000)");
    daemon.wait_for_stat("/waiting", 1);
    hook.signal(SIGKILL);
    const auto verdict = emitter.response_to(asked);
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"forker","why":"left"}])")));
    BOOST_TEST(text_at(emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":3600000})"), "/outcome") ==
               "no_subscribers");
    daemon.wait_for_stat("/connections", 2);
}

BOOST_AUTO_TEST_CASE(hook_that_is_stopped_is_missing_at_the_deadline_and_learns_afterwards_that_it_is_late) {
    test_daemon daemon;
    child_process hook({"python3", "-c", objecting_hook, daemon.socket_path()});
    BOOST_TEST(hook.next_line() == "ready");
    hook.signal(SIGSTOP);
    auto emitter = daemon.connect();
    for (const std::string policy : {"veto", "all", "first", "chain"}) {
        const auto verdict = emitter.result(
            "emit_and_wait", R"({"event":"e","timeout_ms":50,"failure_policy":"closed","policy":")" + policy + "\"}");
        BOOST_TEST(text_at(verdict, "/outcome") == "timeout", policy);
        BOOST_TEST((verdict.at("missing") == json_of(R"([{"responder":"guard","why":"timeout"}])")), policy);
        BOOST_TEST(text_at(verdict, "/abort").find("guard") != std::string::npos, policy);
    }
    hook.signal(SIGCONT);
    for (int i = 0; i < 4; ++i) {
        BOOST_TEST(hook.next_line() == "expired");
    }
    // Its session has outlived that.
    const auto verdict = emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":3600000})");
    BOOST_TEST(text_at(verdict, "/abort") == "no");
    BOOST_TEST(hook.next_line() == "accepted");
}

BOOST_AUTO_TEST_CASE(what_it_sent_before_it_died_counts) {
    test_daemon daemon;
    for (int i = 0; i < 5; ++i) {
        child_process hook({"python3", "-c", forking_hook, daemon.socket_path(), "reply"});
        const orphan child{static_cast<pid_t>(std::stoi(hook.next_line()))};
        auto emitter = daemon.connect();
        const auto verdict = emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":3600000})");
        BOOST_TEST(text_at(verdict, "/outcome") == "answered");
        BOOST_TEST(text_at(verdict, "/abort") == "no");
        daemon.wait_for_stat("/subscribers", 0);
    }
}

BOOST_AUTO_TEST_CASE(sessions_of_another_pid_namespace_are_told_apart, *boost::unit_test::precondition(as_root)) {
    temp_directory directory;
    const auto path = directory / "s";
    child_process daemon({"unshare", "--pid", "--fork", "--kill-child", hookd_binary(), "--socket", path});
    wait_until_it_accepts(daemon, path);
    wire_client first{path};
    wire_client second{path};
    subscribe(first);
    subscribe(second);
    wire_client emitter{path};
    const auto verdict = emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":1})");
    const auto one = text_at(verdict, "/missing/0/responder");
    const auto other = text_at(verdict, "/missing/1/responder");
    BOOST_TEST(one.starts_with("peer "), one);
    BOOST_TEST(other.starts_with("peer "), other);
    BOOST_TEST(one != other);
    // A pid of there is none of here.
    const auto refused = run_program({hookd_binary(), "--socket", path});
    BOOST_TEST(refused.exit_status == 3);
    BOOST_TEST(refused.err.find("(pid") == std::string::npos, refused.err);
}

// The daemon is 65534 in a user namespace, where all users without a number there show as 65534: of them only its own
// user is served. On an abstract socket, since a directory of "its own user" may be anybody's there, too.
BOOST_AUTO_TEST_CASE(overflow_user_of_a_user_namespace_is_not_the_daemons,
    *boost::unit_test::precondition(as_root_with_reachable_binary)) {
    constexpr const char* start = R"(
import ctypes, os, sys
ready, go = os.pipe(), os.pipe()
pid = os.fork()
if pid == 0:
    if ctypes.CDLL(None).unshare(0x10000000) != 0: os.write(ready[1], b"n"); os._exit(9)
    os.write(ready[1], b"y"); os.read(go[0], 1); os.setgid(65534); os.setuid(65534)
    os.execv(sys.argv[1], ["hookd", "--registry", "/r.json", "--allow-user", "65534", "--allow-group", "65534", "--socket", sys.argv[2]])
if os.read(ready[0], 1) != b"y": print("none", flush=True); sys.exit()
open(f"/proc/{pid}/setgroups", "w").write("deny")
for kind in ("uid", "gid"): open(f"/proc/{pid}/{kind}_map", "w").write("0 0 1\n65534 70000 1\n")
os.write(go[1], b"x"); print(pid, flush=True); os.waitpid(pid, 0)
)";
    constexpr const char* ask = R"(
import socket, sys, time
while True:
    s = socket.socket(socket.AF_UNIX)
    try: s.connect("\0" + sys.argv[1][1:]); break
    except ConnectionRefusedError: time.sleep(0.01)
s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'); print(s.makefile().readline(), end="", flush=True)
)";
    const auto name = "@hookd-overflow-test-" + std::to_string(::getpid());
    child_process daemon({"python3", "-c", start, hookd_binary(), name});
    const auto said = daemon.next_line();
    if (said == "none") {
        BOOST_TEST_MESSAGE("no user namespaces here");
        return;
    }
    const orphan process{static_cast<pid_t>(std::stoi(said))};
    const auto answer_to = [&](uid_t user) {
        spawn_options options;
        options.user = user;
        return child_process{{"/usr/bin/python3", "-c", ask, name}, options}.next_line();
    };
    for (const uid_t user : {1000U, 4242U}) {
        const auto refused = answer_to(user);
        BOOST_TEST(refused.find("-32003") != std::string::npos, refused);
    }
    const auto answer = answer_to(70000);
    BOOST_TEST(answer.find("\"protocol\"") != std::string::npos, answer);
}

BOOST_AUTO_TEST_SUITE_END()
