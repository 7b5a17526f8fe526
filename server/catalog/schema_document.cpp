#include "schema_document.hpp"

#include "json_place.hpp"
#include "schema.hpp"

#include <hookd/protocol/json_text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace hookd::catalogs {

namespace json = boost::json;
using protocol::json_cursor;
using protocol::json_kind;
using protocol::json_member;

namespace {

// Each may be one call deeper than the one before, while it is read and while a value is checked.
constexpr std::size_t most_subschemas = 1000;
constexpr std::size_t longest_chain = 32;

enum class holds { one, list, map, one_or_list, map_of_one_or_names };

struct applicator {
    std::string_view keyword;
    holds what;
    bool in_place;  // applies to the value itself, not to a part of it
};

constexpr std::array applicators{
    applicator{"additionalItems", holds::one, false},     applicator{"items", holds::one_or_list, false},
    applicator{"contains", holds::one, false},            applicator{"additionalProperties", holds::one, false},
    applicator{"propertyNames", holds::one, false},       applicator{"properties", holds::map, false},
    applicator{"patternProperties", holds::map, false},   applicator{"dependencies", holds::map_of_one_or_names, true},
    applicator{"if", holds::one, true},                   applicator{"then", holds::one, true},
    applicator{"else", holds::one, true},                 applicator{"not", holds::one, true},
    applicator{"allOf", holds::list, true},               applicator{"anyOf", holds::list, true},
    applicator{"oneOf", holds::list, true},
};

// Subschemas that apply to nothing by themselves. `$defs` is of later drafts, but written in many schemas of draft 7.
constexpr std::array<std::string_view, 2> definitions{"definitions", "$defs"};

constexpr std::array<std::string_view, 6> counts{"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"};

std::string decoded(std::string_view string_value) {
    return protocol::json_string{string_value.substr(1, string_value.size() - 2)}.decode();
}

std::string name_of(std::size_t subschema) { return "s" + std::to_string(subschema); }

json::object reference_to(std::size_t subschema) { return {{"$ref", "#/definitions/" + name_of(subschema)}}; }

/// As it stands in the schema, on one line.
std::string shown(std::string_view value) {
    std::string text;
    bool in_string = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (in_string && value[i] == '\\') {
            text += value[i++];
        } else if (value[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && std::string_view{" \t\r\n"}.find(value[i]) != std::string_view::npos) {
            continue;
        }
        text += value[i];
    }
    constexpr std::size_t longest = 64;
    return text.size() > longest ? "…" : text;
}

value_rules::choice choice_of(const std::vector<std::string_view>& values) {
    constexpr std::size_t most_shown = 16;
    value_rules::choice result;
    for (std::size_t i = 0; i < values.size(); ++i) {
        result.canonical.push_back(canonical_json(values[i]));
        if (i < most_shown) {
            result.shown += (i == 0 ? "" : ", ") + shown(values[i]);
        } else if (i == most_shown) {
            result.shown += ", …";
        }
    }
    std::sort(result.canonical.begin(), result.canonical.end());
    return result;
}

class reader {
public:
    explicit reader(std::string_view text) : text_(trimmed_json(text)) {}

    schema_document read() {
        (void)add(text_, "");
        resolve_references();
        for (std::size_t i = 0; i < subschemas_.size(); ++i) {
            (void)chain_from(i);
        }
        json::object all;
        for (std::size_t i = 0; i < subschemas_.size(); ++i) {
            all.emplace(name_of(i), std::move(subschemas_[i].content));
        }
        auto root = reference_to(0);
        root.emplace("definitions", std::move(all));
        result_.document = std::move(root);
        return std::move(result_);
    }

private:
    struct subschema {
        std::string pointer{};
        json::value content{};
        std::string reference{};             // of `$ref`, without its #
        std::vector<std::size_t> in_place{}; // what applies to the same value
        std::size_t chain = 0;               // 0: unknown; the longest way through in_place
        bool open = false;
    };

    [[noreturn]] static void refuse(const std::string& pointer, const std::string& why) { throw invalid_schema(pointer, why); }

    std::size_t add(std::string_view value, const std::string& pointer) {
        const auto index = subschemas_.size();
        if (index == most_subschemas) {
            refuse(pointer, "there are more than 1000 subschemas");
        }
        subschemas_.emplace_back();
        subschemas_[index].pointer = pointer;
        by_pointer_.emplace(pointer, index);
        if (protocol::kind_of(value) == json_kind::boolean) {
            subschemas_[index].content = value == "true";
            result_.allows_everything = index == 0 && value == "true";
            return index;
        }
        json::object content;
        value_rules rules;
        bool has_rules = false;
        std::string_view reference;
        for (json_cursor members{value}; const auto member = members.next();) {
            if (member->key.equals("$ref")) {
                reference = member->value;
                continue;
            }
            const auto keyword = member->key.decode();
            auto place = pointer;
            append_pointer(place, keyword);
            if (keyword == "$id" && index != 0) {
                refuse(place, "$id in a subschema would move what $ref refers to: leave it out");
            }
            if (read_applicator(index, content, keyword, member->value, place)) {
                continue;
            }
            has_rules = read_rule(rules, keyword, member->value, place) || has_rules;
            copy_plain(content, keyword, member->value);
        }
        if (!reference.empty()) {  // what stands beside it does not count
            subschemas_[index].reference = decoded(reference);
            return index;
        }
        if (has_rules) {
            content.emplace(schema_document::own_keyword, static_cast<std::int64_t>(result_.rules.size()));
            result_.rules.push_back(std::move(rules));
        }
        if (index == 0) {
            result_.allows_everything = content.empty();
        }
        subschemas_[index].content = std::move(content);
        return index;
    }

    bool read_applicator(std::size_t index, json::object& content, const std::string& keyword, std::string_view value,
                         const std::string& place) {
        if (std::find(definitions.begin(), definitions.end(), keyword) != definitions.end()) {
            if (protocol::kind_of(value) == json_kind::object) {
                each_member(value, place, [](const std::string&, std::size_t) {});
            }
            return true;
        }
        const auto* const known =
            std::find_if(applicators.begin(), applicators.end(), [&keyword](const applicator& each) { return each.keyword == keyword; });
        if (known == applicators.end()) {
            return false;
        }
        const auto child = [&](std::string_view what, const std::string& where) {
            const auto at = add(what, where);
            if (known->in_place) {
                subschemas_[index].in_place.push_back(at);
            }
            return reference_to(at);
        };
        const bool is_array = protocol::kind_of(value) == json_kind::array;
        if (known->what == holds::one || (known->what == holds::one_or_list && !is_array)) {
            content.emplace(keyword, child(value, place));
        } else if (known->what == holds::list || known->what == holds::one_or_list) {
            json::array list;
            for (json_cursor elements{value}; const auto element = elements.next();) {
                list.emplace_back(child(element->value, place + "/" + std::to_string(list.size())));
            }
            content.emplace(keyword, std::move(list));
        } else {
            json::object map;
            for (json_cursor members{value}; const auto member = members.next();) {
                const auto name = member_name(*member, place);
                auto where = place;
                append_pointer(where, name);
                if (keyword == "patternProperties") {
                    result_.name_patterns.try_emplace(name, pattern_of(name, where));
                }
                if (protocol::kind_of(member->value) == json_kind::array) {  // of dependencies
                    map.emplace(name, names_in(member->value, where));
                } else {
                    map.emplace(name, child(member->value, where));
                }
            }
            content.emplace(keyword, std::move(map));
        }
        return true;
    }

    template <class Visit>
    void each_member(std::string_view object, const std::string& place, Visit visit) {
        for (json_cursor members{object}; const auto member = members.next();) {
            const auto name = member->key.decode();
            auto where = place;
            append_pointer(where, name);
            visit(name, add(member->value, where));
        }
    }

    // valijson ends a string at its first U+0000.
    static std::string member_name(const json_member& member, const std::string& place) {
        auto name = member.key.decode();
        if (name.find('\0') != std::string::npos) {
            refuse(place, "a name with U+0000 in it cannot be checked");
        }
        return name;
    }

    static json::array names_in(std::string_view array, const std::string& place) {
        json::array names;
        for (json_cursor elements{array}; const auto element = elements.next();) {
            const auto name = decoded(element->value);
            if (name.find('\0') != std::string::npos) {
                refuse(place, "a name with U+0000 in it cannot be checked");
            }
            names.emplace_back(name);
        }
        return names;
    }

    static pattern pattern_of(std::string_view text, const std::string& place) {
        try {
            return pattern{text};
        } catch (const std::invalid_argument& wrong) {
            refuse(place, "the pattern \"" + std::string{text} + "\" cannot be used: " + wrong.what());
        }
    }

    bool read_rule(value_rules& rules, const std::string& keyword, std::string_view value, const std::string& place) {
        if (keyword == "enum") {
            std::vector<std::string_view> values;
            for (json_cursor elements{value}; const auto element = elements.next();) {
                values.push_back(element->value);
            }
            rules.allowed = choice_of(values);
        } else if (keyword == "const") {
            rules.constant = choice_of({value});
        } else if (keyword == "maximum" || keyword == "exclusiveMaximum") {
            rules.maxima.push_back({{decimal{value}, shown(value)}, keyword != "maximum"});
        } else if (keyword == "minimum" || keyword == "exclusiveMinimum") {
            rules.minima.push_back({{decimal{value}, shown(value)}, keyword != "minimum"});
        } else if (keyword == "multipleOf") {
            rules.divisor = {decimal{value}, shown(value)};
            if (!rules.divisor->value.small_divisor()) {
                refuse(place, "multipleOf must have at most 18 digits");
            }
        } else if (keyword == "pattern") {
            rules.pattern_shown = decoded(value);
            rules.text_pattern = pattern_of(rules.pattern_shown, place);
        } else {
            return false;
        }
        return true;
    }

    static void copy_plain(json::object& content, const std::string& keyword, std::string_view value) {
        if (keyword == "type") {
            if (protocol::kind_of(value) == json_kind::array) {
                content.emplace(keyword, names_in(value, {}));
            } else {
                content.emplace(keyword, decoded(value));
            }
        } else if (keyword == "required") {
            content.emplace(keyword, names_in(value, {}));
        } else if (keyword == "uniqueItems") {
            content.emplace(keyword, value == "true");
        } else if (std::find(counts.begin(), counts.end(), keyword) != counts.end()) {
            content.emplace(keyword, decimal{value}.to_count());
        }
    }

    void resolve_references() {
        for (auto& each : subschemas_) {
            if (each.reference.empty()) {
                continue;
            }
            auto place = each.pointer + "/$ref";
            if (each.reference.front() != '#') {
                refuse(place, "$ref reaches within this schema only, as \"#/definitions/NAME\" does; nothing is fetched for \"" +
                                  each.reference + "\"");
            }
            auto target = by_pointer_.find(unescaped_uri(each.reference.substr(1)));
            if (target == by_pointer_.end()) {
                refuse(place, "there is no schema at \"" + each.reference + "\" in this schema");
            }
            each.in_place.push_back(target->second);
            each.content = reference_to(target->second);
        }
    }

    static std::string unescaped_uri(std::string_view fragment) {
        const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1; };
        std::string plain;
        for (std::size_t i = 0; i < fragment.size(); ++i) {
            if (fragment[i] == '%' && i + 2 < fragment.size() && digit(fragment[i + 1]) >= 0 && digit(fragment[i + 2]) >= 0) {
                plain.push_back(static_cast<char>(digit(fragment[i + 1]) * 16 + digit(fragment[i + 2])));
                i += 2;
            } else {
                plain.push_back(fragment[i]);
            }
        }
        return plain;
    }

    // Schemas that apply each other to the same value would never end.
    std::size_t chain_from(std::size_t index) {
        auto& from = subschemas_[index];
        if (from.open) {
            refuse(from.pointer, "this schema applies itself to the same value, through $ref, without end");
        }
        if (from.chain == 0) {
            from.open = true;
            std::size_t longest = 0;
            for (const auto next : from.in_place) {
                longest = std::max(longest, chain_from(next));
            }
            from.open = false;
            from.chain = longest + 1;
            if (from.chain > longest_chain) {
                refuse(from.pointer, "more than 32 schemas apply to one value, each within the other");
            }
        }
        return from.chain;
    }

    std::string_view text_;
    std::vector<subschema> subschemas_{};
    std::map<std::string, std::size_t> by_pointer_{};
    schema_document result_{};
};

}  // namespace

schema_document read_schema(std::string_view text) { return reader{text}.read(); }

}  // namespace hookd::catalogs
