// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"
#include "place.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// Throws usage_error where there are fewer arguments than git gives.
void check_git_arguments(const git_hook& hook, const std::vector<std::string>& arguments);

/// The payload of a git hook's event, a JSON object: what git has given the hook. `arguments` and `input` are the
/// hook's, `place` is where it runs; the rest is read from this process's environment, its working directory, and the
/// files that git names.
/// `with_files`: git is asked which files it is about (has_files), which takes as long as all the rest.
[[nodiscard]] std::string git_payload(const git_hook& hook, const std::vector<std::string>& arguments,
    std::string_view input, const git_place& place, bool with_files);

}  // namespace hookd::hookctl
