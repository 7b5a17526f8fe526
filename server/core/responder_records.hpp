// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "reply_times.hpp"

#include <hookd/protocol/methods.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// What the responders of one name have done since the daemon's start. Shared by their sessions and by the slots that
/// ask them.
struct responder_record {
    explicit responder_record(std::string_view called) : name(called) {}

    std::string name;
    std::uint64_t asked = 0;
    std::uint64_t replied = 0;  // abstentions too
    std::uint64_t vetoed = 0;
    std::uint64_t failed = 0;  // waited for in vain, other than by lag
    std::uint64_t lagged = 0;
    reply_times times{};
};

/// The records of the most_names names that subscribed most recently. One that is forgotten lives on with those who
/// share it, but is reported no more.
///
/// Thread-safety: none (broker's strand).
class responder_records {
public:
    static constexpr std::size_t most_names = 1024;

    [[nodiscard]] std::shared_ptr<responder_record> of(std::string_view name);
    /// Appends them, by name.
    void summarize(std::vector<protocol::stats_result::responder>& out) const;

private:
    using records = std::list<std::shared_ptr<responder_record>>;

    records recent_{};                                                          // most recent first
    boost::unordered_flat_map<std::string_view, records::iterator> by_name_{};  // views of the records' own names
};

}  // namespace hookd::core
