// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, "What a restart keeps".
#include "support/deadline.hpp"
#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

/// A daemon with --durable, which may be killed and started again.
struct durable_daemon {
    durable_daemon() { start(); }

    void start() { daemon.emplace(directory / "s", std::vector<std::string>{"--journal", journal, "--durable"}); }
    void kill_and_start() {
        daemon->kill();
        start();
    }
    [[nodiscard]] wire_client connect() const { return daemon->connect(); }

    temp_directory directory{};
    std::string journal = directory / "journal.db";
    std::string file = journal + "-durable";
    std::optional<test_daemon> daemon{};
};

void limit_files_of(test_daemon& daemon, rlim_t bytes) {
    const rlimit most{bytes, RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(daemon.pid(), RLIMIT_FSIZE, &most, nullptr) == 0);
}

/// A file system that is mounted read-only.
class read_only_disk {
public:
    explicit read_only_disk(std::string path) : path_(std::move(path)) {
        ::mkdir(path_.c_str(), 0700);
        BOOST_REQUIRE(::mount("none", path_.c_str(), "tmpfs", MS_RDONLY, "size=64k,mode=0700") == 0);
    }
    read_only_disk(const read_only_disk&) = delete;
    read_only_disk& operator=(const read_only_disk&) = delete;
    ~read_only_disk() { ::umount2(path_.c_str(), MNT_DETACH); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

std::string big_payload() { return R"("payload":)" + json_string(std::string(40'000, 'x')); }

const std::string operation = R"("operation_id":"00000000-0000-4000-8000-000000000001")";

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_suite)

BOOST_AUTO_TEST_CASE(what_was_not_committed_yet_when_sigterm_came_is_in_the_journal_as_it_is_in_the_log) {
    durable_daemon with;
    auto observer = with.connect();
    auto emitter = with.connect();
    for (int i = 0; i < 2000; ++i) {
        emitter.send(R"({"jsonrpc":"2.0","method":"emit","params":{"event":"e","payload":)" +
                     json_string(std::string(1000, 'x')) + "}}");
    }
    emitter.close();
    eventually("the burst has begun", [&] { return int_at(observer.result("stats"), "/head_seq") > 0; });
    BOOST_TEST(with.daemon->stop() == 0);
    with.start();
    auto peer = with.connect();
    const auto stats = peer.result("stats");
    BOOST_TEST(int_at(stats, "/journal/events") == int_at(stats, "/head_seq"));
}

BOOST_AUTO_TEST_CASE(sigkill_keeps_instance_numbers_events_and_operations) {
    durable_daemon with;
    auto peer = with.connect();
    const auto instance = text_at(peer.result("ping"), "/instance");
    emit(peer, "a", R"({"big":12345678901234567890123, "b" : 1})");
    const auto first = peer.result("emit", R"({"event":"b",)" + operation + "}");
    with.kill_and_start();
    peer = with.connect();
    BOOST_TEST(text_at(peer.result("ping"), "/instance") == instance);
    const auto again = peer.result("emit", R"({"event":"b",)" + operation + "}");
    BOOST_TEST(boost::json::serialize(again) == boost::json::serialize(first));
    auto subscriber = with.connect();
    const auto opened =
        subscriber.result("subscribe", R"({"responds":false,"after_seq":0,"instance":")" + instance + "\"}");
    BOOST_TEST(int_at(opened, "/head_seq") == 2);
    BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == R"({"big":12345678901234567890123, "b" : 1})");
    BOOST_TEST(subscriber.next_event().integer("/params/seq") == 2);
    BOOST_TEST(int_at(emit(peer, "c"), "/seq") == 3);
    BOOST_TEST(subscriber.next_event().integer("/params/seq") == 3);
}

BOOST_AUTO_TEST_CASE(retry_continues_an_open_wait_after_a_sigkill) {
    durable_daemon with;
    auto guard = with.connect();
    subscribe(guard, "asked", R"("name":"guard")");
    auto emitter = with.connect();
    send_emit_and_wait(emitter, "asked", operation);
    const auto id = guard.next_event().string("/params/hook_event_id");
    with.kill_and_start();
    emitter = with.connect();
    const auto retry = send_emit_and_wait(emitter, "asked", operation);
    guard = with.connect();
    subscribe(guard, "asked", R"("name":"guard","after_seq":1)");
    BOOST_TEST(respond(guard, id, R"("response":{"abort":"no"})").at("accepted").as_bool());
    const auto verdict = emitter.response_to(retry);
    BOOST_TEST(verdict.string("/result/abort") == "no");
    BOOST_TEST(verdict.string("/result/hook_event_id") == id);
}

BOOST_AUTO_TEST_CASE(registered_hook_is_asked_again_after_a_sigkill) {
    durable_daemon with;
    auto emitter = with.connect();
    // The first time it is the end of the daemon.
    const std::string mark = with.directory / "mark";
    emitter.result("register_hook", R"({"name":"guard","events":["asked"],"command":["sh","-c","if test -e )" + mark +
                                        R"(; then echo {}; else touch )" + mark + R"(; kill -9 $PPID; fi"]})");
    send_emit_and_wait(emitter, "asked", operation);
    emitter.wait_for_close();
    with.kill_and_start();
    emitter = with.connect();
    const auto verdict = emitter.response_to(send_emit_and_wait(emitter, "asked", operation));
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.string("/result/responses/0/responder") == "guard");
}

BOOST_AUTO_TEST_CASE(full_disk_refuses_emits_and_waits_and_no_hook_is_asked) {
    durable_daemon with;
    auto subscriber = with.connect();
    subscribe(subscriber, "*", R"("name":"guard")");
    auto emitter = with.connect();
    BOOST_TEST(int_at(emit(emitter, "before"), "/seq") == 1);
    BOOST_TEST(subscriber.next_event().string("/params/event") == "before");
    limit_files_of(*with.daemon, 20'000);
    for (const std::string method : {"emit", "emit_and_wait"}) {
        const auto refused = emitter.failure(method, R"({"event":"lost",)" + big_payload() + "}");
        BOOST_TEST(refused.error_code() == -32001);
        BOOST_TEST(refused.string("/error/data/limit") == "journal");
        BOOST_TEST(refused.error_message().find(with.file) != std::string::npos, refused.error_message());
    }
    BOOST_TEST(text_at(emitter.result("ping"), "/instance").size() == 36u);
    limit_files_of(*with.daemon, RLIM_INFINITY);
    BOOST_TEST(int_at(emit(emitter, "after"), "/seq") == 2);
    const auto next = subscriber.next_event();
    BOOST_TEST(next.string("/params/event") == "after");
    BOOST_TEST(next.integer("/params/seq") == 2);
    with.daemon->process().wait_for_err("is written again");
}

BOOST_AUTO_TEST_CASE(read_only_disk_refuses_events_and_the_daemon_lives, *boost::unit_test::precondition(may_mount)) {
    temp_directory directory;
    const read_only_disk disk{directory / "disk"};
    const std::vector<std::string> journal{"--journal", disk.path() + "/journal.db"};
    {
        // Without --durable no event fails.
        test_daemon daemon{directory / "s", journal};
        auto peer = daemon.connect();
        BOOST_TEST(int_at(emit(peer, "a"), "/seq") == 1);
        daemon.process().wait_for_err("the journal cannot be written");
    }
    test_daemon daemon{directory / "s", {journal[0], journal[1], "--durable"}};
    auto peer = daemon.connect();
    const auto refused = peer.failure("emit", R"({"event":"a"})");
    BOOST_TEST(refused.string("/error/data/limit") == "journal");
    BOOST_TEST(refused.error_message().find("Read-only file system") != std::string::npos, refused.error_message());
    BOOST_TEST(int_at(peer.result("stats"), "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(file_that_is_removed_refuses_events_until_a_restart) {
    durable_daemon with;
    auto peer = with.connect();
    emit(peer, "a");
    std::filesystem::rename(with.file, with.file + ".moved");
    BOOST_TEST(peer.failure("emit", R"({"event":"b"})").error_message().find("put it back") != std::string::npos);
    std::filesystem::rename(with.file + ".moved", with.file);
    BOOST_TEST(int_at(emit(peer, "b"), "/seq") == 2);
}

BOOST_AUTO_TEST_CASE(question_that_is_refused_is_in_no_history_and_in_none_after_a_restart) {
    durable_daemon with;
    const auto check_history = [](wire_client& peer) {
        const auto found = peer.result("history");
        BOOST_TEST(text_at(found, "/verdicts/0/event") == "asked");
        BOOST_TEST(found.at_pointer("/verdicts").as_array().size() == 1u);
    };
    auto peer = with.connect();
    peer.result("emit_and_wait", R"({"event":"asked"})");
    std::filesystem::rename(with.file, with.file + ".moved");
    const auto refused = peer.failure("emit_and_wait", R"({"event":"refused"})");
    BOOST_TEST(refused.string("/error/data/limit") == "journal");
    check_history(peer);
    std::filesystem::rename(with.file + ".moved", with.file);
    with.kill_and_start();
    auto after = with.connect();
    check_history(after);
}

BOOST_AUTO_TEST_CASE(file_is_private) {
    durable_daemon with;
    with.connect().result("ping");
    struct stat found {};
    BOOST_REQUIRE(::stat(with.file.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(file_that_cannot_be_continued_is_refused_at_start_with_its_name_and_the_cure) {
    temp_directory directory;
    const std::string journal = directory / "journal.db";
    std::ofstream{journal + "-durable"} << "this is not a database, and it is long enough to be looked at: "
                                        << std::string(2000, 'x');
    for (const std::vector<std::string>& mode : {std::vector<std::string>{}, {"--check"}}) {
        std::vector<std::string> arguments{"--socket", directory / "s", "--journal", journal, "--durable"};
        arguments.insert(arguments.end(), mode.begin(), mode.end());
        const auto damaged = run_hookd(arguments);
        BOOST_TEST(damaged.exit_status == 2);
        BOOST_TEST(damaged.err.find(journal + "-durable") != std::string::npos, damaged.err);
        BOOST_TEST(damaged.err.find("move it away, or start without --durable") != std::string::npos, damaged.err);
    }
    const auto unchecked = run_hookd({"--socket", directory / "s", "--journal", journal, "--check"});
    BOOST_TEST(unchecked.exit_status == 0);
    const auto none = run_hookd({"--socket", directory / "s", "--durable"});
    BOOST_TEST(none.exit_status == 2);
    BOOST_TEST(none.err.find("--journal FILE") != std::string::npos, none.err);
}

BOOST_AUTO_TEST_CASE(another_daemon_does_not_get_the_same_file) {
    durable_daemon with;
    const auto second = run_hookd({"--socket", with.directory / "other", "--journal", with.journal, "--durable"});
    BOOST_TEST(second.exit_status == 2);
    BOOST_TEST(second.err.find("in use by another hookd") != std::string::npos, second.err);
}

BOOST_AUTO_TEST_SUITE_END()
