#include "cluster_scope.hpp"

namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;
using protocol::event_scope;

namespace {

error for_local_only(std::string_view what) {
    return {errc::invalid_params, "parameter " + std::string{what} + " is for scope local only, and this event is of scope cluster"};
}

// Why no cluster takes it; nothing where one does.
std::optional<error> refuse_event() {
    return protocol::cluster_error("this daemon is in no cluster (see --cluster of hookd)");
}

}  // namespace

event_scope scope_in_effect(const broker_service& where, std::string_view event, std::optional<event_scope> asked) {
    if (asked) {
        return *asked;
    }
    const auto* const events = where.events();
    return events == nullptr ? event_scope::local : events->defaults_of(event).scope.value_or(event_scope::local);
}

std::optional<error> refuse_cluster(const broker_service& where, const protocol::emit_params& params) {
    if (where.state().is_retry(params.operation_id)) {
        return std::nullopt;
    }
    return params.reserve ? for_local_only("'reserve_ms'") : refuse_event();
}

std::optional<error> refuse_cluster(const broker_service& where, const protocol::emit_and_wait_params& params) {
    if (where.state().is_retry(params.operation_id)) {
        return std::nullopt;
    }
    if (!params.require_subscriber) {
        return for_local_only("'require_subscriber': false");
    }
    if (params.policy == protocol::wait_policy::chain) {
        return for_local_only("'policy': \"chain\"");
    }
    return refuse_event();
}

std::optional<error> refuse_cluster(const broker_service&, const protocol::who_params&) { return refuse_event(); }

}  // namespace hookd::server::rpc
