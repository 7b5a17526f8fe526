// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "event.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hookd::core {

/// A text that counts as bytes of events while it lives.
class charged_text {
public:
    charged_text(std::string text, event_ledger& ledger) : text_(std::move(text)), ledger_(ledger) {
        ledger_.live_bytes += text_.size();
    }
    charged_text(const charged_text&) = delete;
    charged_text& operator=(const charged_text&) = delete;
    ~charged_text() { ledger_.live_bytes -= text_.size(); }

    [[nodiscard]] std::string_view view() const noexcept { return text_; }

private:
    std::string text_;
    event_ledger& ledger_;
};

/// What a session gets besides its events: that a wait is over.
struct notice {
    std::uint64_t after = 0;     ///< how many events were queued for the client before it: they go first
    std::uint64_t position = 0;  ///< at which what it says is durable (durability.hpp)
    protocol::uuid hook_event_id{};
    protocol::refusal reason = protocol::refusal::none;  ///< of `cancelled`
    std::shared_ptr<const charged_text> verdict{};       ///< the notification `verdict`; null: this is `cancelled`
};

}  // namespace hookd::core
