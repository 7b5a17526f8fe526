// SPDX-License-Identifier: BSL-1.0
#include "wire_client.hpp"

#include "raw_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ostream>
#include <system_error>

namespace hookd::test {
namespace {

std::string shortened(const std::string& text) {
    return text.size() <= 400 ? text : text.substr(0, 400) + "… (" + std::to_string(text.size()) + " bytes)";
}

void wait_until_ready(int fd, short events, const char* what, deadline limit) {
    pollfd source{fd, events, 0};
    while (::poll(&source, 1, limit.left_ms()) <= 0) {
        if (limit.passed()) {
            throw std::runtime_error(std::string{"waited in vain "} + what);
        }
    }
}

}  // namespace

std::string_view to_string(framing kind) {
    switch (kind) {
        case framing::length:
            return "length";
        case framing::header:
            return "header";
        case framing::line:
            break;
    }
    return "line";
}

std::ostream& operator<<(std::ostream& out, framing kind) { return out << to_string(kind); }

std::string encode_frame(framing kind, std::string_view body) {
    std::string frame;
    switch (kind) {
        case framing::length:
            for (int shift = 24; shift >= 0; shift -= 8) {
                frame += static_cast<char>((body.size() >> shift) & 0xff);
            }
            return frame.append(body);
        case framing::header:
            return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
        case framing::line:
            break;
    }
    return std::string{body} + "\n";
}

// --- wire_message ---------------------------------------------------------------------------------------------------

std::string wire_message::raw(std::initializer_list<std::string_view> path) const {
    std::string_view value = text;
    for (const auto name : path) {
        const auto member = raw_member(value, name);
        if (!member) {
            throw std::runtime_error("no member " + std::string{name} + " in " + shortened(text));
        }
        value = *member;
    }
    return std::string{value};
}

bool wire_message::has(std::initializer_list<std::string_view> path) const {
    std::string_view value = text;
    for (const auto name : path) {
        const auto member = raw_member(value, name);
        if (!member) {
            return false;
        }
        value = *member;
    }
    return true;
}

boost::json::value wire_message::json() const {
    boost::json::parse_options options;
    options.max_depth = 256;
    boost::json::error_code failure;
    auto value = boost::json::parse(text, failure, {}, options);
    if (failure) {
        throw std::runtime_error("the daemon sent what is not JSON (" + failure.message() + "): " + shortened(text));
    }
    return value;
}

boost::json::value wire_message::at(std::string_view pointer) const {
    const auto document = json();
    boost::json::error_code failure;
    const auto* found = document.find_pointer(pointer, failure);
    if (found == nullptr) {
        throw std::runtime_error("nothing at " + std::string{pointer} + " in " + shortened(text));
    }
    return *found;
}

std::string wire_message::string(std::string_view pointer) const {
    const auto value = at(pointer);
    if (!value.is_string()) {
        throw std::runtime_error("no string at " + std::string{pointer} + " in " + shortened(text));
    }
    return std::string{value.get_string()};
}

std::int64_t wire_message::integer(std::string_view pointer) const {
    const auto value = at(pointer);
    if (!value.is_int64()) {
        throw std::runtime_error("no integer at " + std::string{pointer} + " in " + shortened(text));
    }
    return value.get_int64();
}

std::string wire_message::method() const {
    const auto token = raw({"method"});
    return token.size() >= 2 ? token.substr(1, token.size() - 2) : token;
}

// --- wire_client ----------------------------------------------------------------------------------------------------

wire_client::wire_client(const std::string& socket_path, framing kind) : wire_client(connect_to(socket_path), kind) {}

wire_client::wire_client(base::unique_fd socket, framing kind) : socket_(std::move(socket)), kind_(kind) {}

void wire_client::send_raw(std::string_view bytes) {
    const deadline limit;
    while (!bytes.empty()) {
        const auto count = try_send_raw(bytes);
        bytes.remove_prefix(count);
        if (!bytes.empty()) {
            wait_until_ready(socket_.get(), POLLOUT, "for the daemon to read", limit);
        }
    }
}

std::size_t wire_client::try_send_raw(std::string_view bytes) {
    const auto count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
        return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    throw connection_closed(std::string{"send: "} + std::strerror(errno));
}

std::string wire_client::send_request(std::string_view method, std::string_view params) {
    auto id = std::to_string(next_id_++);
    send(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":)" + json_string(method) + R"(,"params":)" +
         std::string{params} + "}");
    return id;
}

void wire_client::notify(std::string_view method, std::string_view params) {
    send(R"({"jsonrpc":"2.0","method":)" + json_string(method) + R"(,"params":)" + std::string{params} + "}");
}

bool wire_client::read_some(deadline limit) {
    if (reset_) {
        return false;
    }
    wait_until_ready(socket_.get(), POLLIN, "for the daemon to send", limit);
    if (input_start_ > 0) {
        input_.erase(0, input_start_);
        input_start_ = 0;
    }
    std::array<char, 65536> buffer;
    const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
        input_.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count < 0 && (errno == ECONNRESET || errno == EPIPE)) {
        reset_ = true;
    }
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

std::optional<std::string> wire_client::take_frame() {
    const auto rest = std::string_view{input_}.substr(input_start_);
    std::size_t start = 0;
    std::size_t size = 0;
    std::size_t trailer = 0;
    if (kind_ == framing::length) {
        if (rest.size() < 4) {
            return std::nullopt;
        }
        start = 4;
        for (std::size_t i = 0; i < 4; ++i) {
            size = size << 8 | static_cast<unsigned char>(rest[i]);
        }
    } else if (kind_ == framing::header) {
        const auto end = rest.find("\r\n\r\n");
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        start = end + 4;
        // What the daemon sends is to be read by any LSP library: at least this header, spelt as everybody spells it.
        constexpr std::string_view name = "Content-Length: ";
        const auto at = rest.substr(0, end).find(name);
        if (at == std::string_view::npos) {
            throw std::runtime_error("no Content-Length in header block: " + std::string{rest.substr(0, end)});
        }
        std::from_chars(rest.data() + at + name.size(), rest.data() + end, size);
    } else {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        size = end;
        trailer = 1;
    }
    if (rest.size() < start + size + trailer) {
        return std::nullopt;
    }
    input_start_ += start + size + trailer;
    return std::string{rest.substr(start, size)};
}

template <typename Predicate>
wire_message wire_client::take_first(Predicate wanted, const char* what, deadline limit) {
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
        if (wanted(*it)) {
            auto found = std::move(*it);
            kept_.erase(it);
            return found;
        }
    }
    while (true) {
        while (auto frame = take_frame()) {
            wire_message message{std::move(*frame)};
            if (wanted(message)) {
                return message;
            }
            kept_.push_back(std::move(message));
        }
        try {
            if (!read_some(limit)) {
                throw connection_closed("the daemon closed the connection");
            }
        } catch (const std::runtime_error& failure) {
            const auto text = std::string{failure.what()} + ", while a test waited for " + what +
                              (kept_.empty() ? "" : "; kept: " + shortened(kept_.front().text));
            if (dynamic_cast<const connection_closed*>(&failure) != nullptr) {
                throw connection_closed(text);
            }
            throw std::runtime_error(text);
        }
    }
}

wire_message wire_client::receive(deadline limit) {
    return take_first([](const wire_message&) { return true; }, "a message", limit);
}

wire_message wire_client::next_response(deadline limit) {
    return take_first([](const wire_message& message) { return !message.is_notification(); }, "a response", limit);
}

wire_message wire_client::response_to(std::string_view id, deadline limit) {
    const auto what = "the response to " + std::string{id};
    return take_first(
        [&](const wire_message& message) {
            return !message.is_notification() && raw_member(message.text, "id") == std::optional<std::string_view>{id};
        },
        what.c_str(), limit);
}

wire_message wire_client::next_notification(deadline limit) {
    return take_first([](const wire_message& message) { return message.is_notification(); }, "a notification", limit);
}

wire_message wire_client::next_event(deadline limit) {
    auto message = next_notification(limit);
    if (message.method() != "event") {
        throw std::runtime_error("an event was expected, not " + shortened(message.text));
    }
    return message;
}

wire_message wire_client::next_closed(deadline limit) {
    auto message = next_notification(limit);
    if (message.method() != "closed") {
        throw std::runtime_error("`closed` was expected, not " + shortened(message.text));
    }
    return message;
}

bool wire_client::has_message() {
    std::array<char, 65536> buffer;
    while (true) {
        const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count <= 0) {
            break;
        }
        input_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    while (auto frame = take_frame()) {
        kept_.push_back(wire_message{std::move(*frame)});
    }
    return !kept_.empty();
}

bool wire_client::wait_for_close(deadline limit) {
    while (read_some(limit)) {
    }
    while (auto frame = take_frame()) {
        kept_.push_back(wire_message{std::move(*frame)});
    }
    return !reset_;
}

std::string wire_client::read_to_end(deadline limit) {
    while (read_some(limit)) {
    }
    auto rest = input_.substr(input_start_);
    input_start_ = input_.size();
    return rest;
}

void wire_client::read_more(std::size_t count, deadline limit) {
    const auto enough = input_.size() - input_start_ + count;
    while (input_.size() - input_start_ < enough) {
        if (!read_some(limit)) {
            throw connection_closed("the daemon closed the connection, while a test read slowly");
        }
    }
}

wire_message wire_client::call(std::string_view method, std::string_view params) {
    const auto id = send_request(method, params);
    return response_to(id);
}

boost::json::value wire_client::result(std::string_view method, std::string_view params) {
    const auto response = call(method, params);
    if (!response.has({"result"})) {
        throw std::runtime_error(std::string{method} + " failed: " + shortened(response.text));
    }
    return response.at("/result");
}

wire_message wire_client::failure(std::string_view method, std::string_view params) {
    auto response = call(method, params);
    if (!response.has({"error"}) || response.has({"result"}) || response.error_code() == 0 ||
        response.error_message().empty()) {
        throw std::runtime_error(std::string{method} + " should have failed: " + shortened(response.text));
    }
    return response;
}

void wire_client::half_close() {
    if (::shutdown(socket_.get(), SHUT_WR) != 0) {
        throw std::system_error(errno, std::generic_category(), "shutdown");
    }
}

// --- connecting -----------------------------------------------------------------------------------------------------

base::unique_fd connect_to(const std::string& socket_path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("too long for a socket: " + socket_path);
    }
    socket_path.copy(address.sun_path, socket_path.size());
    base::unique_fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect " + socket_path);
    }
    return socket;
}

namespace {

// Of connect_as, in a child: writes how it went, as errno, to `result`.
[[noreturn]] void connect_and_stay(uid_t user, gid_t group, const sockaddr_un& address, int socket, int result) {
    int failure = 0;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(group, group, group) != 0 || ::setresuid(user, user, user) != 0 ||
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        failure = errno;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto kept = static_cast<unsigned>(result);
    ::close_range(0, kept - 1, 0);
    ::close_range(kept + 1, ~0U, 0);
    if (::write(result, &failure, sizeof failure) != sizeof failure || failure != 0) {
        ::_exit(1);
    }
    ::close(result);
    for (;;) {
        ::pause();
    }
}

}  // namespace

base::unique_fd connect_as(uid_t user, const std::string& socket_path) { return connect_as(user, user, socket_path); }

base::unique_fd connect_as(uid_t user, gid_t group, const std::string& socket_path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    base::unique_fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    // The kernel notes the credentials of whoever calls connect(2), and the socket is shared with the child: no need to
    // pass it back. To the daemon a process that has ended is gone, so the child stays, without any descriptor, until
    // the test program ends.
    std::array<int, 2> result{};
    if (::pipe2(result.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    const base::unique_fd read_end{result[0]};
    base::unique_fd write_end{result[1]};
    if (::fork() == 0) {
        connect_and_stay(user, group, address, socket.get(), result[1]);
    }
    write_end.reset();
    int failure = ECHILD;
    if (::read(read_end.get(), &failure, sizeof failure) != sizeof failure || failure != 0) {
        throw std::system_error(failure, std::generic_category(), "connect as " + std::to_string(user));
    }
    return socket;
}

// --- what tests say most often --------------------------------------------------------------------------------------

namespace {

std::string with_more(std::string members, std::string_view more) {
    if (!more.empty()) {
        members += "," + std::string{more};
    }
    return "{" + members + "}";
}

}  // namespace

boost::json::value emit(wire_client& peer, std::string_view event, std::string_view payload) {
    return peer.result("emit", R"({"event":)" + json_string(event) + R"(,"payload":)" + std::string{payload} + "}");
}

boost::json::value subscribe(wire_client& peer, std::string_view pattern, std::string_view more) {
    return peer.result("subscribe", with_more(R"("events":[)" + json_string(pattern) + "]", more));
}

std::string send_emit_and_wait(wire_client& peer, std::string_view event, std::string_view more) {
    return peer.send_request("emit_and_wait", with_more(R"("event":)" + json_string(event), more));
}

boost::json::value respond(wire_client& peer, std::string_view hook_event_id, std::string_view members) {
    return peer.result("respond", with_more(R"("hook_event_id":)" + json_string(hook_event_id), members));
}

}  // namespace hookd::test
