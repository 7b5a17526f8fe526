// SPDX-License-Identifier: BSL-1.0
#include "transport.hpp"

#include <sys/types.h>

// A hook forks and dies, and its child holds the connection: the hook is gone, and no emitter waits for it any longer.
// What it sent before is carried out, as with any peer that closes.
namespace hookd::server::net {

void transport::watch_process() {
    if (phase_ != phase::closed && !process_) {
        process_.emplace(strand_.context(), static_cast<pid_t>(peer().pid));
        await_process_end();
    }
}

void transport::await_process_end() {
    if (process_->has_ended()) {
        return end_with_process();
    }
    auto handler = [target = weak_from_this()](const boost::system::error_code& failure) {
        const auto self = target.lock();
        if (!failure && self && self->phase_ != phase::closed) {
            self->await_process_end();
        }
    };
    strand_.with_handler(std::move(handler), [this](auto ended) { process_->async_wait(std::move(ended)); });
}

// The end of input, after what has come already; and then the end of all, even if another process still reads.
void transport::end_with_process() {
    process_ended_ = true;
    auto& log = environment_.sessions.log;
    if (log.wants(log_level::debug)) {
        log.write(
            log_level::debug, rpc::describe(peer()) + " has ended, and another process holds its connection: closed");
    }
    stream_->shut_down_reading();
    if (phase_ == phase::handling) {
        return;  // resume() continues
    }
    if (input_ended_) {
        close();
    } else if (phase_ == phase::paused) {
        handle(cause::bytes);
    }
}

}  // namespace hookd::server::net
