// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "responder.hpp"
#include "shadow_questions.hpp"
#include "where_clause.hpp"

#include <base/text/glob.hpp>
#include <hookd/protocol/methods.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hookd::core {

class client;

/// What topic_table notes at a session.
class topic_listing {
    friend class topic_table;

    bool is_listed_ = false;
    bool has_globs_ = false;
    std::size_t pattern_bytes_ = 0;  // of patterns that are compared with each new name
};

/// A push session. Owned by its client; class sessions alone changes it.
///
/// One that lagged stays where it is when its end has been sent: what its connection had peeked it is still expected to
/// reply to, and what it would have been asked counts it as missing, until the client subscribes again, which continues
/// it, or is gone.
///
/// Thread-safety: none (broker's strand).
class session {
public:
    /// `responds`: whether emitters may wait for it. `last_seq`: where it begins. `pointers`: for those of its
    /// conditions; must outlive it. It has no name until class sessions gives it one.
    session(std::uint64_t id, core::client& client, const protocol::subscribe_params& params, bool responds,
        std::uint64_t last_seq, base::pointer_set& pointers)
        : client_(&client),
          last_seq_(last_seq),
          where_(pointers),
          responds_(responds),
          wants_cancellations_(params.cancellations),
          wants_verdicts_(params.verdicts),
          id_(id) {
        set_terms(params);
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    /// Ascending, never another client's.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] core::client& client() const noexcept { return *client_; }
    [[nodiscard]] const std::shared_ptr<responder_record>& record() const noexcept { return record_; }
    [[nodiscard]] const std::string& name() const noexcept { return record_->name; }
    [[nodiscard]] const std::vector<std::string>& patterns() const noexcept { return patterns_; }
    /// Whether one of its patterns matches.
    [[nodiscard]] bool matches(base::glob_subject& event_name) const noexcept;
    [[nodiscard]] const where_clause& where() const noexcept { return where_; }
    [[nodiscard]] bool responds() const noexcept { return responds_; }
    /// Whether emitters wait for it.
    [[nodiscard]] bool decides() const noexcept { return responds_ && !shadow_; }
    [[nodiscard]] bool asked_only() const noexcept { return asked_only_; }
    [[nodiscard]] bool insists() const noexcept { return insists_; }
    [[nodiscard]] bool is_shadow() const noexcept { return shadow_; }
    [[nodiscard]] std::int64_t order() const noexcept { return order_; }
    [[nodiscard]] bool wants_cancellations() const noexcept { return wants_cancellations_; }
    [[nodiscard]] bool wants_verdicts() const noexcept { return wants_verdicts_; }
    /// Of scope cluster.
    [[nodiscard]] bool spans_cluster() const noexcept { return spans_cluster_; }

    /// Why it takes no more events; nothing while it does.
    [[nodiscard]] const std::optional<protocol::close_reason>& closing() const noexcept { return closing_; }
    /// Whether its end has been sent: it is only there for the replies that are expected of it.
    [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }
    /// The highest seq that its connection has peeked, or where it began.
    [[nodiscard]] std::uint64_t last_seq() const noexcept { return last_seq_; }

    [[nodiscard]] expected_replies& expected() noexcept { return expected_; }
    [[nodiscard]] const expected_replies& expected() const noexcept { return expected_; }
    [[nodiscard]] shadow_questions& shadow_asked() noexcept { return shadow_asked_; }
    [[nodiscard]] topic_listing& listing() noexcept { return listing_; }

private:
    friend class sessions;

    // What it may change while it is open.
    void set_terms(const protocol::subscribe_params& params) {
        patterns_ = params.events;
        asked_only_ = params.asked_only;
        where_.set(params.where);
        insists_ = params.on_failure == protocol::failure_policy::closed;
        order_ = params.order;
        shadow_ = params.shadow;
        spans_cluster_ = params.scope == protocol::event_scope::cluster;
    }

    // First what each delivery looks at.
    core::client* client_;
    std::uint64_t last_seq_;
    where_clause where_;
    std::optional<protocol::close_reason> closing_{};
    bool responds_;
    bool asked_only_ = false;
    bool shadow_ = false;
    bool spans_cluster_ = false;
    bool wants_cancellations_;
    bool wants_verdicts_;
    bool insists_ = false;
    bool is_ended_ = false;
    std::shared_ptr<responder_record> record_{};
    std::uint64_t id_;
    std::int64_t order_ = 0;
    std::vector<std::string> patterns_{};
    topic_listing listing_{};
    expected_replies expected_{};
    shadow_questions shadow_asked_{};
};

}  // namespace hookd::core
