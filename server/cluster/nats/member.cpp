// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/member.hpp"

#include <utility>

namespace hookd::nats {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds patience = 500ms;  // with a host that owes something, before its link is probed
constexpr milliseconds silence = 1s;      // of a host that was asked, after which it is taken for what it has shown
constexpr milliseconds hosts_interval = 5s;

}  // namespace

member::member(engine& connection, const std::string& cluster, membership::settings own,
    std::function<clock::time_point()> now, report_sink hookd, std::function<void()> announce_later)
    : engine_(connection),
      subjects_(cluster, own.host),
      now_(now),
      hookd_(std::move(hookd)),
      announce_later_(std::move(announce_later)),
      membership_(connection, subjects_, std::move(own), std::move(now), *this),
      asks_(hookd_) {}

// --- of the connection ---

void member::on_connected(const server_info& server) {
    engine_name_ = "NATS " + server.version;
    if (const std::string reason = why_unusable(server); !reason.empty()) {
        return engine_.restart({reason, true});
    }
    down_reason_ = "it is entering the cluster";
    hookd_(link::state_report{link::link_state::entering, {}, engine_name_});
    subscribe();
    membership_.enter();
}

void member::on_disconnected(const down_reason& reason) {
    down_reason_ = reason.text;
    membership_.on_disconnected();
    asks_.clear();
    awaiting_roster_.clear();
    sessions_.clear();  // hookd says them again
    not_ready_.clear();
    is_showing_ = false;
    membership_.show({});
    for (const std::string& id : foreign_.take_all()) {
        hookd_(link::cancel{id});
    }
    if (reason.is_permanent && std::exchange(last_fatal_, reason.text) != reason.text) {
        hookd_(link::fatal{reason.text});
    }
    hookd_(link::state_report{link::link_state::down, reason.text, engine_name_});
}

void member::subscribe() {
    for (const std::string& subject : subjects_.heard) {
        engine_.subscribe(subject, [this](const delivery& arrived) { take(arrived); });
    }
}

void member::tick() {
    membership_.tick();
    if (!membership_.is_up()) {
        return;
    }
    const auto silent = asks_.silent_since(now_() - patience);
    for (const std::string& host : silent) {
        membership_.probe(host);
    }
    if (!silent.empty()) {
        membership_.with_fresh_roster([](const std::string&) {});
        presume_silent();
    }
    if (hosts_changed_ || now_() - hosts_reported_at_ >= hosts_interval) {
        report_hosts();
    }
}

void member::presume_silent() {
    asks_.presume(now_() - silence, [this](const sender& entry, const std::string& event) {
        const auto known = membership_.others().peers().find(entry.host);
        const bool is_known = known != membership_.others().peers().end();
        return is_known ? audience_of(known->second.about.sessions, event).responders : std::vector<link::responder>{};
    });
}

void member::leave(std::function<void()> done) {
    membership_.leave();
    engine_.flush([done = std::move(done)](bool) { done(); });
}

void member::on_entered() {
    last_fatal_.clear();
    if (std::exchange(was_up_, true)) {
        hookd_(link::gap{"the connection was lost (" + down_reason_ + ")"});
    }
    hookd_(link::state_report{link::link_state::up, {}, engine_name_});
    report_hosts();
}

void member::on_peer_gone(const presence& gone) {
    asks_.on_gone(gone);
    for (const std::string& id : foreign_.take_all_of(gone.who)) {
        hookd_(link::cancel{id});
    }
}

void member::report_hosts() {
    hosts_changed_ = false;
    hosts_reported_at_ = now_();
    link::hosts_report all;
    const auto add = [this, &all](const presence& about) {
        all.hosts.push_back({about.who.host, membership_.lease(), about.sessions});
    };
    add(membership_.about());
    for (const auto& [host, peer] : membership_.others().peers()) {
        add(peer.about);
    }
    hookd_(all);
}

// --- of hookd ---

void member::handle(link::session added) {
    not_ready_.push_back(added.number);
    sessions_.add(std::move(added));
    sessions_changed_ = true;
    show_sessions();
}

void member::handle(const link::session_gone& removed) {
    std::erase(not_ready_, removed.number);
    sessions_.remove(removed.number);
    sessions_changed_ = true;
    show_sessions();
}

// Sessions that come while others are being shown wait for those, and go together. A session is ready once the server
// has what the others are shown: it is then what they know of this host, should it hang.
void member::show_sessions() {
    if (!membership_.is_up() || is_showing_ || !sessions_changed_) {
        return;
    }
    is_showing_ = true;
    sessions_changed_ = false;
    membership_.show(sessions_.all());
    const auto ready = std::make_shared<const std::vector<std::int64_t>>(std::exchange(not_ready_, {}));
    engine_.flush([this, ready](bool delivered) {
        is_showing_ = false;
        for (const std::int64_t number : delivered ? *ready : std::vector<std::int64_t>{}) {
            hookd_(link::session_ready{number});
        }
        show_sessions();
    });
}

void member::handle(link::ask question) {
    if (!membership_.is_up()) {
        return hookd_(link::ask_failed{question.event.id, down_reason_});
    }
    awaiting_roster_.insert(question.event.id);
    const auto asked_at = now_();
    const auto kept = std::make_shared<const link::ask>(std::move(question));
    membership_.with_fresh_roster([this, kept, asked_at](const std::string& failure) {
        if (awaiting_roster_.erase(kept->event.id) == 0) {
            return;  // closed in the meantime
        }
        if (!failure.empty()) {
            return hookd_(link::ask_failed{kept->event.id, failure});
        }
        publish_ask(*kept, asked_at);
    });
}

void member::publish_ask(const link::ask& question, clock::time_point asked_at) {
    const auto left = question.timeout - duration_cast<milliseconds>(now_() - asked_at);
    if (left <= 0ms) {
        return hookd_(link::ask_failed{question.event.id, "timeout"});
    }
    message outgoing = from_here(message::kind::ask);
    set_event(outgoing, question.event);
    outgoing.policy = question.policy;
    outgoing.timeout_ms = static_cast<std::uint64_t>(left.count());
    outgoing.sequence = membership_.sequence() + 1;
    const std::string text = to_text(outgoing);
    if (!fits(text.size())) {
        return hookd_(link::ask_failed{question.event.id, why_too_large(text.size())});
    }
    std::vector<sender> others;
    std::vector<std::string> doubtful;
    for (const auto& [host, peer] : membership_.others().peers()) {
        others.push_back(peer.about.who);
        if (peer.refusals > 0) {
            doubtful.push_back(host);
        }
    }
    static_cast<void>(membership_.next_sequence());
    engine_.publish(subjects_.ask, text);
    asks_.open(question.event.id, question.event.name, others, now_());
    for (const std::string& host : doubtful) {
        membership_.probe(host);
    }
}

void member::handle(const link::tell& statement) {
    if (!membership_.is_up()) {
        return hookd_(link::tell_failed{statement.request, down_reason_});
    }
    message outgoing = from_here(message::kind::told);
    set_event(outgoing, statement.event);
    outgoing.sequence = membership_.sequence() + 1;
    const std::string text = to_text(outgoing);
    if (!fits(text.size())) {
        return hookd_(link::tell_failed{statement.request, why_too_large(text.size())});
    }
    static_cast<void>(membership_.next_sequence());
    engine_.publish(subjects_.told, text);
    const auto hosts = static_cast<std::int64_t>(membership_.others().peers().size());
    engine_.flush([this, request = statement.request, hosts](bool delivered) {
        if (delivered) {
            hookd_(link::told{request, hosts});
        } else {
            hookd_(link::tell_failed{request, "the connection to NATS was lost before the server had taken the event"});
        }
    });
}

void member::handle(const link::close_event& over) {
    awaiting_roster_.erase(over.id);
    for (const sender& each : asks_.close(over.id)) {
        close_at(each, over.id);
    }
}

void member::close_at(const sender& host, const std::string& id) {
    message outgoing = from_here(message::kind::close);
    outgoing.id = id;
    send(host, outgoing);
}

void member::handle(const link::reply& answer) {
    const auto question = foreign_.take(answer.id);
    if (!question) {
        return;  // its emitter does not wait any more
    }
    message verdict = from_here(message::kind::settled);
    verdict.id = answer.id;
    verdict.responders = question->responders;
    verdict.result = answer.result_json;
    verdict.decides = answer.decides;
    const std::string text = to_text(verdict);
    if (fits(text.size())) {
        return engine_.publish(subjects_.to(question->origin.host), text);
    }
    const std::string refusal = link::result_without_answer(why_too_large(text.size()));  // for the emitter, at once
    verdict.result = refusal;
    verdict.decides = false;
    send(question->origin, verdict);
}

// --- of other hosts ---

void member::take(const delivery& arrived) {
    const auto received = read_message(arrived.body);
    if (!received || !subjects::is_from(arrived.subject, received->from.host) ||
        (received->from.host == membership_.self().host && received->type != message::kind::probe)) {
        return;
    }
    switch (received->type) {
        case message::kind::ask:
        case message::kind::told:
            return on_event(*received);
        case message::kind::none:
            return asks_.on_none(*received);
        case message::kind::has:
            if (!asks_.on_has(*received)) {
                close_at(received->from, received->id);
            }
            return;
        case message::kind::settled:
            return asks_.on_settled(*received);
        case message::kind::close:
            return on_close(*received);
        case message::kind::gone:
            return membership_.on_gone(*received);
        case message::kind::known:
            return;
        case message::kind::here:
            membership_.on_here(*received);
            break;
        case message::kind::probe:
            break;
    }
    // A reply anywhere else would be said with this host's rights for another.
    if (arrived.reply.starts_with(subjects_.answers_to(received->from.host))) {
        message known = from_here(message::kind::known);
        known.sequence = membership_.sequence();
        engine_.publish(arrived.reply, to_text(known));
    }
}

void member::on_event(const message& received) {
    if (const auto lost = membership_.note_sequence(received.from, received.sequence);
        lost > 0 && membership_.is_up()) {
        hookd_(link::gap{"NATS lost " + std::to_string(lost) + " events of host " + received.from.host});
    }
    if (received.type == message::kind::ask) {
        return on_ask(received);
    }
    if (membership_.is_up() && audience_of(membership_.about().sessions, received.event).is_heard) {
        hookd_(link::foreign_event{received.from.host, to_event(received), std::nullopt});
    }
}

// Until this host is up, nobody has been promised to be asked.
void member::on_ask(const message& received) {
    const auto here =
        membership_.is_up() ? audience_of(membership_.about().sessions, received.event) : nats::audience{};
    if (here.responders.empty()) {
        message answer = from_here(message::kind::none);
        answer.id = received.id;
        send(received.from, answer);
        if (here.is_heard) {
            hookd_(link::foreign_event{received.from.host, to_event(received), std::nullopt});
        }
        return;
    }
    const bool is_announced_later = foreign_.has_unannounced();
    if (!foreign_.add(received.id, {received.from, to_text(here.responders)})) {
        return;
    }
    hookd_(link::foreign_event{
        received.from.host, to_event(received), link::question{received.policy, milliseconds{received.timeout_ms}}});
    if (!is_announced_later) {
        announce_later_();
    }
}

void member::announce_work() {
    foreign_.announce([this](const std::string& id, const foreign_questions::question& asked) {
        message answer = from_here(message::kind::has);
        answer.id = id;
        answer.responders = asked.responders;
        send(asked.origin, answer);
    });
}

void member::on_close(const message& received) {
    if (foreign_.is_from(received.id, received.from)) {
        static_cast<void>(foreign_.take(received.id));
        hookd_(link::cancel{received.id});
    }
}

void member::send(const sender& recipient, const message& outgoing) {
    engine_.publish(subjects_.to(recipient.host), to_text(outgoing));
}

message member::from_here(message::kind type) const {
    message outgoing;
    outgoing.type = type;
    outgoing.from = membership_.self();
    return outgoing;
}

std::string member::why_too_large(std::size_t bytes) const {
    return "a message of " + std::to_string(bytes) + " bytes is larger than the NATS server takes (max_payload " +
           std::to_string(engine_.max_payload()) + ")";
}

}  // namespace hookd::nats
