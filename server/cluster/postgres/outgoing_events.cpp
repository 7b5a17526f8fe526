// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/outgoing_events.hpp"

#include "cluster/postgres/statements.hpp"

#include <hookd/protocol/uuid_text.hpp>

#include <algorithm>
#include <utility>

namespace hookd::postgres {
namespace {

constexpr std::size_t most_in_batch = 256;
constexpr std::size_t batch_bytes = std::size_t{4} << 20;

std::size_t size_of(const link::event_content& event) {
    return event.payload_json.size() + event.cause_json.size() + 512;
}

}  // namespace

bool outgoing_events::refuse(const link::event_content& event, std::string& reason) const {
    if (!connection_) {
        reason = down_reason_;
    } else if (event.payload_json.size() > max_payload_bytes) {
        reason = "the payload has " + std::to_string(event.payload_json.size()) +
                 " bytes, and the cluster carries at most " + std::to_string(max_payload_bytes);
    } else if (queued_bytes_ > max_queued_bytes) {
        reason = "PostgreSQL is too slow: more than 64 MiB of events wait for it";
    } else if (!protocol::parse_uuid(event.id)) {
        reason = "hook_event_id is not a UUID";
    }
    return !reason.empty();
}

void outgoing_events::add(link::ask asks) {
    std::string reason;
    if (refuse(asks.event, reason)) {
        return hookd_.send(link::ask_failed{asks.event.id, reason});
    }
    ++asks_queued_;
    enqueue({std::move(asks.event), link::question{std::move(asks.policy), asks.timeout}, 0, 0, false});
}

void outgoing_events::add(link::tell tells) {
    std::string reason;
    if (refuse(tells.event, reason)) {
        return hookd_.send(link::tell_failed{tells.request, reason});
    }
    enqueue({std::move(tells.event), std::nullopt, tells.request, 0, false});
}

void outgoing_events::enqueue(pending event) {
    queued_bytes_ += size_of(event.event);
    queue_.push_back(std::move(event));
    send();
}

void outgoing_events::close(const std::string& id) {
    if (const auto found = seq_of_.find(id); found != seq_of_.end()) {
        const auto seq = found->second;
        forget_question(seq);
        return finish({seq});
    }
    const auto is_it = [&id](const pending& each) { return each.asks && each.event.id == id; };
    if (const auto queued = std::find_if(queue_.begin(), queue_.end(), is_it); queued != queue_.end()) {
        queued_bytes_ -= size_of(queued->event);
        --asks_queued_;
        queue_.erase(queued);
    } else if (const auto sent = std::find_if(sent_.begin(), sent_.end(), is_it); sent != sent_.end()) {
        sent->is_closed = true;
    }
}

void outgoing_events::begin(std::shared_ptr<connection> entered, std::int64_t last_seq) {
    connection_ = std::move(entered);
    last_seq_ = std::max(last_seq_, last_seq);
    if (!unfinished_.empty()) {
        finish(std::exchange(unfinished_, {}));
    }
}

void outgoing_events::end(const std::string& reason) {
    connection_.reset();
    down_reason_ = reason;
    fetching_ = false;
    checking_ = false;
    answered_.clear();
    leaving_.clear();
    // Questions are closed for other hosts when the connection is back.
    for (const auto& [seq, question] : open_) {
        unfinished_.push_back(seq);
    }
    open_.clear();
    seq_of_.clear();
    for (const auto& each : std::exchange(sent_, {})) {
        if (each.asks) {
            unfinished_.push_back(each.seq);
        }
        fail(each, "the connection to PostgreSQL broke while the event was fired, and it may have been: " + reason);
    }
    for (const auto& each : std::exchange(queue_, {})) {
        fail(each, reason);
    }
    asks_queued_ = 0;
}

void outgoing_events::fail(const pending& event, const std::string& reason) {
    queued_bytes_ -= size_of(event.event);
    if (event.asks) {
        hookd_.send(link::ask_failed{event.event.id, reason});
    } else {
        hookd_.send(link::tell_failed{event.request, reason});
    }
}

void outgoing_events::send() {
    if (!connection_ || !sent_.empty() || queue_.empty()) {
        return;
    }
    std::size_t bytes = 0;
    while (!queue_.empty() && sent_.size() < most_in_batch && bytes < batch_bytes) {
        bytes += size_of(queue_.front().event);
        sent_.push_back(std::move(queue_.front()));
        sent_.back().seq = ++last_seq_;
        queue_.pop_front();
    }
    send_batch();
}

void outgoing_events::send_batch() {
    std::vector<std::int64_t> seqs;
    std::vector<std::string> ids;
    std::vector<std::optional<std::string>> policies;
    std::vector<std::optional<std::int64_t>> timeouts;
    for (const auto& each : sent_) {
        seqs.push_back(each.seq);
        ids.push_back(each.event.id);
        policies.push_back(each.asks ? std::optional{each.asks->policy} : std::nullopt);
        timeouts.push_back(each.asks ? std::optional<std::int64_t>{each.asks->left.count()} : std::nullopt);
    }
    const auto of_event = [](std::string link::event_content::*member) {
        return [member](const pending& each) -> const std::string& { return each.event.*member; };
    };
    parameters values;
    values.add_bigints(seqs);
    values.add_uuids(ids);
    values.add_texts(sent_, of_event(&link::event_content::name));
    values.add_optional_byteas(sent_, of_event(&link::event_content::cause_json));
    values.add_byteas(sent_, of_event(&link::event_content::emitted_at_json));
    values.add_optional_texts(policies);
    values.add_optional_bigints(timeouts);
    values.add_byteas(sent_, of_event(&link::event_content::payload_json));
    connection_->execute(statements::emit.name, values, [this](const result& outcome) { take_outcome(outcome); });
}

void outgoing_events::take_outcome(const result& outcome) {
    const auto batch = std::exchange(sent_, {});
    asks_queued_ -= std::min<std::size_t>(asks_queued_,
        static_cast<std::size_t>(
            std::count_if(batch.begin(), batch.end(), [](const pending& each) { return each.asks.has_value(); })));
    if (outcome.has_failed()) {
        for (const auto& each : batch) {
            fail(each, "PostgreSQL says: " + outcome.message());
        }
        return send();
    }
    std::map<std::int64_t, std::vector<int>> rows;
    for (int row = 0; row < outcome.rows(); ++row) {
        rows[outcome.integer(row, 0)].push_back(row);
    }
    std::vector<std::int64_t> closed;
    for (const auto& each : batch) {
        queued_bytes_ -= size_of(each.event);
        const auto& found = rows[each.seq];
        if (!each.asks) {
            hookd_.send(link::told{each.request, found.empty() ? 0 : outcome.integer(found.front(), 1)});
        } else if (each.is_closed) {
            closed.push_back(each.seq);
        } else {
            open(each, outcome, found);
        }
    }
    if (!closed.empty()) {
        finish(std::move(closed));
    }
    send();
}

void outgoing_events::open(const pending& event, const result& outcome, const std::vector<int>& rows) {
    open_question question{event.event.id, {}};
    std::map<std::int32_t, link::asked_host> hosts;
    for (const int row : rows) {
        if (outcome.is_null(row, 2)) {
            continue;
        }
        const auto number = static_cast<std::int32_t>(outcome.integer(row, 2));
        auto& of = question.hosts[number];
        of.name = outcome.text(row, 3);
        of.link = outcome.uuid(row, 4);
        auto& host = hosts[number];
        host.name = outcome.text(row, 3);
        host.responders.push_back({outcome.text(row, 5), outcome.text(row, 6), outcome.integer(row, 7)});
    }
    link::asked report{event.event.id, {}};
    for (auto& [number, host] : hosts) {
        report.hosts.push_back(std::move(host));
    }
    if (!question.hosts.empty()) {
        seq_of_[event.event.id] = event.seq;
        open_[event.seq] = std::move(question);
    }
    hookd_.send(report);
}

void outgoing_events::finish(std::vector<std::int64_t> seqs) {
    std::sort(seqs.begin(), seqs.end());
    if (!connection_) {
        unfinished_.insert(unfinished_.end(), seqs.begin(), seqs.end());
        return;
    }
    parameters values;
    values.add_bigints(seqs);
    connection_->execute(statements::finish.name, values, [](const result&) {});
}

void outgoing_events::forget_question(std::int64_t seq) {
    if (const auto found = open_.find(seq); found != open_.end()) {
        seq_of_.erase(found->second.id);
        open_.erase(found);
    }
}

void outgoing_events::on_answer(std::int64_t seq, std::int32_t host) {
    if (const auto found = open_.find(seq); found != open_.end() && found->second.hosts.count(host) != 0) {
        answered_.emplace(seq, host);
        fetch_answers();
    }
}

void outgoing_events::fetch_answers() {
    if (fetching_ || !connection_ || answered_.empty()) {
        return;
    }
    std::vector<std::int64_t> seqs;
    std::vector<std::int32_t> hosts;
    for (const auto& [seq, host] : std::exchange(answered_, {})) {
        seqs.push_back(seq);
        hosts.push_back(host);
    }
    parameters values;
    values.add_bigints(seqs);
    values.add_ints(hosts);
    fetching_ = true;
    connection_->execute(statements::answers.name, values, [this](const result& outcome) {
        fetching_ = false;
        if (outcome.has_failed()) {
            return connection_->abandon("answers cannot be read: " + outcome.message());
        }
        take_answers(outcome);
        report_left();
        fetch_answers();
    });
}

void outgoing_events::take_answers(const result& outcome) {
    for (int row = 0; row < outcome.rows(); ++row) {
        const auto seq = outcome.integer(row, 0);
        const auto question = open_.find(seq);
        if (question == open_.end()) {
            continue;
        }
        const auto host = question->second.hosts.find(static_cast<std::int32_t>(outcome.integer(row, 1)));
        if (host == question->second.hosts.end()) {
            continue;
        }
        link::settled answer{host->second.name, question->second.id, outcome.text(row, 2)};
        if (!link::is_json(answer.result_json) || answer.result_json.front() != '{') {
            answer.result_json = link::result_without_answer("its host's answer is malformed");
        }
        question->second.hosts.erase(host);
        if (question->second.hosts.empty()) {
            forget_question(seq);
        }
        hookd_.send(answer);
    }
}

void outgoing_events::check() {
    if (!connection_ || open_.empty() || checking_) {
        return;
    }
    std::set<host_run> awaited;
    for (const auto& [seq, question] : open_) {
        for (const auto& [host, of] : question.hosts) {
            awaited.emplace(host, of.link);
        }
    }
    std::vector<std::int32_t> hosts;
    std::vector<std::string> ids;
    for (const auto& [host, run] : awaited) {
        hosts.push_back(host);
        ids.push_back(run);
    }
    parameters values;
    values.add_ints(hosts);
    values.add_uuids(ids);
    checking_ = true;
    connection_->execute(statements::gone.name, values, [this](const result& outcome) {
        checking_ = false;
        if (outcome.has_failed()) {
            return connection_->abandon("PostgreSQL cannot say which hosts are there: " + outcome.message());
        }
        take_gone(outcome);
    });
}

// What a host answered before it went counts, so that is read before the host is reported.
void outgoing_events::take_gone(const result& outcome) {
    for (int row = 0; row < outcome.rows(); ++row) {
        leaving_[{static_cast<std::int32_t>(outcome.integer(row, 0)), outcome.uuid(row, 1)}] = outcome.text(row, 2);
    }
    if (leaving_.empty()) {
        return;
    }
    for (const auto& [seq, question] : open_) {
        for (const auto& [host, of] : question.hosts) {
            if (leaving_.count({host, of.link}) != 0) {
                answered_.emplace(seq, host);
            }
        }
    }
    if (answered_.empty()) {
        return report_left();
    }
    fetch_answers();
}

void outgoing_events::report_left() {
    // Answers that are still to be read are of hosts that may be leaving, too.
    if (leaving_.empty() || !answered_.empty()) {
        return;
    }
    for (const auto& [gone, reason] : std::exchange(leaving_, {})) {
        report_left(gone, reason);
    }
}

void outgoing_events::report_left(const host_run& gone, const std::string& reason) {
    std::vector<std::pair<std::int64_t, asked_of>> waiting;
    bool is_back = false;
    for (auto& [seq, question] : open_) {
        const auto found = question.hosts.find(gone.first);
        if (found == question.hosts.end()) {
            continue;
        }
        if (found->second.link != gone.second) {
            is_back = true;
        } else {
            waiting.emplace_back(seq, std::move(found->second));
            question.hosts.erase(found);
        }
    }
    if (!waiting.empty() && !is_back) {
        hookd_.send(link::host_left{waiting.front().second.name, reason});
    }
    for (const auto& [seq, of] : waiting) {
        // A host that has come back and has been asked since is not to lose those questions.
        if (is_back) {
            hookd_.send(link::settled{of.name, open_.at(seq).id, link::result_without_answer()});
        }
        if (open_.at(seq).hosts.empty()) {
            forget_question(seq);
        }
    }
}

}  // namespace hookd::postgres
