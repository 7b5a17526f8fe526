// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::bench {

/// A blocking stream socket to a broker with the bytes read and not yet consumed: the same for every broker, so that
/// what differs between two measurements is the broker.
///
/// Throws std::system_error, and std::runtime_error at the end of the stream.
class link {
public:
    /// `address`: the path of a unix socket, or `tcp:PORT` on this machine.
    explicit link(const std::string& address);
    link(link&& other) noexcept;
    link& operator=(link&&) = delete;
    ~link();

    [[nodiscard]] int native_handle() const noexcept { return socket_; }

    void write(std::string_view bytes);
    /// Reads what there is, and forgets it.
    void discard();
    /// Blocks until there is something, then reads what there is in one call.
    void read();

    [[nodiscard]] std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
    void consume(std::size_t bytes) noexcept { begin_ += bytes; }

private:
    static constexpr std::size_t read_room = 65'536;

    int socket_ = -1;
    std::unique_ptr<char[]> buffer_{};
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// Writes all of it to a blocking socket. Throws std::system_error.
void write_all(int socket, std::string_view bytes);

}  // namespace hookd::bench
