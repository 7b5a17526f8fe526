// SPDX-License-Identifier: BSL-1.0
#include "schema_sample.hpp"

#include "pattern_sample.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/utf8.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

namespace hookd::hookctl {

namespace {

using base::json_kind;
using base::value_view;

constexpr int deepest_value = 16;  ///< further down there is null
constexpr int deepest_whole = 8;   ///< further down an object has what is required: a schema may contain itself
constexpr std::size_t most_elements = 16;
constexpr std::size_t longest_text = 4096;

/// The schemas that hold for one value.
struct constraints {
    std::vector<value_view> all{};
    bool has_choice = false;  ///< one of several, all of which an object with all members may match

    /// The first that is there.
    [[nodiscard]] value_view first(std::string_view keyword) const {
        for (const auto& each : all) {
            if (const auto value = each[keyword]; !value.empty()) {
                return value;
            }
        }
        return {};
    }

    [[nodiscard]] std::optional<double> number(std::string_view keyword) const {
        return first(keyword).as_number<double>();
    }
    [[nodiscard]] std::size_t count(std::string_view keyword, std::size_t absent) const {
        return static_cast<std::size_t>(std::clamp(number(keyword).value_or(static_cast<double>(absent)), 0.0, 1e6));
    }
};

class schema_sampler {
public:
    explicit schema_sampler(value_view root) : root_(root) {}

    schema_sample take() {
        schema_sample result;
        result.json = value_of(constraints_of({root_}, ""), "", 0);
        result.doubts = std::move(doubts_);
        return result;
    }

private:
    void doubt(const std::string& place, const std::string& why) {
        doubts_.push_back((place.empty() ? "/" : place) + ": " + why);
    }

    constraints constraints_of(const std::vector<value_view>& schemas, const std::string& place) {
        constraints found;
        for (const auto& each : schemas) {
            add(found, each, place, 0);
        }
        return found;
    }

    void add(constraints& found, value_view schema, const std::string& place, int depth) {
        if (!schema.is(json_kind::object) || depth > deepest_value) {
            return;
        }
        if (const auto reference = schema["$ref"].as_string()) {  // what stands beside it does not count
            const auto target = reference->starts_with('#') ? base::find_value(root_.text(), reference->substr(1))
                                                            : std::optional<std::string_view>{};
            if (target) {
                add(found, value_view(*target), place, depth + 1);
            } else {
                doubt(place, "what " + *reference + " refers to is not known here");
            }
            return;
        }
        found.all.push_back(schema);
        for (const auto each : schema["allOf"].elements()) {
            add(found, each, place, depth + 1);
        }
        for (const auto* keyword : {"anyOf", "oneOf"}) {
            if (const auto one = schema[keyword].element(0); !one.empty()) {
                found.has_choice = found.has_choice || keyword == std::string_view("oneOf");
                add(found, one, place, depth + 1);
            }
        }
    }

    /// What the schemas themselves give as a value.
    static std::optional<std::string> given_value(const constraints& wanted) {
        for (const auto* keyword : {"const", "default"}) {
            if (const auto value = wanted.first(keyword); !value.empty()) {
                return std::string(value.text());
            }
        }
        for (const auto* keyword : {"examples", "enum"}) {
            if (const auto value = wanted.first(keyword).element(0); !value.empty()) {
                return std::string(value.text());
            }
        }
        return std::nullopt;
    }

    static std::string type_of(const constraints& wanted) {
        const auto types = wanted.first("type");
        if (auto type = types.is(json_kind::array) ? types.element(0).string() : types.string(); !type.empty()) {
            return type;
        }
        const auto has = [&wanted](std::initializer_list<const char*> keywords) {
            return std::any_of(keywords.begin(), keywords.end(),
                [&wanted](const char* keyword) { return !wanted.first(keyword).empty(); });
        };
        if (has({"pattern", "minLength", "maxLength"})) {
            return "string";
        }
        if (has({"items", "minItems"})) {
            return "array";
        }
        return has({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) ? "number" : "object";
    }

    std::string value_of(const constraints& wanted, const std::string& place, int depth) {
        if (auto given = given_value(wanted)) {
            return *given;
        }
        if (depth >= deepest_value) {
            return "null";
        }
        for (const auto* keyword :
            {"not", "if", "dependencies", "contains", "propertyNames", "minProperties", "multipleOf"}) {
            if (!wanted.first(keyword).empty()) {
                doubt(place, std::string(keyword) + " is not looked at");
            }
        }
        const auto type = type_of(wanted);
        if (type == "object") {
            return object_of(wanted, place, depth);
        }
        if (type == "array") {
            return array_of(wanted, place, depth);
        }
        if (type == "string") {
            return text_of(wanted, place);
        }
        if (type == "boolean") {
            return "true";
        }
        return type == "integer" || type == "number" ? number_of(wanted, type == "integer") : "null";
    }

    /// The names of the members, in the order in which the schemas have them.
    static std::vector<std::string> member_names(const constraints& wanted, bool all) {
        std::vector<std::string> required;
        std::vector<std::string> names;
        for (const auto& schema : wanted.all) {
            for (const auto name : schema["required"].elements()) {
                required.push_back(name.string());
            }
        }
        const auto is_in = [](const std::vector<std::string>& texts, const std::string& text) {
            return std::find(texts.begin(), texts.end(), text) != texts.end();
        };
        for (const auto& schema : wanted.all) {
            if (!schema["properties"].is(json_kind::object)) {
                continue;
            }
            for (const auto& member : schema["properties"].members()) {
                auto name = member.key.decode();
                const bool is_wanted = is_in(required, name) || (all && member.value != "false");
                if (is_wanted && !is_in(names, name)) {
                    names.push_back(std::move(name));
                }
            }
        }
        for (auto& name : required) {
            if (!is_in(names, name)) {
                names.push_back(std::move(name));
            }
        }
        return names;
    }

    std::string object_of(const constraints& wanted, const std::string& place, int depth) {
        base::object_writer object;
        for (const auto& name : member_names(wanted, !wanted.has_choice && depth < deepest_whole)) {
            std::vector<value_view> schemas;
            for (const auto& each : wanted.all) {
                const auto own = each["properties"][name];
                schemas.push_back(own.empty() ? each["additionalProperties"] : own);
            }
            auto below = place;
            below.append("/").append(name);
            object.raw(name, value_of(constraints_of(schemas, below), below, depth + 1));
        }
        return object.finish();
    }

    std::string array_of(const constraints& wanted, const std::string& place, int depth) {
        const auto items = wanted.first("items");
        const auto tuple = items.is(json_kind::array) ? items.elements().size() : std::size_t{0};
        const auto least = std::max({wanted.count("minItems", 0), tuple, std::size_t{1}});
        const auto count = std::min({least, wanted.count("maxItems", most_elements), most_elements});
        if (count > 1 && wanted.first("uniqueItems").is_true()) {
            doubt(place, "uniqueItems is not looked at");
        }
        std::string array = "[";
        for (std::size_t i = 0; i < count; ++i) {
            const auto schema = tuple == 0 ? items : i < tuple ? items.element(i) : wanted.first("additionalItems");
            const auto below = place + "/" + std::to_string(i);
            array.append(i == 0 ? "" : ",").append(value_of(constraints_of({schema}, below), below, depth + 1));
        }
        return array + "]";
    }

    std::string text_of(const constraints& wanted, const std::string& place) {
        const auto least = std::min(wanted.count("minLength", 0), longest_text);
        const auto most = wanted.count("maxLength", longest_text);
        std::string text = "sample";
        if (const auto pattern = wanted.first("pattern").as_string()) {
            const auto made = pattern_sample(*pattern, least);
            text = made.value_or(text);
            if (!made || base::character_count(text) < least || base::character_count(text) > most) {
                doubt(place, "no text is known for the pattern " + *pattern +
                                 ": give one as default or in examples of the schema");
            }
        } else {
            text.resize(std::min(text.size(), most));
            text.append(least > text.size() ? least - text.size() : 0, 'x');
        }
        std::string json;
        base::append_json_string(json, text);
        return json;
    }

    static std::string number_of(const constraints& wanted, bool is_integer) {
        if (const auto least = wanted.first("minimum"); !least.empty()) {
            const auto number = wanted.number("minimum").value_or(0);
            return is_integer && number != std::floor(number) ? text_of_integer(std::ceil(number))
                                                              : std::string(least.text());
        }
        if (const auto below = wanted.number("exclusiveMinimum")) {
            return text_of_integer(std::floor(*below) + 1);
        }
        if (const auto most = wanted.number("maximum"); most && *most < 1) {
            return text_of_integer(std::floor(*most));
        }
        if (const auto above = wanted.number("exclusiveMaximum"); above && *above <= 1) {
            return text_of_integer(std::ceil(*above) - 1);
        }
        return "1";
    }

    static std::string text_of_integer(double number) {
        constexpr double largest = 9e15;
        return std::to_string(static_cast<long long>(std::clamp(number, -largest, largest)));
    }

    value_view root_;
    std::vector<std::string> doubts_{};
};

}  // namespace

schema_sample sample_of_schema(std::string_view schema) { return schema_sampler(value_view(schema)).take(); }

}  // namespace hookd::hookctl
