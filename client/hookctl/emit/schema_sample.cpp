// SPDX-License-Identifier: BSL-1.0
#include "schema_sample.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace hookd::hookctl {

namespace {

using base::json_kind;
using base::kind_of;

constexpr int deepest = 16;
constexpr std::size_t most_elements = 16;

std::string sample_of(std::string_view schema, int depth);

std::string_view first_element(std::string_view array) { return base::value_view(array).element(0); }

std::size_t count_of(std::string_view number) {
    std::size_t count = 0;
    std::from_chars(number.data(), number.data() + number.size(), count);
    return count;
}

/// What the schema itself gives as a value.
std::string_view given_value(std::string_view schema) {
    for (const std::string_view name : {"const", "default"}) {
        if (const auto value = base::value_view(schema)[name]; !value.empty()) {
            return value;
        }
    }
    for (const std::string_view name : {"examples", "enum"}) {
        if (const auto value = first_element(base::value_view(schema)[name]); !value.empty()) {
            return value;
        }
    }
    return {};
}

std::string sample_object(std::string_view schema, int depth) {
    base::object_writer object;
    if (const auto properties = base::value_view(schema)["properties"]; kind_of(properties) == json_kind::object) {
        for (const auto& member : properties.members()) {
            object.raw(member.key.decode(), sample_of(member.value, depth + 1));
        }
    }
    return object.finish();
}

std::string sample_array(std::string_view schema, int depth) {
    const auto count =
        std::min(std::max(count_of(base::value_view(schema)["minItems"]), std::size_t{1}), most_elements);
    const auto items = base::value_view(schema)["items"];
    const auto element = sample_of(kind_of(items) == json_kind::array ? first_element(items) : items, depth + 1);
    std::string array = "[";
    for (std::size_t each = 0; each < count; ++each) {
        array.append(each == 0 ? "" : ",").append(element);
    }
    return array + "]";
}

std::string sample_string(std::string_view schema) {
    constexpr std::string_view sample = "sample";
    constexpr std::size_t longest = 4096;
    const auto least = std::min(count_of(base::value_view(schema)["minLength"]), longest);
    const auto most = base::value_view(schema)["maxLength"];
    std::string text(sample.substr(0, most.empty() ? sample.size() : count_of(most)));
    text.append(least > text.size() ? least - text.size() : 0, 'x');
    return "\"" + text + "\"";
}

std::string sample_of(std::string_view schema, int depth) {
    if (const auto given = given_value(schema); !given.empty()) {
        return std::string(given);
    }
    const auto types = base::value_view(schema)["type"];
    auto type = base::value_view(kind_of(types) == json_kind::array ? first_element(types) : types).string();
    if (type.empty() && !base::value_view(schema)["properties"].empty()) {
        type = "object";
    }
    if (depth >= deepest || type.empty() || type == "null") {
        return type.empty() ? "{}" : "null";
    }
    if (type == "object") {
        return sample_object(schema, depth);
    }
    if (type == "array") {
        return sample_array(schema, depth);
    }
    if (type == "string") {
        return sample_string(schema);
    }
    if (type == "boolean") {
        return "true";
    }
    const auto least = base::value_view(schema)["minimum"];
    return least.empty() ? "1" : std::string(least);
}

}  // namespace

std::string schema_sample(std::string_view schema) { return sample_of(schema, 0); }

}  // namespace hookd::hookctl
