// SPDX-License-Identifier: BSL-1.0
// Many events under way at once on one connection, from a coroutine: async_emitter EVENT COUNT

#include <hookd/async_client.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace {

using boost::asio::use_awaitable;

// What is passed by reference, main keeps until everything has ended.
boost::asio::awaitable<void> emit_all(hookd::async_client& daemon, std::string event, int count, int& accepted) {
    const auto daemon_info = co_await daemon.async_ping(use_awaitable);
    std::cout << "hookd " << daemon_info.version << ", pid " << daemon_info.pid << '\n';

    // Started together, written together: the daemon's answers come while the rest is still being sent.
    for (int i = 0; i < count; ++i) {
        daemon.async_emit(event, "{\"number\": " + std::to_string(i) + "}",
            [&accepted](const std::exception_ptr& failure, const hookd::emission&) { accepted += failure ? 0 : 1; });
    }
    const hookd::wait_options any_may_veto{.policy = hookd::wait_policy::veto};
    const auto verdict = co_await daemon.async_emit_and_wait(event, R"({"last": true})", any_may_veto, use_awaitable);
    std::cout << accepted << " events, and the last one was " << to_string(verdict.outcome) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    const int count = argc == 3 ? std::atoi(argv[2]) : 0;
    if (count < 1) {
        std::cerr << "usage: async_emitter EVENT COUNT\n";
        return 2;
    }
    boost::asio::io_context io{1};
    try {
        hookd::async_client daemon{io.get_executor()};
        int accepted = 0;
        std::exception_ptr failed;
        boost::asio::co_spawn(io, emit_all(daemon, argv[1], count, accepted), [&](const std::exception_ptr& thrown) {
            failed = thrown;
            daemon.close();  // an open connection keeps io.run() busy
        });
        io.run();
        if (failed) {
            std::rethrow_exception(failed);
        }
    } catch (const hookd::error& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
    return 0;
}
