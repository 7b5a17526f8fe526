// SPDX-License-Identifier: BSL-1.0
#include "doctor_repository.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/repository/hook_agreement.hpp"
#include "hookctl/repository/hook_changes.hpp"
#include "hookctl/repository/hook_repository.hpp"
#include "hookctl/repository/sync_record.hpp"

#include <base/text/counted.hpp>
#include <hookd/error.hpp>
#include <hookd/protocol/methods.hpp>

#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace hookd::hookctl {

namespace {

std::optional<hook_repository> repository_with_hooks() {
    try {
        auto found = find_hook_repository();
        std::error_code unknown;
        const bool has_hooks = std::filesystem::exists(found.file(), unknown) || synced_directory(found.common_dir);
        return has_hooks ? std::optional(std::move(found)) : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;  // no repository, or no git
    }
}

finding judge(const invocation& call, hook_repository repository) {
    if (auto reason = moved_repository_text(repository.common_dir); !reason.empty()) {
        return {"repository", false, std::move(reason)};
    }
    const auto wanted = read_hook_set(repository);
    const auto changes = hook_changes(wanted, ask_daemon(call, protocol::list_hooks_params::method, {}), repository);
    const auto file = repository.file().string();
    if (!hook_agreement(repository).is_agreed(wanted.contents)) {
        return {"repository", false, file + ", or a script of it, has changed since it was agreed to: hookctl sync"};
    }
    if (!changes.empty()) {
        return {
            "repository", false, changes.front().name + " of " + file + " is not registered as it says: hookctl sync"};
    }
    return {"repository", true,
        base::counted(wanted.hooks.size(), "hook") + " of " + file + (wanted.hooks.size() == 1 ? " is" : " are") +
            " registered"};
}

}  // namespace

findings check_repository(const invocation& call) {
    auto repository = repository_with_hooks();
    if (!repository) {
        return {};
    }
    try {
        return {judge(call, std::move(*repository))};
    } catch (const error&) {
        return {};  // what is wrong with the daemon is another line
    } catch (const std::exception& failure) {
        return {{"repository", false, failure.what()}};
    }
}

}  // namespace hookd::hookctl
