// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "app/config_file.hpp"
#include "cluster/cluster_options.hpp"
#include "hooks/hook_host.hpp"
#include "journal/journal_options.hpp"

#include <hookd/server/log.hpp>
#include <hookd/server/options.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {

enum class log_format : std::uint8_t { text, json };

/// What hookd is asked to do. All but `serve` end at once.
enum class program_action : std::uint8_t { serve, show_help, show_version, print_config, check };

/// The command line, the environment and the configuration file put together, each value checked.
struct program_options {
    program_action action = program_action::serve;
    bool detach = false;                            ///< serve in the background
    std::filesystem::path log{};                    ///< where a detached daemon logs
    std::filesystem::path config{};                 ///< the file that was read; empty for none
    std::vector<std::filesystem::path> catalogs{};  ///< directories; none: every event name is free
    log_level level = log_level::info;
    log_format format = log_format::text;
    broker_options broker{};
    listener_options listener{};
    /// `socket` and `default_timeout` in it are left to those above.
    hook_host_options hooks{};
    cluster::cluster_options cluster{};
    journal_options journal{};
    bool durable = false;                    ///< needs a journal
    bool names_registry = false;             ///< where hooks are kept is said; else choose_state_files() does
    bool names_journal = false;              ///< the same; a default journal that cannot be made is none
    std::filesystem::path default_socket{};  ///< where a daemon listens that is not told otherwise
    std::filesystem::path state_directory{};
};

/// Reads `arguments` (without the program's name). What stands there beats the environment (HOOKD_ and the option's
/// name in upper case with `_` for `-`; an empty variable counts as unset), which beats the file named by --config or
/// HOOKD_CONFIG, which beats the defaults. A list, such as --allow-user, is taken from the first of these that has it,
/// not merged.
///
/// `environment` returns a variable's value or null. Throws usage_error; not for show_help and show_version, which look
/// no further.
[[nodiscard]] program_options parse_program_options(
    const std::vector<std::string>& arguments, const std::function<const char*(const char*)>& environment);

/// Where the registry and the journal are, unless the options name them: in the state directory for a daemon at the
/// default socket; else there are none, so that two daemons never run each other's hooks. To be called again where the
/// socket turns out to be another one.
void choose_state_files(program_options& options);

[[nodiscard]] std::string help_text();

/// The directories of the catalogs: `DIR, DIR`.
[[nodiscard]] std::string catalogs_text(const program_options& options);

/// All settings as a configuration file that leads to the same options again.
[[nodiscard]] std::string configuration_text(const program_options& options);

/// The names of the settings that differ, save those that can change while the daemon runs: the log level and the
/// catalog.
[[nodiscard]] std::vector<std::string_view> changes_that_need_restart(
    const program_options& before, const program_options& after);

}  // namespace hookd::server
