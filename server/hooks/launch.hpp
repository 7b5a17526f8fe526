// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hooks/private_copies.hpp"
#include "hooks/trust.hpp"

#include <base/posix/unique_fd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hookd::server {

/// How a trusted command is started, so that what runs is what was looked at: a script, and each file among the
/// arguments, as a private copy; a binary by a descriptor of the very file that was read, since a copy would not find
/// what lies beside it.
struct launch {
    std::vector<std::string> argv{};
    std::string directory{};              ///< of the hook's own script, for HOOK_DIR; empty: it has none
    std::vector<std::string> copies{};    ///< what of argv are private copies
    std::optional<file_stamp> program{};  ///< argv's first is a binary with that stamp, to be started by open_program()

    /// Whether all copies are still there. Clean-up of temporary files may have removed them.
    [[nodiscard]] bool is_complete() const noexcept;
    /// The binary, to be executed by descriptor. Null where the file has changed since it was looked at, or cannot be
    /// opened any more.
    [[nodiscard]] std::shared_ptr<const base::unique_fd> open_program() const;
    /// Whether the file of that descriptor is still as it was looked at.
    [[nodiscard]] bool is_unchanged(const base::unique_fd& opened) const noexcept;
};

/// Prepares the start of `hook`, of which check_trust() has just said `trust`. Where that is impossible, `trust` says
/// why afterwards, and nothing is returned. Blocks as long as the disk does.
[[nodiscard]] std::optional<launch> prepare_launch(
    const registered_hook& hook, private_copies& copies, trust_result& trust);

}  // namespace hookd::server
