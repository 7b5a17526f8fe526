// SPDX-License-Identifier: BSL-1.0
#include "broker_service.hpp"

namespace hookd::server::rpc {

void broker_service::use(std::shared_ptr<const catalog> events) noexcept {
    catalog_ = std::move(events);
    secrets_.use(catalog_.get());
    state_.hide(catalog_ ? &secrets_ : nullptr);
}

void broker_service::record_to(core::journal& journal) {
    journal_ = &journal;
    journal.begin(state_.instance());
    state_.record_to(&journal);
}

protocol::stats_result broker_service::stats() {
    auto result = state_.stats(now());
    result.host = host_;
    if (const auto* const cluster = state_.cluster()) {
        cluster->add_links(result.clusters);
    }
    result.connections = counters.connections.load(std::memory_order_relaxed);
    result.protocol_errors = counters.protocol_errors.load(std::memory_order_relaxed);
    result.bytes_in = counters.bytes_in.load(std::memory_order_relaxed);
    result.bytes_out = counters.bytes_out.load(std::memory_order_relaxed);
    if (journal_ != nullptr) {
        result.journal = journal_->figures();
    }
    return result;
}

std::optional<protocol::error> broker_service::check_event(std::string_view event, std::string_view payload) const {
    if (catalog_ == nullptr) {
        return std::nullopt;
    }
    const auto* const known = checked_.find(payload);
    return known != nullptr ? *known : catalog_->check_event(event, payload);
}

std::optional<protocol::error> broker_service::check_reply(std::string_view event, std::string_view response) const {
    const auto* const known = checked_.find(response);
    return known != nullptr ? *known : catalog_->check_reply(event, response);
}

}  // namespace hookd::server::rpc
