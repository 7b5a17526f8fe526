// SPDX-License-Identifier: BSL-1.0
#include "app/settings.hpp"

#include "app/allowed_accounts.hpp"
#include "app/option_values.hpp"
#include "app/program_options.hpp"

#include <base/text/quantity.hpp>
#include <hookd/protocol/host_name.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>
#include <hookd/protocol/socket_path.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace hookd::server {
namespace {

using values = setting_values;

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

values as_split(const values& parts) { return parts; }

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

const std::array table{
    setting{"socket", "PATH",
        "Where it listens (default: $HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else "
        "/run/user/UID/hookd/hookd.sock where that directory is, "
        "else /tmp/hookd-UID/hookd.sock); @NAME is an abstract socket",
        nullptr, [](options_ref o, const values& t) { o.listener.socket = socket_path(t.front()); },
        [](const_options_ref o) -> values { return {o.listener.socket.string()}; }, true},
    setting{"threads", "N", "Threads that run the io_context, 1 to 64 (default: 1)", nullptr,
        [](options_ref o, const values& t) { o.broker.threads = static_cast<unsigned>(parse_count(t.front(), 1, 64)); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.threads)}; }, false},
    setting{"capacity", "N",
        "Events retained: how far a subscriber may lag, and how far back one may resume (default: 1024)", nullptr,
        [](options_ref o, const values& t) { o.broker.capacity = parse_count(t.front(), 1, 16 * million); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.capacity)}; }, false},
    setting{"capacity-bytes", "SIZE", "Memory for all events that are retained or wait (default: 64MiB)", nullptr,
        [](options_ref o, const values& t) { o.broker.capacity_bytes = parse_size(t.front(), 1, most_bytes); },
        [](const_options_ref o) -> values { return {base::size_text(o.broker.capacity_bytes)}; }, true},
    setting{"max-frame", "SIZE", "Largest message that a peer may send, at most 128MiB (default: 16MiB)", nullptr,
        [](options_ref o, const values& t) {
            o.listener.max_frame_bytes = parse_size(t.front(), 1, protocol::max_max_frame_bytes);
        },
        [](const_options_ref o) -> values { return {base::size_text(o.listener.max_frame_bytes)}; }, true},
    setting{"max-connections", "N", "Connections at a time (default: 4096)", nullptr,
        [](options_ref o, const values& t) { o.listener.max_connections = parse_count(t.front(), 1, million); },
        [](const_options_ref o) -> values { return {std::to_string(o.listener.max_connections)}; }, false},
    setting{"max-waiting", "N", "Requests that wait for a reply at a time (default: 65536)", nullptr,
        [](options_ref o, const values& t) { o.broker.max_waiting = parse_count(t.front(), 1, 16 * million); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.max_waiting)}; }, false},
    setting{"max-waiting-per-connection", "N", "The same, of one connection (default: 1024)", nullptr,
        [](options_ref o, const values& t) {
            o.broker.max_waiting_per_connection = parse_count(t.front(), 1, 16 * million);
        },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.max_waiting_per_connection)}; }, false},
    setting{"max-reserved", "N", "Slots reserved by emit at a time (default: a quarter of --max-waiting)", nullptr,
        [](options_ref o, const values& t) { o.broker.max_reserved = parse_count(t.front(), 1, 16 * million); },
        [](const_options_ref o) -> values { return {std::to_string(o.broker.most_reserved())}; }, false},
    setting{"write-stall-timeout", "DURATION",
        "Disconnects a peer that reads nothing for that long while output waits (default: 30s)", nullptr,
        [](options_ref o, const values& t) {
            o.listener.write_stall_timeout =
                parse_duration(t.front(), std::chrono::milliseconds{1}, protocol::max_timeout);
        },
        [](const_options_ref o) -> values { return {base::duration_text(o.listener.write_stall_timeout)}; }, true},
    setting{"default-timeout", "DURATION", "For emit_and_wait and await_response without timeout_ms (default: 30s)",
        nullptr,
        [](options_ref o, const values& t) {
            o.broker.default_timeout = parse_duration(t.front(), std::chrono::milliseconds{1}, protocol::max_timeout);
        },
        [](const_options_ref o) -> values { return {base::duration_text(o.broker.default_timeout)}; }, true},
    setting{"allow-user", "NAME[:ROLE,...]",
        "A further user whose programs may connect (repeatable), and what they may do: emit, observe, answer (default: "
        "emit,observe)",
        with_roles_joined,
        [](options_ref o, const values& t) { o.listener.allowed_users = parse_accounts(t, parse_user); },
        [](const_options_ref o) { return account_texts(o.listener.allowed_users); }, true},
    setting{"allow-group", "NAME[:ROLE,...]", "The same for the members of a group (repeatable)", with_roles_joined,
        [](options_ref o, const values& t) { o.listener.allowed_groups = parse_accounts(t, parse_group); },
        [](const_options_ref o) { return account_texts(o.listener.allowed_groups); }, true},
    setting{"catalog", "DIR",
        "Files that say what events there are, and check payloads and replies (repeatable; default: none)", as_split,
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
        nullptr,
        [](options_ref o, const values& t) {
            o.hooks.registry = registry_path(t.front());
            o.names_registry = true;
        },
        [](const_options_ref o) -> values { return {o.hooks.registry.string()}; }, true},
    setting{"hook-jobs", "N", "Commands of one registered hook that run at a time, 1 to 1024 (default: 4)", nullptr,
        [](options_ref o, const values& t) { o.hooks.jobs = parse_count(t.front(), 1, 1024); },
        [](const_options_ref o) -> values { return {std::to_string(o.hooks.jobs)}; }, false},
    setting{"cluster", "FILE[,events=GLOB:...]",
        "Joins a cluster, whose engine's URL is the one line of FILE (postgresql://..., nats://...), for events that "
        "match (repeatable)",
        with_events_joined,
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
        nullptr,
        [](options_ref o, const values& t) {
            o.cluster.lease =
                parse_duration(t.front(), std::chrono::milliseconds{1'000}, std::chrono::milliseconds{600'000});
        },
        [](const_options_ref o) -> values { return {base::duration_text(o.cluster.lease)}; }, true},
    setting{"cluster-host", "NAME", "This host's name in a cluster, and what ping says (default: the machine's)",
        nullptr, [](options_ref o, const values& t) { o.broker.host = host_name(t.front()); },
        [](const_options_ref o) -> values { return {o.broker.host}; }, true},
    setting{"journal", "FILE|off",
        "Where events and verdicts are kept for hookctl log and trace (default: journal.db beside the default "
        "registry; none for another --socket)",
        nullptr,
        [](options_ref o, const values& t) {
            o.journal.file = journal_path(t.front());
            o.names_journal = true;
        },
        [](const_options_ref o) -> values {
            return {o.journal.file.empty() ? std::string{"off"} : o.journal.file.string()};
        },
        true},
    setting{"journal-payload", "SIZE", "Largest payload or reply that the journal keeps (default: 64KiB)", nullptr,
        [](options_ref o, const values& t) {
            o.journal.payload_bytes = parse_size(t.front(), 0, most_journal_payload);
        },
        [](const_options_ref o) -> values { return {base::size_text(o.journal.payload_bytes)}; }, true},
    setting{"journal-days", "N", "Days after which the journal forgets an event, 1 to 3650 (default: 7)", nullptr,
        [](options_ref o, const values& t) { o.journal.days = std::chrono::days{parse_count(t.front(), 1, 3650)}; },
        [](const_options_ref o) -> values { return {std::to_string(o.journal.days.count())}; }, false},
    setting{"journal-bytes", "SIZE",
        "How large the journal may be, from 1MiB; the oldest events go first (default: 256MiB)", nullptr,
        [](options_ref o, const values& t) {
            o.journal.bytes = parse_size(t.front(), std::size_t{1} << 20, most_bytes);
        },
        [](const_options_ref o) -> values { return {base::size_text(o.journal.bytes)}; }, true},
    setting{"durable", "on|off",
        "Answer and deliver only after events are on disk, and continue after a restart where this ended (default: "
        "off)",
        nullptr, [](options_ref o, const values& t) { o.durable = choice(switch_names, t.front()); },
        [](const_options_ref o) { return chosen(switch_names, o.durable); }, true, true},
    setting{"log-level", "LEVEL", "debug, info, warning or error (default: info)", nullptr,
        [](options_ref o, const values& t) { o.level = level_of(t.front()); },
        [](const_options_ref o) { return chosen(level_names, o.level); }, true},
    setting{"log-format", "text|json", "Lines for people, or one JSON object a line (default: text)", nullptr,
        [](options_ref o, const values& t) { o.format = choice(format_names, t.front()); },
        [](const_options_ref o) { return chosen(format_names, o.format); }, true},
};

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

}  // namespace

std::span<const setting> all_settings() noexcept { return table; }

setting_values values_in(const setting& option, std::string_view text) {
    return option.is_list() ? option.join(split_at_commas(text)) : setting_values{std::string{text}};
}

}  // namespace hookd::server
