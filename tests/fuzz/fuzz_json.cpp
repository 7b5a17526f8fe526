// SPDX-License-Identifier: BSL-1.0
// Is hookd's idea of JSON that of Boost.JSON, and do the cursor and the strings read what the validator let pass?

#include "fuzz_target.hpp"

#include <base/json/text.hpp>

#include <support/json_opinion.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::base;
using hookd::test::opinion;
using hookd::test::require;

namespace {

void check_string(json_string token) {
    const std::string decoded = token.decode();
    require(token.equals(decoded), "a string equals what it decodes to");
    require(!token.equals(decoded + "x"), "a string equals nothing else");
    std::string again;
    append_json_string(again, decoded);
    require(!find_json_fault(again).has_value(), "an appended string is valid");
    require(json_string{std::string_view{again}.substr(1, again.size() - 2)}.decode() == decoded,
        "an appended string decodes to itself");
}

/// Walks a valid value down to its scalars.
void check_value(std::string_view text) {
    std::vector<std::string_view> waiting{text};
    while (!waiting.empty()) {
        const std::string_view value = waiting.back();
        waiting.pop_back();
        switch (kind_of(value)) {
            case json_kind::object:
            case json_kind::array: {
                json_cursor members{value};
                while (const auto member = members.next()) {
                    check_string(member->key);
                    require(member->value.data() > value.data() && member->value.size() < value.size(),
                        "a member lies inside");
                    waiting.push_back(member->value);
                }
                break;
            }
            case json_kind::string:
                check_string({value.substr(1, value.size() - 2)});
                break;
            case json_kind::number:
                require(value.find_first_not_of("0123456789+-.eE") == std::string_view::npos,
                    "a number ends where it ends");
                break;
            case json_kind::boolean:
                require(value == "true" || value == "false", "a boolean is a boolean");
                break;
            case json_kind::null:
                require(value == "null", "null is null");
                break;
        }
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "json";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto fault = find_json_fault(text);
    const opinion expected = hookd::test::opinion_of_boost(text, max_json_depth);
    require(expected == opinion::none || fault.has_value() == (expected == opinion::invalid), "Boost.JSON agrees");
    if (fault) {
        require(fault->offset <= size && !fault->reason.empty(), "a fault has a place and a reason");
        return 0;
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    check_value(text.substr(first, last - first + 1));
    return 0;
}
