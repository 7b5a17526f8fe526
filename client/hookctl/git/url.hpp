// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// A repository's URL without what could open it: the user and password of http, ftp and their like, where either may
/// be a token, and their query; the password of any other (ssh keeps its user). A path, or `host:path`, stays as it is.
[[nodiscard]] std::string without_credentials(std::string_view url);

/// A text of words between spaces, each URL of which is without_credentials(): `pull https://host/r main`.
[[nodiscard]] std::string words_without_credentials(std::string_view text);

}  // namespace hookd::hookctl
