// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <base/json/text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the value of a parameter must be, and the sentence that says so: the same for one that was read from a request
/// (bind.cpp) and one that a caller in process filled in (check_params.cpp). Each function gives what is wrong with the
/// parameter `name`, if anything is.
namespace hookd::protocol::rules {

/// A name that a peer made up, for a message: in quotes, on one line and short.
[[nodiscard]] std::string quoted(std::string_view name);
[[nodiscard]] error wrong(std::string_view name, std::string_view rule);

[[nodiscard]] std::optional<error> check_event_name(std::string_view name, std::string_view value);
[[nodiscard]] std::optional<error> check_pattern(std::string_view name, std::string_view value);
[[nodiscard]] std::optional<error> check_subscriber_name(std::string_view name, std::string_view value);
[[nodiscard]] std::optional<error> check_not_empty(std::string_view name, std::string_view value);
[[nodiscard]] std::optional<error> check_duration(
    std::string_view name, std::optional<std::chrono::milliseconds> value);
[[nodiscard]] std::optional<error> check_order(std::string_view name, std::optional<std::int64_t> value);

// For one more element of a list that has `before` already.

[[nodiscard]] std::optional<error> check_next_pattern(
    std::string_view name, std::size_t before, std::string_view value);
[[nodiscard]] std::optional<error> check_next_responder(
    std::string_view name, std::size_t before, std::string_view value);
/// `glob`: absent for what is not a string.
[[nodiscard]] std::optional<error> check_next_condition(
    std::string_view name, std::size_t before, std::string_view pointer, std::optional<std::string_view> glob);

}  // namespace hookd::protocol::rules
