// SPDX-License-Identifier: BSL-1.0
#include "broker_service.hpp"

namespace hookd::server::rpc {

void broker_service::use(std::shared_ptr<const catalog> events) noexcept {
    catalog_ = std::move(events);
    secrets_.use(catalog_.get());
    state_.hide(catalog_ ? &secrets_ : nullptr);
}

void broker_service::record_to(core::journal& where) {
    journal_ = &where;
    where.begin(state_.instance());
    state_.record_to(&where);
}

protocol::stats_result broker_service::stats() {
    auto result = state_.stats(now());
    result.host = host_;
    if (const auto* const cluster = state_.cluster()) {
        cluster->add_stats(result);
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

}  // namespace hookd::server::rpc
