// SPDX-License-Identifier: BSL-1.0
#include "method_fields.hpp"
#include "parameter_rules.hpp"
#include "reply_scan.hpp"

#include <base/json/scanner.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/timestamp.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <system_error>

namespace hookd::protocol {
namespace {

// The number where it is an integer in [least, most]. JSON has no integer type, and some clients write 5000 as 5000.0
// or 5e3.
std::optional<std::uint64_t> integer_in(std::string_view value, std::uint64_t least, std::uint64_t most) noexcept {
    if (base::kind_of(value) != base::json_kind::number) {
        return std::nullopt;
    }
    const char* const end = value.data() + value.size();
    std::uint64_t whole = 0;
    const auto [stop, failure] = std::from_chars(value.data(), end, whole);
    if (failure == std::errc{} && stop == end) {
        return whole >= least && whole <= most ? std::optional{whole} : std::nullopt;
    }
    double real = 0;
    if (std::from_chars(value.data(), end, real).ec != std::errc{}) {
        return std::nullopt;
    }
    constexpr double exact_below = 9007199254740992.0;  // 2^53: beyond it a double is no exact count
    if (real < 0 || real > exact_below || real != std::floor(real)) {
        return std::nullopt;
    }
    whole = static_cast<std::uint64_t>(real);
    return whole >= least && whole <= most ? std::optional{whole} : std::nullopt;
}

base::json_string token_of(std::string_view string_value) noexcept {
    return {string_value.substr(1, string_value.size() - 2)};
}

/// Fills a parameter struct from the members of a request; the first fault stands.
class binder {
public:
    explicit binder(const request& call) : call_(call), left_(call.members.size()) {}

    void event_name(std::string_view name, text& target, std::string_view) {
        if (const auto* value = required(name)) {
            take_text(*value, target);
            check(rules::check_event_name(name, target.view()));
        }
    }

    void cause(std::string_view name, text& target, const text& event, std::string_view payload, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) != base::json_kind::string) {
            return wrong(name, "must be a string: names of events, oldest first, separated by commas");
        }
        target = text_of(*value);
        if (auto failure = check_cause(event.view(), payload, target.view())) {
            fail(std::move(*failure));
        }
    }

    void json(std::string_view name, std::string_view& target, std::string_view) {
        // The one parameter for which null is a value.
        if (const auto* value = find(name)) {
            target = *value;
        }
    }

    void object(std::string_view name, std::string_view& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        has_response_ = true;
        target = *value;
        if (base::kind_of(*value) != base::json_kind::object) {
            wrong(name, "must be an object, such as {} or {\"abort\": \"why not\"}");
        }
    }

    void duration(std::string_view name, std::optional<std::chrono::milliseconds>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (const auto count = integer_in(*value, 1, static_cast<std::uint64_t>(max_timeout.count()))) {
            target = std::chrono::milliseconds{*count};
        }
        check(rules::check_duration(name, target));
    }

    void uuid_text(std::string_view name, std::optional<uuid>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) == base::json_kind::string) {
            target = parse_uuid(text_of(*value).view());
        }
        if (!target) {
            wrong(name, "must be a UUID in text form, such as 4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11");
        }
    }

    template <class Enum>
    void choice(
        std::string_view name, std::optional<Enum>& target, std::initializer_list<Enum> choices, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        std::string known;
        for (const Enum each : choices) {
            if (base::kind_of(*value) == base::json_kind::string && token_of(*value).equals(to_string(each))) {
                target = each;
                return;
            }
            known += known.empty() ? "\"" : ", \"";
            known += to_string(each);
            known += '"';
        }
        wrong(name, "must be one of " + known);
    }

    void boolean(std::string_view name, bool& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        set_boolean(name, *value, target);
    }

    void required_boolean(std::string_view name, bool& target, std::string_view) {
        if (const auto* value = required(name); value != nullptr) {
            set_boolean(name, *value, target);
        }
    }

    void count(std::string_view name, std::optional<std::size_t>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (const auto number = integer_in(*value, 1, max_jobs)) {
            target = static_cast<std::size_t>(*number);
        } else {
            wrong(name, "must be an integer from 1 to 1024");
        }
    }

    void directory(std::string_view name, std::string& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) == base::json_kind::string) {
            target = token_of(*value).decode();
        }
        if (!target.starts_with('/') || target.size() > max_path || target.find('\0') != std::string::npos) {
            wrong(name, "must be the absolute path of a directory");
        }
    }

    void variables(std::string_view name, std::vector<std::string>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) != base::json_kind::object) {
            return wrong(name, "must be an object of strings, such as {\"LANG\": \"C.UTF-8\"}");
        }
        std::size_t bytes = 0;
        for (const auto& member : base::value_view(*value).members()) {
            const std::string variable = member.key.decode();
            if (variable.empty() || variable.find_first_of(std::string_view{"=\0", 2}) != std::string::npos) {
                return wrong(name, "has the member " + rules::quoted(variable) +
                                       ", which cannot name a variable: it must not be empty or have a = or NUL");
            }
            const std::string text = base::kind_of(member.value) == base::json_kind::string
                                         ? token_of(member.value).decode()
                                         : std::string{'\0'};
            if (text.find('\0') != std::string::npos) {
                return wrong(name, "must have for " + rules::quoted(variable) + " a string without NUL");
            }
            bytes += variable.size() + text.size();
            if (target.size() == max_variables || bytes > max_command_bytes) {
                return fail(limit_error("env", target.size() == max_variables ? max_variables : max_command_bytes,
                    "parameter 'env' has more than 256 variables or 64 KiB: put them into a script"));
            }
            std::string assignment = variable + "=";
            std::erase_if(target, [&](const std::string& each) { return each.starts_with(assignment); });
            assignment += text;
            target.push_back(std::move(assignment));
        }
    }

    void free_text(std::string_view name, text& target, presence needed, std::string_view) {
        if (const auto* value = needed == presence::required ? required(name) : present(name)) {
            take_text(*value, target);
            check(rules::check_not_empty(name, target.view()));
        }
    }

    void subscriber_name(std::string_view name, text& target, presence needed, std::string_view) {
        if (const auto* value = needed == presence::required ? required(name) : present(name)) {
            take_text(*value, target);
            check(rules::check_subscriber_name(name, target.view()));
        }
    }

    void integer(std::string_view name, std::int64_t& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        const bool negative = value->front() == '-';
        std::optional<std::int64_t> number;
        if (const auto count = integer_in(value->substr(negative ? 1 : 0), 0, max_order)) {
            number = negative ? -static_cast<std::int64_t>(*count) : static_cast<std::int64_t>(*count);
        }
        check(rules::check_order(name, number));
        target = number.value_or(0);
    }

    void names(std::string_view name, std::vector<std::string>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) != base::json_kind::array) {
            return wrong(name, "must be an array of names of responders, such as [\"reviewer\"]");
        }
        for (const auto& element : base::value_view(*value).elements()) {
            std::string each = element.string();
            if (std::find(target.begin(), target.end(), each) != target.end()) {
                continue;
            }
            if (auto fault = rules::check_next_responder(name, target.size(), each)) {
                return fail(std::move(*fault));
            }
            target.push_back(std::move(each));
        }
    }

    void conditions(std::string_view name, std::vector<payload_condition>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) != base::json_kind::object) {
            return wrong(name, "must be an object of JSON pointers and globs, such as {\"/cwd\": \"/src/*\"}");
        }
        for (const auto& member : base::value_view(*value).members()) {
            auto pointer = member.key.decode();
            auto glob = base::value_view(member.value).as_string();
            if (auto fault = rules::check_next_condition(name, target.size(), pointer, glob)) {
                return fail(std::move(*fault));
            }
            target.push_back({std::move(pointer), std::move(*glob)});
        }
    }

    void counter(std::string_view name, std::optional<std::uint64_t>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        target = integer_in(*value, 0, std::numeric_limits<std::uint64_t>::max());
        if (!target) {
            wrong(name, "must be an integer from 0: the seq of an event");
        }
    }

    void command(std::string_view name, std::vector<std::string>& target, std::string_view) {
        const auto* value = required(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) != base::json_kind::array) {
            return wrong(
                name, "must be an array: the program and its arguments, such as [\"/usr/bin/make\", \"check\"]");
        }
        std::size_t bytes = 0;
        for (const auto& element : base::value_view(*value).elements()) {
            if (base::kind_of(element) != base::json_kind::string) {
                return wrong(name, "must hold strings only");
            }
            std::string word = token_of(element).decode();
            bytes += word.size();
            if (target.size() == max_command_words || bytes > max_command_bytes) {
                return fail(
                    limit_error("command", target.size() == max_command_words ? max_command_words : max_command_bytes,
                        "parameter 'command' has more than 1024 words or 64 KiB: put them into a script"));
            }
            if (word.find('\0') != std::string::npos) {
                return wrong(name, "must not have a NUL in a word");
            }
            target.push_back(std::move(word));
        }
        if (target.empty() || target.front().empty()) {
            wrong(name, "must begin with a program");
        }
    }

    void patterns(std::string_view name, std::vector<std::string>& target, presence needed, std::string_view) {
        const auto* value = needed == presence::required ? required(name) : present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) != base::json_kind::array) {
            return wrong(name, "must be an array of names or patterns, such as [\"pre_push\", \"post_*\"]");
        }
        for (const auto& element : base::value_view(*value).elements()) {
            if (base::kind_of(element) != base::json_kind::string) {
                return wrong(name, "must hold strings only");
            }
            std::string pattern = token_of(element).decode();
            if (auto fault = rules::check_next_pattern(name, target.size(), pattern)) {
                return fail(std::move(*fault));
            }
            target.push_back(std::move(pattern));
        }
    }

    void pattern(std::string_view name, text& target, std::string_view) {
        if (const auto* value = present(name)) {
            take_text(*value, target);
            check(rules::check_pattern(name, target.view()));
        }
    }

    void time(std::string_view name, std::optional<std::chrono::system_clock::time_point>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (base::kind_of(*value) == base::json_kind::string) {
            target = base::parse_timestamp(text_of(*value).view());
        }
        if (!target) {
            wrong(name, "must be a time as in RFC 3339, such as \"2026-11-23T12:58:36Z\"");
        }
    }

    void page_size(std::string_view name, std::optional<std::size_t>& target, std::string_view) {
        const auto* value = present(name);
        if (value == nullptr) {
            return;
        }
        if (const auto number = integer_in(*value, 1, max_history)) {
            target = static_cast<std::size_t>(*number);
        } else {
            wrong(name, "must be an integer from 1 to 1000");
        }
    }

    void request_id(std::string_view name, std::string_view& target, std::string_view) {
        const auto* value = find(name);  // null is an id, too
        if (value == nullptr) {
            return fail(missing(name));
        }
        target = *value;
        const auto kind = base::kind_of(*value);
        if (kind != base::json_kind::string && kind != base::json_kind::number && kind != base::json_kind::null) {
            wrong(name, "must be a string, a number or null: the id of a waiting request of this connection");
        }
    }

    /// What is left over is unknown. That comes before any other fault: a misspelt name is why another is missing.
    std::optional<error> finish() {
        for (std::size_t i = 0; left_ > 0 && i < call_.members.size(); ++i) {
            if ((used_ >> i & 1U) == 0) {
                return error{errc::invalid_params, "unknown parameter " + rules::quoted(call_.members[i].key.decode()) +
                                                       ": " + call_.method.decode() + " takes " + known_names()};
            }
        }
        return std::move(failure_);
    }

    [[nodiscard]] bool has_response() const noexcept { return has_response_; }

    void fail(error why) {
        if (!failure_) {
            failure_ = std::move(why);
        }
    }

private:
    // Once each member has its parameter, the other parameters are absent, and no name of any will be asked for.
    [[gnu::always_inline]] const std::string_view* find(std::string_view name) {
        return left_ == 0 ? nullptr : look_for(name);
    }

    const std::string_view* look_for(std::string_view name) {
        known_[known_count_++] = name;
        for (std::size_t i = 0; i < call_.members.size(); ++i) {
            const base::json_string key = call_.members[i].key;
            if ((used_ >> i & 1U) == 0 && (call_.may_have_escapes ? key.equals(name) : key.raw == name)) {
                used_ |= std::uint64_t{1} << i;
                --left_;
                return &call_.members[i].value;
            }
        }
        return nullptr;
    }

    [[nodiscard]] text text_of(std::string_view string_value) const {
        const base::json_string token = token_of(string_value);
        return call_.may_have_escapes && token.has_escapes() ? text{token.decode()} : text{token.raw};
    }

    [[nodiscard]] std::string known_names() const {
        std::string names = known_count_ == 0 ? "none" : "";
        for (std::size_t i = 0; i < known_count_; ++i) {
            names += i == 0 ? "" : ", ";
            names += known_[i];
        }
        return names;
    }

    /// For an optional parameter null means that it is absent.
    [[gnu::always_inline]] const std::string_view* present(std::string_view name) {
        const auto* value = find(name);
        return value != nullptr && base::kind_of(*value) != base::json_kind::null ? value : nullptr;
    }

    const std::string_view* required(std::string_view name) {
        const auto* value = present(name);
        if (value == nullptr) {
            fail(missing(name));
        }
        return value;
    }

    static error missing(std::string_view name) {
        return {errc::invalid_params, "parameter " + rules::quoted(name) + " is missing"};
    }

    void set_boolean(std::string_view name, std::string_view value, bool& target) {
        if (base::kind_of(value) != base::json_kind::boolean) {
            return wrong(name, "must be true or false");
        }
        target = value.front() == 't';
    }

    void wrong(std::string_view name, std::string_view rule) { fail(rules::wrong(name, rule)); }

    void check(std::optional<error> fault) {
        if (fault) {
            fail(std::move(*fault));
        }
    }

    /// Leaves `target` empty, which no rule for a text accepts, if the value is not a string.
    void take_text(std::string_view value, text& target) const {
        if (base::kind_of(value) == base::json_kind::string) {
            target = text_of(value);
        }
    }

    const request& call_;
    std::size_t left_;        // members that are not used
    std::uint64_t used_ = 0;  // a bit a member; max_params_members fit
    std::array<std::string_view, 24> known_{};
    std::size_t known_count_ = 0;
    bool has_response_ = false;
    std::optional<error> failure_{};
};

static_assert(max_params_members <= 64);

std::optional<error> take_members(respond_params& reply, const reply_members& found) {
    reply.abort = {};
    reply.payload = !found.payload.empty() && base::kind_of(found.payload) == base::json_kind::object
                        ? found.payload
                        : std::string_view{};
    if (found.aborts == 0) {
        return std::nullopt;
    }
    if (found.aborts > 1) {
        return error{errc::invalid_params, "parameter 'response' has 'abort' twice: give one reason"};
    }
    if (base::kind_of(found.abort) != base::json_kind::string) {
        return error{errc::invalid_params,
            "parameter 'response' has an 'abort' that is not a string: give the reason, or \"\" for no objection"};
    }
    reply.abort.raw = token_of(found.abort).raw;
    return std::nullopt;
}

// What a bypass must have unless it ends one.
std::optional<error> check_bypass(const bypass_params& params) {
    if (params.events.empty()) {
        return std::nullopt;
    }
    if (!params.duration) {
        return error{errc::invalid_params,
            "parameter 'for_ms' is missing: say how long the bypass lasts, at most a day (86400000)"};
    }
    if (params.reason.empty()) {
        return error{errc::invalid_params, "parameter 'reason' is missing: say why, for the verdicts and the log"};
    }
    if (params.reason.view().size() > max_bypass_reason) {
        return error{errc::invalid_params, "parameter 'reason' must be at most 1024 bytes long"};
    }
    return std::nullopt;
}

}  // namespace

std::optional<error> check_reply(respond_params& reply) {
    base::json_scanner scanner{reply.response};
    const char* const begin = scanner.skip_space(scanner.begin());
    reply_members found;
    const char* const end = scanner.is(begin, '{') ? detail::skip_reply(scanner, begin, found) : nullptr;
    if (end == nullptr || scanner.expect_end(end) == nullptr) {
        return error{errc::invalid_params, "the reply is not a JSON object"};
    }
    reply.response = {begin, static_cast<std::size_t>(end - begin)};
    return take_members(reply, found);
}

hook_definition register_hook_params::definition() const {
    auto result = hook;
    result.name = name.view();
    result.on_failure = on_failure.value_or(failure_policy::open);
    result.scope = scope.value_or(event_scope::local);
    return result;
}

template <class Params>
std::variant<Params, error> bind_params(const request& call) {
    if (!call.has_no_params() && base::kind_of(call.params) == base::json_kind::array) {
        return error{errc::invalid_params, "parameters go by name: make 'params' an object"};
    }
    std::variant<Params, error> result{std::in_place_index<0>};
    auto& params = std::get<0>(result);
    binder fields{call};
    describe(fields, params);
    if constexpr (std::is_same_v<Params, respond_params>) {
        const int kinds = (fields.has_response() ? 1 : 0) + (params.abstain ? 1 : 0) + (params.failed.empty() ? 0 : 1);
        if (kinds > 1) {
            fields.fail(
                {errc::invalid_params, "give one of the parameters 'response', 'abstain' and 'failed', not several"});
        }
    }
    if constexpr (std::is_same_v<Params, bypass_params>) {
        if (auto failure = check_bypass(params)) {
            fields.fail(std::move(*failure));
        }
    }
    if (auto failure = fields.finish()) {
        result = std::move(*failure);
        return result;
    }
    if constexpr (std::is_same_v<Params, respond_params>) {
        if (auto failure = take_members(params, call.reply)) {
            result = std::move(*failure);
        }
    }
    return result;
}

template std::variant<ping_params, error> bind_params(const request&);
template std::variant<emit_params, error> bind_params(const request&);
template std::variant<emit_and_wait_params, error> bind_params(const request&);
template std::variant<await_response_params, error> bind_params(const request&);
template std::variant<subscribe_params, error> bind_params(const request&);
template std::variant<unsubscribe_params, error> bind_params(const request&);
template std::variant<respond_params, error> bind_params(const request&);
template std::variant<who_params, error> bind_params(const request&);
template std::variant<history_params, error> bind_params(const request&);
template std::variant<trace_params, error> bind_params(const request&);
template std::variant<replay_params, error> bind_params(const request&);
template std::variant<schema_params, error> bind_params(const request&);
template std::variant<register_hook_params, error> bind_params(const request&);
template std::variant<deregister_hook_params, error> bind_params(const request&);
template std::variant<list_hooks_params, error> bind_params(const request&);
template std::variant<trust_hook_params, error> bind_params(const request&);
template std::variant<enable_hook_params, error> bind_params(const request&);
template std::variant<cluster_hosts_params, error> bind_params(const request&);
template std::variant<bypass_params, error> bind_params(const request&);
template std::variant<stats_params, error> bind_params(const request&);
template std::variant<discover_params, error> bind_params(const request&);
template std::variant<cancel_params, error> bind_params(const request&);

}  // namespace hookd::protocol
