// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/roster.hpp"

#include "cluster/nats/subjects.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace hookd::nats {

std::optional<presence> roster::update(presence about, time_point now) {
    const auto [place, is_new] = peers_.try_emplace(about.who.host);
    peer& known = place->second;
    if (!is_new && known.about.who == about.who) {
        known.about = std::move(about);
        return std::nullopt;
    }
    presence before = std::move(known.about);
    known = peer{};
    known.about = std::move(about);
    known.known_since = now;
    return is_new ? std::nullopt : std::optional{std::move(before)};
}

std::optional<presence> roster::remove(const sender& entry) {
    peer* const known = find_entry(entry);
    if (known == nullptr) {
        return std::nullopt;
    }
    presence gone = std::move(known->about);
    peers_.erase(gone.who.host);
    return gone;
}

std::uint64_t roster::note_sequence(const sender& entry, std::uint64_t sequence) {
    peer* const known = find_entry(entry);
    if (known == nullptr) {
        return 0;
    }
    const std::uint64_t before = known->last_sequence.value_or(sequence - 1);
    if (sequence <= before) {
        return 0;
    }
    known->last_sequence = sequence;
    return sequence - before - 1;
}

void roster::set_base(const sender& entry, std::uint64_t sequence) {
    if (peer* const known = find_entry(entry); known != nullptr && !known->last_sequence) {
        known->last_sequence = sequence;
    }
}

std::vector<std::string> roster::unknown_of(const std::vector<std::string>& keys) const {
    std::set<std::string> known;
    for (const auto& [host, each] : peers_) {
        known.insert(to_token(host));
    }
    std::vector<std::string> unknown;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(unknown),
        [&known](const std::string& key) { return !known.contains(key); });
    return unknown;
}

std::vector<sender> roster::vanished_from(const std::vector<std::string>& keys, time_point asked_at) const {
    const std::set<std::string> there(keys.begin(), keys.end());
    std::vector<sender> vanished;
    for (const auto& [host, each] : peers_) {
        if (each.known_since < asked_at && !there.contains(to_token(host))) {
            vanished.push_back(each.about.who);
        }
    }
    return vanished;
}

roster::peer* roster::find(std::string_view host) {
    const auto found = peers_.find(host);
    return found == peers_.end() ? nullptr : &found->second;
}

roster::peer* roster::find_entry(const sender& entry) {
    peer* const known = find(entry.host);
    return known != nullptr && known->about.who == entry ? known : nullptr;
}

}  // namespace hookd::nats
