// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "answer_box.hpp"

#include <hookd/hook_runner.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace hookd {

/// What the copies of one hookd::answer share.
class answer::state {
public:
    state(std::shared_ptr<detail::answer_box> box, detail::answer_box::ticket which) noexcept
        : box_(std::move(box)), which_(which) {}
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state();

    void put(reply value);

private:
    std::shared_ptr<detail::answer_box> box_;
    detail::answer_box::ticket which_;
    std::atomic<bool> used_ = false;
};

}  // namespace hookd
