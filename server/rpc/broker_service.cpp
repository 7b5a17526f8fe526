#include "broker_service.hpp"

namespace hookd::server::rpc {

protocol::stats_result broker_service::stats() {
    auto result = state_.stats(now());
    result.host = host_;
    result.connections = counters.connections.load(std::memory_order_relaxed);
    result.protocol_errors = counters.protocol_errors.load(std::memory_order_relaxed);
    result.bytes_in = counters.bytes_in.load(std::memory_order_relaxed);
    result.bytes_out = counters.bytes_out.load(std::memory_order_relaxed);
    return result;
}

}  // namespace hookd::server::rpc
