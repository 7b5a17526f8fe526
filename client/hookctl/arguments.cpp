#include "arguments.hpp"

#include "duration_text.hpp"
#include "help_text.hpp"
#include "nearest.hpp"

#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

using words = std::vector<std::string>;
using optional_text = std::optional<std::string>;

// CLI11 gives meanings of its own to some texts that are ordinary arguments here: `[a,b]` and `{}` are lists, `-1` is an option. What is
// no option is therefore hidden from it behind a mark, and gets its own form back afterwards.
constexpr char mark = '\x01';

std::string marked(std::string_view word) {
    return std::string(1, mark).append(word);
}

std::string unmarked(const std::string& word) {
    return !word.empty() && word.front() == mark ? word.substr(1) : word;
}

bool is_option(std::string_view word) {
    return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9');
}

std::string in_quotes(std::string_view word) {
    return std::string("'").append(word).append("'");
}

/// Reads the options of one command, the general ones among them.
class option_reader {
public:
    option_reader(std::string_view command, words arguments) : command_(command), arguments_(std::move(arguments)) {
        app_.set_help_flag();
        app_.allow_extras();
        app_.add_option("words", positionals_)->expected(-1);
        flag("-h,--help", help_);
        flag("--version", version_);
        flag("--json", json_);
        value("--socket", socket_);
        value("--timeout", timeout_);
    }

    void flag(const std::string& name, bool& target) { app_.add_flag(name, target); }

    void value(const std::string& name, optional_text& target) {
        app_.add_option_function<std::string>(name, [&target](const std::string& text) { target = unmarked(text); })
            ->take_last();
    }

    /// False where only help or the version is wanted: nothing else is to be looked at then.
    [[nodiscard]] bool parse() {
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

    /// The words that are no options; between `min` and `max` of them.
    [[nodiscard]] words& positionals(std::size_t min, std::size_t max) {
        if (positionals_.size() < min) {
            fail("something is missing: hookctl " + std::string(command_usage(command_)));
        }
        if (positionals_.size() > max) {
            fail(in_quotes(positionals_[max]) + " is one word too many (quote JSON): hookctl " +
                 std::string(command_usage(command_)));
        }
        return positionals_;
    }

    [[nodiscard]] std::uint64_t number(const std::string& name, const std::string& text, std::uint64_t min,
                                       std::uint64_t max) const {
        std::uint64_t result = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), result);
        if (failure != std::errc{} || end != text.data() + text.size() || result < min || result > max) {
            fail(name + " takes a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ", not " +
                 in_quotes(text));
        }
        return result;
    }

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

    [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const {
        if (!timeout_) {
            return std::nullopt;
        }
        const auto span = parse_duration(*timeout_);
        if (!span) {
            fail("--timeout takes a whole number with its unit, as in 250ms, 30s or 5m, not " + in_quotes(*timeout_));
        }
        if (span->count() < 1 || *span > protocol::max_timeout) {
            fail("--timeout takes 1ms to " +
                 std::to_string(std::chrono::duration_cast<std::chrono::minutes>(protocol::max_timeout).count()) +
                 "m, not " + in_quotes(*timeout_));
        }
        return span;
    }

    [[noreturn]] void fail(const std::string& message) const {
        const auto where = command_.empty() ? std::string() : std::string(command_) + " ";
        throw usage_error(message + " (hookctl " + where + "--help)");
    }

    [[nodiscard]] bool help_wanted() const noexcept { return help_; }
    [[nodiscard]] bool version_wanted() const noexcept { return version_ && !help_; }
    [[nodiscard]] bool json() const noexcept { return json_; }
    [[nodiscard]] std::string socket() const {
        if (socket_ && socket_->empty()) {
            fail("--socket needs the path of a socket");
        }
        return socket_.value_or("");
    }

private:
    /// The arguments with what is no option marked, `--` taken out and `--name=value` split.
    [[nodiscard]] words prepared() const {
        words result;
        bool options_over = false;
        for (const auto& word : arguments_) {
            if (!options_over && word == "--") {
                options_over = true;
            } else if (options_over || !is_option(word)) {
                result.push_back(marked(word));
            } else if (const auto equals = word.find('='); equals != std::string::npos && takes_value(word.substr(0, equals))) {
                result.push_back(word.substr(0, equals));
                result.push_back(marked(std::string_view(word).substr(equals + 1)));
            } else {
                result.push_back(word);
            }
        }
        return result;
    }

    [[nodiscard]] bool takes_value(const std::string& name) const {
        const auto* option = app_.get_option_no_throw(name);
        return option != nullptr && option->get_expected_max() > 0;
    }

    [[noreturn]] void refuse(const std::string& unknown) const {
        const std::string name = unknown.substr(0, unknown.find('='));
        std::vector<std::string> names;
        for (const auto* option : app_.get_options()) {
            for (const auto& each : option->get_lnames()) {
                names.push_back("--" + each);
            }
        }
        const auto known = nearest(name, {names.begin(), names.end()});
        auto message = command_.empty() ? "there is no option " + name : std::string(command_) + " has no option " + name;
        if (!known.empty()) {
            message += "; did you mean " + std::string(known) + "?";
        } else {
            message += "; an argument that begins with a dash goes after --";
        }
        fail(message);
    }

    CLI::App app_{};
    std::string_view command_;
    words arguments_;
    words positionals_{};
    bool help_ = false;
    bool version_ = false;
    bool json_ = false;
    optional_text socket_{};
    optional_text timeout_{};
};

command_arguments parse_emit(option_reader& options) {
    emit_arguments result;
    optional_text policy;
    optional_text abort_exit_code;
    optional_text no_daemon;
    options.flag("--wait", result.wait);
    options.flag("--fail-closed", result.fail_closed);
    options.flag("--wait-for-subscriber", result.wait_for_subscriber);
    options.value("--policy", policy);
    options.value("--abort-exit-code", abort_exit_code);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, 2);
    result.event = std::move(given[0]);
    if (given.size() > 1) {
        result.payload = std::move(given[1]);
    }
    if (policy) {
        result.policy = options.choice<wait_policy>(
            "--policy", *policy, {{"first", wait_policy::first}, {"veto", wait_policy::veto}, {"all", wait_policy::all}});
    }
    if (abort_exit_code) {
        result.abort_exit_code = static_cast<int>(options.number("--abort-exit-code", *abort_exit_code, 1, 255));
    }
    if (no_daemon) {
        result.proceed_without_daemon =
            options.choice<bool>("--no-daemon", *no_daemon, {{"proceed", true}, {"fail", false}});
    }
    if (!result.wait) {
        // Without a wait they would do nothing, and a veto that nobody waits for is a guard that guards nothing.
        if (policy || abort_exit_code || result.fail_closed || result.wait_for_subscriber) {
            options.fail("--policy, --fail-closed, --wait-for-subscriber and --abort-exit-code need --wait");
        }
    }
    return result;
}

command_arguments parse_listen(option_reader& options) {
    listen_arguments result;
    optional_text after_seq;
    optional_text count;
    options.value("--after-seq", after_seq);
    options.value("--count", count);
    if (!options.parse()) {
        return result;
    }

    result.patterns = std::move(options.positionals(0, words().max_size()));
    constexpr auto max = static_cast<std::uint64_t>(INT64_MAX);
    if (after_seq) {
        result.after_seq = options.number("--after-seq", *after_seq, 0, max);
    }
    if (count) {
        result.count = options.number("--count", *count, 1, max);
    }
    return result;
}

command_arguments parse_on(option_reader& options, const std::optional<words>& argv) {
    on_arguments result;
    optional_text jobs;
    optional_text name;
    options.value("--jobs", jobs);
    options.value("--name", name);
    if (!options.parse()) {
        return result;
    }

    if (!argv || argv->empty() || argv->front().empty()) {
        options.fail("put -- and the command after the patterns: hookctl " + std::string(command_usage("on")));
    }
    result.argv = *argv;
    result.patterns = std::move(options.positionals(1, words().max_size()));
    if (jobs) {
        result.jobs = options.number("--jobs", *jobs, 1, 1024);
    }
    if (name && name->empty()) {
        options.fail("--name needs a name");
    }
    const auto& program = result.argv.front();
    result.name = name ? *name : program.substr(program.rfind('/') + 1);
    return result;
}

command_arguments parse_respond(option_reader& options) {
    respond_arguments result;
    options.flag("--abstain", result.abstain);
    options.value("--abort", result.abort);
    options.value("--failed", result.failed);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, 2);
    result.id = std::move(given[0]);
    if (given.size() > 1) {
        result.response = std::move(given[1]);
    }
    if (result.abort && result.abort->empty()) {
        options.fail("--abort needs a reason");
    }
    if (result.failed && result.failed->empty()) {
        options.fail("--failed needs to be told why");
    }
    const int answers = (result.abstain ? 1 : 0) + (result.failed ? 1 : 0) + (result.abort || result.response ? 1 : 0);
    if (answers > 1) {
        options.fail("give one answer: a RESPONSE or --abort, or --abstain, or --failed");
    }
    return result;
}

command_arguments parse_stats(option_reader& options) {
    stats_arguments result;
    options.flag("--watch", result.watch);
    options.flag("--prometheus", result.prometheus);
    if (!options.parse()) {
        return result;
    }

    (void)options.positionals(0, 0);
    if (result.prometheus && (result.watch || options.json())) {
        options.fail("--prometheus prints one page of text: leave out --watch and --json");
    }
    return result;
}

command_arguments parse_top(option_reader& options) {
    if (options.parse()) {
        (void)options.positionals(0, 0);
        if (options.json()) {
            options.fail("top is for people: use stats --watch --json");
        }
    }
    return top_arguments{};
}

command_arguments parse_ping(option_reader& options) {
    if (options.parse()) {
        (void)options.positionals(0, 0);
    }
    return ping_arguments{};
}

command_arguments parse_call(option_reader& options) {
    call_arguments result;
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, 2);
    result.method = std::move(given[0]);
    if (given.size() > 1) {
        result.params = std::move(given[1]);
    }
    return result;
}

/// Where the command's name stands: the first word that is neither an option nor the value of a general one.
words::const_iterator find_command(const words& arguments) {
    for (auto word = arguments.begin(); word != arguments.end() && *word != "--"; ++word) {
        if (*word == "--socket" || *word == "--timeout") {
            if (std::next(word) != arguments.end()) {
                ++word;
            }
        } else if (!is_option(*word)) {
            return word;
        }
    }
    return arguments.end();
}

command_arguments parse_command(option_reader& options, std::string_view command, const std::optional<words>& argv) {
    if (command == "emit") {
        return parse_emit(options);
    }
    if (command == "listen") {
        return parse_listen(options);
    }
    if (command == "on") {
        return parse_on(options, argv);
    }
    if (command == "respond") {
        return parse_respond(options);
    }
    if (command == "stats") {
        return parse_stats(options);
    }
    if (command == "top") {
        return parse_top(options);
    }
    if (command == "ping") {
        return parse_ping(options);
    }
    return parse_call(options);
}

}  // namespace

std::variant<invocation, information> parse_arguments(const std::vector<std::string>& arguments) {
    const auto found = find_command(arguments);
    words rest(arguments.begin(), found);
    std::string_view command;
    std::optional<words> argv;
    if (found != arguments.end()) {
        const auto& names = command_names();
        const auto known = std::find(names.begin(), names.end(), *found);
        if (known == names.end()) {
            const auto near = nearest(*found, names);
            throw usage_error("there is no command " + in_quotes(*found) +
                              (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?") +
                              " (hookctl --help)");
        }
        command = *known;
        auto end = arguments.end();
        if (command == "on") {
            end = std::find(found, arguments.end(), "--");
            if (end != arguments.end()) {
                argv.emplace(std::next(end), arguments.end());
            }
        }
        rest.insert(rest.end(), std::next(found), end);
    }

    option_reader options(command, std::move(rest));
    invocation result;
    if (!command.empty()) {
        result.command = parse_command(options, command, argv);
    } else if (options.parse()) {
        options.fail("say what to do: emit, listen, on, respond, stats, top, ping or call");
    }

    if (options.version_wanted()) {
        return information{std::string("hookctl ") + protocol::release_version + "\n"};
    }
    if (options.help_wanted()) {
        return information{std::string(command.empty() ? general_help() : command_help(command))};
    }
    result.socket = options.socket();
    result.timeout = options.timeout();
    result.json = options.json();
    return result;
}

}  // namespace hookd::hookctl
