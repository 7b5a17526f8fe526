// SPDX-License-Identifier: BSL-1.0
#include "option_reader.hpp"

#include "help_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/text/nearest.hpp>
#include <base/text/number.hpp>
#include <base/text/quantity.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <cstddef>

namespace hookd::hookctl {

namespace {

/// Calls `visit` for each form of an option's name, `-q` and `--quiet`, until it returns true. Whether it did.
template <class Visit>
bool any_form(std::string_view name, Visit visit) {
    while (!name.empty()) {
        const auto form = name.substr(0, name.find(','));
        name.remove_prefix(std::min(name.size(), form.size() + 1));
        if (visit(form)) {
            return true;
        }
    }
    return false;
}

bool is_long(std::string_view form) { return form.starts_with("--"); }

/// Whether the words from `first` on are more of a JSON text, which the shell has split for lack of quotes.
bool is_split_json(const words& given, std::size_t first) {
    const auto begins = [](std::string_view word) { return word.starts_with('{') || word.starts_with('['); };
    const auto is_part = [](std::string_view word) { return word.find_first_of("{}[]\":") != std::string_view::npos; };
    return (first > 0 && begins(given[first - 1])) ||
           std::any_of(given.begin() + static_cast<std::ptrdiff_t>(first), given.end(), is_part);
}

}  // namespace

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9'); }

std::string in_quotes(std::string_view word) { return std::string("'").append(word).append("'"); }

option_reader::option_reader(std::string_view command, words arguments)
    : command_(command), arguments_(std::move(arguments)) {
    flag("-h,--help", help_);
    flag("-V,--version", version_);
    flag("--json", json_);
    flag("--no-autostart", no_autostart_);
    value("--socket", socket_);
    value("--daemon-user", daemon_user_);
    value("--timeout", timeout_);
}

const option_reader::option* option_reader::find(std::string_view name) const {
    const auto found = std::find_if(options_.begin(), options_.end(), [name](const option& each) {
        return any_form(each.name, [name](std::string_view form) { return form == name; });
    });
    return found == options_.end() ? nullptr : &*found;
}

std::string option_reader::take_value() {
    if (!options_over_ && next_ < arguments_.size() && arguments_[next_] == "--") {
        options_over_ = true;
        ++next_;
    }
    if (next_ == arguments_.size()) {
        fail(arguments_.back() + " needs a value");
    }
    return std::move(arguments_[next_++]);
}

void option_reader::store(const option& known, std::string text) const {
    if (auto* const* const one = std::get_if<optional_text*>(&known.target)) {
        **one = std::move(text);
    } else {
        std::get<words*>(known.target)->push_back(std::move(text));
    }
}

void option_reader::read_option(std::string_view word) {
    const auto name = word.substr(0, word.find('='));
    const auto* const known = find(name);
    if (known == nullptr && !is_long(word)) {
        read_short_flags(word);
        return;
    }
    if (known == nullptr) {
        unknown_.emplace_back(word);
        return;
    }
    const bool has_value = name.size() < word.size();
    if (auto* const* const flag = std::get_if<bool*>(&known->target)) {
        if (has_value) {
            fail(std::string(name) + " takes no value");
        }
        **flag = true;
    } else {
        store(*known, has_value ? std::string(word.substr(name.size() + 1)) : take_value());
    }
}

void option_reader::read_short_flags(std::string_view word) {
    for (auto rest = word.substr(1); !rest.empty(); rest.remove_prefix(1)) {
        const auto* const known = find(std::string("-") + rest.front());
        if (known == nullptr) {
            unknown_.push_back(std::string("-").append(rest));
            return;
        }
        *std::get<bool*>(known->target) = true;  // no option that takes a value has a short form
    }
}

bool option_reader::parse() {
    while (next_ < arguments_.size()) {
        auto& word = arguments_[next_++];
        if (!options_over_ && word == "--") {
            options_over_ = true;
        } else if (!options_over_ && is_option(word)) {
            read_option(word);
        } else {
            positionals_.push_back(std::move(word));
        }
    }
    if (help_ || version_) {
        return false;
    }
    if (!unknown_.empty()) {
        refuse(unknown_.front());
    }
    return true;
}

words& option_reader::positionals(std::size_t min, std::size_t max) {
    if (positionals_.size() < min) {
        fail(missing_word() + " is missing: hookctl " + std::string(command_usage(command_)));
    }
    if (positionals_.size() > max) {
        fail(in_quotes(positionals_[max]) + " is one word too many" +
             (is_split_json(positionals_, max) ? " (JSON goes in single quotes: '{\"a\": 1}')" : "") + ": hookctl " +
             std::string(command_usage(command_)));
    }
    return positionals_;
}

std::uint64_t option_reader::number(
    const std::string& name, const std::string& text, std::uint64_t min, std::uint64_t max) const {
    const auto result = base::parse_number<std::uint64_t>(text);
    if (!result || *result < min || *result > max) {
        fail(name + " takes a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ", not " +
             in_quotes(text));
    }
    return *result;
}

std::int64_t option_reader::order(const std::string& name, const std::string& text) const {
    constexpr auto most = protocol::max_order;
    const auto result = base::parse_number<std::int64_t>(text);
    if (!result || *result < -most || *result > most) {
        fail(name + " takes a whole number from -" + std::to_string(most) + " to " + std::to_string(most) + ", not " +
             in_quotes(text));
    }
    return *result;
}

void option_reader::check_event(const std::string& name) const {
    if (!protocol::is_event_name(name)) {
        fail("EVENT takes 1 to 128 characters of A-Z a-z 0-9 _ . : / -, not " + in_quotes(harmless(name)));
    }
}

void option_reader::check_patterns(const words& patterns) const {
    for (const auto& each : patterns) {
        if (!protocol::is_pattern(each)) {
            fail("PATTERN takes 1 to 128 characters of A-Z a-z 0-9 _ . : / - * ?, not " + in_quotes(harmless(each)));
        }
    }
}

void option_reader::check_name(const std::string& role, const std::string& name) const {
    if (!base::is_utf8(name) || !protocol::is_subscriber_name(name)) {
        fail(role + " takes 1 to 128 printable characters, not " + in_quotes(harmless(name)));
    }
}

std::optional<std::chrono::milliseconds> option_reader::timeout() const {
    return timeout_ ? std::optional(duration("--timeout", *timeout_, protocol::max_timeout)) : std::nullopt;
}

std::chrono::milliseconds option_reader::duration(
    const std::string& name, const std::string& text, std::chrono::milliseconds most) const {
    const auto span = base::parse_duration(text);
    if (!span) {
        fail(name + " takes a whole number with its unit, as in 250ms, 30s or 5m, not " + in_quotes(text));
    }
    if (span->count() < 1 || *span > most) {
        fail(name + " takes 1ms to " + std::to_string(std::chrono::duration_cast<std::chrono::minutes>(most).count()) +
             "m, not " + in_quotes(text));
    }
    return *span;
}

void option_reader::fail(const std::string& message) const {
    const auto prefix = command_.empty() ? std::string() : std::string(command_) + " ";
    throw usage_error(message + " (hookctl " + prefix + "--help)");
}

std::string option_reader::socket() const {
    if (socket_ && socket_->empty()) {
        fail("--socket needs the path of a socket");
    }
    return socket_.value_or("");
}

std::string option_reader::daemon_user() const {
    if (daemon_user_ && daemon_user_->empty()) {
        fail("--daemon-user needs the name or number of a user");
    }
    return daemon_user_.value_or("");
}

std::string option_reader::missing_word() const {
    auto usage = command_usage(command_).substr(command_.size());
    std::string_view word;
    for (std::size_t number = 0; number <= positionals_.size(); ++number) {
        usage.remove_prefix(std::min(usage.find_first_not_of(' '), usage.size()));
        word = usage.substr(0, usage.find(' '));
        usage.remove_prefix(word.size());
    }
    std::string name(word);
    std::erase_if(name, [](char c) { return c == '[' || c == ']' || c == '.'; });
    return name;
}

void option_reader::refuse(std::string_view unknown) const {
    const std::string name(unknown.substr(0, unknown.find('=')));
    std::vector<std::string_view> names;
    for (const auto& each : options_) {
        (void)any_form(each.name, [&names](std::string_view form) {
            if (is_long(form)) {
                names.push_back(form);
            }
            return false;
        });
    }
    const auto known = base::nearest(name, names);
    auto message = command_.empty() ? "there is no option " + name : std::string(command_) + " has no option " + name;
    if (!known.empty()) {
        message += "; did you mean " + std::string(known) + "?";
    } else {
        message += "; an argument that begins with a dash goes after --";
    }
    fail(message);
}

}  // namespace hookd::hookctl
