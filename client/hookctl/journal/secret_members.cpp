// SPDX-License-Identifier: BSL-1.0
#include "secret_members.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <vector>

namespace hookd::hookctl {

namespace {

using base::json_kind;

constexpr std::string_view instead = "\"\xe2\x80\xa6\"";
constexpr int deepest_reference = 16;  // a chain of them may have no end

/// Schemas that hold for one value: what is secret by any of them is.
using schemas = std::vector<std::string_view>;

/// What `#/definitions/x` points to; empty for a reference to another document.
std::string_view target_of(std::string_view root, std::string_view reference) {
    return reference.starts_with('#') ? base::find_value(root, reference.substr(1)).value_or("") : "";
}

/// A schema, and those that it consists of.
void add_schema(schemas& all, std::string_view root, std::string_view schema, int depth = 0) {
    if (schema.empty() || depth > deepest_reference) {
        return;
    }
    all.push_back(schema);
    add_schema(all, root, target_of(root, base::value_view(schema)["$ref"].string()), depth + 1);
    for (const auto* keyword : {"allOf", "anyOf", "oneOf"}) {
        for (const auto each : base::value_view(schema)[keyword].elements()) {
            add_schema(all, root, each, depth + 1);
        }
    }
    for (const auto* keyword : {"if", "then", "else"}) {
        add_schema(all, root, base::value_view(schema)[keyword], depth + 1);
    }
}

bool is_secret(const schemas& all) {
    for (const auto each : all) {
        if (base::value_view(each)["x-secret"] == "true") {
            return true;
        }
    }
    return false;
}

schemas of_member(std::string_view root, const schemas& all, const std::string& name) {
    schemas result;
    for (const auto each : all) {
        const auto own = base::value_view(each)["properties"][name];
        add_schema(result, root, own.empty() ? base::value_view(each)["additionalProperties"] : own);
    }
    return result;
}

schemas of_elements(std::string_view root, const schemas& all, std::size_t index) {
    schemas result;
    for (const auto each : all) {
        const auto items = base::value_view(each)["items"];
        const auto own = items.elements().empty() ? items : items.element(index);
        add_schema(result, root, own.empty() ? base::value_view(each)["additionalItems"] : own);
    }
    return result;
}

/// Appends `value`, all between it and what is replaced in it as it came.
void append(std::string& out, std::string_view root, std::string_view value, const schemas& all) {
    if (is_secret(all)) {
        out += instead;
        return;
    }
    const auto kind = base::kind_of(value);
    const bool is_object = kind == json_kind::object;
    if (all.empty() || (!is_object && kind != json_kind::array)) {
        out += value;
        return;
    }
    std::size_t done = 0;
    std::size_t index = 0;
    for (base::json_cursor members(value); const auto member = members.next(); ++index) {
        const auto begin = static_cast<std::size_t>(member->value.data() - value.data());
        out += value.substr(done, begin - done);
        append(out, root, member->value,
            is_object ? of_member(root, all, member->key.decode()) : of_elements(root, all, index));
        done = begin + member->value.size();
    }
    out += value.substr(done);
}

}  // namespace

secret_members::secret_members(std::string_view result) {
    for (const auto each : base::value_view(result)["schemas"].elements()) {
        const auto schema = each["payload_schema"];
        if (schema.text().find("\"x-secret\"") != std::string_view::npos) {
            payload_schemas_[each["event"].string()] = schema;
        }
    }
}

std::string secret_members::without_secrets(const std::string& event, std::string_view payload) const {
    const auto found = payload_schemas_.find(event);
    if (found == payload_schemas_.end()) {
        return std::string(payload);
    }
    schemas all;
    add_schema(all, found->second, found->second);
    std::string result;
    append(result, found->second, base::trimmed_json(payload), all);
    return result;
}

}  // namespace hookd::hookctl
