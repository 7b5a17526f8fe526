// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "decimal.hpp"
#include "pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// A JSON Schema of draft 7, compiled: subschemas by number, each a few rules in the order in which a value is held
/// against them.
namespace hookd::catalogs {

/// The number of a subschema in its schema_document.
using subschema_id = std::uint32_t;

enum class json_type : std::uint8_t { array, boolean, integer, null, number, object, string };

/// How many there may be.
struct count_limits {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

struct exact_number {
    decimal value;
    std::string shown{};  ///< as it stands in the schema
};

// --- rules, each named for the keywords that it carries out ---

struct false_rule {};   ///< the schema `false`
struct secret_rule {};  ///< `x-secret`: every value matches, and is not to be shown
struct ref_rule {
    subschema_id target = 0;
};
struct type_rule {
    std::vector<json_type> allowed{};
};
struct enum_rule {  ///< `enum` and `const`
    std::string_view keyword{};
    std::vector<std::string> canonical{};  ///< ascending
    std::string shown{};                   ///< the first ones, as they stand in the schema
};
struct number_rule {
    struct bound {
        std::string_view keyword{};
        exact_number limit;
    };
    std::vector<bound> bounds{};
    std::optional<exact_number> divisor{};
};
struct length_rule {
    count_limits characters{};
};
struct pattern_rule {
    pattern expression;
    std::string shown{};
};
struct item_count_rule {
    count_limits items{};
};
struct unique_items_rule {};
struct items_rule {
    std::vector<subschema_id> first{};   ///< of `items` as a list: one for each of the first elements
    std::optional<subschema_id> rest{};  ///< of the other elements
};
struct contains_rule {
    subschema_id item = 0;
};
struct required_rule {
    std::vector<std::string> names{};
};
struct member_count_rule {
    count_limits members{};
};
struct properties_rule {
    std::vector<std::pair<std::string, subschema_id>> named{};
    std::vector<std::pair<pattern, subschema_id>> matching{};
    std::optional<subschema_id> rest{};
};
struct property_names_rule {
    subschema_id name = 0;
};
struct dependencies_rule {
    std::vector<std::pair<std::string, std::vector<std::string>>> names{};
    std::vector<std::pair<std::string, subschema_id>> schemas{};
};
struct all_of_rule {
    std::vector<subschema_id> schemas{};
};
struct any_of_rule {
    std::vector<subschema_id> schemas{};
};
struct one_of_rule {
    std::vector<subschema_id> schemas{};
};
struct not_rule {
    subschema_id schema = 0;
};
struct if_rule {
    subschema_id condition = 0;
    std::optional<subschema_id> then{};
    std::optional<subschema_id> otherwise{};
};

using schema_rule = std::variant<false_rule, secret_rule, ref_rule, type_rule, enum_rule, number_rule, length_rule,
    pattern_rule, item_count_rule, unique_items_rule, items_rule, contains_rule, required_rule, member_count_rule,
    properties_rule, property_names_rule, dependencies_rule, all_of_rule, any_of_rule, one_of_rule, not_rule, if_rule>;

struct schema_document {
    std::vector<std::vector<schema_rule>> subschemas{};
    bool has_secrets = false;  ///< one of them has a secret_rule

    static constexpr subschema_id root = 0;

    /// Whether every value matches, so that there is nothing to check.
    [[nodiscard]] bool allows_everything() const noexcept { return subschemas[root].empty(); }
    /// Whether the subschema is `false`, or says the same.
    [[nodiscard]] bool allows_nothing(subschema_id id) const noexcept {
        const auto& rules = subschemas[id];
        return rules.size() == 1 && std::holds_alternative<false_rule>(rules.front());
    }
};

/// Where a schema stands, and what a `$ref` in it may reach.
struct schema_origin {
    /// The file's name, and the member of it that is the schema.
    std::string file = "schema";
    std::string member = "root";
    /// The text of another file of the same directory; nothing where there is none. Valid JSON, which lives as long as
    /// the origin.
    std::function<std::optional<std::string_view>(const std::string& name)> read{};
};

/// `text` is valid JSON that the meta-schema of draft 7 has been checked for, as `check_meta` checks other files'
/// schemas (it throws invalid_schema). Throws invalid_schema.
///
/// `$ref` and `$id` are resolved as RFC 3986 says. What a reference may reach: this schema, the members of other files
/// of the directory that hold schemas, and the meta-schema of draft 7. Nothing is fetched.
[[nodiscard]] schema_document read_schema(
    std::string_view text, const schema_origin& origin, const std::function<void(std::string_view schema)>& check_meta);

}  // namespace hookd::catalogs
