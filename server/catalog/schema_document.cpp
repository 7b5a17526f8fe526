// SPDX-License-Identifier: BSL-1.0
#include "schema_document.hpp"

#include "draft7.hpp"
#include "draft7_keywords.hpp"
#include "json_place.hpp"
#include "schema.hpp"
#include "uri.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

// A schema is read in three steps. Every place that holds a schema is added, with its rules, in the order of the text;
// `$id` gives places a URI on the way. Then each `$ref` is resolved to such a place, which may bring in another file,
// whose references follow. Last, schemas that apply each other to the same value are refused, as a check of them would
// never end.
namespace hookd::catalogs {

using base::json_kind;

namespace {

// A value may have this many schemas applied to it, each within the other: each is a call deeper.
constexpr std::size_t longest_chain = 32;

// Text of this schema and of what it refers to.
constexpr std::size_t most_text_bytes = std::size_t{4} << 20;

constexpr std::string_view draft7_uri = "http://json-schema.org/draft-07/schema";

// The files of the directory are catalog:///events/NAME to the references in them, so that ../NAME is none of them.
constexpr std::string_view file_scheme = "catalog";
constexpr std::string_view file_directory = "/events/";

// Keywords of draft 7 that hold schemas and apply to nothing by themselves; `$defs` is of later drafts, but written in
// many schemas of draft 7.
constexpr std::array<std::string_view, 2> definitions{"definitions", "$defs"};

std::string decoded(std::string_view string_value) {
    return base::json_string{string_value.substr(1, string_value.size() - 2)}.decode();
}

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

enum_rule enum_of(std::string_view keyword, const std::vector<std::string_view>& values) {
    constexpr std::size_t most_shown = 16;
    enum_rule result{.keyword = keyword};
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

json_type type_of(std::string_view name) {
    constexpr std::array<std::string_view, 7> names{
        "array", "boolean", "integer", "null", "number", "object", "string"};
    return static_cast<json_type>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::vector<std::string> names_in(std::string_view array) {
    std::vector<std::string> names;
    for (const auto& element : base::value_view(array).elements()) {
        names.push_back(decoded(element));
    }
    return names;
}

/// Where a subschema is being read: for messages, and for the references in it.
struct location {
    std::string pointer{};  ///< in the schema; in what another file brought in, where that was referred to
    std::string file{};     ///< named in messages; empty for the schema's own
    uri base{};

    [[nodiscard]] location at(std::string_view name) const {
        auto inner = *this;
        if (file.empty()) {
            append_pointer(inner.pointer, name);
        }
        return inner;
    }
};

[[noreturn]] void refuse(const location& at, const std::string& why) {
    throw invalid_schema(at.pointer, at.file.empty() ? why : at.file + " cannot be referred to: " + why);
}

class reader {
public:
    reader(const schema_origin& origin, const std::function<void(std::string_view)>& check_meta)
        : origin_(origin), check_meta_(check_meta) {}

    schema_document read(std::string_view text) {
        const location place{.base = file_uri(origin_.file, origin_.member)};
        add_resource(place, base::trimmed_json(text), text.size());
        // The list grows while files are brought in.
        for (std::size_t i = 0; i < references_.size(); ++i) {
            resolve(i);
        }
        std::vector<chain> chains(result_.subschemas.size());
        for (subschema_id i = 0; i < chains.size(); ++i) {
            (void)measure_chain(chains, i, 1);
        }
        return std::move(result_);
    }

private:
    /// A text that has a URI: a schema, or a file that holds some.
    struct resource {
        std::string_view root{};
        bool is_schema = true;
    };

    /// The members of a subschema, by keyword.
    using keywords = std::map<std::string, std::string_view, std::less<>>;

    static uri file_uri(const std::string& file, std::optional<std::string> member = {}) {
        return {.scheme = std::string{file_scheme},
            .authority = "",
            .path = std::string{file_directory} + encode_path(file),
            .query = std::move(member)};
    }

    // --- places ---

    /// A text whose root has a URI.
    void add_resource(const location& place, std::string_view value, std::size_t bytes) {
        if (bytes > most_text_bytes - text_bytes_) {
            refuse(place, "the schema and the files that it refers to have more than 4 MiB");
        }
        text_bytes_ += bytes;
        resources_.try_emplace(place.base, resource{value, true});
        (void)add(value, place);
    }

    subschema_id add(std::string_view value, const location& outer) {
        const auto id = static_cast<subschema_id>(result_.subschemas.size());
        result_.subschemas.emplace_back();
        places_.try_emplace(value.data(), id);
        if (value == "false") {
            result_.subschemas[id].emplace_back(false_rule{});
        }
        if (base::kind_of(value) != json_kind::object) {
            return id;
        }
        keywords members;
        for (const auto& member : base::value_view(value).members()) {
            members.insert_or_assign(member.key.decode(), member.value);
        }
        if (const auto reference = members.find("$ref"); reference != members.end()) {
            add_secret(id, members, outer);
            add_definitions(members, outer);
            references_.push_back({id, decoded(reference->second), outer.at("$ref")});
            return id;  // what else stands beside it does not count
        }
        auto place = outer;
        if (const auto own = members.find("$id"); own != members.end()) {
            identify(id, value, decoded(own->second), place);
        }
        add_definitions(members, place);
        for (const auto& [name, unused] : members) {
            check_keyword(name, place);
        }
        add_secret(id, members, place);
        add_rules(id, members, place);
        return id;
    }

    /// Gives the subschema its URI, which is the base of the references in it.
    void identify(subschema_id id, std::string_view value, const std::string& text, location& place) {
        auto own = resolved(text, place, place.at("$id"));
        if (own.fragment) {
            anchors_.try_emplace(std::move(own), id);
            return;
        }
        resources_.try_emplace(own, resource{value, true});
        place.base = std::move(own);
    }

    /// An empty fragment is none.
    static uri resolved(const std::string& text, const location& base, const location& at) {
        const auto reference = parse_uri_reference(text);
        if (!reference) {
            refuse(at, "\"" + text +
                           "\" is not a URI reference: write \"#/definitions/NAME\" or \"FILE.json#/payload_schema\"");
        }
        auto result = catalogs::resolve(base.base, *reference);
        if (result.scheme == file_scheme) {
            result.path = encode_path(decode_percent(result.path));  // a name that was encoded more than it needs
        }
        if (result.fragment == "") {
            result.fragment.reset();
        }
        return result;
    }

    static void check_keyword(const std::string& name, const location& place) {
        if (const auto fault = fault_of_keyword(name)) {
            refuse(place.at(name), *fault);
        }
    }

    // --- rules ---

    // Before all other rules, which may fail.
    void add_secret(subschema_id id, const keywords& members, const location& place) {
        const auto value = find(members, "x-secret");
        if (value && base::kind_of(*value) != json_kind::boolean) {
            refuse(place.at("x-secret"), "\"x-secret\" must be true or false");
        }
        if (value == "true") {
            result_.has_secrets = true;
            append(id, secret_rule{});
        }
    }

    void add_definitions(const keywords& members, const location& place) {
        for (const auto name : definitions) {
            if (const auto found = members.find(name);
                found != members.end() && base::kind_of(found->second) == json_kind::object) {
                (void)add_map(found->second, place.at(name));
            }
        }
    }

    template <class Rule>
    void append(subschema_id schema, Rule rule) {
        result_.subschemas[schema].emplace_back(std::move(rule));
    }

    static std::optional<std::string_view> find(const keywords& members, std::string_view name) {
        const auto found = members.find(name);
        return found == members.end() ? std::nullopt : std::optional{found->second};
    }

    void add_rules(subschema_id id, const keywords& members, const location& place) {
        add_value_rules(id, members, place);
        add_array_rules(id, members, place);
        add_object_rules(id, members, place);
        if (const auto value = find(members, "allOf")) {
            append(id, all_of_rule{add_list(*value, place.at("allOf"))});
        }
        if (const auto value = find(members, "anyOf")) {
            append(id, any_of_rule{add_list(*value, place.at("anyOf"))});
        }
        if (const auto value = find(members, "oneOf")) {
            append(id, one_of_rule{add_list(*value, place.at("oneOf"))});
        }
        if (const auto value = find(members, "not")) {
            append(id, not_rule{add(*value, place.at("not"))});
        }
        const auto then = add_optional(members, "then", place);
        const auto otherwise = add_optional(members, "else", place);
        if (const auto value = find(members, "if")) {
            append(id, if_rule{add(*value, place.at("if")), then, otherwise});
        }
    }

    void add_value_rules(subschema_id id, const keywords& members, const location& place) {
        if (const auto value = find(members, "type")) {
            const auto names =
                base::kind_of(*value) == json_kind::array ? names_in(*value) : std::vector{decoded(*value)};
            type_rule rule;
            std::transform(names.begin(), names.end(), std::back_inserter(rule.allowed), type_of);
            append(id, std::move(rule));
        }
        if (const auto value = find(members, "enum")) {
            std::vector<std::string_view> values;
            for (const auto& element : base::value_view(*value).elements()) {
                values.push_back(element);
            }
            append(id, enum_of("enum", values));
        }
        if (const auto value = find(members, "const")) {
            append(id, enum_of("const", {*value}));
        }
        add_number_rule(id, members, place);
        add_count_rule<length_rule>(id, members, "minLength", "maxLength");
        if (const auto value = find(members, "pattern")) {
            auto text = decoded(*value);
            auto expression = pattern_of(text, place.at("pattern"));
            append(id, pattern_rule{std::move(expression), std::move(text)});
        }
    }

    void add_number_rule(subschema_id id, const keywords& members, const location& place) {
        number_rule rule;
        for (const std::string_view keyword : {"maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"}) {
            if (const auto value = find(members, keyword)) {
                rule.bounds.push_back({keyword, {decimal{*value}, shown(*value)}});
            }
        }
        if (const auto value = find(members, "multipleOf")) {
            rule.divisor = {decimal{*value}, shown(*value)};
            if (!rule.divisor->value.small_divisor()) {
                refuse(place.at("multipleOf"), "multipleOf must have at most 18 digits");
            }
        }
        if (!rule.bounds.empty() || rule.divisor) {
            append(id, std::move(rule));
        }
    }

    template <class Rule>
    void add_count_rule(subschema_id id, const keywords& members, std::string_view least, std::string_view most) {
        count_limits limits;
        if (const auto value = find(members, least)) {
            limits.least = static_cast<std::uint64_t>(decimal{*value}.to_count());
        }
        if (const auto value = find(members, most)) {
            limits.most = static_cast<std::uint64_t>(decimal{*value}.to_count());
        }
        if (members.contains(least) || members.contains(most)) {
            append(id, Rule{limits});
        }
    }

    void add_array_rules(subschema_id id, const keywords& members, const location& place) {
        add_count_rule<item_count_rule>(id, members, "minItems", "maxItems");
        if (find(members, "uniqueItems") == "true") {
            append(id, unique_items_rule{});
        }
        const auto rest = add_optional(members, "additionalItems", place);
        if (const auto value = find(members, "items")) {
            if (base::kind_of(*value) == json_kind::array) {
                append(id, items_rule{add_list(*value, place.at("items")), rest});
            } else {
                append(id, items_rule{{}, add(*value, place.at("items"))});
            }
        }
        if (const auto value = find(members, "contains")) {
            append(id, contains_rule{add(*value, place.at("contains"))});
        }
    }

    void add_object_rules(subschema_id id, const keywords& members, const location& place) {
        if (const auto value = find(members, "required")) {
            append(id, required_rule{names_in(*value)});
        }
        add_count_rule<member_count_rule>(id, members, "minProperties", "maxProperties");
        if (members.contains("properties") || members.contains("patternProperties") ||
            members.contains("additionalProperties")) {
            properties_rule rule;
            if (const auto value = find(members, "properties")) {
                rule.named = add_map(*value, place.at("properties"));
            }
            if (const auto value = find(members, "patternProperties")) {
                const auto at = place.at("patternProperties");
                for (auto& [text, schema] : add_map(*value, at)) {
                    rule.matching.emplace_back(pattern_of(text, at.at(text)), schema);
                }
            }
            rule.rest = add_optional(members, "additionalProperties", place);
            append(id, std::move(rule));
        }
        if (const auto value = find(members, "propertyNames")) {
            append(id, property_names_rule{add(*value, place.at("propertyNames"))});
        }
        if (const auto value = find(members, "dependencies")) {
            dependencies_rule rule;
            const auto at = place.at("dependencies");
            for (const auto& member : base::value_view(*value).members()) {
                auto name = member.key.decode();
                if (base::kind_of(member.value) == json_kind::array) {
                    rule.names.emplace_back(std::move(name), names_in(member.value));
                } else {
                    const auto schema = add(member.value, at.at(name));
                    rule.schemas.emplace_back(std::move(name), schema);
                }
            }
            append(id, std::move(rule));
        }
    }

    std::optional<subschema_id> add_optional(const keywords& members, std::string_view name, const location& place) {
        const auto value = find(members, name);
        return value ? std::optional{add(*value, place.at(name))} : std::nullopt;
    }

    std::vector<subschema_id> add_list(std::string_view array, const location& place) {
        std::vector<subschema_id> list;
        for (const auto& element : base::value_view(array).elements()) {
            list.push_back(add(element, place.at(std::to_string(list.size()))));
        }
        return list;
    }

    std::vector<std::pair<std::string, subschema_id>> add_map(std::string_view object, const location& place) {
        std::vector<std::pair<std::string, subschema_id>> map;
        for (const auto& member : base::value_view(object).members()) {
            auto name = member.key.decode();
            const auto schema = add(member.value, place.at(name));
            map.emplace_back(std::move(name), schema);
        }
        return map;
    }

    static pattern pattern_of(const std::string& text, const location& at) {
        try {
            return pattern{text};
        } catch (const std::invalid_argument& wrong) {
            refuse(at, "the pattern \"" + text + "\" cannot be used: " + wrong.what());
        }
    }

    // --- references ---

    struct pending_reference {
        subschema_id from = 0;
        std::string text{};
        location at{};
    };

    void resolve(std::size_t index) {
        const auto each = references_[index];
        const auto target = target_of(resolved(each.text, each.at, each.at), each);  // which may add subschemas
        append(each.from, ref_rule{target});
    }

    subschema_id target_of(uri target, const pending_reference& reference) {
        if (const auto anchor = anchors_.find(target); anchor != anchors_.end()) {
            return anchor->second;
        }
        const auto fragment = decode_percent(target.fragment.value_or(""));
        target.fragment.reset();
        auto found = resources_.find(target);
        if (found == resources_.end()) {
            bring_in(target, reference);
            found = resources_.find(target);
        }
        if (found == resources_.end()) {  // a query that its file does not have
            refuse_unknown(reference);
        }
        const auto [root, is_schema] = found->second;
        if (const auto value = base::find_value(root, fragment)) {
            if (const auto place = places_.find(value->data()); place != places_.end()) {
                return place->second;
            }
            const auto kind = base::kind_of(*value);
            if (is_schema && (kind == json_kind::object || kind == json_kind::boolean)) {
                check_meta_(*value);  // it stands under a name that is not a keyword, so it has not been
                auto place = reference.at;
                place.base = target;
                return add(*value, place);
            }
        }
        refuse_unknown(reference);
    }

    [[noreturn]] static void refuse_unknown(const pending_reference& reference) {
        refuse(reference.at, "there is no schema at \"" + reference.text + "\"");
    }

    /// Adds what the reference is to: another file of the directory, or the meta-schema.
    void bring_in(const uri& target, const pending_reference& reference) {
        if (target == parse_uri_reference(draft7_uri)) {
            const location place{.pointer = reference.at.pointer, .file = std::string{draft7_uri}, .base = target};
            return add_resource(place, base::trimmed_json(draft7), draft7.size());
        }
        const auto path = decode_percent(target.path);
        const auto name = path.substr(std::min(file_directory.size(), path.size()));
        if (target.scheme != file_scheme || !path.starts_with(file_directory) || name.find('/') != std::string::npos) {
            refuse(reference.at,
                "$ref reaches this schema and the files of its directory only, as \"#/definitions/NAME\" and "
                "\"FILE.json#/payload_schema\" do; nothing is fetched for \"" +
                    reference.text + "\"");
        }
        const auto text = origin_.read ? origin_.read(name) : std::nullopt;
        if (!text) {
            refuse(reference.at, "the directory of the catalog has no file \"" + name + "\"");
        }
        location place{.pointer = reference.at.pointer, .file = name, .base = file_uri(name)};
        resources_.try_emplace(place.base, resource{base::trimmed_json(*text), false});
        for (const std::string_view member : {"payload_schema", "response_schema"}) {
            const auto schema = base::find_value(base::trimmed_json(*text), "/" + std::string{member});
            if (!schema) {
                continue;
            }
            try {
                check_meta_(*schema);
            } catch (const invalid_schema& wrong) {
                refuse(place, std::string{member} + ": " + wrong.what());
            }
            place.base = file_uri(name, std::string{member});
            add_resource(place, *schema, schema->size());
        }
    }

    // --- ends ---

    struct chain {
        std::size_t length = 0;  // 0: not measured; else the longest way through schemas that apply to the same value
        bool open = false;
    };

    std::size_t measure_chain(std::vector<chain>& chains, subschema_id id, std::size_t depth) {
        auto& measured = chains[id];
        if (measured.open) {
            refuse(place_of(chains), "this schema applies itself to the same value, through $ref, without end");
        }
        if (measured.length == 0) {
            if (depth > longest_chain) {
                refuse(place_of(chains), "more than 32 schemas apply to one value, each within the other");
            }
            measured.open = true;
            std::size_t longest = 0;
            for (const auto next : applied_in_place(id)) {
                longest = std::max(longest, measure_chain(chains, next, depth + 1));
            }
            measured.open = false;
            measured.length = longest + 1;
        }
        if (depth - 1 + measured.length > longest_chain) {
            refuse(place_of(chains), "more than 32 schemas apply to one value, each within the other");
        }
        return measured.length;
    }

    [[nodiscard]] std::vector<subschema_id> applied_in_place(subschema_id id) const {
        std::vector<subschema_id> all;
        const auto add_all = [&all](const std::vector<subschema_id>& some) {
            all.insert(all.end(), some.begin(), some.end());
        };
        for (const auto& rule : result_.subschemas[id]) {
            if (const auto* const ref = std::get_if<ref_rule>(&rule)) {
                all.push_back(ref->target);
            } else if (const auto* const every = std::get_if<all_of_rule>(&rule)) {
                add_all(every->schemas);
            } else if (const auto* const any = std::get_if<any_of_rule>(&rule)) {
                add_all(any->schemas);
            } else if (const auto* const one = std::get_if<one_of_rule>(&rule)) {
                add_all(one->schemas);
            } else if (const auto* const none = std::get_if<not_rule>(&rule)) {
                all.push_back(none->schema);
            } else if (const auto* const branch = std::get_if<if_rule>(&rule)) {
                all.push_back(branch->condition);
                all.insert(all.end(), branch->then ? 1 : 0, branch->then.value_or(0));
                all.insert(all.end(), branch->otherwise ? 1 : 0, branch->otherwise.value_or(0));
            } else if (const auto* const dependencies = std::get_if<dependencies_rule>(&rule)) {
                for (const auto& each : dependencies->schemas) {
                    all.push_back(each.second);
                }
            }
        }
        return all;
    }

    /// Where a message about a chain points: the first `$ref` of it.
    [[nodiscard]] location place_of(const std::vector<chain>& chains) const {
        const auto found = std::find_if(references_.begin(), references_.end(),
            [&chains](const pending_reference& each) { return chains[each.from].open; });
        return found == references_.end() ? location{} : found->at;
    }

    const schema_origin& origin_;
    const std::function<void(std::string_view)>& check_meta_;
    std::size_t text_bytes_ = 0;
    boost::unordered_flat_map<const char*, subschema_id> places_{};  // by where the schema's text begins
    std::map<uri, resource> resources_{};
    std::map<uri, subschema_id> anchors_{};
    std::vector<pending_reference> references_{};
    schema_document result_{};
};

}  // namespace

schema_document read_schema(
    std::string_view text, const schema_origin& origin, const std::function<void(std::string_view)>& check_meta) {
    return reader{origin, check_meta}.read(text);
}

}  // namespace hookd::catalogs
