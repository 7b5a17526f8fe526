#pragma once

#include <hookd/requests.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace hookd::hookctl {

/// The command line cannot be carried out; what() is one line that says what to do.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct emit_arguments {
    std::string event{};
    std::string payload = "{}";  ///< as given: JSON text, `@FILE` or `-`
    bool wait = false;
    wait_policy policy = wait_policy::first;
    bool fail_closed = false;
    bool wait_for_subscriber = false;
    int abort_exit_code = 1;
    bool proceed_without_daemon = false;
};

struct listen_arguments {
    std::vector<std::string> patterns{};
    std::optional<std::uint64_t> after_seq{};
    std::optional<std::uint64_t> count{};
};

struct on_arguments {
    std::vector<std::string> patterns{};
    std::vector<std::string> argv{};
    std::uint64_t jobs = 1;
    std::string name{};
};

struct respond_arguments {
    std::string id{};
    std::optional<std::string> response{};  ///< as given: JSON text, `@FILE` or `-`
    std::optional<std::string> abort{};
    std::optional<std::string> failed{};
    bool abstain = false;
};

struct stats_arguments {
    bool watch = false;
    bool prometheus = false;
};

struct top_arguments {};

struct ping_arguments {};

struct call_arguments {
    std::string method{};
    std::optional<std::string> params{};  ///< as given: JSON text, `@FILE` or `-`
};

using command_arguments = std::variant<emit_arguments, listen_arguments, on_arguments, respond_arguments, stats_arguments,
                                       top_arguments, ping_arguments, call_arguments>;

/// What hookctl is asked to do.
struct invocation {
    std::string socket{};  ///< empty: the default
    /// 1 ms to 24 h where given.
    std::optional<std::chrono::milliseconds> timeout{};
    bool json = false;
    command_arguments command{};
};

/// Only a text is wanted: --help or --version.
struct information {
    std::string text{};
};

/// Reads the command line, `words` without the program's name. Throws usage_error. Reads no file, environment or terminal.
[[nodiscard]] std::variant<invocation, information> parse_arguments(const std::vector<std::string>& words);

}  // namespace hookd::hookctl
