// SPDX-License-Identifier: BSL-1.0
#include "replay_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hookd::core {
namespace {

void answer(const replay_table::replay& over, protocol::replay_result result, steady_time now) {
    result.elapsed = now - over.began;
    std::string text;
    protocol::append_json(text, result);
    over.handler(std::move(text));
}

}  // namespace

// Out of the table before a handler is called.
template <class Chosen>
std::vector<replay_table::replay> replay_table::take(Chosen chosen) {
    const auto first = std::stable_partition(
        under_way_.begin(), under_way_.end(), [&chosen](const replay& each) { return !chosen(each); });
    std::vector<replay> taken{std::make_move_iterator(first), std::make_move_iterator(under_way_.end())};
    under_way_.erase(first, under_way_.end());
    return taken;
}

bool replay_table::has(const session& session, const protocol::uuid& hook_event_id) const {
    return std::any_of(under_way_.begin(), under_way_.end(),
        [&](const replay& each) { return each.session == &session && each.hook_event_id == hook_event_id; });
}

std::uint64_t replay_table::begin(std::uint64_t client_id, std::string_view request_id, deferred_handler handler) {
    under_way_.push_back({.number = last_number_ + 1,
        .client_id = client_id,
        .request_id = std::string{request_id},
        .handler = std::move(handler)});
    return ++last_number_;
}

replay_table::replay* replay_table::find(std::uint64_t number) {
    const auto found = std::find_if(
        under_way_.begin(), under_way_.end(), [number](const replay& each) { return each.number == number; });
    return found == under_way_.end() ? nullptr : &*found;
}

void replay_table::refuse(std::uint64_t number, const protocol::error& failure) {
    for (const auto& each : take([number](const replay& one) { return one.number == number; })) {
        each.handler(failure);
    }
}

bool replay_table::finish(const session& session, const protocol::uuid& hook_event_id,
    const protocol::replay_result& result, steady_time now) {
    if (under_way_.empty()) {
        return false;
    }
    const auto over =
        take([&](const replay& each) { return each.session == &session && each.hook_event_id == hook_event_id; });
    for (const auto& each : over) {
        answer(each, result, now);
    }
    return !over.empty();
}

void replay_table::fail(const session& session, std::string_view why, steady_time now) {
    if (under_way_.empty()) {
        return;
    }
    for (const auto& each : take([&session](const replay& one) { return one.session == &session; })) {
        answer(each, {.failed = std::string{why}}, now);
    }
}

void replay_table::cancel(std::uint64_t client_id, std::string_view request_id, std::vector<replay>& cancelled) {
    if (under_way_.empty()) {
        return;
    }
    auto taken = take([client_id, request_id](
                          const replay& each) { return each.client_id == client_id && each.request_id == request_id; });
    for (const auto& each : taken) {
        each.handler(protocol::cancelled_error());
    }
    std::move(taken.begin(), taken.end(), std::back_inserter(cancelled));
}

void replay_table::forget(std::uint64_t client_id, std::vector<replay>& gone) {
    if (under_way_.empty()) {
        return;
    }
    auto taken = take([client_id](const replay& each) { return each.client_id == client_id; });
    std::move(taken.begin(), taken.end(), std::back_inserter(gone));
}

void replay_table::expire(steady_time now, std::vector<replay>& late) {
    if (under_way_.empty()) {
        return;
    }
    auto taken = take([now](const replay& each) { return each.when <= now; });
    for (const auto& each : taken) {
        answer(each, {.failed = "timeout"}, now);
    }
    std::move(taken.begin(), taken.end(), std::back_inserter(late));
}

std::optional<steady_time> replay_table::next_deadline() const {
    const auto first = std::min_element(
        under_way_.begin(), under_way_.end(), [](const replay& a, const replay& b) { return a.when < b.when; });
    return first == under_way_.end() || first->session == nullptr ? std::nullopt : std::optional{first->when};
}

}  // namespace hookd::core
