// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace hookd::cluster {

/// One `--cluster FILE[,events=GLOB:GLOB…]`.
struct membership_options {
    std::filesystem::path url_file{};   ///< absolute
    std::vector<std::string> events{};  ///< names or globs of the events that it takes; empty: all
    friend bool operator==(const membership_options&, const membership_options&) = default;
};

struct cluster_options {
    std::vector<membership_options> memberships{};  ///< none: no cluster
    std::chrono::milliseconds lease{15'000};
};

/// Throws std::invalid_argument with what is wrong with the text.
[[nodiscard]] membership_options parse_membership(const std::string& text);
[[nodiscard]] std::string membership_text(const membership_options& options);

/// The engine's URL, as hookd::link::read_url_file() reads it. Throws std::runtime_error, with what to do, where the
/// file cannot be read, could be another user's or read by one, or holds no URL of an engine that there is. The message
/// has nothing of the URL but its scheme.
[[nodiscard]] std::string read_url(const std::filesystem::path& file);

/// The helper program for that URL: in the directory that $HOOKD_LIBEXEC names, else beside hookd, else in lib/hookd of
/// where that is installed. Throws std::runtime_error, with what to do, where there is none.
[[nodiscard]] std::filesystem::path helper_for(const std::string& url);

}  // namespace hookd::cluster
