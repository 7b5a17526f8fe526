// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/channel.hpp"
#include "cluster/postgres/connection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace hookd::postgres {

/// This host's sessions, as other hosts see them. Those that come while a statement is under way go into the next one
/// together.
///
/// Thread-safety: none.
class session_table {
public:
    explicit session_table(link::channel& hookd) : hookd_(hookd) {}

    void add(link::session added);
    void remove(std::int64_t number);
    [[nodiscard]] bool is_empty() const noexcept { return sessions_.empty(); }

    /// A connection that has entered: all sessions are made visible on it; others, of an earlier connection, go. `done`
    /// comes after that.
    void begin(std::shared_ptr<connection> entered, std::function<void()> done);
    /// The connection is gone.
    void end();

private:
    enum class visibility : unsigned char { none, sent, committed };

    struct entry {
        link::session session{};
        visibility state = visibility::none;
    };

    void send();
    void present(bool whole, std::function<void()> done);
    void withdraw();

    link::channel& hookd_;
    std::shared_ptr<connection> connection_{};
    std::map<std::int64_t, entry> sessions_{};
    std::set<std::int64_t> changed_{};
    std::vector<std::int64_t> removed_{};
    bool sending_ = false;
};

/// A glob (`*`, `?`) as a pattern of LIKE.
[[nodiscard]] std::string like_pattern(const std::string& glob);

}  // namespace hookd::postgres
