// SPDX-License-Identifier: BSL-1.0
#include "schema.hpp"

#include "draft7.hpp"
#include "json_place.hpp"
#include "member_table.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/text/utf8.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

// Holds a JSON text against the rules of a compiled schema, part by part, without a document of it.
namespace hookd::catalogs {

using base::json_cursor;
using base::json_kind;
using base::json_string;

namespace {

struct out_of_steps {};

std::string_view string_in(std::string_view value) noexcept { return value.substr(1, value.size() - 2); }

/// The beginning of well-formed UTF-8, of whole characters.
std::string beginning(std::string_view text, std::size_t longest) {
    const auto front = base::cut_at_character(text, longest);
    return std::string{front} + (front.size() < text.size() ? "…" : "");
}

std::string shown(std::string_view name) {
    constexpr std::size_t longest = 64;
    std::string text;
    base::append_json_string(text, beginning(name, longest));
    return text;
}

std::string_view kind_name(json_kind kind) noexcept {
    switch (kind) {
        case json_kind::object:
            return "an object";
        case json_kind::array:
            return "an array";
        case json_kind::string:
            return "a string";
        case json_kind::number:
            return "a number";
        case json_kind::boolean:
            return "a boolean";
        case json_kind::null:
            return "null";
    }
    return "";
}

/// Where a value stands: on the stack of the check, made to a pointer only where there is something to report.
struct place {
    const place* in = nullptr;
    std::string_view name{};  // of a member, decoded; null for an element
    std::size_t index = 0;

    void append_to(std::string& pointer) const {
        if (in == nullptr) {
            return;
        }
        in->append_to(pointer);
        append_pointer(pointer, name.data() != nullptr ? name : std::to_string(index));
    }
};

/// What all parts of one check share.
struct check_run {
    const schema_document& schema;
    std::size_t steps;
    pattern::charge charged = pattern::charge::actual;
    const std::atomic<bool>* is_cancelled = nullptr;
    std::optional<violation> found{};
    int attempts = 0;                                  // within anyOf and the like: what fails there is no fault yet
    std::vector<std::string_view>* secrets = nullptr;  // where not null, takes them

    void spend(std::size_t count) {
        if (count > steps || (is_cancelled != nullptr && is_cancelled->load(std::memory_order_relaxed))) {
            throw out_of_steps{};
        }
        steps -= count;
    }
};

struct element {
    std::size_t index = 0;
    std::string_view value{};
};

/// The elements of a JSON array, one after the other: none is kept, since there may be millions.
class element_walk {
public:
    element_walk(check_run& run, std::string_view array) : run_(run), cursor_(array) { run_.spend(array.size() / 64); }

    [[nodiscard]] std::optional<element> next() {
        const auto found = cursor_.next();
        if (!found) {
            return std::nullopt;
        }
        run_.spend(1);
        return element{index_++, found->value};
    }

private:
    check_run& run_;
    json_cursor cursor_;
    std::size_t index_ = 0;
};

/// Holds one value against subschemas.
class checker {
public:
    checker(check_run& run, std::string_view value, const place& at)
        : run_(run), value_(value), kind_(base::kind_of(value)), at_(at) {}

    bool check(subschema_id id) {
        run_.spend(1);
        const auto& rules = run_.schema.subschemas[id];
        return std::all_of(
            rules.begin(), rules.end(), [this](const schema_rule& rule) { return std::visit(*this, rule); });
    }

    // What a value must be as a whole.

    bool operator()(const false_rule&) { return fail("false", "is not allowed there"); }
    bool operator()(const secret_rule&) {
        if (run_.secrets != nullptr) {
            run_.secrets->push_back(value_);
        }
        return true;
    }
    bool operator()(const ref_rule& rule) { return check(rule.target); }
    bool operator()(const type_rule& rule) {
        if (std::any_of(rule.allowed.begin(), rule.allowed.end(), [this](json_type type) { return is(type); })) {
            return true;
        }
        std::string wanted;
        for (const auto type : rule.allowed) {
            wanted += (wanted.empty() ? "" : " or ") + std::string{name_of(type)};
        }
        constexpr std::size_t longest_shown = 32;
        // The value itself where that is no secret, nor within one.
        const bool says_enough =
            kind_ == json_kind::number && value_.size() <= longest_shown && !run_.schema.has_secrets;
        return fail("type", "must be " + wanted + ", not " + std::string{says_enough ? value_ : kind_name(kind_)});
    }
    bool operator()(const enum_rule& rule) {
        return std::binary_search(rule.canonical.begin(), rule.canonical.end(), canonical(value_)) ||
               fail(rule.keyword, (rule.keyword == "const" ? "must be " : "must be one of ") + rule.shown);
    }
    bool operator()(const all_of_rule& rule) {
        return std::all_of(rule.schemas.begin(), rule.schemas.end(), [this](subschema_id each) { return check(each); });
    }
    bool operator()(const any_of_rule& rule) {
        return std::any_of(rule.schemas.begin(), rule.schemas.end(), [this](subschema_id each) {
            return would_pass(each);
        }) || fail("anyOf", "must match one of the schemas of anyOf");
    }
    bool operator()(const one_of_rule& rule) {
        unsigned count = 0;
        for (std::size_t i = 0; i < rule.schemas.size() && count < 2; ++i) {
            count += would_pass(rule.schemas[i]) ? 1 : 0;
        }
        return count == 1 ||
               fail("oneOf", count == 0 ? "must match one of the schemas of oneOf, but matches none"
                                        : "must match one of the schemas of oneOf only, but matches more");
    }
    bool operator()(const not_rule& rule) {
        return !would_pass(rule.schema) || fail("not", "must not match the schema of not");
    }
    bool operator()(const if_rule& rule) {
        const auto& then = would_pass(rule.condition) ? rule.then : rule.otherwise;
        return !then || check(*then);
    }

    // Numbers and strings.

    bool operator()(const number_rule& rule) {
        if (kind_ != json_kind::number) {
            return true;
        }
        run_.spend(value_.size() / 16);
        const decimal number{value_};
        for (const auto& [keyword, limit] : rule.bounds) {
            const bool exclusive = keyword.starts_with("exclusive");
            const bool is_maximum = keyword == "maximum" || keyword == "exclusiveMaximum";
            const auto order = is_maximum ? number <=> limit.value : limit.value <=> number;
            if (order > 0 || (exclusive && order == 0)) {
                return fail(
                    keyword, std::string{is_maximum ? (exclusive ? "must be less than " : "must be at most ")
                                                    : (exclusive ? "must be more than " : "must be at least ")} +
                                 limit.shown);
            }
        }
        return !rule.divisor || number.is_multiple_of(rule.divisor->value) ||
               fail("multipleOf", "must be a multiple of " + rule.divisor->shown);
    }
    bool operator()(const length_rule& rule) {
        return kind_ != json_kind::string ||
               check_count(length(), rule.characters, "minLength", "maxLength", "characters");
    }
    bool operator()(const pattern_rule& rule) {
        constexpr std::size_t longest_shown = 256;
        return kind_ != json_kind::string || matches(rule.expression, text()) ||
               fail("pattern", "must match the pattern " + beginning(rule.shown, longest_shown));
    }

    // Arrays.

    bool operator()(const item_count_rule& rule) {
        return kind_ != json_kind::array ||
               check_count(count_elements(rule.items), rule.items, "minItems", "maxItems", "elements");
    }
    bool operator()(const unique_items_rule&) {
        if (kind_ != json_kind::array) {
            return true;
        }
        constexpr std::size_t to_keep_one = 8;  // it takes much more memory than a short element of the text
        std::vector<std::pair<std::string, std::size_t>> sorted;
        for (element_walk elements{run_, value_}; const auto each = elements.next();) {
            run_.spend(to_keep_one);
            sorted.emplace_back(canonical(each->value), each->index);
        }
        std::sort(sorted.begin(), sorted.end());
        const auto twice = std::adjacent_find(
            sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
        return twice == sorted.end() ||
               fail("uniqueItems", "must have no element twice: " + std::to_string(twice->second) + " and " +
                                       std::to_string(std::next(twice)->second) + " are equal");
    }
    bool operator()(const items_rule& rule) {
        if (kind_ != json_kind::array) {
            return true;
        }
        for (element_walk elements{run_, value_}; const auto each = elements.next();) {
            if (each->index >= rule.first.size() && !rule.rest) {
                return true;
            }
            if (!check_element(*each, each->index < rule.first.size() ? rule.first[each->index] : *rule.rest)) {
                return false;
            }
        }
        return true;
    }
    bool operator()(const contains_rule& rule) {
        if (kind_ != json_kind::array) {
            return true;
        }
        ++run_.attempts;
        bool any = false;
        for (element_walk elements{run_, value_}; const auto each = any ? std::nullopt : elements.next();) {
            any = check_element(*each, rule.item);
        }
        --run_.attempts;
        return any || fail("contains", "must have an element that matches the schema of contains");
    }

    // Objects.

    bool operator()(const required_rule& rule) {
        return kind_ != json_kind::object ||
               std::all_of(rule.names.begin(), rule.names.end(), [this](const std::string& name) {
                   run_.spend(1);
                   return members().has(name) || fail("required", "must have the member " + shown(name));
               });
    }
    bool operator()(const member_count_rule& rule) {
        return kind_ != json_kind::object ||
               check_count(members().names(), rule.members, "minProperties", "maxProperties", "members");
    }
    bool operator()(const properties_rule& rule) {
        if (kind_ != json_kind::object) {
            return true;
        }
        const auto& all = members().all();
        std::vector<bool> known(all.size(), false);
        for (const auto& [name, schema] : rule.named) {
            run_.spend(1);
            const auto [begin, end] = members().named(name);
            for (const auto* each = begin; each != end; ++each) {
                known[static_cast<std::size_t>(each - all.data())] = true;
                if (!check_member(*each, schema)) {
                    return false;
                }
            }
        }
        for (const auto& [names, schema] : rule.matching) {
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (matches(names, all[i].name)) {
                    known[i] = true;
                    if (!check_member(all[i], schema)) {
                        return false;
                    }
                }
            }
        }
        for (std::size_t i = 0; rule.rest && i < all.size(); ++i) {
            if (!known[i] && !check_additional(all[i], *rule.rest)) {
                return false;
            }
        }
        return true;
    }
    bool operator()(const property_names_rule& rule) {
        if (kind_ != json_kind::object) {
            return true;
        }
        for (const auto& each : members().all()) {
            std::string name;
            base::append_json_string(name, each.name);
            const place there{&at_, each.name};
            if (!checker{run_, name, there}.check(rule.name)) {
                if (run_.found) {
                    run_.found->detail = "has a name that " + run_.found->detail;
                }
                return false;
            }
        }
        return true;
    }
    bool operator()(const dependencies_rule& rule) {
        if (kind_ != json_kind::object) {
            return true;
        }
        for (const auto& [name, needed] : rule.names) {
            for (const auto& each : needed) {
                run_.spend(1);
                if (members().has(name) && !members().has(each)) {
                    return fail(
                        "dependencies", "must have the member " + shown(each) + ", since it has " + shown(name));
                }
            }
        }
        for (const auto& [name, schema] : rule.schemas) {
            run_.spend(1);
            if (members().has(name) && !check(schema)) {
                return false;
            }
        }
        return true;
    }

private:
    bool fail(std::string_view rule, std::string detail) {
        if (run_.attempts == 0 && !run_.found) {
            run_.found.emplace();
            at_.append_to(run_.found->pointer);
            run_.found->rule = rule;
            run_.found->detail = std::move(detail);
        }
        return false;
    }

    bool would_pass(subschema_id subschema) {
        ++run_.attempts;
        const bool passes = check(subschema);
        --run_.attempts;
        return passes;
    }

    bool check_element(const element& item, subschema_id subschema) {
        const place there{&at_, {}, item.index};
        return checker{run_, item.value, there}.check(subschema);
    }

    bool check_count(std::uint64_t count, const count_limits& limits, std::string_view least, std::string_view most,
        std::string_view rule) {
        if (count < limits.least) {
            return fail(least, "must have at least " + std::to_string(limits.least) + " " + std::string{rule});
        }
        return count <= limits.most ||
               fail(most, "must have at most " + std::to_string(limits.most) + " " + std::string{rule});
    }

    /// As many as there are, or one more than both limits.
    [[nodiscard]] std::uint64_t count_elements(const count_limits& limits) {
        const bool has_most = limits.most != count_limits{}.most;
        std::uint64_t count = 0;
        for (element_walk elements{run_, value_};
             (has_most ? count <= limits.most : count < limits.least) && elements.next();) {
            ++count;
        }
        return count;
    }

    bool check_member(const member& property, subschema_id subschema) {
        const place there{&at_, property.name};
        return checker{run_, property.value, there}.check(subschema);
    }

    bool check_additional(const member& property, subschema_id subschema) {
        if (!run_.schema.allows_nothing(subschema)) {
            return check_member(property, subschema);
        }
        const place there{&at_, property.name};
        return checker{run_, property.value, there}.fail(
            "additionalProperties", "is a member that the schema does not know");
    }

    [[nodiscard]] std::string canonical(std::string_view value) {
        return canonical_json(value, [this](std::size_t count) { run_.spend(count); });
    }

    [[nodiscard]] bool matches(const pattern& wanted, std::string_view subject) {
        const auto found = wanted.found_in(subject, run_.steps, run_.charged);
        if (!found) {
            throw out_of_steps{};
        }
        return *found;
    }

    [[nodiscard]] bool is(json_type type) {
        switch (type) {
            case json_type::array:
                return kind_ == json_kind::array;
            case json_type::boolean:
                return kind_ == json_kind::boolean;
            case json_type::integer:
                if (kind_ != json_kind::number) {
                    return false;
                }
                run_.spend(value_.size() / 16);
                return decimal{value_}.is_integer();
            case json_type::null:
                return kind_ == json_kind::null;
            case json_type::number:
                return kind_ == json_kind::number;
            case json_type::object:
                return kind_ == json_kind::object;
            case json_type::string:
                return kind_ == json_kind::string;
        }
        return false;
    }

    [[nodiscard]] static std::string_view name_of(json_type type) noexcept {
        constexpr std::array<std::string_view, 7> names{
            "an array", "a boolean", "an integer", "null", "a number", "an object", "a string"};
        return names[static_cast<std::size_t>(type)];
    }

    [[nodiscard]] const member_table& members() {
        if (!members_) {
            run_.spend(value_.size() / 64);
            members_.emplace(value_, [this](std::size_t count) { run_.spend(count); });
        }
        return *members_;
    }

    // The string, decoded.
    [[nodiscard]] std::string_view text() {
        const json_string raw{string_in(value_)};
        if (!raw.has_escapes()) {
            return raw.raw;
        }
        if (!decoded_) {
            run_.spend(value_.size() / 64);
            decoded_ = raw.decode();
        }
        return *decoded_;
    }

    [[nodiscard]] std::size_t length() {
        const auto string = text();
        run_.spend(string.size() / 64);
        return base::character_count(string);
    }

    check_run& run_;
    std::string_view value_;
    json_kind kind_;
    const place& at_;
    std::optional<member_table> members_{};
    std::optional<std::string> decoded_{};
};

}  // namespace

schema::schema(std::string_view text, const schema_origin& origin) {
    static const schema meta_schema{read_schema(draft7, {}, [](std::string_view) {})};
    const auto check_meta = [](std::string_view candidate) {
        if (const auto wrong = meta_schema.check(candidate)) {
            throw invalid_schema(wrong->pointer,
                "this is not a JSON Schema of draft 7: " + (wrong->pointer.empty() ? "it" : wrong->pointer) + " " +
                    wrong->detail);
        }
    };
    check_meta(text);
    document_ = read_schema(text, origin, check_meta);
}

std::optional<violation> schema::check(std::string_view value) const {
    server::check_limit none{};
    return check(value, none);
}

std::optional<violation> schema::check(std::string_view value, server::check_limit& limit) const {
    // A long text has more to check than a short one, and its sender has paid for that.
    const auto most = most_steps + value.size() * steps_a_byte;
    // A caller that waits less long carries the check on elsewhere.
    const bool is_brief = limit.steps < most;
    check_run run{document_, is_brief ? limit.steps : most,
        is_brief ? pattern::charge::worst_case : pattern::charge::actual, limit.is_cancelled};
    try {
        (void)checker{run, base::trimmed_json(value), place{}}.check(schema_document::root);
    } catch (const out_of_steps&) {
        limit.is_exceeded = is_brief;
        return violation{{}, {}, "takes more than " + std::to_string(most) + " steps to check: send less"};
    }
    return std::move(run.found);
}

std::string schema::without_secrets(std::string_view value) const {
    constexpr std::string_view hidden = "\"…\"";
    const auto text = base::trimmed_json(value);
    std::vector<std::string_view> secrets;
    check_run run{document_, most_steps + value.size() * steps_a_byte};
    run.secrets = &secrets;
    try {
        (void)checker{run, text, place{}}.check(schema_document::root);
    } catch (const out_of_steps&) {
        return std::string{hidden};
    }
    std::sort(secrets.begin(), secrets.end(), [](std::string_view a, std::string_view b) {
        return a.data() != b.data() ? a.data() < b.data() : a.size() > b.size();
    });
    std::string shown;
    const char* next = text.data();
    const char* const end = text.data() + text.size();
    for (const auto& secret : secrets) {
        if (secret.data() >= next &&
            secret.data() < end) {  // neither within another one, nor the name of a member, which is a text of its own
            shown.append(next, secret.data()).append(hidden);
            next = secret.data() + secret.size();
        }
    }
    return shown.append(next, end);
}

}  // namespace hookd::catalogs
