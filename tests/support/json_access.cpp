// SPDX-License-Identifier: BSL-1.0
#include "json_access.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <stdexcept>

namespace hookd::test {
namespace {

[[noreturn]] void fail(std::string_view what, const boost::json::value& document, std::string_view pointer) {
    throw std::runtime_error(
        std::string{what} + " at " + std::string{pointer} + " in " + boost::json::serialize(document).substr(0, 500));
}

}  // namespace

boost::json::value json_of(std::string_view text) { return boost::json::parse(text); }

const boost::json::value& value_at(const boost::json::value& document, std::string_view pointer) {
    boost::json::error_code failure;
    const auto* found = document.find_pointer(pointer, failure);
    if (found == nullptr) {
        fail("nothing", document, pointer);
    }
    return *found;
}

std::string text_at(const boost::json::value& document, std::string_view pointer) {
    const auto& value = value_at(document, pointer);
    if (!value.is_string()) {
        fail("no string", document, pointer);
    }
    return std::string{value.get_string()};
}

std::int64_t int_at(const boost::json::value& document, std::string_view pointer) {
    const auto& value = value_at(document, pointer);
    if (!value.is_int64()) {
        fail("no integer", document, pointer);
    }
    return value.get_int64();
}

double number_at(const boost::json::value& document, std::string_view pointer) {
    const auto& value = value_at(document, pointer);
    if (!value.is_number()) {
        fail("no number", document, pointer);
    }
    return value.to_number<double>();
}

bool bool_at(const boost::json::value& document, std::string_view pointer) {
    const auto& value = value_at(document, pointer);
    if (!value.is_bool()) {
        fail("no boolean", document, pointer);
    }
    return value.get_bool();
}

bool has_at(const boost::json::value& document, std::string_view pointer) {
    boost::json::error_code failure;
    return document.find_pointer(pointer, failure) != nullptr;
}

std::size_t size_at(const boost::json::value& document, std::string_view pointer) {
    const auto& value = value_at(document, pointer);
    if (value.is_array()) {
        return value.get_array().size();
    }
    if (value.is_object()) {
        return value.get_object().size();
    }
    fail("neither array nor object", document, pointer);
}

std::string members_of(const boost::json::value& object) {
    std::vector<std::string> names;
    for (const auto& member : object.as_object()) {
        names.emplace_back(member.key());
    }
    std::sort(names.begin(), names.end());
    std::string joined;
    for (const auto& name : names) {
        joined += (joined.empty() ? "" : " ") + name;
    }
    return joined;
}

bool is_uuid_v4(std::string_view text) {
    if (text.size() != 36) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : std::string_view{"0123456789abcdef"}.find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return text[14] == '4' && std::string_view{"89ab"}.find(text[19]) != std::string_view::npos;
}

}  // namespace hookd::test
