// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/log.hpp>

#include <sys/resource.h>

#include <csignal>
#include <mutex>
#include <string>
#include <string_view>

/// What the tests of the files that hookd keeps share.
namespace hookd::server::test {

class kept_log final : public logger {
public:
    [[nodiscard]] bool wants(log_level) const noexcept override { return true; }
    void write(log_level, std::string_view message) noexcept override {
        const std::lock_guard lock{mutex_};
        text_.append(message).append("\n");
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock{mutex_};
        return text_;
    }

private:
    mutable std::mutex mutex_{};
    std::string text_{};
};

/// Files of this process may not grow past `bytes` while it lives.
class small_disk {
public:
    explicit small_disk(rlim_t bytes) : before_action_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, before_action_);
    }

private:
    rlimit before_{};
    void (*before_action_)(int);
};

}  // namespace hookd::server::test
