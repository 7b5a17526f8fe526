// SPDX-License-Identifier: BSL-1.0
// A program that hosts the broker: emits in-process, lets another process decide through the socket beside it, prints
// the verdict.

#include <hookd/server/broker.hpp>
#include <hookd/server/listener.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>

namespace {

class stderr_log final : public hookd::server::logger {
public:
    [[nodiscard]] bool wants(hookd::server::log_level level) const noexcept override {
        return level >= hookd::server::log_level::warning;
    }
    void write(hookd::server::log_level, std::string_view message) noexcept override { std::cerr << message << '\n'; }
};

}  // namespace

int main(int argc, char** argv) {
    using namespace std::chrono_literals;
    if (argc != 2) {
        std::cerr << "usage: host SOCKET\n";
        return 2;
    }
    try {
        boost::asio::io_context context{1};
        stderr_log log;
        hookd::server::broker broker{context};
        hookd::server::listener_options where;
        where.socket = argv[1];
        hookd::server::listener listener{context, broker, where, log};

        int status = 1;
        hookd::server::wait_request push;
        push.event = "pre_push";
        push.payload = R"({"branch":"main"})";
        push.timeout = 60s;
        push.require_subscriber = false;  // the hook may come later
        broker.async_emit_and_wait(push, [&](boost::system::error_code failure, hookd::protocol::wait_result verdict) {
            if (failure) {
                std::cerr << failure.message() << '\n';
            } else {
                std::cout << to_string(verdict.outcome) << ": " << verdict.abort << '\n';
                status = 0;
            }
            listener.shut_down(2s, [&broker] { broker.shut_down(); });
        });
        context.run();
        return status;
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
