// SPDX-License-Identifier: BSL-1.0
#include "draft7_keywords.hpp"

#include <base/text/nearest.hpp>

#include <algorithm>
#include <array>

namespace hookd::catalogs {
namespace {

// In alphabetical order. `$defs` is of later drafts, but written in many schemas of draft 7.
constexpr std::array<std::string_view, 47> draft7_keywords{"$comment", "$defs", "$id", "$ref", "$schema",
    "additionalItems", "additionalProperties", "allOf", "anyOf", "const", "contains", "contentEncoding",
    "contentMediaType", "default", "definitions", "dependencies", "description", "else", "enum", "examples",
    "exclusiveMaximum", "exclusiveMinimum", "format", "if", "items", "maxItems", "maxLength", "maxProperties",
    "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern",
    "patternProperties", "properties", "propertyNames", "readOnly", "required", "then", "title", "type", "uniqueItems",
    "writeOnly"};

struct foreign_keyword {
    std::string_view name;
    std::string_view instead;
    std::string_view draft = "a later";
};
constexpr std::array foreign_keywords{
    foreign_keyword{"$anchor", "\"$id\": \"#NAME\""},
    foreign_keyword{"$dynamicAnchor", "\"$id\""},
    foreign_keyword{"$dynamicRef", "\"$ref\""},
    foreign_keyword{"$recursiveAnchor", "\"$id\""},
    foreign_keyword{"$recursiveRef", "\"$ref\""},
    foreign_keyword{"$vocabulary", ""},
    foreign_keyword{"dependentRequired", "\"dependencies\""},
    foreign_keyword{"dependentSchemas", "\"dependencies\""},
    foreign_keyword{"maxContains", "\"contains\""},
    foreign_keyword{"minContains", "\"contains\""},
    foreign_keyword{"prefixItems", "\"items\" with a list"},
    foreign_keyword{"unevaluatedItems", "\"additionalItems\""},
    foreign_keyword{"unevaluatedProperties", "\"additionalProperties\""},
    foreign_keyword{"disallow", "\"not\"", "an earlier"},
    foreign_keyword{"divisibleBy", "\"multipleOf\"", "an earlier"},
    foreign_keyword{"extends", "\"allOf\"", "an earlier"},
};

}  // namespace

std::optional<std::string> fault_of_keyword(std::string_view name) {
    if (std::binary_search(draft7_keywords.begin(), draft7_keywords.end(), name) || name.starts_with("x-")) {
        return std::nullopt;
    }
    const auto quoted = "\"" + std::string{name} + "\"";
    const auto* const foreign = std::find_if(foreign_keywords.begin(), foreign_keywords.end(),
        [&name](const foreign_keyword& each) { return each.name == name; });
    if (foreign != foreign_keywords.end()) {
        return quoted + " is a keyword of " + std::string{foreign->draft} +
               " draft of JSON Schema; draft 7 is used here" +
               (foreign->instead.empty() ? "" : ": write " + std::string{foreign->instead} + " instead");
    }
    const auto near = base::nearest(name, {draft7_keywords.begin(), draft7_keywords.end()});
    if (near.empty()) {
        return std::nullopt;
    }
    return "draft 7 has no keyword " + quoted + "; did you mean \"" + std::string{near} +
           "\"? Names of your own begin with \"x-\"";
}

}  // namespace hookd::catalogs
