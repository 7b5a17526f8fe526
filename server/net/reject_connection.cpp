// SPDX-License-Identifier: BSL-1.0
#include "reject_connection.hpp"

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/message.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>

#include <sys/socket.h>

namespace hookd::server::net {

bool try_reject(stream_socket& socket, const protocol::error& why) {
    const int descriptor = socket.native_handle();
    unsigned char first = 0;
    const auto got = ::recv(descriptor, &first, 1, MSG_DONTWAIT);
    if (got != 1) {
        return got == 0 || (errno != EAGAIN && errno != EINTR);
    }
    std::string body;
    protocol::append_error(body, "null", why);
    std::string frame;
    protocol::append_frame(protocol::detect_framing(first), body, frame);
    // A new connection has room for this; one that has not gets no second try.
    (void)::send(descriptor, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // Closing with unread input makes the kernel reset the connection, and the answer is lost. No more can come, so
    // this ends.
    ::shutdown(descriptor, SHUT_RDWR);
    std::array<char, 4096> nothing;
    while (::recv(descriptor, nothing.data(), nothing.size(), MSG_DONTWAIT) > 0) {
    }
    return true;
}

boost::asio::awaitable<void, boost::asio::io_context::executor_type> reject_connection(
    stream_socket socket, protocol::error why, std::shared_ptr<void> place) {
    constexpr std::chrono::seconds patience{1};
    constexpr auto token =
        boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::io_context::executor_type>{});

    // Shared: the handler may be queued already when this frame goes.
    const auto held = std::make_shared<stream_socket>(std::move(socket));
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
        boost::asio::io_context::executor_type>
        limit{held->get_executor(), patience};
    limit.async_wait([held](const boost::system::error_code& failure) {
        if (!failure) {
            boost::system::error_code ignored;
            held->cancel(ignored);
        }
    });
    const auto [failure] = co_await held->async_wait(boost::asio::socket_base::wait_read, token);
    limit.cancel();
    if (!failure) {
        (void)try_reject(*held, why);
    }
    place.reset();
}

}  // namespace hookd::server::net
