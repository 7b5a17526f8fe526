#include "turn_away.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

namespace hookd::server {

boost::asio::awaitable<void, boost::asio::io_context::executor_type> turn_away(stream_socket socket, protocol::error why,
                                                                             std::shared_ptr<void> place) {
    constexpr std::chrono::seconds patience{1};
    constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::io_context::executor_type>{});

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
    unsigned char first = 0;
    if (!failure && ::recv(held->native_handle(), &first, 1, MSG_DONTWAIT) == 1) {
        std::string body;
        protocol::append_error(body, "null", why);
        std::string frame;
        protocol::append_frame(protocol::detect_framing(first), body, frame);
        // A new connection has room for this; one that has not gets no second try.
        (void)::send(held->native_handle(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    place.reset();
}

}  // namespace hookd::server
