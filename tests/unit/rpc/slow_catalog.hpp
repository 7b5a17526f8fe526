// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/catalog.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hookd::server::rpc::test {

/// Knows every event. The check of a payload that begins with `{"slow"` is never over within a turn, and goes on until
/// it is released or given up.
class slow_catalog final : public catalog {
public:
    using catalog::check_event;
    using catalog::check_reply;

    [[nodiscard]] std::size_t size() const noexcept override { return 1; }
    [[nodiscard]] defaults defaults_of(std::string_view) const override { return {}; }
    [[nodiscard]] std::optional<protocol::error> check_event(
        std::string_view, std::string_view payload, check_limit& limit) const override {
        return check(payload, limit);
    }
    [[nodiscard]] std::optional<protocol::error> check_patterns(const std::vector<std::string>&) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::optional<protocol::error> check_reply(
        std::string_view, std::string_view response, check_limit& limit) const override {
        return check(response, limit);
    }
    [[nodiscard]] std::optional<std::string> payload_without_secrets(
        std::string_view, std::string_view) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::optional<std::string> reply_without_secrets(std::string_view, std::string_view) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::variant<std::string, protocol::error> schemas(std::string_view) const override {
        return std::string{};
    }

    void release() {
        const std::lock_guard lock{mutex_};
        is_released_ = true;
        changed_.notify_all();
    }
    void wait_until_given_up() {
        std::unique_lock lock{mutex_};
        BOOST_REQUIRE(changed_.wait_for(lock, std::chrono::seconds{60}, [this] { return given_up_ > 0; }));
    }
    void wait_until_they_run(int count) {
        std::unique_lock lock{mutex_};
        BOOST_REQUIRE(changed_.wait_for(lock, std::chrono::seconds{60}, [&] { return running_ == count; }));
    }
    [[nodiscard]] int checks() const { return checks_.load(); }

private:
    std::optional<protocol::error> check(std::string_view text, check_limit& limit) const {
        ++checks_;
        if (text.starts_with(R"({"slow")")) {
            if (limit.steps == check_limit::short_steps) {
                limit.is_exceeded = true;
                return std::nullopt;
            }
            std::unique_lock lock{mutex_};
            ++running_;
            changed_.notify_all();
            while (!is_released_ && !limit.is_cancelled->load()) {
                changed_.wait_for(lock, std::chrono::milliseconds{1});
            }
            given_up_ += is_released_ ? 0 : 1;
            changed_.notify_all();
        }
        if (text.find("wrong") != std::string_view::npos) {
            return protocol::error{protocol::errc::not_in_catalog, "it is wrong"};
        }
        return std::nullopt;
    }

    mutable std::mutex mutex_{};
    mutable std::condition_variable changed_{};
    mutable std::atomic<int> checks_{0};
    mutable int given_up_ = 0;
    mutable int running_ = 0;  // that have begun
    bool is_released_ = false;
};

}  // namespace hookd::server::rpc::test
