// SPDX-License-Identifier: BSL-1.0
#include "app/daemon_process.hpp"
#include "app/detached_process.hpp"
#include "app/program_options.hpp"
#include "app/spdlog_logger.hpp"
#include "rpc/memory_reserve.hpp"

#include <base/text/counted.hpp>
#include <base/text/terminal_text.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/version.hpp>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace hookd::server;

// hookd(8), "EXIT STATUS".
constexpr int failed = 1;
constexpr int wrong_usage = 2;
constexpr int socket_held = 3;
constexpr int path_lost = 4;

/// Without them, the first sockets would become 0, 1 and 2, and a client would get the log.
void open_standard_descriptors() {
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) {
        fd = ::open("/dev/null", O_RDWR);
    }
    ::close(fd);
}

// NOLINTBEGIN(concurrency-mt-unsafe): mallopt() is called before there are threads.

/// Frames of megabytes come and go. What they are freed from is kept for the next ones, up to this much: taking pages
/// from the kernel anew for each costs more than copying into them. For one thread only.
void keep_freed_memory() {
    constexpr int kept_bytes = 16 << 20;
    constexpr int most_on_the_heap = 4 << 20;  // larger pieces are mapped, and given back at once
    ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
    ::mallopt(M_MMAP_THRESHOLD, most_on_the_heap);
}

/// With several threads glibc keeps freed memory for each, and the more the larger the pieces were that it has seen.
/// Its initial thresholds, set, stand still: after a storm of large frames half as much stays resident.
void give_back_freed_memory() {
    constexpr int threshold = 128 << 10;
    ::mallopt(M_TRIM_THRESHOLD, threshold);
    ::mallopt(M_MMAP_THRESHOLD, threshold);
}

/// All threads allocate from one arena of glibc's: what is set aside for when the system has no memory is in it, and a
/// thread with another arena, or one for which none can be made any more, would have no use for that.
void share_one_arena() { ::mallopt(M_ARENA_MAX, 1); }

// NOLINTEND(concurrency-mt-unsafe)

/// Whoever started us may block signals in its threads, and a mask is inherited: SIGTERM must end this all the same.
void unblock_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

int fail_with(const std::exception& failure, int status) {
    std::fprintf(stderr, "hookd: %s\n", hookd::base::harmless(failure.what()).c_str());
    return status;
}

/// Of a thread that nothing catches an exception of.
[[noreturn]] void end_at_once() {
    try {
        if (const auto failure = std::current_exception()) {
            std::rethrow_exception(failure);
        }
    } catch (const std::bad_alloc&) {
        constexpr std::string_view message =
            "hookd: ended: the system has no memory, and what was set aside is used up\n";
        (void)!::write(STDERR_FILENO, message.data(), message.size());
        ::_exit(failed);
    } catch (...) {  // abort() shows more of it than this could
    }
    std::abort();
}

int print(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot write to standard output");
    }
    return EXIT_SUCCESS;
}

std::string version_text() {
    return std::string{"hookd "} + hookd::protocol::release_version + ", protocol " +
           std::to_string(hookd::protocol::version) +
           ", features: catalog, cluster, durable, journal, registered-hooks, socket-activation\n";
}

std::string clusters_found(const program_options& options) {
    std::string text;
    for (const auto& each : options.cluster.memberships) {
        text += "cluster        " + hookd::base::harmless(hookd::cluster::membership_text(each)) + ", as host " +
                options.broker.host + "\n";
    }
    return text;
}

/// What `--check` has found, for a person.
std::string findings(const program_options& options, const catalog* events, std::size_t hooks) {
    using hookd::base::counted;
    using hookd::base::harmless;
    return "configuration  " + (options.config.empty() ? std::string{"no file"} : harmless(options.config.string())) +
           "\n" + "socket         " + harmless(options.listener.socket.string()) + "\n" + "catalog        " +
           (events == nullptr ? std::string{"none: every event name is valid"}
                              : harmless(catalogs_text(options)) + ": " + counted(events->size(), "event")) +
           "\n" + "journal        " +
           (options.journal.file.empty()
                   ? std::string{"off"}
                   : harmless(options.journal.file.string()) + (options.durable ? ", durable" : "")) +
           "\n" + clusters_found(options) + "registry       " +
           (options.hooks.registry.empty()
                   ? std::string{"none: hooks are kept until the daemon ends (--registry FILE keeps them)"}
                   : harmless(options.hooks.registry.string()) + ": " + counted(hooks, "hook")) +
           "\n";
}

int check(const program_options& options) {
    const auto events = daemon_process::catalog_of(options);
    const auto hooks = check_registry(options.hooks.registry);
    if (!options.journal.file.empty()) {
        check_journal_file(options.journal.file);
    }
    if (options.durable) {
        check_durable_file(durable_file_of(options.journal.file));
    }
    daemon_process::check_clusters(options);
    return ::isatty(STDOUT_FILENO) != 0 ? print(findings(options, events.get(), hooks)) : EXIT_SUCCESS;
}

/// `ready` is called once clients can connect.
int serve(const program_options& options, const daemon_process::option_reader& read_options,
    const std::function<void()>& ready) {
    auto events = daemon_process::catalog_of(options);
    daemon_process::check_clusters(options);
    if (options.broker.threads == 1) {
        keep_freed_memory();
    } else {
        give_back_freed_memory();
    }
    share_one_arena();
    std::set_terminate(end_at_once);
    spdlog_logger log{STDERR_FILENO, options.level, options.format};
    try {
        rpc::memory_reserve::set_aside();
        daemon_process daemon{options, std::move(events), read_options, log};
        ready();
        daemon.run();
        return EXIT_SUCCESS;
    } catch (const registry_error&) {  // without the guards that it would name no daemon starts
        throw;
    } catch (const socket_in_use& held) {
        log.write(log_level::error, held.what());
        return socket_held;
    } catch (const socket_lost&) {  // which has been logged when it was found
        return path_lost;
    } catch (const journal_error& failure) {
        log.write(log_level::error, failure.what());
        return wrong_usage;
    } catch (const std::bad_alloc&) {
        log.write(log_level::error,
            "ended: the system has no memory, and what was set aside for that is used up; every connection is closed");
        return failed;
    } catch (const std::exception& failure) {
        log.write(log_level::error, failure.what());
        return failed;
    }
}

int run(const std::vector<std::string>& arguments) {
    const auto read_options = [&arguments] {
        return parse_program_options(arguments, [](const char* name) { return std::getenv(name); });
    };
    const auto options = read_options();
    switch (options.action) {
        case program_action::show_help:
            return print(help_text());
        case program_action::show_version:
            return print(version_text());
        case program_action::print_config:
            return print(configuration_text(options));
        case program_action::check:
            return check(options);
        case program_action::serve:
            break;
    }
    if (options.detach) {
        return run_detached(
            options.log, [&](const std::function<void()>& ready) { return serve(options, read_options, ready); });
    }
    return serve(options, read_options, [] {});
}

}  // namespace

int main(int argc, char** argv) {
    open_standard_descriptors();
    std::signal(SIGXFSZ, SIG_IGN);  // a registry that may not grow is an error of its own write, too
    std::signal(SIGCHLD,
        SIG_DFL);  // whoever started us may have ignored it, and then no command's exit status would ever be known
    std::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of its own write, not the end of all
    unblock_signals();
    try {
        return run({argv + 1, argv + argc});
    } catch (const usage_error& wrong) {
        return fail_with(wrong, wrong_usage);
    } catch (const catalog_error& wrong) {
        return fail_with(wrong, wrong_usage);
    } catch (const registry_error& wrong) {
        return fail_with(wrong, wrong_usage);
    } catch (const journal_error& wrong) {
        return fail_with(wrong, wrong_usage);
    } catch (const std::exception& failure) {
        return fail_with(failure, failed);
    }
}
