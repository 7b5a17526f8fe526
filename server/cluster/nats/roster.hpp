// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/presence.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// The other members of the cluster, as far as this one knows: pure state.
class roster {
public:
    using time_point = std::chrono::steady_clock::time_point;

    struct peer {
        presence about{};
        time_point known_since{};                      ///< when this entry of it was first heard of
        std::optional<std::uint64_t> last_sequence{};  ///< of its asks and told events
        unsigned refusals = 0;                         ///< probes in a row that found nobody at its inbox
        bool is_probed = false;                        ///< one is under way
    };

    /// Takes in what a member says of itself. The entry that it replaces, where it has entered anew.
    std::optional<presence> update(presence about, time_point now);
    /// What it had shown of itself, if it was there.
    std::optional<presence> remove(const sender& entry);
    void clear() { peers_.clear(); }

    /// Notes the number of a message that was sent to all; how many from that host were lost before it.
    std::uint64_t note_sequence(const sender& entry, std::uint64_t sequence);
    /// Where its count stands, unless known already.
    void set_base(const sender& entry, std::uint64_t sequence);

    /// Those of `keys` (tokens of hosts) that are not known.
    [[nodiscard]] std::vector<std::string> unknown_of(const std::vector<std::string>& keys) const;
    /// The known ones whose token is not among `keys`, which were read after `asked_at`. One that was first heard of
    /// later may be missing there.
    [[nodiscard]] std::vector<sender> vanished_from(const std::vector<std::string>& keys, time_point asked_at) const;

    [[nodiscard]] peer* find(std::string_view host);
    [[nodiscard]] const std::map<std::string, peer, std::less<>>& peers() const noexcept { return peers_; }

private:
    [[nodiscard]] peer* find_entry(const sender& entry);

    std::map<std::string, peer, std::less<>> peers_{};
};

}  // namespace hookd::nats
