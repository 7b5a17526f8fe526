// SPDX-License-Identifier: BSL-1.0
#include "completion_queue.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace hookd::server {
namespace {

// Then the context's I/O and other handlers have their turn, as often as other schedulers look for I/O.
constexpr int most_calls_a_round = 64;

}  // namespace

/// What the context runs. Destroyed without having run, it takes the entries along: handlers may own what owns the
/// queue.
class completion_queue::round {
public:
    explicit round(std::shared_ptr<completion_queue> queue) noexcept : queue_(std::move(queue)) {}
    round(round&&) noexcept = default;
    round& operator=(round&&) = delete;
    ~round() {
        if (queue_) {
            std::exchange(queue_->entries_, {}).clear();
        }
    }
    void operator()() { std::exchange(queue_, nullptr)->run_round(); }

private:
    std::shared_ptr<completion_queue> queue_;
};

void completion_queue::push(std::unique_ptr<entry> last) {
    entries_.push_back(std::move(last));
    post_round();
}

void completion_queue::post_round() {
    if (!posted_) {
        posted_ = true;
        boost::asio::post(context_, round{shared_from_this()});
    }
}

void completion_queue::run_round() {
    posted_ = false;
    for (int i = 0; i < most_calls_a_round && !entries_.empty(); ++i) {
        const auto next = std::move(entries_.front());
        entries_.pop_front();
        if (!entries_.empty()) {
            post_round();  // before the call: it may throw, or run the context
        }
        next->call();
    }
}

}  // namespace hookd::server
