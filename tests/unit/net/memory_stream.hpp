// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net/connection_strand.hpp"
#include "net/stream.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::server::net::test {

/// What goes wrong at one call of a stream.
struct fault {
    enum class call { read, write };
    call which = call::read;
    std::size_t at = 0;        ///< the first is 1
    int error = 0;             ///< errno; 0: it moves one byte only
    bool is_permanent = true;  ///< each further call of that kind fails alike
};

/// The other end of a memory_stream: the test is the peer. Used on the thread that runs the context.
class memory_wire : public std::enable_shared_from_this<memory_wire> {
public:
    explicit memory_wire(connection_strand strand) : strand_(std::move(strand)) {}

    void send(std::string_view bytes);
    /// The peer's last byte has been sent.
    void end_input();
    /// The peer is gone.
    void hang_up();
    /// How many bytes more the peer's buffer takes.
    void set_room(std::size_t bytes);
    void inject(const fault& what) { fault_ = what; }

    [[nodiscard]] const std::string& output() const noexcept { return output_; }
    [[nodiscard]] std::size_t unread_input() const noexcept { return input_.size(); }
    [[nodiscard]] std::size_t reads() const noexcept { return calls_[0]; }
    [[nodiscard]] std::size_t writes() const noexcept { return calls_[1]; }
    /// How many waits for that readiness are pending.
    [[nodiscard]] std::size_t waits(stream::readiness which) const noexcept {
        return waits_[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
    [[nodiscard]] bool has_shut_down_writing() const noexcept { return has_shut_down_writing_; }

private:
    friend class memory_stream;

    /// The error of this call, if it is to fail; what it may move is cut in `room`.
    [[nodiscard]] std::optional<int> next_call(fault::call which, std::size_t& room);
    [[nodiscard]] bool is_ready(stream::readiness which) const;
    void async_wait(stream::readiness which, std::shared_ptr<stream::observer> waiting);
    void wake();
    void close();

    connection_strand strand_;
    std::string input_{};
    std::string output_{};
    std::size_t room_ = std::size_t(-1);
    std::size_t taken_ = 0;  // a figure that changes when the peer reads
    std::optional<fault> fault_{};
    std::array<std::size_t, 2> calls_{};
    std::array<std::size_t, 3> waits_{};
    std::array<std::shared_ptr<stream::observer>, 3> waiting_{};
    bool input_ended_ = false;
    bool has_hung_up_ = false;
    bool has_shut_down_writing_ = false;
    bool is_closed_ = false;
};

class memory_stream final : public stream {
public:
    explicit memory_stream(std::shared_ptr<memory_wire> wire) : wire_(std::move(wire)) {}

    [[nodiscard]] ssize_t read(char* to, std::size_t room) noexcept override;
    [[nodiscard]] ssize_t write(const iovec* parts, std::size_t count) noexcept override;
    void async_wait(readiness which, std::shared_ptr<observer> waiting) override {
        wire_->async_wait(which, std::move(waiting));
    }
    [[nodiscard]] int unread_by_peer() noexcept override {
        return static_cast<int>(wire_->output_.size() - wire_->taken_);
    }
    void shut_down_writing() noexcept override { wire_->has_shut_down_writing_ = true; }
    void shut_down_reading() noexcept override { wire_->end_input(); }
    void close() noexcept override { wire_->close(); }

private:
    std::shared_ptr<memory_wire> wire_;
};

}  // namespace hookd::server::net::test
