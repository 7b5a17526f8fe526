// SPDX-License-Identifier: BSL-1.0
#include "fake_daemon.hpp"

#include "support/raw_json.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace hookd::test {
namespace {

constexpr std::size_t largest_frame = std::size_t{128} * 1024 * 1024;

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::system_category(), what); }

void wait_for(int fd, short events, const char* what) {
    pollfd waiting{fd, events, 0};
    const deadline limit;
    while (::poll(&waiting, 1, limit.left_ms()) <= 0) {
        require(!limit.passed(), std::string{"the client did nothing: "} + what);
    }
}

std::string member(std::string_view object, std::string_view name) {
    const auto value = raw_member(object, name);
    return value ? std::string{*value} : std::string{};
}

}  // namespace

void require(bool condition, const std::string& what) {
    if (!condition) {
        throw std::runtime_error("fake daemon: " + what);
    }
}

std::string event_id(std::uint64_t seq) { return "event-id-" + std::to_string(seq); }

std::string event_params(std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload) {
    std::string params = R"({"seq":)" + std::to_string(seq) + R"(,"hook_event_id":")" + event_id(seq) +
                         R"(","event":)" + json_string(name) +
                         R"(,"emitted_at":"2026-11-23T12:00:00.000000001Z","expects_response":)";
    params += expects_response ? R"(true,"timeout_ms":30000)" : "false";
    params += R"(,"payload":)";
    params += payload;
    return params + "}";
}

std::string event_body(std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload) {
    return R"({"jsonrpc":"2.0","method":"event","params":)" + event_params(seq, name, expects_response, payload) + "}";
}

std::string event_frame(std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload) {
    std::string frame;
    protocol::append_frame(protocol::framing::length_prefix, event_body(seq, name, expects_response, payload), frame);
    return frame;
}

fake_peer::fake_peer(base::unique_fd socket)
    : socket_(std::move(socket)), decoder_(protocol::framing::length_prefix, largest_frame) {}

bool fake_peer::read_frame(std::string& frame) {
    for (;;) {
        const auto next = decoder_.next(unread_);
        if (next.status == protocol::decode_status::frame) {
            frame = next.body;
            unread_.erase(0, next.consumed);
            return true;
        }
        require(next.status == protocol::decode_status::need_more, "the client sent no frame of the native framing");
        unread_.erase(0, next.consumed);
        wait_for(socket_.get(), POLLIN, "a frame was expected");
        static thread_local char room[256 * 1024];
        const auto received = ::recv(socket_.get(), room, sizeof room, 0);
        if (received == 0 || (received < 0 && errno == ECONNRESET)) {
            return false;
        }
        if (received < 0) {
            throw_errno("recv");
        }
        unread_.append(room, static_cast<std::size_t>(received));
    }
}

fake_request fake_peer::receive(std::string_view method) {
    fake_request request;
    require(read_frame(request.frame), "the client closed; expected " + std::string{method});
    request.id = member(request.frame, "id");
    request.method = member(request.frame, "method");
    request.params = member(request.frame, "params");
    require(request.method == json_string(method),
        "expected " + std::string{method} + ", got " + request.frame.substr(0, 300));
    return request;
}

void fake_peer::send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            wait_for(socket_.get(), POLLOUT, "it was expected to read");
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return;  // the client has closed, and misses it as it would miss it of a real daemon
        } else {
            throw_errno("send");
        }
    }
}

void fake_peer::send_frame(std::string_view body) {
    std::string frame;
    protocol::append_frame(protocol::framing::length_prefix, body, frame);
    send_bytes(frame);
}

std::size_t fake_peer::send_frames_until_stuck(std::size_t most, const std::function<std::string(std::size_t)>& body) {
    // Nothing tells from outside that somebody will never read again. A socket that stays full this long is taken as
    // that: where it is wrong, the test sees less than it could, and still passes.
    constexpr int stuck_ms = 300;
    for (std::size_t i = 0; i < most; ++i) {
        std::string frame;
        protocol::append_frame(protocol::framing::length_prefix, body(i), frame);
        rest_ = frame;
        while (!rest_.empty()) {
            const auto sent = ::send(socket_.get(), rest_.data(), rest_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                rest_.erase(0, static_cast<std::size_t>(sent));
                continue;
            }
            require(errno == EAGAIN, "send failed");
            pollfd writable{socket_.get(), POLLOUT, 0};
            if (::poll(&writable, 1, stuck_ms) == 0) {
                return i;
            }
        }
    }
    return most;
}

void fake_peer::send_rest() {
    send_bytes(rest_);
    rest_.clear();
}

void fake_peer::result(const fake_request& to, std::string_view result) {
    std::string body = R"({"jsonrpc":"2.0","id":)" + to.id + R"(,"result":)";
    body += result;
    send_frame(body + "}");
}

void fake_peer::fail(std::string_view id, int code, std::string_view message, std::string_view data) {
    std::string body = R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"error":{"code":)" + std::to_string(code) +
                       R"(,"message":)" + json_string(message);
    if (!data.empty()) {
        body += R"(,"data":)";
        body += data;
    }
    send_frame(body + "}}");
}

void fake_peer::notify(std::string_view method, std::string_view params) {
    std::string body = R"({"jsonrpc":"2.0","method":)" + json_string(method) + R"(,"params":)";
    body += params;
    send_frame(body + "}");
}

void fake_peer::expect_bytes() { wait_for(socket_.get(), POLLIN, "a first byte was expected"); }

void fake_peer::expect_end() {
    std::string frame;
    require(!read_frame(frame), "the client was expected to close, but sent " + frame.substr(0, 300));
}

std::string fake_peer::open_session(std::uint64_t head_seq, std::string_view instance, bool resumed) {
    const auto request = receive("subscribe");
    result(request, R"({"instance":)" + json_string(instance) + R"(,"head_seq":)" + std::to_string(head_seq) +
                        R"(,"resumed":)" + (resumed ? "true" : "false") + "}");
    return request.params;
}

void fake_peer::event(std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload) {
    send_bytes(event_frame(seq, name, expects_response, payload));
}

std::string fake_peer::take_reply(std::string_view refused_reason) {
    const auto request = receive("respond");
    result(request, refused_reason.empty() ? std::string{R"({"accepted":true,"reason":null})"}
                                           : R"({"accepted":false,"reason":)" + json_string(refused_reason) + "}");
    return request.params;
}

fake_daemon::fake_daemon() : path_(directory_ / "s") { listen(); }

void fake_daemon::listen() {
    ::unlink(path_.c_str());
    listener_ = base::unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    require(path_.size() < sizeof address.sun_path, "the directory's path is too long");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw_errno("bind");
    }
    if (::listen(listener_.get(), 16) != 0) {
        throw_errno("listen");
    }
}

void fake_daemon::listen_as(uid_t user) {
    // The kernel remembers who called listen(2) last (unix(7), SO_PEERCRED).
    require(::seteuid(user) == 0, "only root can be another user");
    const int failed = ::listen(listener_.get(), 16);
    require(::seteuid(0) == 0 && failed == 0, "listen");
}

fake_peer fake_daemon::accept() {
    wait_for(listener_.get(), POLLIN, "a connection was expected");
    base::unique_fd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!socket) {
        throw_errno("accept4");
    }
    return fake_peer{std::move(socket)};
}

}  // namespace hookd::test
