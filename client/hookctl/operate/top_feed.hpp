// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"
#include "hookctl/journal/secret_members.hpp"
#include "top_model.hpp"

#include <base/posix/unique_fd.hpp>
#include <hookd/hook_runner.hpp>

#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hookd::hookctl {

/// The questions and verdicts of a daemon as they come, by an observer of its own that reconnects by itself.
///
/// Thread-safety: it reads on a thread of its own; take() may be called from any other. The destructor ends that
/// thread.
class top_feed {
public:
    struct news {
        std::vector<std::pair<std::string, top_model::open_wait>> questions{};  ///< with their ids
        std::vector<top_model::past_verdict> verdicts{};
        bool was_disconnected = false;
    };

    top_feed(const invocation& call, secret_members secrets);
    ~top_feed();
    top_feed(const top_feed&) = delete;
    top_feed& operator=(const top_feed&) = delete;

    /// Readable while there is something to take.
    [[nodiscard]] int ready_fd() const noexcept { return ready_fd_.get(); }
    /// What has come since the last call.
    [[nodiscard]] news take();

private:
    /// Without secrets; empty for a large one, so that what is queued for the screen stays small.
    [[nodiscard]] std::string shown_payload(const event& received) const;
    template <class Change>
    void add(Change change);

    secret_members secrets_;
    base::unique_fd ready_fd_{};
    std::mutex mutex_;
    news unread_{};  // under mutex_
    hook_runner events_;
    std::thread thread_;
};

}  // namespace hookd::hookctl
