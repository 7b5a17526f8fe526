// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hooks/kept_hooks.hpp"
#include "hooks/trust.hpp"

#include <hookd/protocol/errc.hpp>
#include <hookd/server/hook_methods.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// What the requests about registered hooks change: the registry, and the hashes in it of the files of a command.
///
/// Thread-safety: as kept_hooks. Each blocks as long as the disk does. Errors: change_refused where the request is at
/// fault; std::runtime_error, as registry_file's, where the registry is. The registry is as before then.
namespace hookd::server {

/// A change that the registry does not take, with the error that its request is answered with.
class change_refused : public std::runtime_error {
public:
    explicit change_refused(protocol::error reason) : std::runtime_error(reason.message), reason_(std::move(reason)) {}
    [[nodiscard]] const protocol::error& reason() const noexcept { return reason_; }

private:
    protocol::error reason_;
};

/// A hook after a change, and all hooks that the registry has then.
struct changed_hook {
    registered_hook hook{};
    std::vector<registered_hook> all{};
    trust_result trust{};
};

/// The hooks that the registry has after one was to be removed.
struct removed_hook {
    bool was_there = false;
    std::vector<registered_hook> all{};
};

/// Registers a hook, or replaces the one of that name, which stays enabled or disabled. Its command is resolved, and
/// its files are trusted as they are.
[[nodiscard]] changed_hook add_to_registry(kept_hooks& registry, const hook_definition& definition);

/// Resolves the hook's command anew, and trusts its files as they are.
[[nodiscard]] changed_hook trust_in_registry(kept_hooks& registry, const std::string& name);

[[nodiscard]] changed_hook enable_in_registry(kept_hooks& registry, const std::string& name, bool enabled);

[[nodiscard]] removed_hook remove_from_registry(kept_hooks& registry, const std::string& name);

}  // namespace hookd::server
