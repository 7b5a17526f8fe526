// SPDX-License-Identifier: BSL-1.0
#include "slot.hpp"

#include <algorithm>
#include <tuple>

// A slot and its responders. What it holds is in slot_memory.cpp, what it came to in slot_verdict.cpp.
namespace hookd::core {

slot::slot(const question& question, instant now, connection_account& account, budgets& budgets)
    : deadline(kind::slot),
      id_(question.event.hook_event_id),
      seq_(question.event.seq),
      event_name_(question.event.event),
      emitted_(now.steady),
      policy_(question.policy),
      on_failure_(question.on_failure),
      require_(question.require),
      user_(account.user()),
      permit_(budgets.begin_wait(account)),
      memory_(budgets.charge(account.user())) {
    if (policy_ == protocol::wait_policy::chain) {
        chain_ = std::make_unique<chain>();
    }
    if (question.is_foreign) {
        foreign_ = std::make_unique<foreign_question>();
    }
}

bool slot::is_watched_by(std::uint64_t session_id) const noexcept {
    return std::find(watchers_.begin(), watchers_.end(), session_id) != watchers_.end();
}

responder* slot::find_responder(std::uint64_t session_id) noexcept {
    const auto found = std::lower_bound(responders_.begin(), responders_.end(), session_id,
        [](const responder& each, std::uint64_t key) { return each.session_id < key; });
    const bool is_found =
        found != responders_.end() && found->session_id == session_id && found->is != responder::state::left;
    return is_found ? &*found : nullptr;
}

responder* slot::next_turn() noexcept {
    responder* next = nullptr;
    const auto turn_of = [](const responder& each) { return std::tie(each.order, each.name(), each.session_id); };
    for (auto& each : responders_) {
        if (!each.is_waiting()) {
            continue;
        }
        if (each.is_asked()) {
            return nullptr;
        }
        if (next == nullptr || turn_of(each) < turn_of(*next)) {
            next = &each;
        }
    }
    return next;
}

responder* slot::find_remote(
    std::string_view host, std::string_view name, const std::vector<const responder*>& but) noexcept {
    const auto found = std::find_if(responders_.begin(), responders_.end(), [&](const responder& each) {
        return each.is_waiting() && each.is_of(host) && each.own_name() == name &&
               std::find(but.begin(), but.end(), &each) == but.end();
    });
    return found == responders_.end() ? nullptr : &*found;
}

bool slot::waits_for_host(std::string_view host) const noexcept {
    return std::any_of(responders_.begin(), responders_.end(),
        [host](const responder& each) { return each.is_waiting() && each.is_of(host); });
}

// Whether a responder of that name has replied or abstained.
bool slot::has_spoken(std::string_view name) const noexcept {
    return std::any_of(responders_.begin(), responders_.end(),
        [name](const responder& each) { return each.is_called(name) && each.has_spoken(); });
}

// Whether one without which the operation does not proceed may still reply. Who that is on other hosts the cluster has
// perhaps yet to say.
bool slot::waits_for_required() const noexcept {
    return std::any_of(require_.begin(), require_.end(), [this](const std::string& name) {
        return !has_spoken(name) && std::any_of(responders_.begin(), responders_.end(), [&name](const responder& each) {
            return each.is_waiting() && (each.is_called(name) || each.is_cluster());
        });
    });
}

bool slot::has_replied(std::uint64_t client_id) const noexcept {
    return std::find(outsiders_.begin(), outsiders_.end(), client_id) != outsiders_.end();
}

}  // namespace hookd::core
