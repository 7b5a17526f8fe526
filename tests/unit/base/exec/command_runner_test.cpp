// SPDX-License-Identifier: BSL-1.0
#include <base/exec/command_runner.hpp>

#include <support/deadline.hpp>
#include <support/process.hpp>
#include <support/temp_directory.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace hookd::base;
using hookd::test::deadline;
using hookd::test::eventually;
using hookd::test::is_gone;
using hookd::test::patience;
using hookd::test::temp_directory;
using hookd::test::write_file;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using ending = command_result::ending;

constexpr std::size_t mebibyte = 1024 * 1024;

std::vector<std::string> environment() {
    const char* path = std::getenv("PATH");
    return {std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin")};
}

command shell(const std::string& script) { return {{"sh", "-c", script}, environment(), {}, {}}; }

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

int limits_set_from_outside = 0;  // calls of prlimit(2) for another process

int watches_left = -1;  // how many more descriptors epoll_ctl() takes; negative: any number

/// What happens to one command.
struct observed {
    command_runner::run_id id = 0;
    std::optional<command_result> result{};
    clock::time_point result_at{};
    bool ended = false;
    clock::time_point ended_at{};
};

struct fixture {
    fixture() { std::signal(SIGPIPE, SIG_IGN); }
    ~fixture() {
        runner.reset();
        // Whatever a test did: no child is left, neither running nor as a zombie.
        const auto left = ::waitpid(-1, nullptr, WNOHANG);
        BOOST_CHECK(left == -1 && errno == ECHILD);
    }

    std::shared_ptr<observed> start(command what) {
        auto seen = std::make_shared<observed>();
        seen->id = runner->start(
            std::move(what),
            [seen](command_result result) {
                BOOST_CHECK(!seen->result && !seen->ended);
                seen->result = std::move(result);
                seen->result_at = clock::now();
            },
            [seen] {
                BOOST_CHECK(seen->result && !seen->ended);
                seen->ended = true;
                seen->ended_at = clock::now();
            });
        return seen;
    }

    void run_until(const std::function<bool()>& condition) {
        io.restart();
        const deadline limit;
        while (!condition() && !limit.passed()) {
            io.run_one_for(patience);
        }
        BOOST_REQUIRE(condition());
    }

    /// Runs a command until it is reaped.
    observed run(command what) {
        const auto seen = start(std::move(what));
        run_until([&] { return seen->ended && runner->running() == 0; });
        return *seen;
    }

    command_result result_of(const command& what) { return *run(what).result; }

    boost::asio::io_context io{1};
    std::unique_ptr<command_runner> runner = std::make_unique<command_runner>(io.get_executor());
};

}  // namespace

/// In place of libc's: the kernel cannot be made to run out of memory for watches.
extern "C" int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    if (operation == EPOLL_CTL_ADD && watches_left >= 0 && watches_left-- == 0) {
        errno = ENOSPC;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, fd, event));
}

/// In place of libc's: counts those that are for another process.
extern "C" int prlimit(pid_t pid, __rlimit_resource which, const rlimit* set, rlimit* old) noexcept {
    limits_set_from_outside += pid != 0 && set != nullptr ? 1 : 0;
    return static_cast<int>(::syscall(SYS_prlimit64, pid, which, set, old));
}

BOOST_FIXTURE_TEST_SUITE(command_runner_suite, fixture)

BOOST_AUTO_TEST_CASE(exit_status_and_both_outputs_are_the_result) {
    const auto result = result_of(shell("echo out; echo err >&2; exit 7"));
    BOOST_CHECK(result.how == ending::exited);
    BOOST_TEST(result.code == 7);
    BOOST_TEST(result.output.text == "out\n");
    BOOST_TEST(result.errors.text == "err\n");
    BOOST_TEST(!result.output.cut);
    BOOST_TEST(!result.errors.cut);
}

BOOST_AUTO_TEST_CASE(every_exit_status_arrives_as_it_is) {
    for (const int status : {0, 1, 125, 126, 127, 128, 255}) {
        const auto result = result_of(shell("exit " + std::to_string(status)));
        BOOST_CHECK(result.how == ending::exited);
        BOOST_TEST(result.code == status);
    }
}

BOOST_AUTO_TEST_CASE(input_reaches_the_command_byte_for_byte) {
    command what{{"cat"}, environment(), std::string("{\"a\" : 1e400}\n\0\xff", 16), {}};
    const auto input = what.input;
    BOOST_TEST(result_of(what).output.text == input);
}

BOOST_AUTO_TEST_CASE(no_input_is_an_empty_standard_input) {
    BOOST_TEST(result_of(shell("wc -c")).output.text == "0\n");
}

BOOST_AUTO_TEST_CASE(the_command_has_exactly_the_environment_that_it_is_given) {
    auto what = command{{"env"}, environment(), {}, {}};
    what.environment = {"HOOK_EVENT=pre_push", "PATH=" + std::string(std::getenv("PATH"))};
    std::istringstream lines(result_of(what).output.text);
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);) {
        found.push_back(line);
    }
    BOOST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0] == "HOOK_EVENT=pre_push");
}

BOOST_AUTO_TEST_CASE(a_command_that_does_not_exist_is_not_started) {
    for (const std::string name : {"no-such-program-anywhere", "/no/such/program"}) {
        const auto result = result_of({{name}, environment(), "{}", {}});
        BOOST_CHECK(result.how == ending::not_started);
        BOOST_TEST(result.code == ENOENT);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_executable_is_not_started) {
    const temp_directory directory;
    write_file(directory / "hook", "#!/bin/sh\nexit 0\n");
    const auto result = result_of({{directory / "hook"}, environment(), {}, {}});
    BOOST_CHECK(result.how == ending::not_started);
    BOOST_TEST(result.code == EACCES);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_program_is_not_started) {
    const temp_directory directory;
    write_file(directory / "hook",
        "\x7f"
        "ELF nonsense");
    BOOST_REQUIRE(::chmod((directory / "hook").c_str(), 0700) == 0);
    const auto result = result_of({{directory / "hook"}, environment(), {}, {}});
    BOOST_CHECK(result.how == ending::not_started);
    BOOST_TEST(result.code == ENOEXEC);
}

BOOST_AUTO_TEST_CASE(death_by_signal_is_told_apart_from_an_exit_status) {
    const auto result = result_of(shell("kill -KILL $$"));
    BOOST_CHECK(result.how == ending::signalled);
    BOOST_TEST(result.code == SIGKILL);
}

BOOST_AUTO_TEST_CASE(commands_start_with_default_signals_although_this_process_ignores_or_blocks_them) {
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    for (const int signal : {SIGPIPE, SIGUSR1}) {
        const auto result = result_of(shell("kill -" + std::to_string(signal) + " $$; exit 0"));
        BOOST_CHECK(result.how == ending::signalled);
        BOOST_TEST(result.code == signal);
    }
    ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
}

BOOST_AUTO_TEST_CASE(each_command_leads_a_process_group_of_its_own) {
    std::istringstream pid_and_group(result_of(shell("cut -d' ' -f1,5 /proc/$$/stat")).output.text);
    pid_t pid = 0;
    pid_t group = 0;
    pid_and_group >> pid >> group;
    BOOST_TEST(pid > 0);
    BOOST_TEST(pid == group);
}

BOOST_AUTO_TEST_CASE(a_command_that_never_reads_its_input_ends_all_the_same) {
    for (const int status : {0, 3}) {
        auto what = shell("exit " + std::to_string(status));
        what.input.assign(mebibyte, 'x');
        const auto result = result_of(what);
        BOOST_CHECK(result.how == ending::exited);
        BOOST_TEST(result.code == status);
    }
}

BOOST_AUTO_TEST_CASE(input_of_any_size_is_fed_while_the_output_is_drained) {
    // cat writes what it has read before it reads on: whoever feeds all first, or drains last, never ends.
    auto what = shell("tee /dev/stderr | cat");
    what.input.assign(9 * mebibyte, 'x');
    const auto result = result_of(what);
    BOOST_CHECK(result.how == ending::exited);
    BOOST_TEST(result.code == 0);
    BOOST_TEST(result.output.text.size() == max_output_bytes);
    BOOST_TEST(result.errors.text.size() == max_output_bytes);
}

BOOST_AUTO_TEST_CASE(all_of_a_large_input_arrives) {
    auto what = shell("wc -c");
    what.input.assign(9 * mebibyte, 'x');
    BOOST_TEST(result_of(what).output.text == std::to_string(9 * mebibyte) + "\n");
}

BOOST_AUTO_TEST_CASE(output_past_one_mebibyte_is_cut_and_the_command_not_disturbed) {
    const auto result = result_of(shell("head -c 10485760 /dev/zero && head -c 10485760 /dev/zero >&2 && exit 9"));
    BOOST_TEST(result.code == 9);
    BOOST_TEST(result.output.text.size() == max_output_bytes);
    BOOST_TEST(result.output.cut);
    BOOST_TEST(result.errors.text.size() == max_output_bytes);
    BOOST_TEST(result.errors.cut);
}

BOOST_AUTO_TEST_CASE(output_of_exactly_one_mebibyte_is_whole) {
    const auto whole = result_of(shell("head -c 1048576 /dev/zero"));
    BOOST_TEST(whole.output.text.size() == max_output_bytes);
    BOOST_TEST(!whole.output.cut);
    const auto cut = result_of(shell("head -c 1048577 /dev/zero"));
    BOOST_TEST(cut.output.text.size() == max_output_bytes);
    BOOST_TEST(cut.output.cut);
}

BOOST_AUTO_TEST_CASE(a_command_may_close_its_outputs_and_go_on) {
    const auto result = result_of(shell("echo said; exec >&- 2>&-; exit 4"));
    BOOST_TEST(result.code == 4);
    BOOST_TEST(result.output.text == "said\n");
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_holds_the_pipes_delays_nobody_and_is_left_alone) {
    const auto result = result_of(shell("sleep 1000 & echo $!; echo err >&2"));
    BOOST_CHECK(result.how == ending::exited);
    BOOST_TEST(result.code == 0);
    BOOST_TEST(result.errors.text == "err\n");
    const auto grandchild = static_cast<pid_t>(std::stol(result.output.text));
    BOOST_TEST(!is_gone(grandchild));
    ::kill(grandchild, SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_never_stops_writing_delays_nobody) {
    const temp_directory directory;
    const auto result = result_of(shell("yes & echo $! > " + directory / "pid" + "; exit 5"));
    BOOST_TEST(result.code == 5);
    const auto grandchild = static_cast<pid_t>(std::stol(hookd::test::read_file(directory / "pid")));
    // Nobody reads any more: it dies of SIGPIPE on its own.
    eventually("the writer's end", [grandchild] { return is_gone(grandchild); });
}

BOOST_AUTO_TEST_CASE(a_command_that_outlives_its_time_is_stopped) {
    auto what = shell("exec sleep 1000");
    what.timeout = 50ms;
    const auto begin = clock::now();
    const auto seen = run(what);
    BOOST_CHECK(seen.result->how == ending::timed_out);
    BOOST_CHECK(seen.result->elapsed >= 50ms);
    BOOST_CHECK(seen.result_at - begin >= 50ms);
}

BOOST_AUTO_TEST_CASE(a_command_without_any_time_is_stopped_at_once) {
    auto what = shell("exec sleep 1000");
    what.timeout = 0ms;
    BOOST_CHECK(result_of(what).how == ending::timed_out);
}

BOOST_AUTO_TEST_CASE(a_command_that_ends_in_time_is_not_stopped) {
    auto what = shell("exit 6");
    what.timeout = patience;
    const auto result = result_of(what);
    BOOST_CHECK(result.how == ending::exited);
    BOOST_TEST(result.code == 6);
}

BOOST_AUTO_TEST_CASE(sigterm_lets_a_command_tidy_up) {
    const temp_directory directory;
    auto what = shell("trap 'echo tidy > " + directory / "said" + "; exit 0' TERM; echo > " + directory / "ready" +
                      "; while :; do sleep 0.02; done");
    what.timeout = 300ms;
    const auto result = result_of(what);
    BOOST_CHECK(result.how == ending::timed_out);
    // Only a shell that was not yet that far says nothing; then there is nothing to tidy up either.
    if (::access((directory / "ready").c_str(), F_OK) == 0) {
        BOOST_TEST(hookd::test::read_file(directory / "said") == "tidy\n");
    }
}

BOOST_AUTO_TEST_CASE(a_command_that_ignores_sigterm_is_killed_a_second_later_and_its_result_does_not_wait_for_that) {
    auto what = shell("trap '' TERM; while :; do sleep 0.02; done");
    what.timeout = 300ms;
    const auto seen = run(what);
    BOOST_CHECK(seen.result->how == ending::timed_out);
    BOOST_CHECK(seen.ended_at - seen.result_at >= kill_delay - 50ms);
}

BOOST_AUTO_TEST_CASE(the_whole_process_group_is_stopped) {
    const temp_directory directory;
    auto what = shell("sleep 1000 & echo $! > " + directory / "pid" + "; mv " + directory / "pid" + " " +
                      directory / "grandchild" + "; wait");
    const auto seen = start(std::move(what));
    const auto named = directory / "grandchild";
    const deadline limit;
    while (::access(named.c_str(), F_OK) != 0 && !limit.passed()) {
        io.run_one_for(10ms);
    }
    const auto grandchild = static_cast<pid_t>(std::stol(hookd::test::read_file(named)));
    runner->stop();
    run_until([&] { return runner->running() == 0; });
    eventually("the grandchild's end", [grandchild] { return is_gone(grandchild); });
    BOOST_CHECK(seen->result->how == ending::stopped);
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_ignores_sigterm_is_killed_although_the_command_is_gone) {
    const temp_directory directory;
    const auto named = directory / "grandchild";
    const auto seen = start(shell("sh -c 'trap \"\" TERM; echo $$ > " + named + ".new; mv " + named + ".new " + named +
                                  "; while :; do sleep 0.02; done' & wait"));
    const deadline limit;
    while (::access(named.c_str(), F_OK) != 0 && !limit.passed()) {
        io.run_one_for(10ms);
    }
    const auto grandchild = static_cast<pid_t>(std::stol(hookd::test::read_file(named)));
    const auto begin = clock::now();
    runner->stop();
    run_until([&] { return seen->ended; });
    BOOST_CHECK(seen->ended_at - begin >= kill_delay - 50ms);  // as long as anything is left, it runs
    BOOST_TEST(runner->running() == 0U);
    eventually("the grandchild's end", [grandchild] { return is_gone(grandchild); });
}

BOOST_AUTO_TEST_CASE(what_ends_by_sigterm_is_reaped_at_once_and_leaves_nothing) {
    bool at_once = false;
    for (int tries = 0; tries < 20 && !at_once; ++tries) {
        const auto stubborn = start(shell("trap '' TERM; echo; while :; do sleep 0.02; done"));
        const auto seen = start(shell("exec sleep 1000"));
        runner->stop();
        run_until([&] { return seen->ended; });
        at_once = !stubborn->ended;
        BOOST_TEST(runner->running() == (stubborn->ended ? 0U : 1U));
        runner->kill();
        run_until([&] { return runner->running() == 0; });
    }
    BOOST_TEST(at_once);
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_is_left_is_killed_at_once_where_it_has_to_be) {
    const temp_directory directory;
    const auto named = directory / "grandchild";
    const auto seen = start(shell("echo $$ > " + directory / "command" + "; sh -c 'trap \"\" TERM; echo $$ > " + named +
                                  ".new; mv " + named + ".new " + named + "; while :; do sleep 0.02; done' & wait"));
    const deadline limit;
    while (::access(named.c_str(), F_OK) != 0 && !limit.passed()) {
        io.run_one_for(10ms);
    }
    const auto grandchild = static_cast<pid_t>(std::stol(hookd::test::read_file(named)));
    const auto command = static_cast<pid_t>(std::stol(hookd::test::read_file(directory / "command")));
    runner->stop();
    run_until([&] { return ::kill(command, 0) != 0; });  // reaped
    runner->kill();
    BOOST_TEST((seen->ended || runner->running() == 1U));  // no handler is called from within
    run_until([&] { return seen->ended; });
    BOOST_TEST(runner->running() == 0U);
    eventually("the grandchild's end", [grandchild] { return is_gone(grandchild); });
}

BOOST_AUTO_TEST_CASE(kill_does_not_wait_for_anybody) {
    const auto seen = start(shell("trap '' TERM; while :; do sleep 0.02; done"));
    const auto begin = clock::now();
    runner->kill();
    run_until([&] { return runner->running() == 0; });
    BOOST_CHECK(seen->result->how == ending::stopped);
    BOOST_CHECK(seen->ended);
    BOOST_CHECK(clock::now() - begin < patience);
}

BOOST_AUTO_TEST_CASE(one_command_is_stopped_and_the_others_go_on) {
    const temp_directory directory;
    const auto go = directory / "go";
    const auto waits = [&] { return shell("while ! [ -e " + go + " ]; do sleep 0.02; done"); };
    const auto stopped = start(shell("exec sleep 1000"));
    const auto other = start(waits());
    runner->stop(stopped->id);
    runner->stop(stopped->id);
    run_until([&] { return stopped->ended; });
    BOOST_CHECK(stopped->result->how == ending::cancelled);
    runner->stop(stopped->id);  // long over
    BOOST_TEST(runner->running() == 1U);
    write_file(go, "");
    run_until([&] { return other->ended; });
    BOOST_CHECK(other->result->how == ending::exited);
}

BOOST_AUTO_TEST_CASE(a_command_runs_in_the_directory_that_it_is_given) {
    const temp_directory directory;
    auto what = shell("pwd -P");
    what.directory = directory.path();
    BOOST_TEST(result_of(what).output.text == std::filesystem::canonical(directory.path()).string() + "\n");
    what.argv = {"./hook"};
    write_file(directory / "hook", "#!/bin/sh\nexit 7\n");
    BOOST_REQUIRE(::chmod((directory / "hook").c_str(), 0700) == 0);
    BOOST_TEST(result_of(what).code == 7);
    what.directory = directory / "none";
    const auto result = result_of(what);
    BOOST_CHECK(result.how == ending::not_started);
    BOOST_TEST(result.code == ENOENT);
    BOOST_TEST(result.subject == "./hook in " + (directory / "none"));
}

BOOST_AUTO_TEST_CASE(what_is_executed_by_its_descriptor_is_that_file_whatever_has_its_name) {
    const temp_directory directory;
    std::filesystem::copy_file("/bin/sh", directory / "program", std::filesystem::copy_options::none);
    command what{{directory / "program", "-c", "echo $0 \"$@\"", "name", "a b"}, environment(), {}, {}};
    what.program = std::make_shared<unique_fd>(::open((directory / "program").c_str(), O_RDONLY | O_CLOEXEC));
    BOOST_REQUIRE(what.program->get() > 2);
    write_file(directory / "other", "#!/bin/sh\necho other\n");
    std::filesystem::rename(directory / "other", directory / "program");
    BOOST_TEST(result_of(what).output.text == "name a b\n");
}

BOOST_AUTO_TEST_CASE(a_command_starts_with_no_signal_blocked_and_none_of_this_process_s_handlers) {
    std::signal(SIGUSR1, [](int) {});
    std::signal(SIGUSR2, SIG_IGN);
    const auto status = result_of({{"cat", "/proc/self/status"}, environment(), {}, {}}).output.text;
    std::signal(SIGUSR1, SIG_DFL);
    std::signal(SIGUSR2, SIG_DFL);
    const auto mask = [&](const std::string& name) {
        return std::stoull(status.substr(status.find(name) + name.size()), nullptr, 16);
    };
    const auto bit = [](int signal) { return 1ULL << (signal - 1); };
    BOOST_TEST(mask("SigBlk:") == 0U);
    BOOST_TEST(mask("SigCgt:") == 0U);
    BOOST_TEST((mask("SigIgn:") & bit(SIGPIPE)) == 0U);
    BOOST_TEST((mask("SigIgn:") & bit(SIGUSR2)) != 0U);
}

BOOST_AUTO_TEST_CASE(destruction_kills_and_reaps_what_runs_and_calls_nobody) {
    const auto seen = start(shell("trap '' TERM; while :; do sleep 0.02; done"));
    BOOST_TEST(runner->running() == 1U);
    runner.reset();
    io.run_for(patience);
    BOOST_CHECK(!seen->result);
    BOOST_CHECK(!seen->ended);
    // The fixture checks that no child is left.
}

// One that hangs in the kernel is no test's to make. One that somebody else traces is not seen to end by its parent
// either.
BOOST_AUTO_TEST_CASE(destruction_does_not_wait_for_a_command_that_is_never_seen_to_end) {
    const temp_directory directory;
    const auto named = directory / "pid";
    const auto go = directory / "go";
    const pid_t owner = ::fork();
    BOOST_REQUIRE(owner >= 0);
    if (owner == 0) {
        boost::asio::io_context own_io{1};
        std::optional<command_runner> own{own_io.get_executor()};
        own->start(
            shell("echo $$ > " + named + ".new; mv " + named + ".new " + named + "; exec sleep 1000"),
            [](const command_result&) {}, [] {});
        while (::access(go.c_str(), F_OK) != 0) {
            ::usleep(1000);
        }
        own.reset();
        ::_exit(0);
    }
    eventually("the command's start", [&] { return ::access(named.c_str(), F_OK) == 0; });
    const auto traced = static_cast<pid_t>(std::stol(hookd::test::read_file(named)));
    const bool may_trace = ::ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) == 0;
    write_file(go, "");
    int status = -1;
    try {
        eventually("the owner's end", [&] { return ::waitpid(owner, &status, WNOHANG) == owner; });
    } catch (...) {
        ::kill(owner, SIGKILL);
        ::waitpid(owner, nullptr, 0);
        ::waitpid(traced, nullptr, __WALL);
        throw;
    }
    BOOST_TEST(status == 0);
    if (may_trace) {
        BOOST_TEST(::waitpid(traced, &status, __WALL) == traced);
        BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    } else {
        BOOST_TEST_MESSAGE("nothing was tested: no process may be traced here");
    }
}

BOOST_AUTO_TEST_CASE(handlers_are_never_called_from_within_start) {
    const auto seen = start({{"no-such-program-anywhere"}, environment(), {}, {}});
    BOOST_CHECK(!seen->result);
    run_until([&] { return seen->ended; });
    BOOST_CHECK(seen->result->how == ending::not_started);
}

BOOST_AUTO_TEST_CASE(many_commands_run_at_a_time_without_leaving_a_descriptor_or_a_zombie) {
    (void)result_of(shell("exit 0"));  // the event loop opens its own descriptors at the first use
    const auto before = open_descriptors();
    std::vector<std::shared_ptr<observed>> all;
    for (int i = 0; i < 20; ++i) {
        auto what = shell("cat; exit " + std::to_string(i));
        what.input = "number " + std::to_string(i);
        all.push_back(start(std::move(what)));
    }
    BOOST_TEST(runner->running() == 20U);
    run_until([&] { return runner->running() == 0; });
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_TEST(all[i]->result->output.text == "number " + std::to_string(i));
        BOOST_TEST(all[i]->result->code == static_cast<int>(i));
    }
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(a_command_inherits_no_descriptor_of_another_command) {
    const auto list = [] { return shell("ls /proc/self/fd | wc -l"); };
    const auto alone = result_of(list()).output.text;
    const auto other = start(shell("exec sleep 1000"));
    const auto seen = start(list());
    run_until([&] { return seen->ended; });
    BOOST_TEST(seen->result->output.text == alone);
    runner->kill();
    run_until([&] { return runner->running() == 0; });
}

BOOST_AUTO_TEST_CASE(without_descriptors_to_spare_a_command_is_not_started) {
    (void)result_of(shell("exit 0"));
    std::vector<int> taken;
    for (int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0; fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
        taken.push_back(fd);
    }
    const auto seen = start(shell("exit 0"));
    for (const int fd : taken) {
        ::close(fd);
    }
    run_until([&] { return seen->ended; });
    BOOST_CHECK(seen->result->how == ending::not_started);
    BOOST_TEST(seen->result->code == EMFILE);
}

BOOST_AUTO_TEST_CASE(a_command_starts_with_the_limit_of_descriptors_that_is_wanted) {
    rlimit usual{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
    for (const std::uint64_t wanted : {std::uint64_t{77}, std::uint64_t{usual.rlim_cur}}) {
        auto what = shell("ulimit -Sn");
        what.most_open_files = wanted;
        BOOST_TEST(result_of(std::move(what)).output.text == std::to_string(wanted) + "\n");
    }
    BOOST_TEST(limits_set_from_outside == 0);  // which would be when it runs already
    rlimit after{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
    BOOST_TEST(after.rlim_cur == usual.rlim_cur);
}

BOOST_AUTO_TEST_CASE(a_program_is_looked_up_in_the_path_in_its_order) {
    const temp_directory first;
    const temp_directory second;
    write_file(first / "hook-of-path", "#!/bin/sh\necho first\n");  // not executable
    write_file(second / "hook-of-path", "#!/bin/sh\necho second\n");
    BOOST_REQUIRE(::chmod((second / "hook-of-path").c_str(), 0700) == 0);
    const std::string usual = std::getenv("PATH");
    ::setenv("PATH", (first / "missing:" + first.path() + ":" + second.path()).c_str(), 1);
    const auto result = result_of({{"hook-of-path"}, {"PATH=" + usual}, {}, {}});
    ::setenv("PATH", first.path().c_str(), 1);
    const auto refused = result_of({{"hook-of-path"}, {"PATH=" + usual}, {}, {}});
    ::setenv("PATH", usual.c_str(), 1);
    BOOST_TEST(result.output.text == "second\n");
    BOOST_CHECK(refused.how == ending::not_started);
    BOOST_TEST(refused.code == EACCES);
}

BOOST_AUTO_TEST_CASE(a_command_whose_descriptors_cannot_be_watched_does_not_run) {
    (void)result_of(shell("exit 0"));
    const auto before = open_descriptors();
    for (const int granted : {0, 1, 2, 3}) {
        watches_left = granted;
        const auto seen = start(shell("exec sleep 1000"));
        watches_left = -1;
        run_until([&] { return seen->ended; });
        BOOST_CHECK(seen->result->how == ending::not_started);
        BOOST_TEST(seen->result->code == ENOSPC);
        BOOST_TEST(runner->running() == 0U);
        BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
    }
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_SUITE_END()
