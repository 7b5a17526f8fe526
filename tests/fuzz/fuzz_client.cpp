// SPDX-License-Identifier: BSL-1.0
// Does every request of a client end once, whatever bytes the daemon sends and however they are cut?
//
// The first byte of an input is how many bytes arrive at a time (0: all); the rest is what the daemon sends before it
// closes the connection. The requests have the numbers 1 to 8, in the order below.

#include "fuzz_target.hpp"
#include "input_directory.hpp"

#include <hookd/async_client.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

using namespace hookd;
using boost::asio::local::stream_protocol;
using hookd::test::require;

namespace {

/// What a request may end with, besides a result.
void check_failure(const std::exception_ptr& failure) {
    try {
        if (failure) {
            std::rethrow_exception(failure);
        }
    } catch (const error& known) {
        require(!std::string_view{known.what()}.empty(), "an error says what it is");
    }
}

/// Counts how often each request has ended.
struct endings {
    std::array<int, 8> requests{};
    int session = 0;

    auto of(std::size_t which) {
        return [this, which](const std::exception_ptr& failure, const auto&... result) {
            (static_cast<void>(result), ...);
            ++requests.at(which);
            check_failure(failure);
        };
    }
};

void begin_all(async_client& client, endings& ended) {
    const subscribe_options session{.events = {"*"}};
    const async_client::subscription_handlers handlers{
        .on_event = [](const event& arrived) { (void)arrived.payload(); },
        .on_cancelled = [](const ended_wait&) {},
        .on_verdict = [](const verdict_notice&) {},
        .on_end = [&ended](const session_end&) { ++ended.session; }};
    client.async_subscribe(session, handlers, ended.of(0));
    client.async_emit("e", "{}", ended.of(1));
    client.async_emit_and_wait("e", "{}", ended.of(2));
    client.async_await_response("id", std::nullopt, ended.of(3));
    client.async_respond("id", abstain(), ended.of(4));
    client.async_ping(ended.of(5));
    client.async_call("stats", "{}", ended.of(6));
    client.async_unsubscribe(ended.of(7));
}

/// Sends the bytes, each piece once what came before has been taken, and closes.
void serve(
    boost::asio::io_context& context, stream_protocol::acceptor& listener, std::string_view bytes, std::size_t piece) {
    stream_protocol::socket peer{context};
    listener.accept(peer);
    while (!bytes.empty()) {
        boost::system::error_code failure;
        boost::asio::write(peer, boost::asio::buffer(bytes.substr(0, piece)), failure);
        if (failure) {
            return;  // the client has closed
        }
        bytes.remove_prefix(std::min(bytes.size(), piece));
        context.poll();
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "client";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const std::size_t piece = data[0] == 0 ? bytes.size() : data[0];
    static const auto path = hookd::test::input_directory() / "socket";
    boost::asio::io_context context{1};
    std::remove(path.c_str());
    stream_protocol::acceptor listener{context, stream_protocol::endpoint{path}};
    endings ended;
    {
        async_client client{context.get_executor(), {.path = path}};
        begin_all(client, ended);
        context.poll();  // connects
        serve(context, listener, bytes, piece);
        context.poll();
    }
    context.run();
    require(std::all_of(ended.requests.begin(), ended.requests.end(), [](int count) { return count == 1; }),
        "each request ends once");
    require(ended.session <= 1, "a session ends at most once");
    return 0;
}
