// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "arguments.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::hookctl {

using words = std::vector<std::string>;
using optional_text = std::optional<std::string>;

/// Whether `word` is an option: a number with a minus sign is none, nor is `-`.
[[nodiscard]] bool is_option(std::string_view word);
[[nodiscard]] std::string in_quotes(std::string_view word);

/// Reads the options of one command, the general ones among them. Wrong usage is thrown as usage_error. Targets are set
/// by parse() and must live until then.
///
/// Hand-written: hookctl is started for every hook, and CLI11 needs the C++ library's streams and locales, whose
/// start-up alone costs a fifth of an empty program's. It also reads ordinary arguments as something else: `[a,b]` and
/// `{}` as lists, `-1` as an option.
class option_reader {
public:
    option_reader(std::string_view command, words arguments);

    /// `name`: `--json`, or with a short form in front `-q,--quiet`; a literal, as in the next two.
    void flag(std::string_view name, bool& target) { options_.push_back({name, &target}); }
    /// Takes a value: the next word, or what follows `=`. Given twice, the last counts.
    void value(std::string_view name, optional_text& target) { options_.push_back({name, &target}); }
    /// The same; each counts.
    void values(std::string_view name, words& target) { options_.push_back({name, &target}); }

    /// False where only help or the version is wanted: nothing else is to be looked at then.
    [[nodiscard]] bool parse();

    /// The words that are no options; between `min` and `max` of them.
    [[nodiscard]] words& positionals(std::size_t min, std::size_t max);

    [[nodiscard]] std::uint64_t number(
        const std::string& name, const std::string& text, std::uint64_t min, std::uint64_t max) const;

    /// At most protocol::max_order, either way from 0.
    [[nodiscard]] std::int64_t order(const std::string& name, const std::string& text) const;

    template <class Value>
    [[nodiscard]] Value choice(const std::string& name, const std::string& text,
        const std::vector<std::pair<std::string_view, Value>>& choices) const {
        std::string all;
        for (const auto& [known, result] : choices) {
            if (known == text) {
                return result;
            }
            all.append(all.empty() ? "" : ", ").append(known);
        }
        fail(name + " takes one of " + all + ", not " + in_quotes(text));
    }

    /// Throw usage_error for what the daemon would refuse, before it is asked.
    void check_event(const std::string& name) const;
    void check_patterns(const words& patterns) const;
    /// `role`: an option, or what help texts call the word.
    void check_name(const std::string& role, const std::string& name) const;

    /// What `--no-daemon` says.
    [[nodiscard]] bool proceeds_without_daemon(const std::string& text) const {
        return choice<bool>("--no-daemon", text, {{"proceed", true}, {"fail", false}});
    }

    [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const;
    /// From 1 ms to `most`, which is whole minutes.
    [[nodiscard]] std::chrono::milliseconds duration(
        const std::string& name, const std::string& text, std::chrono::milliseconds most) const;

    /// Throws usage_error.
    [[noreturn]] void fail(const std::string& message) const;

    [[nodiscard]] bool help_wanted() const noexcept { return help_; }
    [[nodiscard]] bool version_wanted() const noexcept { return version_ && !help_; }
    [[nodiscard]] bool json() const noexcept { return json_; }
    [[nodiscard]] bool autostart() const noexcept { return !no_autostart_; }
    [[nodiscard]] std::string socket() const;
    [[nodiscard]] std::string daemon_user() const;

private:
    struct option {
        std::string_view name{};
        std::variant<bool*, optional_text*, words*> target{};
    };

    [[nodiscard]] const option* find(std::string_view name) const;
    /// Reads an option, and its value from the words that follow. Throws usage_error.
    void read_option(std::string_view word);
    /// Reads short flags that share one dash: `-qf`.
    void read_short_flags(std::string_view word);
    void store(const option& known, std::string text) const;
    /// The next word, whatever it looks like. Throws usage_error if there is none.
    [[nodiscard]] std::string take_value();
    [[noreturn]] void refuse(std::string_view unknown) const;
    /// What the command's usage calls the word that is missing: `EVENT`.
    [[nodiscard]] std::string missing_word() const;

    std::string_view command_;
    words arguments_;
    std::size_t next_ = 0;       // of arguments_
    bool options_over_ = false;  // `--` was read
    std::vector<option> options_{};
    words unknown_{};
    words positionals_{};
    bool help_ = false;
    bool version_ = false;
    bool json_ = false;
    bool no_autostart_ = false;
    optional_text socket_{};
    optional_text daemon_user_{};
    optional_text timeout_{};
};

}  // namespace hookd::hookctl
