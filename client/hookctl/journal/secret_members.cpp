// SPDX-License-Identifier: BSL-1.0
#include "secret_members.hpp"

#include "hookctl/json/json_member.hpp"

#include <hookd/protocol/json_pointer.hpp>
#include <hookd/protocol/json_text.hpp>

#include <vector>

namespace hookd::hookctl {

namespace {

using protocol::json_kind;

constexpr std::string_view instead = "\"\xe2\x80\xa6\"";
constexpr int deepest_reference = 16;  // a chain of them may have no end

/// Schemas that hold for one value: what is secret by any of them is.
using schemas = std::vector<std::string_view>;

/// What `#/definitions/x` points to; empty for a reference to another document.
std::string_view target_of(std::string_view root, std::string_view reference) {
    return reference.starts_with('#') ? protocol::find_value(root, reference.substr(1)).value_or("") : "";
}

/// A schema, and those that it consists of.
void add_schema(schemas& all, std::string_view root, std::string_view schema, int depth = 0) {
    if (schema.empty() || depth > deepest_reference) {
        return;
    }
    all.push_back(schema);
    add_schema(all, root, target_of(root, string_of(member_of(schema, "$ref"))), depth + 1);
    for (const auto* keyword : {"allOf", "anyOf", "oneOf"}) {
        for (const auto each : elements_of(member_of(schema, keyword))) {
            add_schema(all, root, each, depth + 1);
        }
    }
    for (const auto* keyword : {"if", "then", "else"}) {
        add_schema(all, root, member_of(schema, keyword), depth + 1);
    }
}

bool is_secret(const schemas& all) {
    for (const auto each : all) {
        if (member_of(each, "x-secret") == "true") {
            return true;
        }
    }
    return false;
}

schemas of_member(std::string_view root, const schemas& all, const std::string& name) {
    schemas result;
    for (const auto each : all) {
        const auto own = member_of(member_of(each, "properties"), name);
        add_schema(result, root, own.empty() ? member_of(each, "additionalProperties") : own);
    }
    return result;
}

schemas of_elements(std::string_view root, const schemas& all, std::size_t index) {
    schemas result;
    for (const auto each : all) {
        const auto items = member_of(each, "items");
        const auto list = elements_of(items);
        add_schema(result, root,
            list.empty()          ? items
            : index < list.size() ? list[index]
                                  : member_of(each, "additionalItems"));
    }
    return result;
}

/// Appends `value`, all between it and what is replaced in it as it came.
void append(std::string& out, std::string_view root, std::string_view value, const schemas& all) {
    if (is_secret(all)) {
        out += instead;
        return;
    }
    const auto kind = protocol::kind_of(value);
    const bool is_object = kind == json_kind::object;
    if (all.empty() || (!is_object && kind != json_kind::array)) {
        out += value;
        return;
    }
    std::size_t done = 0;
    std::size_t index = 0;
    for (protocol::json_cursor members(value); const auto member = members.next(); ++index) {
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
    for (const auto each : elements_of(member_of(trimmed(result), "schemas"))) {
        const auto schema = member_of(each, "payload_schema");
        if (schema.find("\"x-secret\"") != std::string_view::npos) {
            payload_schemas_[string_of(member_of(each, "event"))] = schema;
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
    append(result, found->second, trimmed(payload), all);
    return result;
}

}  // namespace hookd::hookctl
