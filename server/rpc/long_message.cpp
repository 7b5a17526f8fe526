// SPDX-License-Identifier: BSL-1.0
#include "long_message.hpp"

#include <atomic>
#include <new>
#include <utility>

namespace hookd::server::rpc {

// Shared with the thread that does it.
struct long_message::work {
    std::string_view text{};
    std::shared_ptr<const char[]> memory{};
    part read_as = part::frame;
    protocol::message read{};
    bool has_failed = false;           // for lack of memory
    std::atomic<bool> is_done{false};  // from then on the broker's strand has all of it

    void run() noexcept {
        try {
            if (read_as == part::frame) {
                protocol::read_message(text, read);
            } else {
                protocol::read_element(text, read);
            }
        } catch (const std::bad_alloc&) {
            has_failed = true;
        }
        is_done.store(true, std::memory_order_release);
    }
};

long_message::long_message(
    check_threads& threads, std::string_view text, std::shared_ptr<const char[]> memory, part kind)
    : work_(std::make_shared<work>()) {
    work_->text = text;
    work_->memory = std::move(memory);
    work_->read_as = kind;
    threads.run([target = std::weak_ptr{work_}] {
        if (const auto wanted = target.lock()) {
            wanted->run();
        }
    });
}

bool long_message::is_over() const noexcept { return work_->is_done.load(std::memory_order_acquire); }

protocol::message& long_message::result() const {
    if (work_->has_failed) {
        throw std::bad_alloc{};
    }
    return work_->read;
}

}  // namespace hookd::server::rpc
