// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "checked_texts.hpp"

#include <hookd/server/catalog.hpp>

#include <boost/container/static_vector.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace hookd::server::rpc {

/// Checks the texts of one in-process request, which no decoder has read before: whether they are JSON, and whether
/// they meet the schemas of their event. At most most_texts of them.
///
/// Errors: what is wrong is found, not thrown; errc::internal_error where there is no memory for a check.
/// Thread-safety: none. Lifetime: the catalog, the event's name and the texts must outlive it.
class text_checker {
public:
    static constexpr std::size_t most_texts = 2;

    /// `events`: null if there is no catalog.
    text_checker(const catalog* events, std::string_view event, const check_limit& limit) noexcept
        : events_(events), event_(event), limit_(limit) {}

    /// errc::invalid_params for a payload that is not JSON.
    void check_payload(std::string_view text) noexcept;
    /// `text` is a JSON object.
    void check_reply(std::string_view text) noexcept;

    /// The limit did not suffice: what has been found says nothing.
    [[nodiscard]] bool is_exceeded() const noexcept { return limit_.is_exceeded; }
    /// Adds what was found to `known`, once.
    void report(checked_texts& known) {
        for (auto& [text, refusal] : found_) {
            known.add(text, std::move(refusal));
        }
    }

private:
    [[nodiscard]] std::optional<protocol::error> find_fault(std::string_view payload);
    template <class Check>
    void note(std::string_view text, Check check) noexcept;

    const catalog* events_;
    std::string_view event_;
    check_limit limit_;
    boost::container::static_vector<std::pair<const char*, std::optional<protocol::error>>, most_texts> found_{};
};

}  // namespace hookd::server::rpc
