// SPDX-License-Identifier: BSL-1.0
#include "notice.hpp"

namespace hookd::core {

verdict_text::verdict_text(std::string body, event_ledger& ledger) : body_(std::move(body)), ledger_(ledger) {
    charge(body_.size());
}

verdict_text::~verdict_text() {
    ledger_.live_bytes -= charged_;
    ledger_.verdict_bytes -= charged_;
}

void verdict_text::charge(std::size_t bytes) noexcept {
    charged_ += bytes;
    ledger_.live_bytes += bytes;
    ledger_.verdict_bytes += bytes;
}

wire_pieces verdict_text::wire(protocol::framing kind) {
    if (kind == protocol::framing::line && !line_checked_) {
        line_checked_ = true;
        // Not find_first_of(), which looks at each byte by itself.
        if (body_.find('\n') != std::string::npos || body_.find('\r') != std::string::npos) {
            protocol::append_frame(kind, body_, line_);
            charge(line_.size());
        }
    }
    if (kind == protocol::framing::line && !line_.empty()) {
        return {std::string_view{line_}};
    }
    auto& prefix = kind == protocol::framing::length_prefix ? length_prefix_ : header_;
    const auto prefix_bytes = protocol::write_frame_prefix(kind, body_.size(), prefix.data());
    return {std::string_view{prefix.data(), prefix_bytes}, body_, protocol::frame_suffix(kind)};
}

}  // namespace hookd::core
