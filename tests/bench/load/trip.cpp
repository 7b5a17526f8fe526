// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"
#include "trip_clock.hpp"
#include "workloads.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <list>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace hookd::bench {
namespace {

/// The next frame of that kind; others, as the results of a hook's own requests, are passed over.
void await_kind(dialect& speech, link& from, frame::kind wanted, frame& out) {
    for (;;) {
        await_frame(speech, from, out);
        if (out.type == wanted) {
            break;
        }
        from.consume(out.size);
    }
    if (!speech.read(out)) {
        throw std::runtime_error("unexpected: " + std::string{out.body.substr(0, 400)});
    }
}

void verify(bool check, std::string_view got, std::string_view expected) {
    if (check ? !got.starts_with(expected) : got.size() < expected.size()) {
        throw std::runtime_error("a payload has changed on its way: " + std::string{got.substr(0, 400)});
    }
}

/// Answers until it is killed.
template <class Ready>
[[noreturn]] void serve_as_hook(const load_options& options, const std::string& address, Ready ready) {
    const auto speech = make_dialect(options.dialect);
    client_ends ends = speech->open(address, role::hook, event_topic);
    const std::string answer = make_payload(options.shape, options.size);
    std::string bytes;
    frame question;
    ready();
    for (;;) {
        await_kind(*speech, ends.in, frame::kind::event, question);
        verify(options.check, question.payload.substr(number_offset + number_digits),
            std::string_view{answer}.substr(number_offset + number_digits));
        bytes.clear();
        speech->append_answer(bytes, question, answer);
        ends.in.consume(question.size);
        ends.out().write(bytes);
    }
}

struct pipe_pair {
    int read = -1;
    int write = -1;
};

pipe_pair make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    return {ends[0], ends[1]};
}

}  // namespace

void run_trip(const load_options& options) {
    std::list<forked> hooks;
    for (std::size_t number = 0; number < std::max<std::size_t>(1, options.hook_addresses.size()); ++number) {
        auto& hook_is_there = make_shared_between_processes<std::atomic<std::uint32_t>>();
        hooks.emplace_back([&] { serve_as_hook(options, options.hook_address(number), [&] { hook_is_there = 1; }); });
        await_flag(hook_is_there, hooks.back());
    }
    const auto speech = make_dialect(options.dialect);
    client_ends ends = speech->open(options.address, role::asker, {});
    std::string payload = make_payload(options.shape, options.size);
    std::string bytes;
    frame answer;
    trip_clock{options}.run([&](std::uint64_t number) {
        if (options.check) {
            put_number(payload.data(), number);
        }
        bytes.clear();
        speech->append_question(bytes, payload);
        ends.out().write(bytes);
        await_kind(*speech, ends.in, frame::kind::answer, answer);
        verify(options.check, answer.payload.substr(number_offset + number_digits),
            std::string_view{payload}.substr(number_offset + number_digits));
        ends.in.consume(answer.size);
    });
}

void run_hook(const load_options& options) {
    serve_as_hook(options, options.address, [] {
        std::puts("ready");
        std::fflush(stdout);
    });
}

void run_ping_pong(const load_options& options) {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    std::string bytes(options.size, 'x');
    const auto read_all = [&](int from) {
        for (std::size_t got = 0; got < bytes.size();) {
            const ssize_t more = ::recv(from, bytes.data() + got, bytes.size() - got, 0);
            if (more <= 0) {
                throw std::runtime_error("the other side of the ping-pong is gone");
            }
            got += static_cast<std::size_t>(more);
        }
    };
    const forked other{[&] {
        for (;;) {
            read_all(sockets[1]);
            write_all(sockets[1], bytes);
        }
    }};
    trip_clock{options}.run([&](std::uint64_t) {
        write_all(sockets[0], bytes);
        read_all(sockets[0]);
    });
}

void run_spawn(const load_options& options) {
    const std::string payload = make_payload(options.shape, options.size) + '\n';
    std::vector<char*> argv;
    for (const std::string& each : options.command) {
        argv.push_back(const_cast<char*>(each.c_str()));
    }
    argv.push_back(nullptr);
    trip_clock{options}.run([&](std::uint64_t) {
        const pipe_pair to = make_pipe();
        const pipe_pair from = make_pipe();
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, to.read, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, from.write, STDOUT_FILENO);
        pid_t hook = 0;
        const int refused = ::posix_spawnp(&hook, argv[0], &actions, nullptr, argv.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(to.read);
        ::close(from.write);
        if (refused != 0) {
            throw std::system_error(refused, std::generic_category(), options.command[0]);
        }
        const ssize_t wrote = ::write(to.write, payload.data(), payload.size());  // it fits into the pipe
        ::close(to.write);
        std::array<char, 4096> answer{};
        std::size_t size = 0;
        for (ssize_t got = 1; got > 0 && size < answer.size(); size += static_cast<std::size_t>(got)) {
            got = ::read(from.read, answer.data() + size, answer.size() - size);
        }
        ::close(from.read);
        int status = 0;
        ::waitpid(hook, &status, 0);
        if (wrote != static_cast<ssize_t>(payload.size()) || status != 0 || answer[0] != '{') {
            throw std::runtime_error("the hook did not answer as it should");
        }
    });
}

}  // namespace hookd::bench
