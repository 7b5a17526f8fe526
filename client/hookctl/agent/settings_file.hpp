// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>

/// An agent's settings as a file: read whole, replaced whole.
namespace hookd::hookctl {

/// A file below a directory.
struct settings_path {
    std::string base{};  ///< an absolute directory, which may be reached by a link
    std::string rest{};  ///< below it
    /// Whether links in `rest` are followed, if they are the user's own or root's: many keep their own settings
    /// elsewhere. In a project, whoever wrote that made the link, which may lead anywhere.
    bool follows_links{};

    [[nodiscard]] std::string whole() const { return base + "/" + rest; }
};

/// The file's bytes; nothing if there is none. Throws usage_error if it can't be read, or is behind a link
/// that is not followed or leads to nothing.
[[nodiscard]] std::optional<std::string> read_settings(const settings_path& path);

/// Replaces the file at once, with the mode that it had (else 0600), and makes its directories. Throws
/// usage_error as read_settings does, and if the file there may not be written.
void write_settings(const settings_path& path, const std::string& text);

/// Removes the file (one that is itself linked is emptied), and the directories below `path.base` that were the agent's
/// own and are empty then. Throws as write_settings.
void remove_settings(const settings_path& path);

}  // namespace hookd::hookctl
