// SPDX-License-Identifier: BSL-1.0
#include "memory_stream.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace hookd::server::net::test {

void memory_wire::send(std::string_view bytes) {
    input_ += bytes;
    wake();
}

void memory_wire::end_input() {
    input_ended_ = true;
    wake();
}

void memory_wire::hang_up() {
    has_hung_up_ = true;
    end_input();
}

void memory_wire::set_room(std::size_t bytes) {
    room_ = bytes;
    taken_ = output_.size();
    wake();
}

std::optional<int> memory_wire::next_call(fault::call which, std::size_t& room) {
    const auto number = ++calls_[static_cast<std::size_t>(which)];
    if (!fault_ || fault_->which != which || number < fault_->at || (number > fault_->at && !fault_->is_permanent)) {
        return std::nullopt;
    }
    if (fault_->error == 0) {
        room = std::min<std::size_t>(room, 1);
        return std::nullopt;
    }
    return fault_->error;
}

bool memory_wire::is_ready(stream::readiness which) const {
    switch (which) {
        case stream::readiness::read:
            return !input_.empty() || input_ended_;
        case stream::readiness::write:
            return room_ > 0 || has_hung_up_;
        case stream::readiness::error:
            break;
    }
    return has_hung_up_;
}

void memory_wire::async_wait(stream::readiness which, std::shared_ptr<stream::observer> waiting) {
    ++waits_[static_cast<std::size_t>(which)];
    waiting_[static_cast<std::size_t>(which)] = std::move(waiting);
    wake();
}

// Each readiness is reported later, on the connection's strand, as a reactor does.
void memory_wire::wake() {
    for (const auto which : {stream::readiness::read, stream::readiness::write, stream::readiness::error}) {
        const auto index = static_cast<std::size_t>(which);
        if (!waiting_[index] || !is_ready(which)) {
            continue;
        }
        boost::asio::post(
            strand_.context(), [self = shared_from_this(), which, waiting = std::exchange(waiting_[index], nullptr)] {
                self->strand_.dispatch([self, which, waiting] {
                    if (!self->is_closed_) {
                        --self->waits_[static_cast<std::size_t>(which)];
                        waiting->on_stream_ready(which);
                    }
                });
            });
    }
}

void memory_wire::close() {
    is_closed_ = true;
    waiting_ = {};
}

ssize_t memory_stream::read(char* to, std::size_t room) noexcept {
    if (const auto failure = wire_->next_call(fault::call::read, room)) {
        errno = *failure;
        return -1;
    }
    if (wire_->input_.empty() && !wire_->input_ended_) {
        errno = EAGAIN;
        return -1;
    }
    const auto count = std::min(room, wire_->input_.size());
    std::copy_n(wire_->input_.begin(), count, to);
    wire_->input_.erase(0, count);
    return static_cast<ssize_t>(count);
}

ssize_t memory_stream::write(const iovec* parts, std::size_t count) noexcept {
    std::size_t room = wire_->room_;
    if (const auto failure = wire_->next_call(fault::call::write, room)) {
        errno = *failure;
        return -1;
    }
    if (wire_->has_hung_up_ || room == 0) {
        errno = wire_->has_hung_up_ ? EPIPE : EAGAIN;
        return -1;
    }
    std::size_t written = 0;
    for (std::size_t i = 0; i < count && written < room; ++i) {
        const auto some = std::min(room - written, parts[i].iov_len);
        wire_->output_.append(static_cast<const char*>(parts[i].iov_base), some);
        written += some;
    }
    if (wire_->room_ != std::size_t(-1)) {
        wire_->room_ -= written;
    }
    return static_cast<ssize_t>(written);
}

}  // namespace hookd::server::net::test
