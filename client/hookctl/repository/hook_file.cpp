// SPDX-License-Identifier: BSL-1.0
#include "hook_file.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/repository/toml.hpp"

#include <base/text/nearest.hpp>
#include <base/text/quantity.hpp>
#include <base/text/terminal_text.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <utility>

namespace hookd::hookctl {

namespace {

/// Reads one file; every error of it names the file and the line.
class hook_file_reader {
public:
    explicit hook_file_reader(const std::string& path) : path_(path) {}

    [[nodiscard]] hook_file read(std::string_view text) const {
        const auto root = parse(text);
        hook_file result;
        for (const auto& [key, value] : root) {
            if (key == "hooks") {
                for (const auto& [name, hook] : table_of(value, "hooks")) {
                    result.hooks.push_back(read_hook(std::string(name.str()), hook));
                }
            } else if (key == "repository") {
                result.repository = text_of(value, "repository");
                check_name(value, *result.repository, "repository");
            } else {
                refuse_key(key, {}, {"hooks", "repository"});
            }
        }
        return result;
    }

private:
    [[nodiscard]] toml::table parse(std::string_view text) const {
        try {
            return parse_toml(text);
        } catch (const toml_fault& failure) {
            fail(failure.line, failure.what());
        }
    }

    [[nodiscard]] file_hook read_hook(std::string name, const toml::node& node) const {
        const auto table = "hooks." + name;
        file_hook hook;
        check_name(node, name, table);
        hook.name = std::move(name);
        const auto& members = table_of(node, table);
        for (const auto& [key, value] : members) {
            read_member(hook, key, value, table + "." + std::string(key.str()));
        }
        if (hook.events.empty()) {
            fail(line_of(node), table + " does not say when it runs: add, for example, on = [\"git.pre_commit\"]");
        }
        if (hook.run.empty() || hook.run.front().empty()) {
            fail(line_of(node),
                table + " does not say what it runs: add, for example, run = [\"./tools/" + hook.name + ".sh\"]");
        }
        if (!members.contains("git")) {
            hook.git = std::all_of(hook.events.begin(), hook.events.end(),
                [](const std::string& pattern) { return pattern.starts_with("git."); });
        }
        check_place(members, table);
        return hook;
    }

    void check_place(const toml::table& members, const std::string& table) const {
        const auto* conditions = members["where"].as_table();
        const auto* own = conditions == nullptr ? nullptr : conditions->get(common_dir_pointer);
        if (own != nullptr) {
            fail(line_of(*own), table + ".where cannot have " + std::string(common_dir_pointer) +
                                    ": hookctl sync sets it, so that the hook gets the events of this repository");
        }
    }

    void read_member(file_hook& hook, const toml::key& key, const toml::node& value, const std::string& table) const {
        auto& responder = hook.as_responder;
        if (key == "on") {
            hook.events = texts_of(value, table);
            check_patterns(value, hook.events, table);
        } else if (key == "run") {
            hook.run = texts_of(value, table);
        } else if (key == "timeout") {
            hook.timeout = duration_of(value, table);
        } else if (key == "where") {
            read_conditions(responder.where, value, table);
        } else if (key == "order") {
            responder.order = number_of(value, table, -protocol::max_order, protocol::max_order);
        } else if (key == "jobs") {
            hook.jobs =
                static_cast<std::uint64_t>(number_of(value, table, 1, static_cast<std::int64_t>(protocol::max_jobs)));
        } else if (key == "env") {
            read_environment(hook.environment, value, table);
        } else if (key == "on_failure") {
            responder.on_failure = failure_policy_of(value, table);
        } else if (key == "asked_only") {
            responder.asked_only = flag_of(value, table);
        } else if (key == "shadow") {
            responder.shadow = flag_of(value, table);
        } else if (key == "git") {
            hook.git = flag_of(value, table);
        } else {
            refuse_key(key, table.substr(0, table.rfind('.')) + ".",
                {"on", "run", "timeout", "where", "order", "jobs", "env", "on_failure", "asked_only", "shadow", "git"});
        }
    }

    void check_name(const toml::node& node, const std::string& name, const std::string& place) const {
        if (!protocol::is_subscriber_name(name) || name.find('/') != std::string::npos) {
            fail(line_of(node), place + ": a name has 1 to 128 printable characters, and no /");
        }
    }

    void check_patterns(
        const toml::node& node, const std::vector<std::string>& patterns, const std::string& place) const {
        for (const auto& each : patterns) {
            if (!protocol::is_pattern(each)) {
                fail(line_of(node),
                    place + ": a pattern has 1 to 128 characters of A-Z a-z 0-9 _ . : / - * ?, unlike " + quoted(each));
            }
        }
        if (patterns.size() > protocol::max_patterns) {
            fail(line_of(node), place + " has more than " + std::to_string(protocol::max_patterns) + " patterns");
        }
    }

    void read_conditions(
        std::vector<payload_condition>& conditions, const toml::node& node, const std::string& place) const {
        for (const auto& [pointer, glob] : table_of(node, place)) {
            payload_condition condition{std::string(pointer.str()), text_of(glob, place)};
            if (!protocol::is_condition(condition)) {
                fail(line_of(glob), place +
                                        " takes JSON pointers and globs, as in {\"/branch\" = \"release/*\"}, not " +
                                        quoted(condition.pointer));
            }
            conditions.push_back(std::move(condition));
        }
    }

    void read_environment(
        std::vector<std::string>& environment, const toml::node& node, const std::string& place) const {
        for (const auto& [key, value] : table_of(node, place)) {
            const std::string name(key.str());
            if (name.empty() || name.find('=') != std::string::npos) {
                fail(line_of(value), place + ": " + quoted(name) + " cannot be the name of a variable");
            }
            if (protocol::command_environment::is_for_event(name)) {
                fail(line_of(value), std::string(place)
                                         .append(" cannot set ")
                                         .append(name)
                                         .append(": that says which event the command runs for"));
            }
            auto member_place = place;
            member_place.append(".").append(name);
            environment.push_back(std::string(name).append("=").append(text_of(value, member_place)));
        }
    }

    [[nodiscard]] std::chrono::milliseconds duration_of(const toml::node& node, const std::string& place) const {
        const auto text = text_of(node, place);
        const auto span = base::parse_duration(text);
        if (!span || span->count() < 1 || *span > protocol::max_timeout) {
            fail(line_of(node), place + " takes 1ms to 1440m, as in \"30s\", not " + quoted(text));
        }
        return *span;
    }

    [[nodiscard]] failure_policy failure_policy_of(const toml::node& node, const std::string& place) const {
        const auto text = text_of(node, place);
        if (text != "open" && text != "closed") {
            fail(line_of(node), place + " takes \"open\" or \"closed\", not " + quoted(text));
        }
        return text == "closed" ? failure_policy::closed : failure_policy::open;
    }

    [[nodiscard]] const toml::table& table_of(const toml::node& node, const std::string& place) const {
        if (const auto* table = node.as_table()) {
            return *table;
        }
        fail(line_of(node), place + " takes a table");
    }

    [[nodiscard]] std::string text_of(const toml::node& node, const std::string& place) const {
        const auto* text = node.as_string();
        if (text == nullptr || text->get().find('\0') != std::string::npos) {
            fail(line_of(node), place + " takes a string in quotes");
        }
        return text->get();
    }

    [[nodiscard]] std::vector<std::string> texts_of(const toml::node& node, const std::string& place) const {
        const auto* array = node.as_array();
        if (array == nullptr) {
            fail(line_of(node), place + " takes a list of strings, as in [\"one\", \"two\"]");
        }
        std::vector<std::string> texts;
        for (const auto& each : *array) {
            texts.push_back(text_of(each, place));
        }
        return texts;
    }

    [[nodiscard]] std::int64_t number_of(
        const toml::node& node, const std::string& place, std::int64_t min, std::int64_t max) const {
        const auto* number = node.as_integer();
        if (number == nullptr || number->get() < min || number->get() > max) {
            fail(line_of(node),
                place + " takes a whole number from " + std::to_string(min) + " to " + std::to_string(max));
        }
        return number->get();
    }

    [[nodiscard]] bool flag_of(const toml::node& node, const std::string& place) const {
        const auto* flag = node.as_boolean();
        if (flag == nullptr) {
            fail(line_of(node), place + " takes true or false");
        }
        return flag->get();
    }

    [[noreturn]] void refuse_key(
        const toml::key& key, const std::string& prefix, const std::vector<std::string_view>& known) const {
        const auto near = base::nearest(key.str(), known);
        std::string all;
        for (const auto each : known) {
            all.append(all.empty() ? "" : ", ").append(each);
        }
        fail(key.source().begin.line,
            "there is no key " + prefix + std::string(key.str()) +
                (near.empty() ? "; there are " + all : "; did you mean " + std::string(near) + "?"));
    }

    [[nodiscard]] static std::string quoted(const std::string& text) { return "'" + text + "'"; }
    [[nodiscard]] static toml::source_index line_of(const toml::node& node) { return node.source().begin.line; }

    /// `line`: 0 if it is not known.
    [[noreturn]] void fail(std::size_t line, const std::string& message) const {
        throw usage_error(path_ + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + base::harmless(message));
    }

    const std::string& path_;
};

}  // namespace

hook_file parse_hook_file(std::string_view text, const std::string& path) { return hook_file_reader(path).read(text); }

std::string_view initial_hook_file() {
    return R"(# The hooks of this repository, for everyone who has a clone. Each clone agrees to them: hookctl sync
# Hooks of your own go into .hookd.local.toml beside this file, which git is told to ignore.

[hooks.whitespace]
on = ["git.pre_commit"]          # events: names or globs
run = ["sh", "-c", "git diff --cached --check >&2"]
# run = ["./tools/lint.sh"]      # a program, from the top of the repository
# git = false                    # run at the top of the main work tree, not where git's own hook would
# timeout = "2m"                 # how long it may take
# on_failure = "closed"          # stops the operation if it fails or is missing
# order = 10                     # its turn in a chain
# jobs = 2                       # how many may run at a time
# env = { CI = "1" }
# where = { "/branch" = "release/*" }   # only where the payload says so
# asked_only = true              # only events that an emitter waits for
# shadow = true                  # only recorded: it decides nothing
)";
}

}  // namespace hookd::hookctl
