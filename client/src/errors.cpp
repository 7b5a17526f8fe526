// SPDX-License-Identifier: BSL-1.0
#include "errors.hpp"

#include <cerrno>
#include <system_error>

#include <sys/stat.h>

namespace hookd::detail {

namespace {

/// connect(2) refuses such a file as it does a socket that nobody listens on.
bool is_no_socket(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode);
}

error no_daemon_error(const std::string& path, const std::string& why) {
    return {error_kind::no_daemon, "no hookd at " + path + ": " + why};
}

/// Somebody, or something, is there.
error unreachable_error(const std::string& path, const std::string& why) {
    return {error_kind::unreachable, "can't talk to the hookd at " + path + ": " + why + "; nothing was sent"};
}

}  // namespace

error connect_error(const std::string& path, int error_number) {
    switch (error_number) {
        case ENOENT:
            return no_daemon_error(path, "there is no such socket; start one with: hookd --socket " + path);
        case ENOTDIR:
            return no_daemon_error(path, "part of the path is not a directory");
        case ECONNREFUSED:
            return no_daemon_error(path, is_no_socket(path)
                                             ? "that is not a socket"
                                             : "no process listens on it; start one with: hookd --socket " + path);
        case EACCES:
        case EPERM:
            return unreachable_error(
                path, "this user may not connect to it; the daemon's user has to allow that, with --allow-user");
        case EAGAIN:
            return unreachable_error(
                path, "it accepts no connections at the moment; try again, or see whether it hangs");
        case EMFILE:
        case ENFILE:
            return unreachable_error(path, "no file descriptor is left (ulimit -n)");
        default:
            return unreachable_error(path, std::system_category().message(error_number));
    }
}

error untrusted_error(const std::string& path, std::optional<std::uint32_t> owner) {
    std::string message = "the socket " + path + " is not this user's: ";
    if (owner) {
        const auto user = std::to_string(*owner);
        message += "user " + user +
                   " listens on it; nothing was sent. Where that user's daemon is meant: --daemon-user " + user +
                   ", or HOOKD_DAEMON_USER=" + user;
    } else {
        message += "who listens on it has no user id here (user_namespaces(7)); nothing was sent";
    }
    return {error_kind::untrusted, message};
}

error broken_error(int error_number, bool answer_owed) {
    std::string message =
        error_number == 0 ? std::string{"the daemon closed the connection"} + (answer_owed ? " before it answered" : "")
                          : "the connection to the daemon broke (" + std::system_category().message(error_number) + ")";
    return {
        error_kind::broken, message.append(answer_owed ? "; the request may or may not have been carried out" : "")};
}

error timed_out_error(const std::string& path) {
    return {error_kind::timed_out, "the daemon at " + path + " did not answer in time: see whether it hangs"};
}

error refused_error(std::string_view method, const protocol::response& answer) {
    std::string message = method.empty() ? std::string{} : std::string{method} + ": ";
    message += answer.error_message.decode();
    const auto kind =
        answer.error_code == static_cast<int>(protocol::errc::cancelled) ? error_kind::cancelled : error_kind::refused;
    return {kind, message, answer.error_code, std::string{answer.error_data}};
}

error not_understood_error(std::string_view part) {
    return {error_kind::broken, "what answers there does not speak the protocol of this client: " + std::string{part}};
}

error invalid_argument_error(const std::string& message) { return {error_kind::invalid_argument, message}; }

}  // namespace hookd::detail
