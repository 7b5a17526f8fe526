// SPDX-License-Identifier: BSL-1.0
#include "app/program_options.hpp"

#include "app/option_values.hpp"
#include "app/settings.hpp"

#include <base/text/nearest.hpp>
#include <base/text/wrapped_text.hpp>
#include <hookd/protocol/host_name.hpp>
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
// the environment, and neither error says where the bad value is. So each setting is one row of a table (settings.cpp),
// which all three sources share.

namespace hookd::server {
namespace {

std::filesystem::path state_directory(const std::function<const char*(const char*)>& environment) {
    return protocol::default_state_directory(
        environment("STATE_DIRECTORY"), environment("XDG_STATE_HOME"), environment("HOME"));
}

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

constexpr std::size_t name_columns = 36;  ///< of the help: options and their values
constexpr std::size_t help_columns = 90;  ///< as in hookctl's

/// What the help says of an option; CLI11 indents the lines after the first.
std::string description(std::string_view help) { return base::wrapped(help, 0, 0, help_columns - name_columns); }

/// The command line in CLI11's terms. Its results are texts; settings judge them.
class command_line {
public:
    command_line() {
        app_.set_help_flag();
        app_.allow_extras();
        app_.get_formatter()->column_width(name_columns);
        app_.footer(
            "An option beats the environment ($HOOKD_SOCKET, $HOOKD_LOG_LEVEL, ...), which beats the\n"
            "file of --config.\n"
            "SIZE is in bytes or KiB, MiB, GiB; DURATION in ms, s, m. See hookd(8).");
        add_valued("config", "FILE", config_help);
        for (const auto& each : all_settings()) {
            add(each);
        }
        for (const auto& each : flags) {
            given_flags_.emplace_back(app_.add_flag(each.names)->description(description(each.help)), each.action);
        }
        detach_ = app_.add_flag("--detach")->description(description(detach_help));
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
    [[nodiscard]] setting_values given(const std::string& name) const { return options_.at(name)->results(); }

    [[nodiscard]] std::string help() const { return app_.help(); }

private:
    void add(const setting& added) {
        if (added.is_switch) {
            options_[added.name] = app_.add_flag("--" + std::string{added.name})->description(description(added.help));
        } else {
            add_valued(added.name, added.placeholder, added.help);
        }
    }

    void add_valued(const std::string& name, const char* placeholder, const char* help) {
        options_[name] =
            app_.add_option("--" + name, sink_, description(help))
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

    CLI::App app_{"The hook broker: takes events from programs, asks hooks, and returns their verdicts.", "hookd"};
    setting_values sink_{};
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

void assign(program_options& options, const setting& option, const setting_values& texts, const std::string& place) {
    try {
        option.assign(options, texts);
    } catch (const bad_value& wrong) {
        throw usage_error(place + " " + wrong.what());
    }
}

void apply_file(program_options& options, const std::filesystem::path& file) {
    const auto settings = all_settings();
    for (const auto& entry : read_config_file(file)) {
        const auto place = file.string() + ":" + std::to_string(entry.line) + ": ";
        const auto option = std::find_if(
            settings.begin(), settings.end(), [&entry](const setting& each) { return each.name == entry.key; });
        if (option == settings.end()) {
            std::vector<std::string> names;
            names.reserve(settings.size());
            for (const auto& each : settings) {
                names.emplace_back(each.name);
            }
            const auto near = base::nearest(entry.key, {names.begin(), names.end()});
            throw usage_error(place + "unknown key \"" + entry.key + "\"" +
                              (near.empty() ? ": the keys are the options of hookd --help"
                                            : "; did you mean " + std::string{near} + "?"));
        }
        if (entry.is_array && !option->is_list()) {
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
    for (const auto& each : all_settings()) {
        const auto name = variable_of(each.name);
        if (const auto text = variable(name); !text.empty()) {
            assign(options, each, values_in(each, text), name);
        }
        if (auto texts = line.given(each.name); !texts.empty()) {
            assign(options, each, each.is_list() ? texts : setting_values{texts.back()}, "--" + std::string{each.name});
        }
    }
    options.default_socket = protocol::default_socket_path(nullptr, environment("XDG_RUNTIME_DIR"), ::getuid());
    options.state_directory = state_directory(environment);
    if (options.listener.socket.empty()) {
        assign(options, all_settings().front(), {options.default_socket.string()},
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
    for (const auto& each : all_settings()) {
        std::string line;
        for (const auto& value : each.show(options)) {
            line += (line.empty() ? "" : ", ") + (each.is_text ? quoted_config_text(value) : value);
        }
        text += std::string{each.name} + " = " + (each.is_list() ? "[" + line + "]" : line) + "\n";
    }
    return text;
}

std::vector<std::string_view> changes_that_need_restart(const program_options& before, const program_options& after) {
    std::vector<std::string_view> names;
    for (const auto& each : all_settings()) {
        const std::string_view name{each.name};
        if (name != "log-level" && name != "catalog" && each.show(before) != each.show(after)) {
            names.emplace_back(each.name);
        }
    }
    return names;
}

}  // namespace hookd::server
