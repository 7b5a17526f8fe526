// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/run_link.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace hookd::link {
namespace {

constexpr std::chrono::seconds longest_leave{1};

class running_link {
public:
    running_link(boost::asio::io_context& context, int descriptor, const make_engine_link& make)
        : context_(context),
          leave_timer_(context),
          channel_(
              context.get_executor(), descriptor, [this](std::string_view frame) { take(frame); },
              [this](const std::string& reason) { end(reason); }),
          link_(make(context, channel_)) {}

    int run() {
        channel_.start();
        context_.run();
        return status_;
    }

private:
    void take(std::string_view frame) {
        if (ended_) {
            return;
        }
        try {
            carry_out(parse_command(frame));
        } catch (const malformed_message& fault) {
            end("hookd sent a malformed message: " + std::string{fault.what()});
        }
    }

    void carry_out(command received) {
        if (std::holds_alternative<hello>(received) == greeted_) {
            throw malformed_message(greeted_ ? "a second hello" : "hello must come first");
        }
        std::visit(
            [this](auto&& one) {
                using kind = std::decay_t<decltype(one)>;
                if constexpr (std::is_same_v<kind, hello>) {
                    greeted_ = true;
                    link_->begin(std::forward<decltype(one)>(one));
                } else if constexpr (std::is_same_v<kind, ping>) {
                    channel_.send(pong{});
                } else {
                    link_->handle(std::forward<decltype(one)>(one));
                }
            },
            std::move(received));
    }

    void end(const std::string& reason) {
        if (std::exchange(ended_, true)) {
            return;
        }
        if (!reason.empty()) {
            std::fprintf(stderr, "%s\n", reason.c_str());
            status_ = 1;
        }
        leave_timer_.expires_after(longest_leave);
        leave_timer_.async_wait([this](boost::system::error_code) { context_.stop(); });
        if (greeted_) {
            link_->leave([this] { context_.stop(); });
        } else {
            context_.stop();
        }
    }

    boost::asio::io_context& context_;
    boost::asio::steady_timer leave_timer_;
    channel channel_;
    std::unique_ptr<engine_link> link_;
    bool greeted_ = false;
    bool ended_ = false;
    int status_ = 0;
};

}  // namespace

int run_link(int descriptor, const make_engine_link& make) {
    try {
        boost::asio::io_context context{1};
        return running_link{context, descriptor, make}.run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
}

}  // namespace hookd::link
