// SPDX-License-Identifier: BSL-1.0
#include "method_fields.hpp"
#include "parameter_rules.hpp"

#include <base/text/utf8.hpp>

#include <initializer_list>
#include <utility>

namespace hookd::protocol {
namespace {

/// Visits parameters that are values already; the first fault stands. An empty text and an absent value are parameters
/// that were left out. What a type can't hold wrongly is not looked at.
class value_checker {
public:
    void event_name(std::string_view name, const text& value, std::string_view) {
        keep(rules::check_event_name(name, value.view()));
    }
    void cause(std::string_view, const text& value, const text& event, std::string_view payload, std::string_view) {
        if (!fault_) {
            keep(check_cause(event.view(), payload, value.view()));
        }
    }
    void json(std::string_view, std::string_view, std::string_view) {}  // a long one is checked on another thread
    void duration(std::string_view name, const std::optional<std::chrono::milliseconds>& value, std::string_view) {
        if (value) {
            keep(rules::check_duration(name, value));
        }
    }
    void subscriber_name(std::string_view name, const text& value, presence needed, std::string_view) {
        if (needed == presence::required || !value.empty()) {
            check_name(name, value.view());
        }
    }
    void free_text(std::string_view name, const text& value, presence needed, std::string_view) {
        if (needed == presence::required) {
            keep(rules::check_not_empty(name, value.view()));
        }
        check_utf8(name, value.view());
    }
    void integer(std::string_view name, std::int64_t value, std::string_view) { keep(rules::check_order(name, value)); }
    void names(std::string_view name, const std::vector<std::string>& values, std::string_view) {
        for (std::size_t before = 0; !fault_ && before < values.size(); ++before) {
            check_utf8(name, values[before]);
            keep(rules::check_next_responder(name, before, values[before]));
        }
    }
    void patterns(std::string_view name, const std::vector<std::string>& values, presence, std::string_view) {
        for (std::size_t before = 0; !fault_ && before < values.size(); ++before) {
            keep(rules::check_next_pattern(name, before, values[before]));
        }
    }
    void conditions(std::string_view name, const std::vector<payload_condition>& values, std::string_view) {
        for (std::size_t before = 0; !fault_ && before < values.size(); ++before) {
            check_utf8(name, values[before].pointer);
            check_utf8(name, values[before].glob);
            keep(rules::check_next_condition(name, before, values[before].pointer, values[before].glob));
        }
    }
    template <class Enum>
    void choice(std::string_view, const std::optional<Enum>&, std::initializer_list<Enum>, std::string_view) {}
    void boolean(std::string_view, bool, std::string_view) {}
    void uuid_text(std::string_view, const std::optional<uuid>&, std::string_view) {}
    void counter(std::string_view, const std::optional<std::uint64_t>&, std::string_view) {}

    [[nodiscard]] std::optional<error> finish() { return std::move(fault_); }

private:
    void check_name(std::string_view name, std::string_view value) {
        check_utf8(name, value);
        keep(rules::check_subscriber_name(name, value));
    }
    void check_utf8(std::string_view name, std::string_view value) {
        if (!base::is_utf8(value)) {
            keep(rules::wrong(name, "is not valid UTF-8"));
        }
    }
    void keep(std::optional<error> fault) {
        if (!fault_) {
            fault_ = std::move(fault);
        }
    }

    std::optional<error> fault_{};
};

}  // namespace

template <class Params>
std::optional<error> check_params(const Params& params) {
    value_checker checker;
    describe(checker, params);
    return checker.finish();
}

template std::optional<error> check_params(const emit_params&);
template std::optional<error> check_params(const emit_and_wait_params&);
template std::optional<error> check_params(const await_response_params&);
template std::optional<error> check_params(const subscribe_params&);
template std::optional<error> check_params(const who_params&);

}  // namespace hookd::protocol
