// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/bucket.hpp"
#include "cluster/nats/engine.hpp"
#include "cluster/nats/messages.hpp"
#include "cluster/nats/roster.hpp"
#include "cluster/nats/subjects.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace hookd::nats {

/// Who hears how a membership goes.
class membership_observer {
public:
    /// Every other member knows this one, and this one all others.
    virtual void on_entered() = 0;
    /// That entry of a host, which had shown this of itself, answers nothing any more.
    virtual void on_peer_gone(const presence& gone) = 0;
    virtual void on_roster_changed() = 0;

protected:
    ~membership_observer() = default;
};

/// A host's place in the cluster, and its knowledge of the others'.
///
/// Whoever asks must know every member that may have a responder, since one that is not known is not waited for. NATS
/// has no transaction that says so; the bucket of members (JetStream orders its writes) and acknowledgements together
/// do:
///
///     looking -> [creating the bucket] -> [taking over an old key] -> putting the own key -> reading all keys ->
///     announcing -> up
///
/// - A member puts its key, and reads the others' after that. Of two that enter at once, at least the later one reads
/// the other.
/// - It announces itself to each member that it has read, until that one has acknowledged, is gone from the bucket, or
/// has nobody at its inbox (its link
///   is gone, and will read all keys when it enters again). Only then is it up, and hookd answers `subscribe`. So an
///   event that is fired after that answer, on any host, is asked here.
/// - A key lives for the cluster's lease, and is put again after a third of it, each time only where its sequence is
/// still one's own. A member that was
///   stopped for longer has been left out meanwhile: it finds its key gone and enters anew, before it asks or answers.
///   It notices because the keys are read again for an ask where the last reading is older than roster_age.
///
/// Thread-safety: none. Lifetime: the engine and the observer outlive it; it outlives the engine's handlers.
class membership {
public:
    using clock = std::chrono::steady_clock;
    using fresh_handler = std::function<void(const std::string& failure)>;

    struct settings {
        std::string host{};
        std::string instance{};
        std::chrono::milliseconds lease{};  ///< of a bucket that has to be created
    };

    static constexpr std::chrono::milliseconds roster_age{1'000};

    membership(engine& connection, const subjects& names, settings own, std::function<clock::time_point()> now,
        membership_observer& observer);

    /// Connected, and subscribed to all subjects: enters as a new entry.
    void enter();
    void on_disconnected();
    /// Takes the own key out and tells the others.
    void leave();
    /// To be called several times a second.
    void tick();

    void on_here(const message& received);
    void on_gone(const message& received);

    /// What others are shown: published at once, and put into the bucket.
    void show(std::vector<link::host_session> sessions);

    [[nodiscard]] bool is_up() const noexcept { return step_ == step::up; }
    [[nodiscard]] const sender& self() const noexcept { return about_.who; }
    [[nodiscard]] const presence& about() const noexcept { return about_; }
    [[nodiscard]] const roster& others() const noexcept { return roster_; }
    /// As the bucket says.
    [[nodiscard]] std::chrono::milliseconds lease() const noexcept { return lease_; }
    /// How many messages to all this entry has sent.
    [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
    [[nodiscard]] std::uint64_t next_sequence() noexcept { return ++sequence_; }
    std::uint64_t note_sequence(const sender& entry, std::uint64_t sequence) {
        return roster_.note_sequence(entry, sequence);
    }

    /// Calls `done` once the roster has been read not longer than roster_age ago, with why where it can't be.
    void with_fresh_roster(fresh_handler done);
    /// Asks a host's link whether it is there; on_peer_gone() where twice in a row nobody is.
    void probe(const std::string& host);

private:
    enum class step : std::uint8_t { out, looking, putting, reading, announcing, up };

    void look_for_bucket();
    void on_bucket(const bucket_result<bucket_state>& found);
    void on_created(const bucket_result<bucket_state>& made);
    void use_bucket(const bucket_state& found);
    void on_old_key(const bucket_result<bucket_entry>& found);
    void ask_namesake(std::uint64_t sequence);
    void put_key(std::uint64_t expected);
    void on_put(const bucket_result<std::uint64_t>& done);
    void on_key_lost();
    void announce_to_all();
    void announce_to(const std::string& host);
    void on_announced(const std::string& host, const answer& got);
    void acknowledge(const std::string& host);

    void look();
    void on_keys(const bucket_result<bucket_state>& found);
    struct reading;
    void read_unknown(const std::vector<std::string>& keys);
    void end_reading(const reading& done);
    void finish_look(const std::string& failure);

    void forget(const sender& entry);
    void restart(const std::string& reason, bool is_permanent = false);
    void restart(const bucket_fault& fault);
    [[nodiscard]] std::string announcement() const;
    template <typename Value>
    bucket::handler<Value> in_this_run(void (membership::*next)(const bucket_result<Value>&));

    engine& engine_;
    const subjects& subjects_;
    bucket bucket_;
    settings own_;
    std::function<clock::time_point()> now_;
    membership_observer& observer_;

    std::uint64_t run_ = 0;  // connections so far: what an earlier one asked is of no use any more
    step step_ = step::out;
    presence about_{};
    roster roster_{};
    std::string epoch_{};  // when the bucket was made
    std::chrono::milliseconds lease_{};
    std::uint64_t sequence_ = 0;

    std::uint64_t key_sequence_ = 0;  // of the own key; 0: not put yet
    bool putting_ = false;
    bool changed_since_put_ = false;
    clock::time_point put_at_{};  // when the put began that succeeded last
    clock::time_point put_begun_{};
    std::set<std::string, std::less<>> unacknowledged_{};
    std::set<std::string, std::less<>> to_announce_again_{};

    bool looking_ = false;
    clock::time_point look_begun_{};
    clock::time_point looked_at_{};
    std::vector<fresh_handler> waiters_{};
};

}  // namespace hookd::nats
