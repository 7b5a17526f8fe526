#pragma once

#include <hookd/error.hpp>
#include <hookd/protocol/message.hpp>

#include <string>
#include <string_view>

/// How this library words what went wrong: each kind of error is made in one place.
namespace hookd::detail {

/// Nobody could be reached at `path`; `error_number` is what connect(2) said.
[[nodiscard]] error no_daemon_error(const std::string& path, int error_number);

/// The stream ended, or failed with `error_number` (0: it ended). `answer_owed`: a request is left without its answer.
[[nodiscard]] error broken_error(int error_number, bool answer_owed = true);

/// The daemon at `path` let the time for its answer pass.
[[nodiscard]] error timed_out_error(const std::string& path);

/// The daemon answered `method` with an error. An empty method: with an error that belongs to no request.
[[nodiscard]] error refused_error(std::string_view method, const protocol::response& answer);

/// What came is not what the wire contract says.
[[nodiscard]] error not_understood_error(std::string_view what);

[[nodiscard]] error invalid_argument_error(const std::string& message);

}  // namespace hookd::detail
