// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <utility>

// What outlives the daemon, and what must wait for that (durable_log.hpp).
//
//   a turn: requests change the state, and each change goes to the batch of the turn
//     | write_changes()
//   the log's thread: one commit for all batches that wait; meanwhile the strand goes on
//     | committed(position)                              | lost(why): nothing past what is committed was written
//   answers and events up to that position go out      every event, wait, result and answer past it is taken back,
//                                                      and whoever asked for it gets -32001 `journal`
//
// Written are: each event, until it is neither retained nor needed by a wait; each slot that is reserved or has an
// operation_id, with the replies to it; each remembered result. A wait without an operation_id ends with its emitter's
// connection, and so with the daemon: only its event is written, and its verdict waits for no further commit.
//
// A restart takes all of that up. A slot waits for the names that it had asked: the first session of that name gets the
// id that stands for it there, and the event, unless it resumes past it.
namespace hookd::core {

using protocol::error;

namespace {

// Answers that one connection may have waiting for the log.
constexpr std::size_t most_held_answers = 1024;

const durable_change* find(const durable_records& records, durable_kind kind) {
    const auto found =
        std::find_if(records.begin(), records.end(), [kind](const durable_change& each) { return each.kind == kind; });
    return found == records.end() ? nullptr : &*found;
}

template <class Visit>
void for_each(const durable_records& records, durable_kind kind, Visit visit) {
    for (const auto& each : records) {
        if (each.kind == kind && each.value) {
            visit(each.key, std::string_view{*each.value});
        }
    }
}

/// How many responders before that one have its name.
std::uint32_t nth_of_its_name(const slot& in, const responder& which) {
    std::uint32_t before = 0;
    for (const auto& each : in.responders) {
        if (&each == &which) {
            break;
        }
        before += each.name() == which.name() ? 1U : 0U;
    }
    return before;
}

responder* find_responder(slot& in, std::string_view name, std::uint32_t nth) {
    for (auto& each : in.responders) {
        if (each.name() == name && nth-- == 0) {
            return &each;
        }
    }
    return nullptr;
}

}  // namespace

// --- what waits for the log ---

void broker::write_changes() {
    if (const auto position = durability_.write(); position != 0) {
        uncommitted_.push_back({position, head_seq_, gathered_event_bytes_});
        uncommitted_event_bytes_ += std::exchange(gathered_event_bytes_, 0);
    }
}

void broker::committed(std::uint64_t position, instant now) {
    durability_.committed(position);
    while (!uncommitted_.empty() && uncommitted_.front().position <= position) {
        committed_head_ = uncommitted_.front().head_seq;
        uncommitted_event_bytes_ -= uncommitted_.front().event_bytes;
        uncommitted_.pop_front();
    }
    while (!uncommitted_waits_.empty() && uncommitted_waits_.front().first <= position) {
        uncommitted_waits_.pop_front();
    }
    release_held(position);
    wake_awaiting_commit();
    advance_pending(now);
}

void broker::wake_awaiting_commit() {
    for (client* const each : std::exchange(awaiting_commit_, {})) {
        each->awaits_commit = false;
        mark_ready(*each);
    }
}

void broker::release_held(std::uint64_t committed) {
    while (!held_.empty() && held_.front().position <= committed) {
        const auto next = std::move(held_.front());
        held_.pop_front();
        if (const auto asker = clients_.find(next.client_id); asker != clients_.end()) {
            --asker->second->held_answers;
        }
        next.then(nullptr);
    }
}

void broker::once_durable(client& asker, durable_handler then) {
    if (is_durable()) {
        return then(nullptr);
    }
    hold_answer(&asker, std::move(then));
}

void broker::once_durable(durable_handler then) {
    if (is_durable()) {
        return then(nullptr);
    }
    hold_answer(nullptr, std::move(then));
}

void broker::hold_answer(client* asker, durable_handler then) {
    if (asker != nullptr) {
        ++asker->held_answers;
    }
    held_.push_back({durability_.position(), asker != nullptr ? asker->id : 0, std::move(then)});
}

bool broker::is_handed_out_later(client& to, std::uint64_t position) {
    if (durability_.is_committed(position)) {
        return false;
    }
    if (!std::exchange(to.awaits_commit, true)) {
        awaiting_commit_.push_back(&to);
    }
    return true;
}

// A burst that is faster than the disk would else push out subscribers that keep up.
bool broker::must_wait_for_log(const client& which) const noexcept {
    return durability_.is_on() &&
           (which.held_answers >= most_held_answers || 2 * (head_seq_ - committed_head_) >= limits_.capacity ||
               uncommitted_event_bytes_ + gathered_event_bytes_ >= limits_.capacity_bytes / 4);
}

void broker::lost(const std::string& why, instant now) {
    const error failure = protocol::limit_error("journal", 0,
        "the journal cannot be written, so this cannot be made durable: " + why + ": retry when it can be");
    operations_.take_back();
    take_back_events();
    uncommitted_.clear();
    uncommitted_event_bytes_ = 0;
    gathered_event_bytes_ = 0;
    durability_.lost();
    take_back_waits(failure, now);
    for (const auto& each : std::exchange(held_, {})) {
        if (const auto asker = clients_.find(each.client_id); asker != clients_.end()) {
            --asker->second->held_answers;
        }
        each.then(&failure);
    }
    wake_awaiting_commit();
    advance_pending(now);
}

void broker::take_back_events() {
    for (const auto& [id, each] : clients_) {
        auto& queue = each->outbox;
        while (queue.size() > each->peeked && !durability_.is_committed(queue[queue.size() - 1].position())) {
            queue.pop_back(1);
        }
        if (each->push) {
            each->push->last_seq = std::min(each->push->last_seq, committed_head_);
        }
    }
    head_seq_ = committed_head_;
    log_.take_back(head_seq_);
}

void broker::take_back_waits(const error& why, instant now) {
    for (const auto& [position, id] : std::exchange(uncommitted_waits_, {})) {
        const auto at = slots_.find(id);
        if (at == slots_.end() || !at->second.open) {
            continue;
        }
        slot& which = *at->second.open;
        if (which.operation) {
            operations_.abandon(*which.operation);
        }
        while (!which.waiters.empty()) {
            complete(which.waiters.front(), why);
        }
        drop(which, protocol::refusal::cancelled, now);
    }
}

// --- what is written ---

// Whether an open slot that outlives the daemon needs it, though it is not retained any more.
bool broker::is_awaited(const event& what) const {
    const auto at = what.expects_response() ? slots_.find(what.id()) : slots_.end();
    return at != slots_.end() && at->second.open && at->second.open->is_durable;
}

void broker::forget_oldest_event() {
    const event& oldest = log_.oldest();
    if (durability_.is_on()) {
        if (oldest.seq() == head_seq_) {
            durability_.put(durable_kind::head, {}, encode_number(head_seq_));
        }
        if (!is_awaited(oldest)) {
            durability_.erase(durable_kind::event, key_of(oldest.seq()));
        }
    }
    log_.drop_oldest();
}

void broker::write_wait(slot& which) {
    if (!durability_.is_on()) {
        return;
    }
    which.is_durable = true;
    durable_wait kept{.id = which.id,
        .seq = which.seq,
        .event_name = which.event_name,
        .uid = which.payer_uid,
        .is_named = which.payer->is_named,
        .emitted = which.emitted_at,
        .due = which.emitted_at + (which.when - which.emitted),
        .reserved = which.reserved,
        .policy = which.policy,
        .on_failure = which.on_failure,
        .require = {which.require.begin(), which.require.end()},
        .operation = which.operation,
        .digest = which.operation ? operations_.digest_of_operation(*which.operation) : operation_table::digest{},
        .is_chain = which.turns != nullptr,
        .payload = which.turns ? std::string_view{which.turns->payload} : std::string_view{},
        .asks_cluster = which.asks_cluster};
    for (const auto& each : which.responders) {
        if (!each.is_remote() && !each.is_cluster() && each.is != responder::state::passed) {
            kept.responders.push_back({each.name(), each.order, each.insists, each.is != responder::state::lagged});
        }
    }
    durability_.put(durable_kind::wait, key_of(which.id), encode(kept));
}

// What has just been accepted, unless the wait is over by it: then its result is what counts.
void broker::write_reply(const protocol::uuid& id, const client& by, const protocol::respond_params& params) {
    const auto at = slots_.find(id);
    if (!durability_.is_on() || at == slots_.end() || !at->second.open || !at->second.open->is_durable) {
        return;
    }
    slot& which = *at->second.open;
    const auto own = std::find_if(which.responders.begin(), which.responders.end(),
        [&by](const responder& each) { return by.push && each.session_id == by.push->id; });
    const bool is_responder = own != which.responders.end();
    if (by.push && by.push->shadow) {
        return;
    }
    durable_reply said{.id = id};
    if (is_responder) {
        said.nth = nth_of_its_name(which, *own);
        said.name = own->name();
    }
    if (params.abstain || !params.failed.empty()) {
        if (!is_responder) {
            return;
        }
        said.is = params.abstain ? durable_reply::kind::abstained : durable_reply::kind::failed;
        said.text = params.failed.view();
        said.insists = own->insists;
        return put_reply(which, said);
    }
    const auto& reply = which.replies.back();
    said.name = reply.responder;
    said.uid = reply.uid;
    said.order = which.reply_orders.back();
    said.elapsed = reply.elapsed;
    said.text = reply.text();
    said.abort = params.abort.raw;
    put_reply(which, said);
    if (which.turns && !params.payload.empty()) {
        write_wait(which);
    }
}

void broker::write_remote_reply(slot& which) {
    if (!durability_.is_on() || !which.is_durable) {
        return;
    }
    const auto& reply = which.replies.back();
    put_reply(which, {.id = which.id,
                         .name = reply.responder,
                         .host = reply.host,
                         .uid = reply.uid,
                         .order = which.reply_orders.back(),
                         .elapsed = reply.elapsed,
                         .text = reply.text(),
                         .abort = which.abort});
}

void broker::put_reply(slot& which, const durable_reply& said) {
    durability_.put(durable_kind::reply, key_of(which.id, which.durable_replies++), encode(said));
}

void broker::erase_wait(slot& which) {
    if (!which.is_durable || !durability_.is_on()) {
        return;
    }
    durability_.erase(durable_kind::wait, key_of(which.id));
    for (std::uint32_t each = 0; each < which.durable_replies; ++each) {
        durability_.erase(durable_kind::reply, key_of(which.id, each));
    }
    if (which.seq < log_.oldest_seq()) {
        durability_.erase(durable_kind::event, key_of(which.seq));
    }
}

// --- what a restart takes up ---

/// Ascending by seq.
struct broker::restored_events {
    std::vector<event::pointer> all{};

    [[nodiscard]] event::pointer find(std::uint64_t seq) const {
        const auto found = std::lower_bound(all.begin(), all.end(), seq,
            [](const event::pointer& each, std::uint64_t wanted) { return each->seq() < wanted; });
        return found != all.end() && (*found)->seq() == seq ? *found : event::pointer{};
    }
};

void broker::make_durable(durable_log& log, const durable_records& records, instant now) {
    const auto* const run = find(records, durable_kind::run);
    if (run != nullptr) {
        const auto continued = decode_run(*run->value);
        instance_ = continued.instance;
        operations_.use_seed(continued.seed);
    }
    durability_.begin(log, run != nullptr ? std::string{} : encode(durable_run{instance_, operations_.seed()}));
    const auto events = restore_events(records, now);
    committed_head_ = head_seq_;
    restore_operations(records, now);
    restore_waits(records, events, now);
    restore_replies(records);
    retain_restored(events);
    for (const auto& id : continued_) {
        pending_.push_back(id);
    }
    advance_pending(now);
}

broker::restored_events broker::restore_events(const durable_records& records, instant now) {
    restored_events found;
    if (const auto* const head = find(records, durable_kind::head)) {
        head_seq_ = decode_number(*head->value);
    }
    for_each(records, durable_kind::event, [&](const std::string&, std::string_view record) {
        const auto kept = decode_event(record);
        const auto head = protocol::measure_event_head(kept.fields);
        const auto due = kept.fields.emitted_at + kept.fields.timeout.value_or(std::chrono::milliseconds{0});
        found.all.push_back(event::make(kept.fields, head, kept.payload, ledger_, nullptr,
            now.steady + std::chrono::duration_cast<steady_time::duration>(due - now.wall)));
        head_seq_ = std::max(head_seq_, kept.fields.seq);
    });
    return found;
}

// Those that follow each other up to the newest; of what is before them, what waits need stays in the log, and is not
// retained.
void broker::retain_restored(const restored_events& events) {
    std::size_t first = events.all.size();
    for (std::uint64_t seq = head_seq_; first > 0 && events.all[first - 1]->seq() == seq; --seq) {
        --first;
    }
    log_.begin_after(head_seq_ - (events.all.size() - first));
    for (std::size_t i = 0; i < events.all.size(); ++i) {
        const auto& each = events.all[i];
        if (i >= first) {
            if (log_.full()) {
                forget_oldest_event();
            }
            log_.append(each);
        } else if (!is_awaited(*each)) {
            durability_.erase(durable_kind::event, key_of(each->seq()));
        }
    }
    while (ledger_.live_bytes > limits_.capacity_bytes && log_.size() > 1) {
        forget_oldest_event();
    }
}

void broker::restore_operations(const durable_records& records, instant now) {
    std::vector<durable_operation> found;
    for_each(records, durable_kind::operation,
        [&](const std::string&, std::string_view record) { found.push_back(decode_operation(record)); });
    std::stable_sort(found.begin(), found.end(),
        [](const durable_operation& a, const durable_operation& b) { return a.done_at < b.done_at; });
    for (auto& each : found) {
        // A clock that has been set back makes none of them younger than the ones after it.
        const auto age = std::max(now.wall - each.done_at, wall_time::duration::zero());
        operations_.restore(each.id, each.method, each.digest, std::move(each.done), age, now);
    }
}

void broker::restore_waits(const durable_records& records, const restored_events& events, instant now) {
    std::vector<durable_wait> found;
    for_each(records, durable_kind::wait,
        [&](const std::string&, std::string_view record) { found.push_back(decode_wait(record)); });
    std::sort(found.begin(), found.end(), [](const durable_wait& a, const durable_wait& b) { return a.seq < b.seq; });
    for (const auto& each : found) {
        const auto what = events.find(each.seq);
        if (what && what->id() == each.id && !slots_.contains(each.id)) {
            restore_wait(each, what, now);
        } else {
            durability_.erase(durable_kind::wait, key_of(each.id));
        }
    }
}

void broker::restore_wait(const durable_wait& kept, event::pointer what, instant now) {
    auto made = std::make_unique<slot>();
    slot& which = *made;
    which.id = kept.id;
    which.seq = kept.seq;
    which.event_name = kept.event_name;
    which.emitted = now.steady - std::chrono::duration_cast<steady_time::duration>(now.wall - kept.emitted);
    which.emitted_at = kept.emitted;
    which.when = which.emitted + std::chrono::duration_cast<steady_time::duration>(kept.due - kept.emitted);
    which.payer = &accounts_.of(kept.uid, kept.is_named);
    which.payer_uid = kept.uid;
    which.policy = kept.policy;
    which.on_failure = kept.on_failure;
    which.require.assign(kept.require.begin(), kept.require.end());
    which.is_durable = true;
    slots_.emplace(which.id, slot_entry{std::move(made)});
    deadlines_.insert(which);
    ++which.payer->waits;
    ++open_slots_;
    if (kept.reserved) {
        which.reserved = true;
        ++reserved_slots_;
        ++which.payer->reservations;
    }
    if (kept.operation) {
        which.operation = kept.operation;
        operations_.resume(*kept.operation, kept.digest, which);
    }
    restore_responders(which, kept);
    if (kept.is_chain) {
        which.turns = std::make_unique<chain>(chain{what, std::string{kept.payload}});
    }
    if (which.turns || (which.responders.empty() && !which.reserved)) {
        hold(which, what->footprint_bytes());
    }
    if (which.responders.empty() && !which.reserved) {
        which.parked = what;
        parked_.push_back(which);
    }
    which.continued = std::move(what);
    continued_.push_back(which.id);
    take_room(which);
}

void broker::restore_responders(slot& which, const durable_wait& kept) {
    boost::unordered_flat_map<std::string_view, std::size_t> met;
    for (const auto& each : kept.responders) {
        which.responders.push_back({.session_id = expected_id(each.name, met[each.name]++),
            .record = records_.of(each.name),
            .order = each.order,
            .place = kept.is_chain ? responder::not_queued : 0,
            .is = each.is_waited_for ? responder::state::waiting : responder::state::lagged,
            .insists = each.insists});
        which.waiting_for += each.is_waited_for ? 1 : 0;
    }
    std::sort(which.responders.begin(), which.responders.end(),
        [](const responder& a, const responder& b) { return a.session_id < b.session_id; });
    if (kept.asks_cluster) {
        which.responders.push_back(
            {.session_id = responder::cluster_id, .record = cluster_record_, .is = responder::state::failed});
        which.failures.emplace_back(responder::cluster_id, "the daemon was restarted while other hosts were asked");
    }
}

// The nth session of that name that earlier processes had: the id that stands for it, until it is there again.
std::uint64_t broker::expected_id(std::string_view name, std::size_t nth) {
    auto [at, end] = expected_sessions_.equal_range(name);
    for (; at != end; ++at) {
        if (nth-- == 0) {
            return at->second;
        }
    }
    return expected_sessions_.emplace(name, ++last_session_id_)->second;
}

void broker::restore_replies(const durable_records& records) {
    for_each(records, durable_kind::reply, [&](const std::string& key, std::string_view record) {
        const auto said = decode_reply(record);
        const auto at = slots_.find(said.id);
        if (at == slots_.end() || !at->second.open) {
            return durability_.erase(durable_kind::reply, key);
        }
        slot& to = *at->second.open;
        ++to.durable_replies;
        auto* const own = said.nth ? find_responder(to, said.name, *said.nth) : nullptr;
        if (own != nullptr) {
            to.waiting_for -= own->is == responder::state::waiting ? 1 : 0;
            own->insists = own->insists || said.insists;
            own->is = said.is == durable_reply::kind::replied     ? responder::state::replied
                      : said.is == durable_reply::kind::abstained ? responder::state::abstained
                                                                  : responder::state::failed;
        }
        if (said.is == durable_reply::kind::failed && own != nullptr) {
            to.failures.emplace_back(own->session_id, said.text);
            to.reply_bytes += said.text.size();
        } else if (said.is == durable_reply::kind::replied) {
            auto& reply = to.replies.emplace_back();
            reply.response = said.text;
            reply.responder = said.name;
            reply.uid = said.uid;
            reply.host = said.host;
            reply.elapsed = said.elapsed;
            to.reply_orders.push_back(said.order);
            to.reply_bytes += sizeof reply + said.text.size() + (to.abort.empty() ? said.abort.size() : 0);
            to.abort = to.abort.empty() ? std::string{said.abort} : std::move(to.abort);
        }
        take_room(to);
    });
}

// --- sessions that are there again ---

std::optional<std::uint64_t> broker::take_expected_id(const session& newcomer) {
    const auto found = expected_sessions_.lower_bound(newcomer.name());
    if (found == expected_sessions_.end() || found->first != newcomer.name() || !newcomer.decides()) {
        return std::nullopt;
    }
    const auto id = found->second;
    expected_sessions_.erase(found);
    return id;
}

// The waits that are continued by a session of that id; those whose event it is to get have it in `found.events`.
void broker::add_continued(backlog& found, std::uint64_t session_id, std::optional<std::uint64_t> after_seq) {
    if (expected_sessions_.empty() && continued_.empty()) {
        return;
    }
    std::erase_if(continued_, [this](const protocol::uuid& id) {
        const auto at = slots_.find(id);
        return at == slots_.end() || !at->second.open;
    });
    for (const auto& id : continued_) {
        slot& each = *slots_.at(id).open;
        const auto asked = std::find_if(each.responders.begin(), each.responders.end(), [session_id](const auto& one) {
            return one.session_id == session_id && one.is == responder::state::waiting && one.from == nullptr;
        });
        if (asked == each.responders.end()) {
            continue;
        }
        found.continued.push_back(&each);
        if (each.turns || (after_seq && each.seq <= *after_seq)) {
            continue;  // it gets it at its turn, or has it
        }
        const auto place = std::lower_bound(found.events.begin(), found.events.end(), each.seq,
            [](const event::pointer& a, std::uint64_t seq) { return a->seq() < seq; });
        if (place == found.events.end() || (*place)->seq() != each.seq) {
            found.events.insert(place, each.continued);
        }
    }
}

void broker::continue_wait(
    slot& which, session& by, const std::vector<event::pointer>& events, std::uint64_t first_place) {
    const auto asked = std::find_if(which.responders.begin(), which.responders.end(),
        [&by](const responder& each) { return each.session_id == by.id; });
    asked->from = &by;
    asked->index = static_cast<std::uint32_t>(by.expected_replies.size());
    by.expected_replies.push_back({&which, static_cast<std::uint32_t>(asked - which.responders.begin())});
    ++expected_replies_;
    const auto at = std::lower_bound(events.begin(), events.end(), which.seq,
        [](const event::pointer& each, std::uint64_t seq) { return each->seq() < seq; });
    if (at != events.end() && (*at)->seq() == which.seq) {
        ask(*asked, first_place + static_cast<std::uint64_t>(at - events.begin()));
    }
    pending_.push_back(which.id);
}

}  // namespace hookd::core
