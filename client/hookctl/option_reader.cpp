// SPDX-License-Identifier: BSL-1.0
#include "option_reader.hpp"

#include "help_text.hpp"
#include "hookctl/terminal/duration_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>
#include <hookd/protocol/nearest.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace hookd::hookctl {

namespace {

// CLI11 gives meanings of its own to some texts that are ordinary arguments here: `[a,b]` and `{}` are lists, `-1` is
// an option. What is no option is therefore hidden from it behind a mark, and gets its own form back afterwards.
constexpr char mark = '\x01';

std::string marked(std::string_view word) { return std::string(1, mark).append(word); }

std::string unmarked(const std::string& word) { return !word.empty() && word.front() == mark ? word.substr(1) : word; }

}  // namespace

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9'); }

std::string in_quotes(std::string_view word) { return std::string("'").append(word).append("'"); }

option_reader::option_reader(std::string_view command, words arguments)
    : command_(command), arguments_(std::move(arguments)) {
    app_.set_help_flag();
    app_.allow_extras();
    app_.add_option("words", positionals_)->expected(-1);
    flag("-h,--help", help_);
    flag("-V,--version", version_);
    flag("--json", json_);
    flag("--no-autostart", no_autostart_);
    value("--socket", socket_);
    value("--daemon-user", daemon_user_);
    value("--timeout", timeout_);
}

void option_reader::value(const std::string& name, optional_text& target) {
    app_.add_option_function<std::string>(name, [&target](const std::string& text) { target = unmarked(text); })
        ->take_last();
}

void option_reader::values(const std::string& name, words& target) {
    app_.add_option_function<words>(name,
            [&target](const words& texts) {
                for (const auto& each : texts) {
                    target.push_back(unmarked(each));
                }
            })
        ->allow_extra_args(false)
        ->take_all();
}

bool option_reader::parse() {
    auto reversed = prepared();
    std::reverse(reversed.begin(), reversed.end());  // CLI11's order
    try {
        app_.parse(std::move(reversed));
    } catch (const CLI::ArgumentMismatch&) {
        fail(arguments_.back() + " needs a value");
    } catch (const CLI::ParseError& failure) {
        fail(failure.what());
    }
    if (help_ || version_) {
        return false;
    }
    for (const auto& unknown : app_.remaining()) {
        refuse(unknown);
    }
    for (auto& word : positionals_) {
        word = unmarked(word);
    }
    return true;
}

words& option_reader::positionals(std::size_t min, std::size_t max) {
    if (positionals_.size() < min) {
        fail(missing_word() + " is missing: hookctl " + std::string(command_usage(command_)));
    }
    if (positionals_.size() > max) {
        fail(in_quotes(positionals_[max]) +
             " is one word too many (JSON goes in single quotes: '{\"a\": 1}'): hookctl " +
             std::string(command_usage(command_)));
    }
    return positionals_;
}

std::uint64_t option_reader::number(
    const std::string& name, const std::string& text, std::uint64_t min, std::uint64_t max) const {
    std::uint64_t result = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (failure != std::errc{} || end != text.data() + text.size() || result < min || result > max) {
        fail(name + " takes a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ", not " +
             in_quotes(text));
    }
    return result;
}

std::int64_t option_reader::integer(const std::string& name, const std::string& text) const {
    constexpr std::int64_t most = 2147483647;
    std::int64_t result = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (failure != std::errc{} || end != text.data() + text.size() || result < -most || result > most) {
        fail(name + " takes a whole number from -2147483647 to 2147483647, not " + in_quotes(text));
    }
    return result;
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

void option_reader::check_name(const std::string& what, const std::string& name) const {
    if (!protocol::is_subscriber_name(name)) {
        fail(what + " takes 1 to 128 printable characters, not " + in_quotes(harmless(name)));
    }
}

std::optional<std::chrono::milliseconds> option_reader::timeout() const {
    return timeout_ ? std::optional(duration("--timeout", *timeout_, protocol::max_timeout)) : std::nullopt;
}

std::chrono::milliseconds option_reader::duration(
    const std::string& name, const std::string& text, std::chrono::milliseconds most) const {
    const auto span = parse_duration(text);
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
    const auto where = command_.empty() ? std::string() : std::string(command_) + " ";
    throw usage_error(message + " (hookctl " + where + "--help)");
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

words option_reader::prepared() const {
    words result;
    bool options_over = false;
    for (const auto& word : arguments_) {
        if (!options_over && word == "--") {
            options_over = true;
        } else if (options_over || !is_option(word)) {
            result.push_back(marked(word));
        } else if (const auto equals = word.find('='); equals != std::string::npos) {
            const auto name = word.substr(0, equals);
            const auto* const option = app_.get_option_no_throw(name);
            if (option == nullptr) {
                result.push_back(word);
            } else if (option->get_expected_max() == 0) {
                fail(name + " takes no value");
            } else {
                result.push_back(name);
                result.push_back(marked(std::string_view(word).substr(equals + 1)));
            }
        } else {
            result.push_back(word);
        }
    }
    return result;
}

std::string option_reader::missing_word() const {
    std::istringstream usage{std::string(command_usage(command_).substr(command_.size()))};
    std::string word;
    for (std::size_t number = 0; number <= positionals_.size(); ++number) {
        usage >> word;
    }
    std::erase_if(word, [](char c) { return c == '[' || c == ']' || c == '.'; });
    return word;
}

void option_reader::refuse(const std::string& unknown) const {
    const std::string name = unknown.substr(0, unknown.find('='));
    std::vector<std::string> names;
    for (const auto* option : app_.get_options()) {
        for (const auto& each : option->get_lnames()) {
            names.push_back("--" + each);
        }
    }
    const auto known = protocol::nearest(name, {names.begin(), names.end()});
    auto message = command_.empty() ? "there is no option " + name : std::string(command_) + " has no option " + name;
    if (!known.empty()) {
        message += "; did you mean " + std::string(known) + "?";
    } else {
        message += "; an argument that begins with a dash goes after --";
    }
    fail(message);
}

}  // namespace hookd::hookctl
