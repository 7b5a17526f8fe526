// SPDX-License-Identifier: BSL-1.0
#include "text_checker.hpp"

#include <base/json/text.hpp>

#include <new>

namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;

template <class Check>
void text_checker::note(std::string_view text, Check check) noexcept {
    std::optional<error> refusal;
    try {
        refusal = check();
    } catch (const std::bad_alloc&) {
        refusal = error{errc::internal_error, {}};
    }
    found_.emplace_back(text.data(), std::move(refusal));
}

std::optional<error> text_checker::find_fault(std::string_view payload) {
    if (base::find_json_fault(payload)) {
        return error{errc::invalid_params, "the payload is not valid JSON"};
    }
    return events_ == nullptr ? std::nullopt : events_->check_event(event_, payload, limit_);
}

void text_checker::check_payload(std::string_view text) noexcept {
    note(text, [this, text] { return find_fault(text); });
}

void text_checker::check_reply(std::string_view text) noexcept {
    note(text, [this, text] {
        return events_ == nullptr ? std::optional<error>{} : events_->check_reply(event_, text, limit_);
    });
}

}  // namespace hookd::server::rpc
