// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/incoming_events.hpp"

#include "cluster/postgres/statements.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace hookd::postgres {

void incoming_events::begin(std::shared_ptr<connection> entered) {
    connection_ = std::move(entered);
    // An answer that was under way may have arrived or not: the schema takes it once.
    answers_.insert(
        answers_.begin(), std::make_move_iterator(answering_.begin()), std::make_move_iterator(answering_.end()));
    answering_.clear();
    send_answers();
    receive();
}

void incoming_events::end() {
    connection_.reset();
    receiving_ = false;
    verifying_ = false;
    ended_.clear();
    for (const auto& [id, each] : questions_) {
        answers_.push_back(
            {each.at, id, link::result_without_answer("the connection of its host to PostgreSQL broke"), false});
    }
    questions_.clear();
    ids_.clear();
}

void incoming_events::forget() {
    positions_.clear();
    answers_.clear();
    answering_.clear();
    questions_.clear();
    ids_.clear();
    ended_.clear();
}

void incoming_events::on_event(std::int32_t origin, std::int64_t seq) {
    auto& known = positions_[origin];
    known.wanted = std::max(known.wanted, seq);
    receive();
}

void incoming_events::on_head(std::int32_t origin, std::int64_t head, bool is_start) {
    auto& known = positions_[origin];
    known.wanted = std::max(known.wanted, head);
    if (is_start) {
        known.done = std::max(known.done, head);
    }
    receive();
}

void incoming_events::receive() {
    if (!connection_ || receiving_) {
        return;
    }
    if (hookd_.is_congested()) {
        return hookd_.when_drained([this] { receive(); });
    }
    std::vector<std::int32_t> origins;
    std::vector<std::int64_t> afters;
    std::vector<std::int64_t> uptos;
    for (const auto& [origin, known] : positions_) {
        if (known.wanted > known.done) {
            origins.push_back(origin);
            afters.push_back(known.done);
            uptos.push_back(known.wanted);
        }
    }
    if (origins.empty()) {
        return;
    }
    parameters values;
    values.add_ints(origins);
    values.add_bigints(afters);
    values.add_bigints(uptos);
    receiving_ = true;
    connection_->execute(statements::receive.name, values, [this](const result& outcome) {
        receiving_ = false;
        if (outcome.has_failed()) {
            return connection_->abandon("events of other hosts cannot be read: " + outcome.message());
        }
        take(outcome);
        receive();
    });
}

void incoming_events::take(const result& outcome) {
    for (int row = 0; row < outcome.rows(); ++row) {
        const auto origin = static_cast<std::int32_t>(outcome.integer(row, 1));
        const auto kind = outcome.bytes(row, 0);
        if (kind == "e") {
            take_event(outcome, row);
        } else if (kind == "l") {
            hookd_.send(
                link::gap{"events of host " + outcome.text(row, 2) + " were deleted before this host had read them"});
        }
        auto& known = positions_[origin];
        known.done = std::max(known.done, outcome.integer(row, 3));
    }
}

void incoming_events::take_event(const result& outcome, int row) {
    link::foreign_event event;
    event.host = outcome.text(row, 2);
    event.event = {
        outcome.uuid(row, 4), outcome.text(row, 5), outcome.text(row, 10), outcome.text(row, 6), outcome.text(row, 7)};
    const bool is_sound = link::is_json(event.event.payload_json) && link::is_json(event.event.emitted_at_json) &&
                          (event.event.cause_json.empty() || link::is_json(event.event.cause_json));
    if (!is_sound) {
        std::fprintf(stderr, "host %s sent an event that is not JSON: ignored\n", event.host.c_str());
        return;
    }
    if (!outcome.is_null(row, 8)) {
        event.asks = link::question{outcome.text(row, 8), link::milliseconds{outcome.integer(row, 9)}};
        const place key{static_cast<std::int32_t>(outcome.integer(row, 1)), outcome.integer(row, 3)};
        questions_[event.event.id] = {key, clock::now() + event.asks->left};
        ids_[key] = event.event.id;
    }
    hookd_.send(event);
}

void incoming_events::add(link::reply given) {
    const auto found = questions_.find(given.id);
    if (found == questions_.end()) {
        return;  // over, or of before a new epoch
    }
    answers_.push_back({found->second.at, given.id, std::move(given.result_json), given.decides});
    forget_question(answers_.back().at);
    send_answers();
}

void incoming_events::send_answers() {
    if (!connection_ || !answering_.empty() || answers_.empty()) {
        return;
    }
    answering_ = std::exchange(answers_, {});
    std::sort(answering_.begin(), answering_.end(), [](const answer& a, const answer& b) { return a.at < b.at; });
    std::vector<std::int32_t> origins;
    std::vector<std::int64_t> seqs;
    std::vector<bool> decides;
    for (const auto& each : answering_) {
        origins.push_back(each.at.first);
        seqs.push_back(each.at.second);
        decides.push_back(each.decides);
    }
    parameters values;
    values.add_ints(origins);
    values.add_bigints(seqs);
    values.add_byteas(answering_, &answer::result);
    values.add_booleans(decides);
    connection_->execute(statements::answer.name, values, [this](const result& outcome) { take_acceptance(outcome); });
}

void incoming_events::take_acceptance(const result& outcome) {
    const auto sent = std::exchange(answering_, {});
    if (outcome.has_failed()) {
        std::fprintf(stderr, "%zu answers to other hosts are lost: PostgreSQL says: %s\n", sent.size(),
            outcome.message().c_str());
    }
    for (int row = 0; row < outcome.rows() && static_cast<std::size_t>(row) < sent.size(); ++row) {
        if (!outcome.boolean(row, 0)) {
            std::fprintf(stderr, "the answer to event %s came too late: it was over\n",
                sent[static_cast<std::size_t>(row)].id.c_str());
        }
    }
    send_answers();
}

void incoming_events::on_ended(std::int32_t origin, std::int64_t seq) {
    if (ids_.count({origin, seq}) != 0) {
        ended_.emplace(origin, seq);
        verify_ended();
    }
}

// Anyone may send a notification: only the row says that a question is over.
void incoming_events::verify_ended() {
    if (!connection_ || verifying_ || ended_.empty()) {
        return;
    }
    std::vector<std::int32_t> origins;
    std::vector<std::int64_t> seqs;
    for (const auto& [origin, seq] : std::exchange(ended_, {})) {
        origins.push_back(origin);
        seqs.push_back(seq);
    }
    parameters values;
    values.add_ints(origins);
    values.add_bigints(seqs);
    verifying_ = true;
    connection_->execute(statements::ended.name, values, [this](const result& outcome) {
        verifying_ = false;
        take_ended(outcome);
        verify_ended();
    });
}

void incoming_events::take_ended(const result& outcome) {
    for (int row = 0; !outcome.has_failed() && row < outcome.rows(); ++row) {
        const place key{static_cast<std::int32_t>(outcome.integer(row, 0)), outcome.integer(row, 1)};
        if (const auto found = ids_.find(key); found != ids_.end()) {
            hookd_.send(link::cancel{found->second});
            forget_question(key);
        }
    }
}

void incoming_events::check() {
    std::vector<place> over;
    for (const auto& [id, each] : questions_) {
        if (each.end + std::chrono::seconds{10} < clock::now()) {
            over.push_back(each.at);
        }
    }
    for (const auto& each : over) {
        forget_question(each);
    }
}

void incoming_events::forget_question(const place& key) {
    if (const auto found = ids_.find(key); found != ids_.end()) {
        questions_.erase(found->second);
        ids_.erase(found);
    }
}

}  // namespace hookd::postgres
