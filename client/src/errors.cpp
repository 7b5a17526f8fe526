#include "errors.hpp"

#include <cerrno>
#include <system_error>

#include <sys/stat.h>

namespace hookd::detail {

namespace {

/// connect(2) refuses such a file as it does a socket that nobody listens on.
bool is_no_socket(const std::string& path) noexcept {
    struct stat what {};
    return ::stat(path.c_str(), &what) == 0 && !S_ISSOCK(what.st_mode);
}

}  // namespace

error no_daemon_error(const std::string& path, int error_number) {
    std::string message = "no hookd at " + path + ": ";
    switch (error_number) {
        case ENOENT:
            message += "there is no such socket; start one with: hookd --socket " + path;
            break;
        case ENOTDIR:
            message += "something on the way there is no directory";
            break;
        case ECONNREFUSED:
            if (is_no_socket(path)) {
                message += "that is no socket";
                break;
            }
            message += "nobody listens on it; start one with: hookd --socket " + path;
            break;
        case EACCES:
        case EPERM:
            message += "this user may not connect to it; the daemon's user has to allow that, with --allow-user";
            break;
        case EAGAIN:
            message += "it accepts no connections at the moment; try again, or see whether it hangs";
            break;
        default:
            message += std::system_category().message(error_number);
    }
    return {error_kind::no_daemon, message};
}

error broken_error(int error_number, bool answer_owed) {
    std::string message = error_number == 0 ? std::string{"the daemon closed the connection"} + (answer_owed ? " before it answered" : "")
                                            : "the connection to the daemon broke (" + std::system_category().message(error_number) + ")";
    return {error_kind::broken, message.append(answer_owed ? "; whether it did what was asked is unknown" : "")};
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

error not_understood_error(std::string_view what) {
    return {error_kind::broken, "what answers there is no hookd that this client understands: " + std::string{what}};
}

error invalid_argument_error(const std::string& message) { return {error_kind::invalid_argument, message}; }

}  // namespace hookd::detail
