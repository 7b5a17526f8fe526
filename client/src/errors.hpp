// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/error.hpp>
#include <hookd/protocol/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How this library words what went wrong: each kind of error is made in one place.
namespace hookd::detail {

/// No connection to `path`; `error_number` is what connect(2), or socket(2), said: no_daemon where nobody is there,
/// unreachable for all else.
[[nodiscard]] error connect_error(const std::string& path, int error_number);

/// `path` is the socket of a user whom this client does not talk to; no `owner`: of one whose number is not known.
[[nodiscard]] error untrusted_error(const std::string& path, std::optional<std::uint32_t> owner);

/// The stream ended, or failed with `error_number` (0: it ended). `answer_owed`: a request is left without its answer.
[[nodiscard]] error broken_error(int error_number, bool answer_owed = true);

/// The daemon at `path` let the time for its answer pass.
[[nodiscard]] error timed_out_error(const std::string& path);

/// The daemon answered `method` with an error. An empty method: with an error that belongs to no request.
[[nodiscard]] error refused_error(std::string_view method, const protocol::response& answer);

/// What came is not what the wire contract says.
[[nodiscard]] error not_understood_error(std::string_view part);

[[nodiscard]] error invalid_argument_error(const std::string& message);

}  // namespace hookd::detail
