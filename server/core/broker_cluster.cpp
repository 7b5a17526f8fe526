// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// What the broker does for a cluster: see cluster_port.hpp.
namespace hookd::core {

using protocol::errc;
using protocol::error;
using protocol::outcome;
using protocol::wait_policy;

namespace {

using remote_reply = protocol::wait_result::reply;

// How other hosts end their own waits. One that is required may be on any of them, so that a first reply does not end
// them.
wait_policy remote_policy(const slot& which) {
    return which.policy == wait_policy::first && !which.require.empty() ? wait_policy::all : which.policy;
}

bool is_of(const responder& each, std::string_view host) noexcept { return each.is_remote() && each.host() == host; }

// The next one of that host and name that is waited for, `but` for those: sessions may share a name. Null where there
// is none.
responder* waiting_for(
    slot& in, std::string_view host, std::string_view name, const std::vector<const responder*>& but = {}) {
    const auto found = std::find_if(in.responders.begin(), in.responders.end(), [&](const responder& each) {
        return each.is == responder::state::waiting && is_of(each, host) && each.own_name() == name &&
               std::find(but.begin(), but.end(), &each) == but.end();
    });
    return found == in.responders.end() ? nullptr : &*found;
}

bool waits_for_host(const slot& which, std::string_view host) {
    return std::any_of(which.responders.begin(), which.responders.end(),
        [host](const responder& each) { return each.is == responder::state::waiting && is_of(each, host); });
}

// A veto counts even where the memory for replies takes no more of it than this.
constexpr std::string_view short_veto = R"({"abort":"the reason is too long to be kept here"})";

}  // namespace

std::optional<error> broker::refuse_origin(const protocol::event_origin* origin) const {
    if (origin == nullptr || !slots_.contains(origin->hook_event_id)) {
        return std::nullopt;
    }
    return error{errc::invalid_params, "an event of that id has been here before"};
}

// --- sessions ---

void broker::announce_session(const session& which) {
    if (which.spans_cluster && cluster_ != nullptr) {
        cluster_->announce(which);
    }
}

void broker::withdraw_session(session& which) {
    if (which.spans_cluster && cluster_ != nullptr) {
        cluster_->withdraw(which.id);
    }
    which.spans_cluster = false;
}

void broker::unmute(client& which) {
    which.muted = false;
    mark_ready(which);
}

void broker::close_for_gap(instant now) {
    for (const auto& [id, each] : clients_) {
        if (each->push && each->push->spans_cluster) {
            close(*each->push, protocol::close_reason::gap, now);
        }
    }
}

// --- questions of this host ---

void broker::ask_cluster(slot& which, event::pointer what) {
    which.responders.push_back({.session_id = responder::cluster_id, .record = cluster_record_});
    ++which.waiting_for;
    which.asks_cluster = true;
    if (is_durable()) {
        return send_to_cluster(which, *what);
    }
    hold_answer(which.owner, [this, id = which.id, what = std::move(what)](const error* lost) {
        if (slot* const asking = lost == nullptr ? asking_slot(id) : nullptr) {
            send_to_cluster(*asking, *what);
            pending_.push_back(id);
        }
    });
}

void broker::send_to_cluster(slot& which, const event& what) {
    const auto refused = cluster_->ask({.id = which.id,
        .name = which.event_name,
        .payload = what.payload(),
        .cause = what.cause(),
        .emitted_at = what.emitted_at(),
        .timeout = what.timeout(),
        .policy = remote_policy(which)});
    which.asks_cluster = !refused;
    if (refused) {
        fail_cluster(which, *refused);
    }
}

void broker::leave_cluster(slot& which) { cluster_->close(which.id); }

slot* broker::asking_slot(const protocol::uuid& id) {
    const auto at = slots_.find(id);
    return at != slots_.end() && at->second.open && at->second.open->asks_cluster ? at->second.open.get() : nullptr;
}

void broker::delegate(const protocol::uuid& id, const std::vector<remote_responder>& who, instant now) {
    slot* const which = asking_slot(id);
    if (which == nullptr || !which->responders.back().is_cluster() ||
        which->responders.back().is != responder::state::waiting) {
        return;
    }
    which->responders.pop_back();
    --which->waiting_for;
    for (const auto& each : who) {
        which->responders.push_back({.session_id = responder::first_remote_id + which->responders.size(),
            .record = records_.of(each.host + "/" + each.name),
            .order = each.order,
            .insists = each.insists,
            .host_bytes = static_cast<std::uint8_t>(each.host.size() + 1)});
        ++which->responders.back().record->asked;
        ++which->waiting_for;
    }
    if (const auto full = take_more_room(*which)) {
        fail_cluster(*which, full->message);
    }
    if (which->responders.empty()) {
        finish(*which, outcome::no_subscribers, now);
    } else {
        advance(*which, now);
    }
    advance_pending(now);
}

void broker::fail_delegation(const protocol::uuid& id, const std::string& why, instant now) {
    if (slot* const which = asking_slot(id)) {
        fail_cluster(*which, why);
        advance(*which, now);
        advance_pending(now);
    }
}

// Whoever is waited for elsewhere has failed, and so has the cluster.
void broker::fail_cluster(slot& which, const std::string& why) {
    bool any = false;
    for (auto& each : which.responders) {
        if (each.is == responder::state::waiting && (each.is_remote() || each.is_cluster())) {
            which.failures.emplace_back(each.session_id, why);
            ++each.record->failed;
            record_remote_reply(which, each, responder::state::failed);
            any = true;
        }
    }
    if (any && !which.responders.back().is_cluster()) {
        which.failures.emplace_back(responder::cluster_id, why);
        which.responders.push_back(
            {.session_id = responder::cluster_id, .record = cluster_record_, .is = responder::state::failed});
    }
}

void broker::record_remote_reply(slot& which, responder& by, responder::state as) {
    by.is = as;
    --which.waiting_for;
    give_back_room(which);
}

bool broker::record_remote_answer(
    const protocol::uuid& id, std::string_view host, const remote_answer& answer, instant now) {
    slot* const which = asking_slot(id);
    if (which == nullptr || !waits_for_host(*which, host)) {
        return false;
    }
    for (const auto& said : answer.replies) {
        accept_remote_reply(*which, waiting_for(*which, host, said.responder), host, said, now);
    }
    const bool vetoed = !which->abort.empty() && which->policy != wait_policy::all;
    const bool decides =
        vetoed || (which->policy == wait_policy::first && which->require.empty() && !which->replies.empty());
    if (!decides) {  // else the others there were not heard to the end
        lose_remote_responders(*which, host, answer);
    }
    if (vetoed) {
        keep_or_finish(*which, outcome::answered, now);
    } else {
        advance(*which, now);
    }
    advance_pending(now);
    return true;
}

// Null: it was not asked, but knew the id.
void broker::accept_remote_reply(
    slot& to, responder* own, std::string_view host, const remote_reply& said, instant now) {
    protocol::respond_params params{.response = said.text()};
    if (const auto wrong = protocol::check_reply(params)) {
        if (own != nullptr) {
            to.failures.emplace_back(own->session_id, wrong->message);
            ++own->record->failed;
            record_remote_reply(to, *own, responder::state::failed);
        }
        return;
    }
    const bool vetoes = !params.abort.raw.empty();
    const bool has_reason = vetoes || !to.abort.empty();
    const auto bytes = sizeof(remote_reply) + params.response.size() + (to.abort.empty() ? params.abort.raw.size() : 0);
    if (charge_remote_reply(to, own, bytes, has_reason)) {
        params.response = vetoes ? short_veto : std::string_view{"{}"};
        (void)protocol::check_reply(params);
    }
    if (vetoes && to.abort.empty()) {
        to.abort = params.abort.raw;
    }
    auto& reply = to.replies.emplace_back();
    reply.response = params.response;
    reply.responder = said.responder;
    reply.uid = said.uid;
    reply.host = host;
    reply.elapsed = said.elapsed;
    to.reply_orders.push_back(own != nullptr ? own->order : 0);
    ++accepted_;
    if (topic* const known = topics_.peek(to.event_name)) {
        known->times.add(now.steady - to.emitted);
    }
    if (own != nullptr) {
        ++own->record->replied;
        own->record->vetoed += vetoes ? 1U : 0U;
        own->record->times.add(now.steady - to.emitted);
        record_remote_reply(to, *own, responder::state::replied);
    }
    write_remote_reply(to);
}

// Those that are there no more have left, whatever the host says: nobody is heard by silence. What was late there is
// waited for until the time is over here, too.
void broker::lose_remote_responders(slot& which, std::string_view host, const remote_answer& answer) {
    constexpr std::string_view failed = "failed: ";
    std::vector<const responder*> late;
    for (const auto& each : answer.missing) {
        const std::string_view why = each.why;
        responder* const own = waiting_for(which, host, each.responder, late);
        if (own == nullptr) {
            continue;
        }
        own->insists = own->insists || each.insists;
        if (why == to_string(outcome::timeout)) {
            late.push_back(own);
        } else if (why.starts_with(failed)) {
            which.failures.emplace_back(own->session_id, why.substr(failed.size()));
            record_remote_reply(which, *own, responder::state::failed);
        } else {
            record_remote_reply(which, *own, why == "lagged" ? responder::state::lagged : responder::state::left);
        }
    }
    for (const auto& [names, as] : {std::pair{&answer.silent.abstained, responder::state::abstained},
             {&answer.silent.passed, responder::state::passed}}) {
        for (const auto& name : *names) {
            if (responder* const own = waiting_for(which, host, name, late)) {
                record_remote_reply(which, *own, as);
            }
        }
    }
    for (auto& each : which.responders) {
        if (each.is != responder::state::waiting || !is_of(each, host) ||
            std::find(late.begin(), late.end(), &each) != late.end()) {
            continue;
        }
        if (!answer.failed.empty()) {
            which.failures.emplace_back(each.session_id, answer.failed);
        }
        record_remote_reply(which, each, answer.failed.empty() ? responder::state::left : responder::state::failed);
    }
}

void broker::host_left(const protocol::uuid& id, std::string_view host, instant now) {
    slot* const which = asking_slot(id);
    if (which == nullptr || !waits_for_host(*which, host)) {
        return;
    }
    lose_remote_responders(*which, host, {});
    advance(*which, now);
    advance_pending(now);
}

}  // namespace hookd::core
