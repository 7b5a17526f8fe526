// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, "Registered hooks": commands that the daemon runs itself.
#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/test_daemon.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

std::string quoted(const std::string& text) { return boost::json::serialize(boost::json::value(text)); }

/// A shell script of that name, executable.
std::string script(const std::string& path, const std::string& body) {
    return write_script(path, "#!/bin/sh\n" + body + "\n");
}

/// The params of `register_hook`; `more`: further members.
std::string registration(const std::string& name, const std::vector<std::string>& command,
    const std::string& event = "e", const std::string& more = {}) {
    std::string words;
    for (const auto& each : command) {
        words += (words.empty() ? "" : ",") + quoted(each);
    }
    return R"({"name":)" + quoted(name) + R"(,"command":[)" + words + R"(],"events":[)" + quoted(event) + "]" +
           (more.empty() ? "" : ",") + more + "}";
}

boost::json::value verdict_of(wire_client& peer, const std::string& event = "e", const std::string& more = {}) {
    const auto id = send_emit_and_wait(peer, event, more);
    return peer.response_to(id).at("/result");
}

/// A disk of 64 KiB.
class small_disk {
public:
    explicit small_disk(std::string path) : path_(std::move(path)) {
        ::mkdir(path_.c_str(), 0700);
        BOOST_REQUIRE(::mount("none", path_.c_str(), "tmpfs", 0, "size=64k,mode=0700") == 0);
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk() { ::umount2(path_.c_str(), MNT_DETACH); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    void fill() const { std::ofstream(path_ + "/rest") << std::string(std::size_t{1} << 20, 'x'); }
    void free_space() const { ::unlink((path_ + "/rest").c_str()); }
    void make_read_only() const {
        BOOST_REQUIRE(::mount("none", path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    }

private:
    std::string path_;
};

/// A daemon whose registry is in its directory.
struct fixture {
    explicit fixture(std::vector<std::string> options = {}, const std::string& where = {}) {
        if (!where.empty()) {
            registry = where;
        }
        options.insert(options.end(), {"--registry", registry});
        daemon.emplace(directory / "hookd.sock", std::move(options));
        peer.emplace(daemon->connect());
    }
    void restart() {
        peer.reset();
        daemon.reset();
        daemon.emplace(directory / "hookd.sock", std::vector<std::string>{"--registry", registry});
        peer.emplace(daemon->connect());
    }
    boost::json::value add(
        const std::string& name, const std::vector<std::string>& command, const std::string& more = {}) {
        return peer->result("register_hook", registration(name, command, "e", more));
    }
    /// That the only hook has failed for a reason that mentions `why`, and the emitter has its verdict for that.
    void check_failed(const std::string& why, const std::string& more = {}) {
        const auto verdict = verdict_of(*peer, "e", more);
        BOOST_TEST(text_at(verdict, "/outcome") == "abandoned");
        const auto told = text_at(verdict, "/missing/0/why");
        BOOST_TEST(told.starts_with("failed: "), told);
        BOOST_TEST(told.find(why) != std::string::npos, told);
    }

    temp_directory directory{};
    std::string registry = directory / "state/registry.json";
    std::optional<test_daemon> daemon{};
    std::optional<wire_client> peer{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(registered_hooks_suite)

BOOST_AUTO_TEST_CASE(a_registered_command_answers_events_and_its_counts_are_listed) {
    fixture setup;
    const auto guard =
        script(setup.directory / "guard", R"(grep -q main && { echo "main is closed" >&2; exit 1; }; echo '{"ok":1}')");
    const auto hook = setup.add("guard", {guard}, R"("timeout_ms":5000)");
    BOOST_TEST(members_of(hook) ==
               "asked_only command cwd enabled env events jobs kept last_outcome name on_failure order p50_ms p99_ms "
               "runs scope shadow state timeout_ms trust "
               "where why");
    BOOST_TEST(text_at(hook, "/state") == "ok");
    const auto vetoed = verdict_of(*setup.peer, "e", R"("payload":{"branch":"main"})");
    BOOST_TEST(text_at(vetoed, "/abort") == "main is closed");
    BOOST_TEST(text_at(vetoed, "/responses/0/responder") == "guard");
    const auto fine = verdict_of(*setup.peer, "e");
    BOOST_TEST(int_at(fine, "/responses/0/response/ok") == 1);
    const auto listed = setup.peer->result("list_hooks");
    BOOST_TEST(size_at(listed, "/hooks") == 1U);
    BOOST_TEST(int_at(listed, "/hooks/0/runs") == 2);
    BOOST_TEST(text_at(listed, "/hooks/0/last_outcome") == "response");
    BOOST_TEST(number_at(listed, "/hooks/0/p99_ms") >= number_at(listed, "/hooks/0/p50_ms"));
    BOOST_TEST(bool_at(setup.peer->result("deregister_hook", R"({"name":"guard"})"), "/deleted"));
    BOOST_TEST(!bool_at(setup.peer->result("deregister_hook", R"({"name":"guard"})"), "/deleted"));
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "no_subscribers");
}

BOOST_AUTO_TEST_CASE(the_command_finds_the_event_its_cause_and_this_daemon_in_its_environment) {
    spawn_options options;
    options.environment = {{"SECRET", "kept back"}, {"HOOK_MINE", "passed"}};
    temp_directory directory;
    test_daemon daemon(directory / "s", {"--registry", directory / "registry.json"}, options);
    auto peer = daemon.connect();
    peer.result("register_hook",
        registration("show",
            {"sh", "-c",
                "echo \"$HOOK_EVENT $HOOK_SEQ $HOOK_CAUSE $HOOKD_SOCKET $HOOK_MINE ${SECRET-none}\" >&2; exit 1"}));
    const auto verdict = verdict_of(peer, "e", R"("cause":"a,b")");
    BOOST_TEST(text_at(verdict, "/abort") == "e 1 a,b,e " + daemon.socket_path() + " passed none");
}

BOOST_AUTO_TEST_CASE(a_program_is_found_in_the_path_and_shown_where_it_was_found) {
    fixture setup;
    const auto found = text_at(setup.add("s", {"sh", "-c", "exit 3"}), "/command/0");
    BOOST_TEST(found.starts_with("/"));
    BOOST_TEST(found.ends_with("/sh"));
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "hook s exited 3");
}

BOOST_AUTO_TEST_CASE(hooks_survive_a_restart_and_nobody_else_can_read_them) {
    fixture setup;
    setup.add("a", {"sh", "-c", "echo no >&2; exit 1"});
    struct stat found {};
    BOOST_TEST(::stat(setup.registry.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777) == 0600U);
    setup.restart();
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "no");
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_registered_while_an_emitter_waits_for_one_gets_its_event) {
    fixture setup;
    auto emitter = setup.daemon->connect();
    const auto waiting = [&] {
        return send_emit_and_wait(emitter, "e", R"("require_subscriber":false,"failure_policy":"closed")");
    };
    auto id = waiting();
    setup.daemon->wait_for_stat("/waiting", 1);
    setup.add("h", {"sh", "-c", "echo no >&2; exit 1"});
    BOOST_TEST(text_at(emitter.response_to(id).at("/result"), "/abort") == "no");
    // And one that is registered for other events than before.
    setup.peer->result("register_hook", registration("h", {"sh", "-c", "echo no >&2; exit 1"}, "other"));
    id = waiting();
    setup.daemon->wait_for_stat("/waiting", 1);
    setup.add("h", {"sh", "-c", "echo never >&2; exit 1"});
    BOOST_TEST(text_at(emitter.response_to(id).at("/result"), "/abort") == "never");
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_registered_for_other_events_lets_none_through) {
    fixture setup;
    auto emitter = setup.daemon->connect();
    setup.add("h", {"sh", "-c", "echo no >&2; exit 1"});
    std::vector<std::string> verdicts;
    for (int each = 0; each < 100; ++each) {
        verdicts.push_back(send_emit_and_wait(emitter, "e", R"("failure_policy":"closed")"));
        const auto id = setup.peer->send_request(
            "register_hook", R"({"name":"h","command":["sh","-c","echo no >&2; exit 1"],"events":["e","e)" +
                                 std::to_string(each) + R"("]})");
        verdicts.push_back(send_emit_and_wait(emitter, "e", R"("failure_policy":"closed")"));
        setup.peer->response_to(id);
    }
    for (const auto& each : verdicts) {
        const auto verdict = emitter.response_to(each).at("/result");
        BOOST_TEST(text_at(verdict, "/abort") == "no", verdict);
    }
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_deregistered_leaves_no_emitter_without_its_word) {
    fixture setup;
    auto emitter = setup.daemon->connect();
    setup.add("stays", {"true"});
    for (int each = 0; each < 50; ++each) {
        setup.add("goes", {"true"});
        const auto first = send_emit_and_wait(emitter, "e", R"("policy":"all")");
        const auto gone = setup.peer->send_request("deregister_hook", R"({"name":"goes"})");
        const auto second = send_emit_and_wait(emitter, "e", R"("policy":"all")");
        setup.peer->response_to(gone);
        for (const auto& id : {first, second}) {
            const auto verdict = emitter.response_to(id).at("/result");
            const auto why = has_at(verdict, "/missing/0") ? text_at(verdict, "/missing/0/why") : std::string{};
            BOOST_TEST((why.empty() || why == "failed: it was deregistered"), why);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_hook_of_the_same_name_is_replaced_and_what_runs_goes_on) {
    fixture setup;
    const auto started = setup.directory / "started";
    const auto go = setup.directory / "go";
    setup.add("a",
        {"sh", "-c", "touch " + started + "; while ! [ -e " + go + " ]; do sleep 0.02; done; echo first >&2; exit 1"});
    const auto waiting = send_emit_and_wait(*setup.peer, "e");
    eventually("the command runs", [&] { return ::access(started.c_str(), F_OK) == 0; });
    auto other = setup.daemon->connect();
    other.result("register_hook", registration("a", {"sh", "-c", "echo second >&2; exit 1"}, "*"));
    BOOST_TEST(text_at(verdict_of(other), "/abort") == "second");
    BOOST_TEST(text_at(verdict_of(other, "other"), "/abort") == "second");
    write_file(go, "");
    BOOST_TEST(setup.peer->response_to(waiting).string("/result/abort") == "first");
    BOOST_TEST(size_at(other.result("list_hooks"), "/hooks") == 1U);
    setup.daemon->wait_for_stat("/subscribers", 1);
}

BOOST_AUTO_TEST_CASE(a_changed_script_or_program_does_not_run_until_it_is_trusted) {
    fixture setup;
    const auto ran = setup.directory / "ran";
    const auto program = script(setup.directory / "program", "exit 0");
    const auto given = script(setup.directory / "given", "exit 0");
    setup.add("p", {program});
    setup.peer->result("register_hook", registration("g", {"sh", given}, "g"));
    script(program, "touch " + ran);
    script(given, "touch " + ran);
    setup.check_failed("changed since it was registered: run hookctl trust p");
    BOOST_TEST(text_at(verdict_of(*setup.peer, "g"), "/missing/0/why").find("hookctl trust g") != std::string::npos);
    BOOST_TEST(text_at(setup.peer->result("list_hooks"), "/hooks/0/state") == "untrusted");
    setup.restart();
    setup.check_failed("changed since it was registered");
    BOOST_TEST(::access(ran.c_str(), F_OK) != 0);
    BOOST_TEST(text_at(setup.peer->result("trust_hook", R"({"name":"p"})"), "/state") == "ok");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
    BOOST_TEST(::access(ran.c_str(), F_OK) == 0);
    BOOST_TEST(setup.peer->failure("trust_hook", R"({"name":"none"})").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(a_guard_that_may_not_run_stops_the_operation_by_any_policy) {
    fixture setup;
    const auto program = script(setup.directory / "program", "exit 0");
    setup.add("p", {program});
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "");
    script(program, "exit 0; # harmless");
    for (const std::string policy : {"first", "veto", "all"}) {
        const auto abort = text_at(verdict_of(*setup.peer, "e", R"("policy":")" + policy + "\""), "/abort");
        BOOST_TEST(abort.find("hookctl trust p") != std::string::npos, abort);
    }
    ::unlink(program.c_str());
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") != "");
}

BOOST_AUTO_TEST_CASE(what_a_hook_is_registered_with_counts_over_a_restart) {
    fixture setup;
    setup.add("a", {"sh", "-c", "echo \"$A $(pwd)\" >&2; exit 1"},
        R"("env":{"A":"b=c"},"cwd":"/usr","jobs":2,"where":{"/branch":"main"},"asked_only":true,"on_failure":"closed","order":-3,"scope":"local")");
    const auto check = [&setup] {
        const auto hook = setup.peer->result("list_hooks");
        BOOST_TEST(text_at(hook, "/hooks/0/env/A") == "b=c");
        BOOST_TEST(text_at(hook, "/hooks/0/cwd") == "/usr");
        BOOST_TEST(int_at(hook, "/hooks/0/jobs") == 2);
        BOOST_TEST(int_at(hook, "/hooks/0/order") == -3);
        BOOST_TEST(text_at(hook, "/hooks/0/where/~1branch") == "main");
        BOOST_TEST(text_at(hook, "/hooks/0/on_failure") == "closed");
        BOOST_TEST(bool_at(hook, "/hooks/0/asked_only"));
        BOOST_TEST(text_at(verdict_of(*setup.peer, "e", R"("payload":{"branch":"main"})"), "/abort") == "b=c /usr");
        BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "no_subscribers");
    };
    check();
    setup.restart();
    check();
    // Registered anew, the session goes on by the new terms.
    setup.add("a", {"sh", "-c", "exit 1"}, R"("where":{"/branch":"other"})");
    BOOST_TEST(text_at(verdict_of(*setup.peer, "e", R"("payload":{"branch":"main"})"), "/outcome") == "no_subscribers");
    BOOST_TEST(text_at(verdict_of(*setup.peer, "e", R"("payload":{"branch":"other"})"), "/outcome") == "answered");
    for (const std::string wrong :
        {R"("cwd":"/no/such/directory")", R"("cwd":"usr")", R"("env":{"HOOK_EVENT":"x"})", R"("env":{"A":1})",
            R"("env":{"A=B":"x"})", R"("jobs":0)", R"("scope":"global")", R"("on_failure":"maybe")"}) {
        BOOST_TEST(setup.peer->failure("register_hook", registration("b", {"true"}, "e", wrong)).error_code() == -32602,
            wrong);
    }
}

BOOST_AUTO_TEST_CASE(who_tells_which_hooks_cannot_run_and_leaves_out_disabled_ones) {
    fixture setup;
    const auto file = script(setup.directory / "changed", "exit 0");
    const auto gone = script(setup.directory / "gone", "exit 0");
    setup.add("changed", {file});
    setup.add("gone", {gone});
    setup.add("off", {"true"});
    setup.add("on", {"true"});
    setup.add("shadow", {file}, R"("shadow":true)");
    setup.peer->result("enable_hook", R"({"name":"off","enabled":false})");
    script(file, "exit 1");
    ::unlink(gone.c_str());
    const auto who = setup.peer->result("who", R"({"event":"e"})");
    BOOST_REQUIRE(size_at(who, "/responders") == 4U);
    const auto said = [&who](const std::string& index) {
        const auto each = value_at(who, "/responders/" + index);
        return text_at(each, "/name") + " " + text_at(each, "/kind") + " " + text_at(each, "/state") + " " +
               text_at(each, "/on_failure");
    };
    BOOST_TEST(said("0") == "changed registered untrusted closed");
    BOOST_TEST(said("1") == "gone registered missing closed");
    BOOST_TEST(said("2") == "on registered ok open");
    BOOST_TEST(said("3") == "shadow registered shadow open");
    const auto hooks = value_at(setup.daemon->stats(), "/hooks");
    BOOST_TEST(bool_at(hooks, "/on/enabled"));
    BOOST_TEST(!bool_at(hooks, "/off/enabled"));
    setup.restart();
    BOOST_TEST(!bool_at(value_at(setup.daemon->stats(), "/hooks"), "/off/enabled"));
}

BOOST_AUTO_TEST_CASE(at_another_socket_hooks_are_kept_until_the_daemon_ends_unless_a_registry_is_named) {
    const temp_directory directory;
    spawn_options options;
    options.environment["HOOKD_REGISTRY"] = "";
    options.environment["XDG_STATE_HOME"] = directory / "state";
    for (const bool first : {true, false}) {
        test_daemon daemon(directory / "s", {}, options);
        auto peer = daemon.connect();
        BOOST_TEST(size_at(peer.result("list_hooks"), "/hooks") == 0U);
        if (first) {
            const auto hook = peer.result("register_hook", registration("b", {"true"}));
            BOOST_TEST(!bool_at(hook, "/kept"));
            peer.result("register_hook", registration("a", {"true"}));
            BOOST_TEST(text_at(peer.result("list_hooks"), "/hooks/0/name") == "a");
            BOOST_TEST(text_at(verdict_of(peer), "/outcome") == "answered");
            BOOST_TEST(bool_at(peer.result("deregister_hook", R"({"name":"a"})"), "/deleted"));
            daemon.process().signal(SIGHUP);
            daemon.process().wait_for_err("read the options again");
            BOOST_TEST(size_at(peer.result("list_hooks"), "/hooks") == 1U);  // there is no registry to be read
        }
    }
    BOOST_TEST(!std::filesystem::exists(directory / "state"));
}

BOOST_AUTO_TEST_CASE(at_the_default_socket_they_are_in_the_default_registry) {
    const temp_directory directory;
    std::filesystem::create_directories(directory / "run/hookd");
    spawn_options options;
    options.environment["HOOKD_REGISTRY"] = "";
    options.environment["XDG_STATE_HOME"] = directory / "state";
    options.environment["XDG_RUNTIME_DIR"] = directory / "run";
    test_daemon daemon(directory / "run/hookd/hookd.sock", {}, options);
    auto peer = daemon.connect();
    BOOST_TEST(bool_at(peer.result("register_hook", registration("a", {"true"})), "/kept"));
    BOOST_TEST(std::filesystem::exists(directory / "state/hookd/registry.json"));
}

BOOST_AUTO_TEST_CASE(a_disabled_hook_is_not_asked_over_a_restart_until_it_is_enabled) {
    fixture setup;
    setup.add("a", {"sh", "-c", "echo no >&2; exit 1"});
    const auto hook = setup.peer->result("enable_hook", R"({"name":"a","enabled":false})");
    BOOST_TEST(!bool_at(hook, "/enabled"));
    BOOST_TEST(text_at(hook, "/state") == "disabled");
    BOOST_TEST(text_at(hook, "/trust") == "ok");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "no_subscribers");
    setup.restart();
    setup.add("a", {"sh", "-c", "echo still no >&2; exit 1"});
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "no_subscribers");
    BOOST_TEST(text_at(setup.peer->result("list_hooks"), "/hooks/0/why").find("hookctl enable a") != std::string::npos);
    BOOST_TEST(text_at(setup.peer->result("enable_hook", R"({"name":"a","enabled":true})"), "/state") == "ok");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "still no");
    BOOST_TEST(setup.peer->failure("enable_hook", R"({"name":"none","enabled":true})").error_code() == -32602);
    BOOST_TEST(setup.peer->failure("enable_hook", R"({"name":"a"})").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(a_command_is_stopped_when_its_emitter_has_gone) {
    fixture setup;
    const auto pid = setup.directory / "pid";
    setup.add("a", {"sh", "-c", "echo $$ >" + pid + "; exec sleep 60"});
    auto emitter = std::make_optional(setup.daemon->connect());
    send_emit_and_wait(*emitter, "e");
    eventually("it runs", [&] { return ::access(pid.c_str(), F_OK) == 0 && read_file(pid).ends_with('\n'); });
    emitter.reset();
    eventually("it does not run any longer", [&] { return ::kill(std::stoi(read_file(pid)), 0) != 0; });
    eventually("it is known why",
        [&] { return text_at(setup.peer->result("list_hooks"), "/hooks/0/last_outcome") == "cancelled"; });
}

BOOST_AUTO_TEST_CASE(a_hook_whose_reply_its_schema_refuses_has_failed) {
    temp_directory catalog;
    write_file(catalog / "e.json", R"({"name":"e","response_schema":{"properties":{"tickets":{"type":"array"}}}})");
    fixture setup({"--catalog", catalog.path()});
    setup.add("h", {"sh", "-c", R"(echo '{"tickets":7}')"});
    setup.check_failed(
        "its reply was refused: the response of \"e\" does not match its schema: /tickets must be an array");
    BOOST_TEST(text_at(setup.peer->result("list_hooks"), "/hooks/0/last_outcome").starts_with("failed"));
    setup.add("h", {"sh", "-c", R"(echo '{"tickets":[]}')"});
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(a_program_that_is_replaced_has_to_be_trusted) {
    fixture setup;
    const auto program = script(setup.directory / "later", "exit 0");
    setup.add("l", {program});
    ::unlink(program.c_str());
    BOOST_TEST(text_at(setup.peer->result("list_hooks"), "/hooks/0/state") == "missing");
    setup.check_failed("could not start");
    script(program, "exit 0; # another");
    setup.check_failed("hookctl trust l");
    setup.peer->result("trust_hook", R"({"name":"l"})");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(a_script_that_appears_after_the_registration_has_to_be_trusted) {
    fixture setup;
    const auto late = setup.directory / "late";
    setup.add("late", {"sh", late});
    BOOST_TEST(
        text_at(verdict_of(*setup.peer), "/outcome") == "answered");  // what sh makes of a file that is not there
    script(late, "echo ran >&2; exit 1");
    setup.check_failed("was not there when it was registered: run hookctl trust late");
    setup.peer->result("trust_hook", R"({"name":"late"})");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "ran");
}

BOOST_AUTO_TEST_CASE(a_script_for_an_interpreter_that_appears_has_to_be_trusted) {
    fixture setup;
    const auto late = setup.directory / "late";
    setup.add("late", {"sh", late});
    write_file(late, "echo ran >&2; exit 1");
    ::chmod(late.c_str(), 0600);
    setup.check_failed("was not there when it was registered: run hookctl trust late");
    BOOST_TEST(text_at(setup.peer->result("list_hooks"), "/hooks/0/state") == "untrusted");
    BOOST_TEST(text_at(setup.peer->result("trust_hook", R"({"name":"late"})"), "/state") == "ok");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "ran");
    write_file(late, "exit 0");
    setup.check_failed("has changed since it was registered");
}

BOOST_AUTO_TEST_CASE(a_file_that_the_hook_itself_writes_is_known_only_as_an_argument) {
    fixture setup;
    setup.add("log", {"sh", "-c", "cat >>" + (setup.directory / "log")});
    for (int each = 0; each < 3; ++each) {
        BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
    }
    setup.add("log", {"tee", "-a", setup.directory / "other"});
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
    setup.check_failed("other was not there when it was registered");
}

BOOST_AUTO_TEST_CASE(trusting_a_hook_whose_script_is_away_trusts_nothing_that_comes_in_its_place) {
    fixture setup;
    const auto path = script(setup.directory / "script", "exit 0");
    setup.add("h", {"sh", path});
    ::unlink(path.c_str());
    BOOST_TEST(text_at(setup.peer->result("trust_hook", R"({"name":"h"})"), "/state") == "missing");
    write_file(path, "echo evil >&2; exit 1");
    setup.check_failed("was not there when it was registered: run hookctl trust h");
    setup.restart();
    setup.check_failed("was not there when it was registered: run hookctl trust h");
    BOOST_TEST(text_at(setup.peer->result("trust_hook", R"({"name":"h"})"), "/state") == "ok");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "evil");
}

BOOST_AUTO_TEST_CASE(a_command_that_was_edited_in_the_registry_has_to_be_trusted) {
    temp_directory directory;
    const auto one = script(directory / "one", "exit 0");
    const auto two = script(directory / "two", "echo two >&2; exit 1");
    for (const auto& command : {std::vector<std::string>{one}, {"sh", one}}) {
        fixture setup;
        setup.add("h", command);
        auto text = read_file(setup.registry);
        text.replace(text.find(one), one.size(), two);  // in the command, not in the pins, which come after it
        write_file(setup.registry, text);
        setup.daemon->process().signal(SIGHUP);
        setup.daemon->process().wait_for_err("read the registry again");
        setup.check_failed("is another than the one that was registered: run hookctl trust h");
        setup.peer->result("trust_hook", R"({"name":"h"})");
        BOOST_TEST(text_at(verdict_of(*setup.peer), "/abort") == "two");
    }
}

BOOST_AUTO_TEST_CASE(a_file_too_large_to_be_checked_is_refused_and_holds_nothing_up) {
    fixture setup;
    const auto large = setup.directory / "large";
    write_file(large, "");
    setup.add("grown", {"true", large});
    BOOST_REQUIRE(::truncate(large.c_str(), off_t{1} << 40) == 0);
    setup.check_failed("more than 256 MiB");
    const auto refused = setup.peer->failure("register_hook", registration("a", {"true", large}));
    BOOST_TEST(refused.error_code() == -32602);
    BOOST_TEST(refused.error_message().find("more than 256 MiB") != std::string::npos, refused.error_message());
    setup.daemon->process().signal(SIGTERM);
    BOOST_TEST(setup.daemon->wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_retry_with_the_same_operation_id_gets_the_recorded_result) {
    fixture setup;
    const std::string operation = R"("operation_id":"4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11")";
    const auto params = registration("a", {"sh", "-c", "exit 0"}, "e", operation);
    const auto first = setup.peer->result("register_hook", params);
    setup.peer->result("deregister_hook", R"({"name":"a"})");
    BOOST_TEST((setup.peer->result("register_hook", params) == first));
    BOOST_TEST(size_at(setup.peer->result("list_hooks"), "/hooks") == 0U);
    BOOST_TEST(setup.peer->failure("deregister_hook", R"({"name":"a",)" + operation + "}").error_code() == -32602);
    BOOST_TEST(setup.peer->failure("emit", R"({"event":"a",)" + operation + "}").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(a_retry_joins_a_registration_that_is_under_way) {
    fixture setup;
    const auto params =
        registration("a", {"sh", "-c", "exit 0"}, "e", R"("operation_id":"4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a12")");
    // In one write: were the third carried out anew, the hook would be there in the end.
    const auto first = setup.peer->send_request("register_hook", params);
    const auto gone = setup.peer->send_request("deregister_hook", R"({"name":"a"})");
    const auto retried = setup.peer->send_request("register_hook", params);
    const auto answer = setup.peer->response_to(first).at("/result");
    BOOST_TEST(text_at(answer, "/name") == "a");
    BOOST_TEST(bool_at(setup.peer->response_to(gone).at("/result"), "/deleted"));
    BOOST_TEST((setup.peer->response_to(retried).at("/result") == answer));
    BOOST_TEST(size_at(setup.peer->result("list_hooks"), "/hooks") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_hook_is_refused_by_name) {
    fixture setup;
    for (const std::string params :
        {R"({"command":["true"],"events":["e"]})", R"({"name":"","command":["true"],"events":["e"]})",
            R"({"name":"a","events":["e"]})", R"({"name":"a","command":[],"events":["e"]})",
            R"({"name":"a","command":"true","events":["e"]})", R"({"name":"a","command":[1],"events":["e"]})",
            R"({"name":"a","command":[""],"events":["e"]})", R"({"name":"a","command":["a\u0000b"],"events":["e"]})",
            R"({"name":"a","command":["true"]})", R"({"name":"a","command":["true"],"events":["a b"]})",
            R"({"name":"a","command":["true"],"events":["e"],"timeout_ms":0})",
            R"({"name":"a","command":["true"],"events":["e"],"job":1})"}) {
        const auto refused = setup.peer->failure("register_hook", params);
        BOOST_TEST(refused.error_code() == -32602, params);
        BOOST_TEST(refused.error_message().find("parameter '") != std::string::npos);
    }
    const auto long_one = setup.peer->failure("register_hook", registration("a", std::vector<std::string>(1025, "x")));
    BOOST_TEST(long_one.error_code() == -32001);
    BOOST_TEST(::access(setup.registry.c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(only_the_daemons_own_user_may_register, *boost::unit_test::precondition(as_root)) {
    fixture setup({"--allow-user", std::to_string(stranger)});
    ::chmod(setup.directory.path().c_str(), 0711);
    ::chmod(setup.daemon->socket_path().c_str(), 0666);
    wire_client peer{connect_as(stranger, setup.daemon->socket_path())};
    BOOST_TEST(peer.failure("register_hook", registration("a", {"true"})).error_code() == -32003);
    BOOST_TEST(peer.failure("deregister_hook", R"({"name":"a"})").error_code() == -32003);
    BOOST_TEST(peer.failure("trust_hook", R"({"name":"a"})").error_code() == -32003);
    BOOST_TEST(size_at(peer.result("list_hooks"), "/hooks") == 0U);
    setup.add("a", {"true", "--password=x"});
    const auto listed = peer.call("list_hooks", "{}");
    BOOST_TEST(listed.raw({"result", "hooks"}).find(R"("name":"a")") != std::string::npos);
    BOOST_TEST(listed.raw({"result", "hooks"}).find("command") == std::string::npos);
    BOOST_TEST(setup.peer->call("list_hooks", "{}").raw({"result", "hooks"}).find("--password=x") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(connections_leave_the_open_files_to_the_hooks_that_those_need) {
    if (hookd_is_sanitized()) {
        BOOST_TEST_MESSAGE("skipped: sanitizers need descriptors of their own");
        return;
    }
    temp_directory directory;
    spawn_options options;
    options.open_files = 256;
    test_daemon daemon(directory / "hookd.sock", {"--registry", directory / "registry.json"}, options);
    auto peer = daemon.connect();
    peer.result("register_hook", registration("guard", {"sh", "-c", "echo no >&2; exit 1"}, "e"));
    std::deque<wire_client> crowd;
    std::int64_t refused = 0;
    while (refused == 0) {
        auto& next = crowd.emplace_back(daemon.connect());
        BOOST_REQUIRE(crowd.size() < 256);
        next.send_request("ping");
        refused = next.receive().error_code();  // a refusal has no id
    }
    BOOST_TEST(refused == -32001);
    BOOST_TEST(crowd.size() == 64U);  // the last one was refused, and `peer` is one of them
    BOOST_TEST(text_at(verdict_of(peer), "/abort").find("no") != std::string::npos);
    BOOST_TEST(daemon.log().find("raise the limit") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(name_of_a_registered_hook_is_its_own) {
    fixture setup;
    const auto subscribe_as_a = [&setup] {
        return setup.daemon->connect().call("subscribe", R"({"name":"a","responds":false})").error_code();
    };
    BOOST_TEST(subscribe_as_a() == 0);
    setup.add("a", {"sh", "-c", "exit 0"});
    BOOST_TEST(subscribe_as_a() == -32602);
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/responses/0/responder") == "a");
    setup.peer->result("deregister_hook", R"({"name":"a"})");
    BOOST_TEST(subscribe_as_a() == 0);
}

BOOST_AUTO_TEST_CASE(sighup_reads_the_registry_again) {
    fixture setup;
    setup.add("a", {"sh", "-c", "exit 0"});
    auto text = read_file(setup.registry);
    text.replace(text.find(R"("e")"), 3, R"("f")");
    write_file(setup.registry, text);
    setup.daemon->process().signal(SIGHUP);
    setup.daemon->process().wait_for_err("read the registry again: 1 hook");
    BOOST_TEST(text_at(verdict_of(*setup.peer, "f"), "/outcome") == "answered");
    BOOST_TEST(text_at(verdict_of(*setup.peer, "e"), "/outcome") == "no_subscribers");
}

// The log takes one line a second of a hook: all that one run has to say is in it.
BOOST_AUTO_TEST_CASE(what_a_run_said_and_how_it_failed_stand_in_one_line_of_the_log) {
    fixture setup;
    setup.add("a", {"sh", "-c", "echo broken pipe dream >&2; exit 127"});
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "abandoned");
    setup.daemon->process().wait_for_err("broken pipe dream");
    const auto log = setup.daemon->log();
    const auto said = log.find("said: broken pipe dream");
    BOOST_REQUIRE(said != std::string::npos);
    const auto begin = log.rfind('\n', said) + 1;
    BOOST_TEST(log.substr(begin, said - begin).find("failed: ") != std::string::npos, log);
}

BOOST_AUTO_TEST_CASE(a_corrupt_registry_is_reported_with_its_line_and_never_written_over) {
    fixture setup;
    setup.add("a", {"sh", "-c", "exit 0"});
    const auto good = read_file(setup.registry);
    for (const auto& bad :
        {good.substr(0, good.size() - 5), good + "x", std::string("{\"version\":1,\n\"hooks\":[{}]}"),
            std::string("\n[]"), std::string("{\"version\":2,\n\"hooks\":[]}"),
            // The hooks of the first list would be gone with the next change.
            good.substr(0, good.rfind('}')) + ",\"hooks\":[]}\n", std::string()}) {
        write_file(setup.registry, bad);
        setup.daemon->process().signal(SIGHUP);
        setup.daemon->process().wait_for_err("the old hooks stay in force");
        BOOST_TEST(setup.daemon->log().find("registry.json:") != std::string::npos);
        BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
        const auto refused = setup.peer->failure("register_hook", registration("b", {"true"}));
        BOOST_TEST(refused.error_code() == -32603);
        BOOST_TEST(refused.error_message().find("registry.json:") != std::string::npos, refused.error_message());
        BOOST_TEST(read_file(setup.registry) == bad);
    }
    // No daemon starts with it: it would serve without the guards that the registry names.
    const auto socket = setup.directory / "other.sock";
    for (const std::vector<std::string>& command :
        {std::vector<std::string>{hookd_binary(), "--check", "--registry", setup.registry},
            {hookd_binary(), "--socket", socket, "--registry", setup.registry}}) {
        const auto ended = run_program(command);
        BOOST_TEST(ended.exit_status == 2);
        BOOST_TEST(ended.err.find("registry.json:1: ") != std::string::npos, ended.err);
    }
    BOOST_TEST(::access(socket.c_str(), F_OK) != 0);
    // Mended, it is taken up without a restart.
    write_file(setup.registry, good);
    setup.daemon->process().signal(SIGHUP);
    setup.daemon->process().wait_for_err("read the registry again: 1 hook");
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(a_registry_that_another_process_holds_is_an_error_and_holds_nothing_up) {
    fixture setup;
    setup.add("a", {"sh", "-c", "exit 0"});
    const int held = ::open((setup.registry + ".lock").c_str(), O_RDWR | O_CLOEXEC);
    BOOST_REQUIRE(held >= 0);
    BOOST_REQUIRE(::flock(held, LOCK_EX) == 0);
    const auto waiting = setup.peer->send_request("register_hook", registration("b", {"true"}));
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
    const auto refused = setup.peer->response_to(waiting);
    BOOST_TEST(refused.error_code() == -32603);
    BOOST_TEST(refused.error_message().find("registry.json.lock") != std::string::npos, refused.error_message());
    setup.peer->send_request("register_hook", registration("b", {"true"}));
    (void)verdict_of(*setup.peer);  // the request before it has been read by then
    setup.daemon->process().signal(SIGTERM);
    BOOST_TEST(setup.daemon->wait() == 0);
    ::close(held);
}

BOOST_AUTO_TEST_CASE(a_registry_that_others_may_write_is_refused) {
    fixture setup;
    setup.add("a", {"true"});
    ::chmod(setup.registry.c_str(), 0622);
    setup.daemon->process().signal(SIGHUP);
    setup.daemon->process().wait_for_err("can be written by others");
    const auto check_refused = [&setup] {
        const auto ended =
            run_program({hookd_binary(), "--socket", setup.directory / "other.sock", "--registry", setup.registry});
        BOOST_TEST(ended.exit_status == 2);
        BOOST_TEST(ended.err.find(setup.directory / "state") != std::string::npos, ended.err);
    };
    check_refused();
    ::chmod(setup.registry.c_str(), 0600);
    ::chmod((setup.directory / "state").c_str(), 0777);  // whoever may replace it may write it
    check_refused();
    ::chmod((setup.directory / "state").c_str(), 0700);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_and_loses_nothing) {
    fixture setup;
    setup.add("a", {"sh", "-c", "exit 0"});
    const auto before = read_file(setup.registry);
    const rlimit none{16, RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(setup.daemon->pid(), RLIMIT_FSIZE, &none, nullptr) == 0);
    for (const auto& [method, params] : {std::pair{"register_hook", registration("b", {"true"})},
             {"deregister_hook", std::string(R"({"name":"a"})")}}) {
        const auto refused = setup.peer->failure(method, params);
        BOOST_TEST(refused.error_code() == -32603);
        BOOST_TEST(refused.error_message().find("nothing was changed") != std::string::npos, refused.error_message());
    }
    BOOST_TEST(read_file(setup.registry) == before);
    BOOST_TEST(size_at(setup.peer->result("list_hooks"), "/hooks") == 1U);
    BOOST_TEST(text_at(verdict_of(*setup.peer), "/outcome") == "answered");
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(setup.daemon->pid(), RLIMIT_FSIZE, &all, nullptr) == 0);
    setup.add("b", {"true"});
}

BOOST_AUTO_TEST_CASE(a_full_or_read_only_disk_changes_nothing, *boost::unit_test::precondition(may_mount)) {
    temp_directory directory;
    const small_disk disk{directory / "disk"};
    fixture on_disk{{}, disk.path() + "/registry.json"};
    on_disk.add("a", {"sh", "-c", "exit 0"});
    const auto check_refused = [&](const std::string& reason) {
        const auto before = read_file(on_disk.registry);
        const auto refused = on_disk.peer->failure("register_hook", registration("b", {"true"}));
        BOOST_TEST(refused.error_code() == -32603);
        BOOST_TEST(refused.error_message().find("nothing was changed") != std::string::npos, refused.error_message());
        BOOST_TEST(refused.error_message().find(reason) != std::string::npos, refused.error_message());
        BOOST_TEST(read_file(on_disk.registry) == before);
        BOOST_TEST(size_at(on_disk.peer->result("list_hooks"), "/hooks") == 1U);
        BOOST_TEST(text_at(verdict_of(*on_disk.peer), "/outcome") == "answered");
    };
    disk.fill();
    check_refused("No space left on device");
    disk.free_space();
    on_disk.peer->result("trust_hook", R"({"name":"a"})");
    disk.make_read_only();
    check_refused("Read-only file system");
}

BOOST_AUTO_TEST_CASE(a_registry_that_cannot_be_made_is_an_error_that_says_where) {
    test_daemon daemon({"--registry", "/proc/hookd-test/registry.json"});
    const auto refused = daemon.connect().failure("register_hook", registration("a", {"true"}));
    BOOST_TEST(refused.error_code() == -32603);
    BOOST_TEST(refused.error_message().find("/proc/hookd-test") != std::string::npos, refused.error_message());
    BOOST_TEST(refused.error_message().find("--registry") != std::string::npos, refused.error_message());
}

BOOST_AUTO_TEST_CASE(a_registered_hook_is_there_after_a_kill_at_any_moment) {
    temp_directory directory;
    const auto registry = directory / "registry.json";
    int registered = 0;
    for (int round = 0; round < 12; ++round) {
        test_daemon daemon(directory / "s", {"--registry", registry});
        auto peer = daemon.connect();
        const auto listed = peer.result("list_hooks");
        // All that was acknowledged, and at most the one more that was under way.
        const auto there = static_cast<int>(size_at(listed, "/hooks"));
        BOOST_TEST(there >= registered);
        BOOST_TEST(there <= registered + 1);
        registered = there;
        for (int each = 0; each <= round % 4; ++each) {
            peer.result("register_hook", registration("hook-" + std::to_string(registered), {"true"}));
            ++registered;
        }
        peer.send_request("register_hook", registration("hook-" + std::to_string(registered), {"true"}));
        // The moment varies by itself: from before the request is read to after it is done.
        for (int spin = 0; spin < round * 20; ++spin) {
            (void)peer.has_message();
        }
        daemon.kill();
    }
}

BOOST_AUTO_TEST_CASE(two_daemons_may_share_a_registry_without_losing_a_hook) {
    temp_directory directory;
    const auto registry = directory / "registry.json";
    test_daemon first(directory / "a", {"--registry", registry});
    test_daemon second(directory / "b", {"--registry", registry});
    auto one = first.connect();
    auto two = second.connect();
    one.result("register_hook", registration("one", {"true"}));
    two.result("register_hook", registration("two", {"true"}));
    one.result("register_hook", registration("three", {"true"}));
    BOOST_TEST(size_at(one.result("list_hooks"), "/hooks") == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
