// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/messages.hpp"
#include "cluster/nats/presence.hpp"
#include "cluster/nats/reports.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hookd::nats {

/// This host's open questions: pure state. Every member is asked, and says soon whether it has responders, or with its
/// verdict; hookd is told of those as soon as all have said so, and of their verdicts after that.
///
///     asked -> none | has -> settled | settled
///          \-> presumed (to have those that it has shown) -> has | none | gone
///           \-> doubtful (has shown none) | gone
///
/// A verdict that decides does not wait for members that have not said anything yet. A question is forgotten once
/// nothing is owed.
///
/// Thread-safety: none.
class asks {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit asks(report_sink out) : out_(std::move(out)) {}

    /// `hosts`: all that it was sent to. Where there are none, hookd hears so at once.
    void open(const std::string& id, std::string event, const std::vector<sender>& hosts, time_point now);
    void on_none(const message& answer);
    /// False where nobody waits for it any more.
    [[nodiscard]] bool on_has(const message& answer);
    void on_settled(const message& answer);
    /// That entry of a host answers nothing any more. If it has not said anything, it counts as the hooks that it had
    /// shown, which are missing.
    void on_gone(const presence& gone);
    /// A member that has not said anything since `since` has the responders that `shown` knows of: a host that hangs
    /// counts as its hooks, which are missing.
    void presume(time_point since,
        const std::function<std::vector<link::responder>(const sender&, const std::string& event)>& shown);
    /// hookd waits no longer; the hosts that may still work on it.
    [[nodiscard]] std::vector<sender> close(const std::string& id);
    void clear() { open_.clear(); }

    /// Hosts that have owed something since before `since`.
    [[nodiscard]] std::vector<std::string> silent_since(time_point since) const;
    [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

private:
    enum class stage : std::uint8_t { asked, none, presumed, doubtful, has, settled, gone };
    struct target {
        sender who{};
        stage at = stage::asked;
        std::vector<link::responder> responders{};
        std::optional<link::settled> held{};  ///< a verdict that came before all have answered
    };
    struct question {
        std::string event{};
        time_point asked_at{};
        std::vector<target> targets{};
        bool is_reported = false;
    };

    [[nodiscard]] static bool owes(const target& each) noexcept;
    [[nodiscard]] target* find(const std::string& id, const sender& entry);
    void drop_if_over(const std::string& id);
    void lose(question& asked, target& host, const std::string& id, const presence& gone);
    void settle(question& asked, target& host, link::settled verdict);
    void report_if_complete(const std::string& id, question& asked);
    void report(const std::string& id, question& asked);

    report_sink out_;
    std::unordered_map<std::string, question> open_{};
};

/// `[{"name","on_failure","order"}]`, as members hand it to one another.
[[nodiscard]] std::string to_text(const std::vector<link::responder>& responders);
[[nodiscard]] std::vector<link::responder> read_responders(std::string_view array);

}  // namespace hookd::nats
