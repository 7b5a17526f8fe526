// SPDX-License-Identifier: BSL-1.0
#include "app/program_options.hpp"

#include "app/allowed_accounts.hpp"
#include "app/option_values.hpp"

#include <base/text/nearest.hpp>
#include <base/text/quantity.hpp>
#include <hookd/protocol/host_name.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>
#include <hookd/protocol/socket_path.hpp>
#include <hookd/protocol/state_directory.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

// CLI11 splits the command line and lays out the help. It does not merge: in its version 2.1 a configuration file beats
// the environment, and neither error says where the bad value stands. So each setting is one row of a table here, which
// all three sources share.

namespace hookd::server {
namespace {

/// An array of values for a list, else one.
using values = std::vector<std::string>;

struct setting {
    const char* name;
    const char* placeholder;
    const char* help;
    bool is_list;
    void (*assign)(program_options& options, const values& texts);  ///< throws bad_value
    values (*show)(const program_options& options);                 ///< as assign() takes them
    bool is_text;                                                   ///< to be quoted in a file
    bool is_switch = false;                                         ///< without a value on the command line
};

constexpr std::size_t million = 1'000'000;
constexpr std::size_t most_bytes = std::size_t{1} << 40;
constexpr std::size_t most_journal_payload = protocol::max_max_frame_bytes;

bool is_file_path(const std::string& text) {
    return !text.empty() && text.back() != '/' &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::filesystem::path socket_path(const std::string& text) {
    if (!is_file_path(text)) {
        throw bad_value("must be the path of a socket, not \"" + text + "\"");
    }
    if (text.size() > protocol::max_socket_path) {
        throw bad_value("must be at most " + std::to_string(protocol::max_socket_path) +
                        " bytes long, which is what the system allows; this has " + std::to_string(text.size()) + ": " +
                        text);
    }
    return text;
}

/// Without those that are empty.
std::vector<std::filesystem::path> directory_paths(const values& texts) {
    std::vector<std::filesystem::path> paths;
    for (const auto& text : texts) {
        if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
            throw bad_value("must be the path of a directory, not \"" + text + "\"");
        }
        if (!text.empty()) {
            paths.emplace_back(text);
        }
    }
    return paths;
}

std::filesystem::path registry_path(const std::string& text) {
    if (text.empty()) {
        return {};
    }
    if (!is_file_path(text)) {
        throw bad_value("must be the path of a file, not \"" + text + "\"");
    }
    return std::filesystem::absolute(text);
}

std::string host_name(const std::string& text) {
    if (!protocol::is_host_name(text)) {
        throw bad_value("must be 1 to 64 characters of A-Z a-z 0-9 . _ -, not \"" + text + "\"");
    }
    return text;
}

std::filesystem::path journal_path(const std::string& text) {
    if (text == "off") {
        return {};
    }
    if (!is_file_path(text)) {
        throw bad_value("must be the path of a file, or off, not \"" + text + "\"");
    }
    return std::filesystem::absolute(text);
}

cluster::membership_options membership(const std::string& text) {
    try {
        return cluster::parse_membership(text);
    } catch (const std::invalid_argument& wrong) {
        throw bad_value(wrong.what());
    }
}

/// `FILE` and `events=...` are one value, though a comma is between them.
std::vector<std::string> with_events_joined(const std::vector<std::string>& parts) {
    std::vector<std::string> joined;
    for (const auto& each : parts) {
        if (each.starts_with("events=") && !joined.empty()) {
            joined.back() += "," + each;
        } else {
            joined.push_back(each);
        }
    }
    return joined;
}

std::filesystem::path state_directory(const std::function<const char*(const char*)>& environment) {
    return protocol::default_state_directory(
        environment("STATE_DIRECTORY"), environment("XDG_STATE_HOME"), environment("HOME"));
}

template <class Enumerator, std::size_t Count>
using names_of = std::array<std::pair<std::string_view, Enumerator>, Count>;

constexpr names_of<log_level, 4> level_names{{{"debug", log_level::debug}, {"info", log_level::info},
    {"warning", log_level::warning}, {"error", log_level::error}}};
// What others call the same levels.
constexpr names_of<log_level, 2> level_synonyms{{{"trace", log_level::debug}, {"warn", log_level::warning}}};
constexpr names_of<bool, 4> switch_names{{{"on", true}, {"off", false}, {"true", true}, {"false", false}}};
constexpr names_of<log_format, 2> format_names{{{"text", log_format::text}, {"json", log_format::json}}};

template <class Enumerator, std::size_t Count>
Enumerator choice(const names_of<Enumerator, Count>& names, const std::string& text) {
    std::string known;
    for (const auto& [name, value] : names) {
        if (name == text) {
            return value;
        }
        known += (known.empty() ? "" : name == names.back().first ? " or " : ", ") + std::string{name};
    }
    throw bad_value("must be " + known + ", not \"" + text + "\"");
}

log_level level_of(const std::string& text) {
    for (const auto& [name, level] : level_synonyms) {
        if (name == text) {
            return level;
        }
    }
    return choice(level_names, text);
}

template <class Enumerator, std::size_t Count>
values chosen(const names_of<Enumerator, Count>& names, Enumerator value) {
    for (const auto& [name, each] : names) {
        if (each == value) {
            return {std::string{name}};
        }
    }
    return {};
}

using options_ref = program_options&;
using const_options_ref = const program_options&;

const std::array settings{
    setting{"socket", "PATH",
        "Where it listens (default: $HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else "
        "/run/user/UID/hookd/hookd.sock where that directory is, "
        "else /tmp/hookd-UID/hookd.sock); @NAME is an abstract socket",
        false, [](options_ref o, const values& t) { o.listener.socket = socket_path(t.front()); },
        [](const_options_ref o) -> values { return {o.listener.socket.string()}; }, true},
    setting{"threads", "N", "Threads that run the io_context, 1 to 64 (default: 1)", false,
        [](options_ref o, const values& t) { o.broker.threads = static_cast<unsigned>(parse_count(t.front(), 1, 64)); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.threads)}; }, false},
    setting{"capacity", "N",
        "Events retained: how far a subscriber may lag, and how far back one may resume (default: 1024)", false,
        [](options_ref o, const values& t) { o.broker.capacity = parse_count(t.front(), 1, 16 * million); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.capacity)}; }, false},
    setting{"capacity-bytes", "SIZE", "Memory for all events that are retained or wait (default: 64MiB)", false,
        [](options_ref o, const values& t) { o.broker.capacity_bytes = parse_size(t.front(), 1, most_bytes); },
        [](const_options_ref o) -> values { return {base::size_text(o.broker.capacity_bytes)}; }, true},
    setting{"max-frame", "SIZE", "Largest message that a peer may send, at most 128MiB (default: 16MiB)", false,
        [](options_ref o, const values& t) {
            o.listener.max_frame_bytes = parse_size(t.front(), 1, protocol::max_max_frame_bytes);
        },
        [](const_options_ref o) -> values { return {base::size_text(o.listener.max_frame_bytes)}; }, true},
    setting{"max-connections", "N", "Connections at a time (default: 4096)", false,
        [](options_ref o, const values& t) { o.listener.max_connections = parse_count(t.front(), 1, million); },
        [](const_options_ref o) -> values { return {std::to_string(o.listener.max_connections)}; }, false},
    setting{"max-waiting", "N", "Requests that wait for a reply at a time (default: 65536)", false,
        [](options_ref o, const values& t) { o.broker.max_waiting = parse_count(t.front(), 1, 16 * million); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.max_waiting)}; }, false},
    setting{"max-waiting-per-connection", "N", "The same, of one connection (default: 1024)", false,
        [](options_ref o, const values& t) {
            o.broker.max_waiting_per_connection = parse_count(t.front(), 1, 16 * million);
        },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.max_waiting_per_connection)}; }, false},
    setting{"max-reserved", "N", "Slots reserved by emit at a time (default: a quarter of --max-waiting)", false,
        [](options_ref o, const values& t) { o.broker.max_reserved = parse_count(t.front(), 1, 16 * million); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.most_reserved())}; }, false},
    setting{"write-stall-timeout", "DURATION",
        "Disconnects a peer that reads nothing for that long while output waits (default: 30s)", false,
        [](options_ref o, const values& t) {
            o.listener.write_stall_timeout =
                parse_duration(t.front(), std::chrono::milliseconds{1}, protocol::max_timeout);
        },
        [](const_options_ref o) -> values { return {base::duration_text(o.listener.write_stall_timeout)}; }, true},
    setting{"default-timeout", "DURATION", "For emit_and_wait and await_response without timeout_ms (default: 30s)",
        false,
        [](options_ref o, const values& t) {
            o.broker.default_timeout = parse_duration(t.front(), std::chrono::milliseconds{1}, protocol::max_timeout);
        },
        [](const_options_ref o) -> values { return {base::duration_text(o.broker.default_timeout)}; }, true},
    setting{"allow-user", "NAME[:ROLE,...]",
        "A further user whose programs may connect (repeatable), and what they may do: emit, observe, answer (default: "
        "emit,observe)",
        true, [](options_ref o, const values& t) { o.listener.allowed_users = parse_accounts(t, parse_user); },
        [](const_options_ref o) { return account_texts(o.listener.allowed_users); }, true},
    setting{"allow-group", "NAME[:ROLE,...]", "The same for the members of a group (repeatable)", true,
        [](options_ref o, const values& t) { o.listener.allowed_groups = parse_accounts(t, parse_group); },
        [](const_options_ref o) { return account_texts(o.listener.allowed_groups); }, true},
    setting{"catalog", "DIR",
        "Files that say what events there are, and check payloads and replies (repeatable; default: none)", true,
        [](options_ref o, const values& t) { o.catalogs = directory_paths(t); },
        [](const_options_ref o) {
            values texts;
            std::transform(o.catalogs.begin(), o.catalogs.end(), std::back_inserter(texts),
                [](const std::filesystem::path& each) { return each.string(); });
            return texts;
        },
        true},
    setting{"registry", "FILE",
        "Where registered hooks are kept; empty: in memory, until it ends (default: at the default socket "
        "$STATE_DIRECTORY/registry.json, else "
        "$XDG_STATE_HOME/hookd/registry.json, else ~/.local/state/hookd/registry.json; at any other socket in memory)",
        false,
        [](options_ref o, const values& t) {
            o.hooks.registry = registry_path(t.front());
            o.names_registry = true;
        },
        [](const_options_ref o) -> values { return {o.hooks.registry.string()}; }, true},
    setting{"hook-jobs", "N", "Commands of one registered hook that run at a time, 1 to 1024 (default: 4)", false,
        [](options_ref o, const values& t) { o.hooks.jobs = parse_count(t.front(), 1, 1024); },
        [](const_options_ref o) -> values { return {std::to_string(o.hooks.jobs)}; }, false},
    setting{"cluster", "FILE[,events=GLOB:...]",
        "Joins a cluster, whose engine's URL is the one line of FILE (postgresql://..., nats://...), for events that "
        "match (repeatable)",
        true,
        [](options_ref o, const values& t) {
            o.cluster.memberships.clear();
            std::transform(t.begin(), t.end(), std::back_inserter(o.cluster.memberships), membership);
        },
        [](const_options_ref o) {
            values texts;
            std::transform(o.cluster.memberships.begin(), o.cluster.memberships.end(), std::back_inserter(texts),
                cluster::membership_text);
            return texts;
        },
        true},
    setting{"cluster-lease", "DURATION",
        "How long the other hosts wait for a sign of life from this one before they count it as gone (default: 15s)",
        false,
        [](options_ref o, const values& t) {
            o.cluster.lease =
                parse_duration(t.front(), std::chrono::milliseconds{1'000}, std::chrono::milliseconds{600'000});
        },
        [](const_options_ref o) -> values { return {base::duration_text(o.cluster.lease)}; }, true},
    setting{"cluster-host", "NAME", "This host's name in a cluster, and what ping says (default: the machine's)", false,
        [](options_ref o, const values& t) { o.broker.host = host_name(t.front()); },
        [](const_options_ref o) -> values { return {o.broker.host}; }, true},
    setting{"journal", "FILE|off",
        "Where events and verdicts are kept for hookctl log and trace (default: journal.db beside the default "
        "registry; none for another --socket)",
        false,
        [](options_ref o, const values& t) {
            o.journal.file = journal_path(t.front());
            o.names_journal = true;
        },
        [](const_options_ref o) -> values {
            return {o.journal.file.empty() ? std::string{"off"} : o.journal.file.string()};
        },
        true},
    setting{"journal-payload", "SIZE", "Largest payload or reply that the journal keeps (default: 64KiB)", false,
        [](options_ref o, const values& t) {
            o.journal.payload_bytes = parse_size(t.front(), 0, most_journal_payload);
        },
        [](const_options_ref o) -> values { return {base::size_text(o.journal.payload_bytes)}; }, true},
    setting{"journal-days", "N", "Days after which the journal forgets an event, 1 to 3650 (default: 7)", false,
        [](options_ref o, const values& t) { o.journal.days = std::chrono::days{parse_count(t.front(), 1, 3650)}; },
        [](const_options_ref o) -> values { return {std::to_string(o.journal.days.count())}; }, false},
    setting{"journal-bytes", "SIZE",
        "How large the journal may be, from 1MiB; the oldest events go first (default: 256MiB)", false,
        [](options_ref o, const values& t) {
            o.journal.bytes = parse_size(t.front(), std::size_t{1} << 20, most_bytes);
        },
        [](const_options_ref o) -> values { return {base::size_text(o.journal.bytes)}; }, true},
    setting{"durable", "on|off",
        "Answer and deliver only after events are on disk, and continue after a restart where this ended (default: "
        "off)",
        false, [](options_ref o, const values& t) { o.durable = choice(switch_names, t.front()); },
        [](const_options_ref o) { return chosen(switch_names, o.durable); }, true, true},
    setting{"log-level", "LEVEL", "debug, info, warning or error (default: info)", false,
        [](options_ref o, const values& t) { o.level = level_of(t.front()); },
        [](const_options_ref o) { return chosen(level_names, o.level); }, true},
    setting{"log-format", "text|json", "Lines for people, or one JSON object a line (default: text)", false,
        [](options_ref o, const values& t) { o.format = choice(format_names, t.front()); },
        [](const_options_ref o) { return chosen(format_names, o.format); }, true},
};

constexpr const char* config_help = "Reads options from FILE: the same names without dashes, as key = value";

constexpr const char* detach_help =
    "Serves in the background, in a session of its own, and logs to hookd.log beside the default registry";

struct flag {
    const char* names;
    program_action action;
    const char* help;
};

constexpr std::array flags{
    flag{"-h,--help", program_action::show_help, "Prints this and exits"},
    flag{"--version", program_action::show_version, "Prints the version and exits"},
    flag{"--print-config", program_action::print_config,
        "Prints the settings in effect, as a file for --config, and exits"},
    flag{"--check", program_action::check,
        "Checks all settings, the catalog, the registry and the journal, and exits: 0 if they are valid, else 2"},
};

/// The command line in CLI11's terms. Its results are texts; settings judge them.
class command_line {
public:
    command_line() {
        app_.set_help_flag();
        app_.allow_extras();
        app_.get_formatter()->column_width(36);
        app_.footer(
            "An option beats the environment ($HOOKD_SOCKET, $HOOKD_LOG_LEVEL, ...), which beats the file of "
            "--config.\n"
            "SIZE is in bytes or KiB, MiB, GiB; DURATION in ms, s, m. See hookd(8).");
        add_valued("config", "FILE", config_help);
        for (const auto& each : settings) {
            add(each);
        }
        for (const auto& each : flags) {
            given_flags_.emplace_back(app_.add_flag(each.names, each.help), each.action);
        }
        detach_ = app_.add_flag("--detach", detach_help);
        app_.get_option("--print-config")->excludes(app_.get_option("--check"));  // it prints what --check might refuse
    }

    void parse(std::vector<std::string> arguments) {
        const std::string last = arguments.empty() ? std::string{} : arguments.back();
        for (const auto& each : arguments) {
            // CLI11 would take --check=false for a flag that is there, and one that says no.
            const auto name = each.substr(0, each.find('='));
            if (name != each && is_flag(name)) {
                throw usage_error(name + " takes no value (see hookd --help)");
            }
        }
        std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::ArgumentMismatch&) {
            throw usage_error(last.substr(0, last.find('=')) +
                              " needs a value (see hookd --help)");  // any other value takes what follows
        } catch (const CLI::ParseError& error) {
            throw usage_error(std::string{error.what()} + " (see hookd --help)");
        }
    }

    [[nodiscard]] program_action action() const {
        for (const auto& [option, action] : given_flags_) {
            if (option->count() != 0) {
                return action;
            }
        }
        return program_action::serve;
    }

    [[nodiscard]] bool detach() const { return detach_->count() != 0; }

    void refuse_leftovers() const {
        for (const auto& extra : app_.remaining()) {
            if (extra.size() < 2 || extra.front() != '-') {
                throw usage_error("\"" + extra + "\" is not expected: hookd takes options only (see hookd --help)");
            }
            const auto name = extra.substr(0, extra.find('='));
            const auto known = option_names();
            const auto near = base::nearest(name, {known.begin(), known.end()});
            throw usage_error("unknown option " + name +
                              (near.empty() ? " (see hookd --help)" : "; did you mean " + std::string{near} + "?"));
        }
    }

    /// The values given for an option; empty where it was not.
    [[nodiscard]] values given(const std::string& name) const { return options_.at(name)->results(); }

    [[nodiscard]] std::string help() const { return app_.help(); }

private:
    void add(const setting& added) {
        if (added.is_switch) {
            options_[added.name] = app_.add_flag("--" + std::string{added.name}, added.help);
        } else {
            add_valued(added.name, added.placeholder, added.help);
        }
    }

    void add_valued(const std::string& name, const char* placeholder, const char* help) {
        options_[name] =
            app_.add_option("--" + name, sink_, help)
                ->type_name(placeholder)
                ->expected(1)
                ->allow_extra_args(false)  // a word after the value would count as one more, and the last one counts
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }

    [[nodiscard]] bool is_flag(const std::string& name) const {
        const auto* const option = app_.get_option_no_throw(name);
        return option != nullptr && option->get_expected_max() == 0;
    }

    [[nodiscard]] std::vector<std::string> option_names() const {
        std::vector<std::string> names;
        for (const auto* option : app_.get_options()) {
            names.push_back("--" + option->get_lnames().front());
        }
        return names;
    }

    CLI::App app_{
        "The hook broker: takes events from programs, pushes them to hooks, and brings verdicts back.", "hookd"};
    values sink_{};
    std::map<std::string, CLI::Option*> options_{};
    std::vector<std::pair<CLI::Option*, program_action>> given_flags_{};
    CLI::Option* detach_ = nullptr;
};

std::string variable_of(std::string_view name) {
    std::string variable = "HOOKD_";
    for (const char c : name) {
        variable.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    }
    return variable;
}

/// Without white space around the parts, and without those that are empty.
values split_at_commas(std::string_view text) {
    constexpr std::string_view white_space = " \t\n";
    values parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        const auto part = text.substr(0, end);
        if (const auto first = part.find_first_not_of(white_space); first != std::string_view::npos) {
            parts.emplace_back(part.substr(first, part.find_last_not_of(white_space) + 1 - first));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

values listed(const setting& option, const std::string& text) {
    if (!option.is_list) {
        return {text};
    }
    const auto parts = split_at_commas(text);
    const std::string_view name{option.name};
    return name == "catalog" ? parts : name == "cluster" ? with_events_joined(parts) : with_roles_joined(parts);
}

void assign(program_options& options, const setting& option, const values& texts, const std::string& place) {
    try {
        option.assign(options, texts);
    } catch (const bad_value& wrong) {
        throw usage_error(place + " " + wrong.what());
    }
}

void apply_file(program_options& options, const std::filesystem::path& file) {
    for (const auto& entry : read_config_file(file)) {
        const auto place = file.string() + ":" + std::to_string(entry.line) + ": ";
        const auto* const option = std::find_if(
            settings.begin(), settings.end(), [&entry](const setting& each) { return each.name == entry.key; });
        if (option == settings.end()) {
            std::vector<std::string> names;
            names.reserve(std::size(settings));
            for (const auto& each : settings) {
                names.emplace_back(each.name);
            }
            const auto near = base::nearest(entry.key, {names.begin(), names.end()});
            throw usage_error(place + "unknown key \"" + entry.key + "\"" +
                              (near.empty() ? ": the keys are the options of hookd --help"
                                            : "; did you mean " + std::string{near} + "?"));
        }
        if (entry.is_array && !option->is_list) {
            throw usage_error(place + entry.key + " takes one value, not an array");
        }
        assign(options, *option, entry.values, place + entry.key);
    }
}

}  // namespace

program_options parse_program_options(
    const std::vector<std::string>& arguments, const std::function<const char*(const char*)>& environment) {
    command_line line;
    line.parse(arguments);
    program_options options;
    options.action = line.action();
    options.detach = line.detach();
    options.log = state_directory(environment) / "hookd.log";
    if (options.action == program_action::show_help || options.action == program_action::show_version) {
        return options;
    }
    line.refuse_leftovers();
    const auto variable = [&environment](const std::string& name) {
        const char* const text = environment(name.c_str());
        return std::string{text != nullptr ? text : ""};
    };

    // From the weakest source to the strongest.
    if (const auto files = line.given("config"); !files.empty()) {
        options.config = files.back();
        if (files.back().empty()) {
            throw usage_error("--config needs the path of a file");
        }
    } else {
        options.config = variable("HOOKD_CONFIG");
    }
    if (!options.config.empty()) {
        apply_file(options, options.config);
    }
    for (const auto& each : settings) {
        const auto name = variable_of(each.name);
        if (const auto text = variable(name); !text.empty()) {
            assign(options, each, listed(each, text), name);
        }
        if (auto texts = line.given(each.name); !texts.empty()) {
            assign(options, each, each.is_list ? texts : values{texts.back()}, "--" + std::string{each.name});
        }
    }
    options.default_socket = protocol::default_socket_path(nullptr, environment("XDG_RUNTIME_DIR"), ::getuid());
    options.state_directory = state_directory(environment);
    if (options.listener.socket.empty()) {
        assign(options, settings.front(), {options.default_socket.string()},
            "--socket (by default below $XDG_RUNTIME_DIR)");
    }
    if (options.broker.host.empty()) {
        options.broker.host = protocol::own_host_name();
    }
    choose_state_files(options);
    return options;
}

void choose_state_files(program_options& options) {
    const auto& socket = options.listener.socket;
    const bool is_abstract = socket.string().starts_with('@');
    const bool is_default = !is_abstract && std::filesystem::absolute(socket).lexically_normal() ==
                                                options.default_socket.lexically_normal();
    const auto file = [&](const char* name) {
        return is_default ? options.state_directory / name : std::filesystem::path{};
    };
    if (!options.names_registry) {
        options.hooks.registry = file("registry.json");
    }
    if (!options.names_journal) {
        options.journal.file = file("journal.db");
    }
    if (options.durable && options.journal.file.empty()) {
        throw usage_error(
            "--durable needs a journal, beside which it keeps what survives a restart: add --journal FILE");
    }
}

std::string help_text() { return command_line{}.help(); }

std::string catalogs_text(const program_options& options) {
    std::string text;
    for (const auto& each : options.catalogs) {
        text += (text.empty() ? "" : ", ") + each.string();
    }
    return text;
}

std::string configuration_text(const program_options& options) {
    std::string text;
    for (const auto& each : settings) {
        std::string line;
        for (const auto& value : each.show(options)) {
            line += (line.empty() ? "" : ", ") + (each.is_text ? quoted_config_text(value) : value);
        }
        text += std::string{each.name} + " = " + (each.is_list ? "[" + line + "]" : line) + "\n";
    }
    return text;
}

std::vector<std::string_view> changes_that_need_restart(const program_options& before, const program_options& after) {
    std::vector<std::string_view> names;
    for (const auto& each : settings) {
        const std::string_view name{each.name};
        if (name != "log-level" && name != "catalog" && each.show(before) != each.show(after)) {
            names.emplace_back(each.name);
        }
    }
    return names;
}

}  // namespace hookd::server
