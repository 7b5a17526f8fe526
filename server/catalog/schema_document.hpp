#pragma once

#include "decimal.hpp"
#include "pattern.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::catalogs {

/// The rules of one subschema that are ours to check: valijson knows numbers as doubles, patterns as std::regex, which overflows the stack on a long
/// string, and values as documents.
struct value_rules {
    struct number {
        decimal value;
        std::string shown{};  ///< as it stands in the schema
    };
    struct bound {
        number limit;
        bool exclusive = false;
    };
    struct choice {
        std::vector<std::string> canonical{};  ///< of `enum`, ascending, or the one of `const`
        std::string shown{};                   ///< the first ones, as they stand in the schema
    };

    std::optional<choice> allowed{};
    std::optional<choice> constant{};
    std::vector<bound> maxima{};
    std::vector<bound> minima{};
    std::optional<number> divisor{};
    std::optional<pattern> text_pattern{};
    std::string pattern_shown{};
};

/// A schema made ready for valijson: only keywords of draft 7, each subschema a definition of its own that the others refer to. That keeps
/// valijson's cache of subschemas, which mistakes some paths for others, to names that are all different.
struct schema_document {
    boost::json::value document{};
    std::vector<value_rules> rules{};                            ///< what own_keyword numbers
    std::map<std::string, pattern, std::less<>> name_patterns{}; ///< of patternProperties
    bool allows_everything = false;

    static constexpr const char* own_keyword = "hookd:rules";
};

/// `text` is valid JSON that the meta-schema of draft 7 has been checked for. Throws invalid_schema.
[[nodiscard]] schema_document read_schema(std::string_view text);

}  // namespace hookd::catalogs
