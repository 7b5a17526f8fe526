#include "event_stage.hpp"

#include <algorithm>

namespace hookd::server {
namespace {

// Above this the copy costs more than a part of a vectored write.
constexpr std::size_t small_event_bytes = std::size_t{4} << 10;

}  // namespace

bool event_stage::holds(const std::vector<core::event*>& events, protocol::framing kind) const noexcept {
    return kind == kind_ && std::equal(events.begin(), events.end(), seqs_.begin(), seqs_.end(),
                                       [](const core::event* each, std::uint64_t seq) { return each->seq() == seq; });
}

std::string_view event_stage::frames_of(const std::vector<core::event*>& events, protocol::framing kind) {
    if (events.size() < 2) {
        return {};
    }
    if (!holds(events, kind)) {
        seqs_.clear();
        if (std::any_of(events.begin(), events.end(),
                        [](const core::event* each) { return each->body_bytes() > small_event_bytes; })) {
            return {};
        }
        bytes_.clear();
        for (core::event* const each : events) {
            for (const std::string_view piece : each->wire(kind)) {
                bytes_.insert(bytes_.end(), piece.begin(), piece.end());
            }
            seqs_.push_back(each->seq());
        }
        kind_ = kind;
    }
    return {bytes_.data(), bytes_.size()};
}

}  // namespace hookd::server
