// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl_program.hpp"

#include "support/wire_client.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hookd::test {

/// A git repository of its own, far from the settings of the person who runs the tests, whose hooks find the given
/// daemon.
class git_repository {
public:
    /// `socket`: where the hooks look for the daemon. `name`: its directory's, in a temporary one.
    explicit git_repository(const std::string& socket, const std::string& name = "repository",
        const std::vector<std::string>& init_options = {});

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string operator/(const std::string& file) const { return path_ + "/" + file; }
    /// A path beside the repository.
    [[nodiscard]] std::string beside(const std::string& file) const { return directory_ / file; }

    /// Runs git in it.
    [[nodiscard]] finished_process git(std::vector<std::string> arguments) const;
    /// The same, which must succeed; its output without the line end.
    std::string must(std::vector<std::string> arguments) const;
    /// Runs `hookctl git ARGUMENTS` in it.
    [[nodiscard]] finished_process hookctl_git(std::vector<std::string> arguments) const;
    /// Runs `hookctl git install ARGUMENTS`, which must succeed.
    void install(std::vector<std::string> arguments = {}) const;
    /// Makes a commit of a new file; with its message.
    [[nodiscard]] finished_process commit(
        const std::string& message, const std::vector<std::string>& options = {}) const;
    /// How many commits a revision has; 0 where there is none.
    [[nodiscard]] int commits(const std::string& revision = "HEAD") const;

    /// Writes an executable shell script, at a path in it.
    void write_script(const std::string& file, const std::string& text, unsigned mode = 0755) const;

    std::map<std::string, std::optional<std::string>> environment{};

private:
    [[nodiscard]] finished_process run(std::vector<std::string> argv) const;

    temp_directory directory_{};
    std::string path_;
};

/// Sees every event of git's, and answers none.
[[nodiscard]] wire_client observer_of(const test_daemon& daemon);
/// The payload of the next event, which must have that name.
boost::json::value payload_of(wire_client& observer, const std::string& event);
/// A hook that vetoes one event.
[[nodiscard]] std::unique_ptr<child_process> veto(test_daemon& daemon, const std::string& event, int sessions = 1);
/// A hook of git's that says what it was started with, in a file beside the repository.
[[nodiscard]] std::string noting(const git_repository& repository);
[[nodiscard]] std::string noted(const git_repository& repository);

}  // namespace hookd::test
