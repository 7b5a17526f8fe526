#include "connection.hpp"

#include <boost/asio/bind_executor.hpp>

#include <sys/socket.h>

// A hook forks and dies, and its child holds the connection: the hook is gone, and nobody waits for it any longer. What it sent before is
// carried out, as with any peer that closes.
namespace hookd::server {

// Of a peer that has opened a session. From the broker's strand.
void connection::watch_process() {
    on_own([self = shared_from_this()] {
        if (!self->closed_ && !self->process_) {
            self->process_.emplace(self->environment_.context, static_cast<pid_t>(self->peer_.pid));
            self->await_process_end();
        }
    });
}

void connection::await_process_end() {
    if (process_->has_ended()) {
        return end_with_process();
    }
    auto handler = [target = weak_from_this()](const boost::system::error_code& failure) {
        const auto self = target.lock();
        if (!failure && self && !self->closed_) {
            self->await_process_end();
        }
    };
    if (strand_) {
        process_->async_wait(boost::asio::bind_executor(*strand_, std::move(handler)));
    } else {
        process_->async_wait(std::move(handler));
    }
}

// The end of input, after what has come already; and then the end of all, whoever still reads.
void connection::end_with_process() {
    process_ended_ = true;
    if (environment_.log.wants(log_level::debug)) {
        environment_.log.write(log_level::debug, describe(peer_) + " has ended, and another process holds its connection: closed");
    }
    ::shutdown(socket_.native_handle(), SHUT_RD);
    if (lent_) {
        return;  // resume() goes on
    }
    if (input_ended_) {
        close();
    } else if (paused_) {
        paused_ = false;
        resume();
    }
}

}  // namespace hookd::server
