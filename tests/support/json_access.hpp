// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Short ways to say what a JSON document must hold. All throw std::runtime_error, with the document in the message,
/// where it does not have what is asked for, so that a test fails with a reason.
namespace hookd::test {

[[nodiscard]] boost::json::value json_of(std::string_view text);
/// The value at a JSON pointer ("/a/0/b").
[[nodiscard]] const boost::json::value& value_at(const boost::json::value& document, std::string_view pointer);
[[nodiscard]] std::string text_at(const boost::json::value& document, std::string_view pointer);
[[nodiscard]] std::int64_t int_at(const boost::json::value& document, std::string_view pointer);
[[nodiscard]] double number_at(const boost::json::value& document, std::string_view pointer);
[[nodiscard]] bool bool_at(const boost::json::value& document, std::string_view pointer);
[[nodiscard]] bool has_at(const boost::json::value& document, std::string_view pointer);
/// How many elements (or members) an array (or object) has.
[[nodiscard]] std::size_t size_at(const boost::json::value& document, std::string_view pointer);
/// The names of an object's members, sorted and joined by spaces.
[[nodiscard]] std::string members_of(const boost::json::value& object);

/// The lower-case text form of a version 4 UUID (RFC 4122).
[[nodiscard]] bool is_uuid_v4(std::string_view text);

}  // namespace hookd::test
