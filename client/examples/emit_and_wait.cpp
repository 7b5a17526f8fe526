// SPDX-License-Identifier: BSL-1.0
// A tool that asks its hooks first: emit_and_wait EVENT [PAYLOAD]

#include <hookd/client.hpp>

#include <chrono>
#include <iostream>

int main(int argc, char** argv) {
    using namespace std::chrono_literals;
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: emit_and_wait EVENT [PAYLOAD]\n";
        return 2;
    }
    try {
        hookd::client daemon;
        const auto verdict = daemon.emit_and_wait(
            argv[1], argc == 3 ? argv[2] : "{}", {.timeout = 5s, .policy = hookd::wait_policy::veto});
        if (!verdict.proceed()) {
            std::cerr << verdict.abort << '\n';
            return 1;
        }
        std::cout << to_string(verdict.outcome) << ": " << verdict.responses.size() << " replies\n";
    } catch (const hookd::error& failure) {
        std::cerr << failure.what() << '\n';
        return failure.kind() == hookd::error_kind::no_daemon ? 3 : 4;
    }
    return 0;
}
