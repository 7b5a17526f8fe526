// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace hookd::test {

/// What all peers of a random history saw, and what must hold between it.
///
/// Thread-safety: all functions.
class history_oracle {
public:
    /// `responder`, a process of `uid`, is about to reply to the event `id`; `abort`: its reason, empty where it has no
    /// objection.
    void replies(const std::string& id, const std::string& responder, std::int64_t uid, const std::string& abort);
    /// The daemon has accepted that reply.
    void accepted(const std::string& id, const std::string& responder);
    /// The emitter has got `result`, what `emit_and_wait` gives.
    void concluded(const boost::json::value& result);
    /// A session of that name is about to subscribe. Of those that share one, the daemon may ask the next before it has
    /// seen the last one go: one is missing then, and the other replies.
    void subscribes(const std::string& responder);
    /// `responder` insists on being heard.
    void insists(const std::string& responder);

    /// What does not hold, a line each; to be asked when all peers have ended.
    [[nodiscard]] std::vector<std::string> faults() const;
    [[nodiscard]] std::size_t accepted_vetoes() const;
    [[nodiscard]] std::size_t verdicts() const;

private:
    struct reply {
        std::int64_t uid = 0;
        std::string abort{};
        bool accepted = false;
    };
    struct verdict {
        std::string outcome{};
        std::string abort{};
        std::map<std::string, reply> replies{};  // by responder
        std::set<std::string> missing{};
    };

    void judge(const std::string& id, const verdict& said, std::vector<std::string>& found) const;

    mutable std::mutex mutex_{};
    std::map<std::string, std::map<std::string, reply>> sent_{};  // by event, then responder
    std::map<std::string, verdict> verdicts_{};                   // by event
    std::map<std::string, int> sessions_{};                       // of each name
    std::set<std::string> insisting_{};
    std::vector<std::string> faults_{};
};

}  // namespace hookd::test
