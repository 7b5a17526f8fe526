// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <sys/types.h>
#include <sys/uio.h>

namespace hookd::server::net {

/// What a transport moves bytes to and from: a socket, or memory in a test. Each call is at most one system call and
/// never blocks.
///
/// Errors: as the system calls of the same name, in errno. Thread-safety: none (the connection's strand).
class stream {
public:
    enum class readiness : std::uint8_t {
        read,   ///< read() may have something
        write,  ///< write() may take something
        error,  ///< the peer has closed both directions
    };

    /// Who waits. Called on the connection's strand.
    class observer {
    public:
        virtual void on_stream_ready(readiness ready) = 0;

    protected:
        ~observer() = default;
    };

    stream() = default;
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    virtual ~stream() = default;

    /// Returns how many bytes were read, 0 at the end of input, -1 on an error; EAGAIN: nothing has come.
    [[nodiscard]] virtual ssize_t read(char* buffer, std::size_t room) noexcept = 0;
    /// Returns how many bytes were written, -1 on an error; EAGAIN: there is no room. Raises no SIGPIPE.
    [[nodiscard]] virtual ssize_t write(const iovec* parts, std::size_t count) noexcept = 0;
    /// Calls `waiting->on_stream_ready(which)` once that may be so; never, where the stream is closed before.
    virtual void async_wait(readiness ready, std::shared_ptr<observer> waiting) = 0;
    /// A figure that changes when the peer reads; in bytes with what the kernel keeps beside them.
    [[nodiscard]] virtual int unread_by_peer() noexcept = 0;
    /// The peer sees the end of what it reads.
    virtual void shut_down_writing() noexcept = 0;
    /// What has come already can be read, and then the end.
    virtual void shut_down_reading() noexcept = 0;
    virtual void close() noexcept = 0;
};

}  // namespace hookd::server::net
