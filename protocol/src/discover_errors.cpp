// SPDX-License-Identifier: BSL-1.0
#include "discover.hpp"

#include <hookd/protocol/errc.hpp>

namespace hookd::protocol {

boost::json::object discover_errors() {
    const auto error = [](errc code, std::string_view message) {
        return boost::json::object{{"code", static_cast<int>(code)}, {"message", message}};
    };
    return {
        {"ParseError", error(errc::parse_error, "not JSON (RFC 8259), or a frame that cannot be read")},
        {"InvalidRequest", error(errc::invalid_request, "JSON, but not a JSON-RPC 2.0 request")},
        {"MethodNotFound", error(errc::method_not_found, "no such method")},
        {"InvalidParams",
            error(errc::invalid_params, "a parameter is missing, unknown, of the wrong type, or out of range")},
        {"InternalError", error(errc::internal_error, "a fault of the daemon")},
        {"LimitExceeded", error(errc::limit_exceeded, "a limit was exceeded; data is {\"limit\", \"max\"}")},
        {"ShuttingDown", error(errc::shutting_down, "the daemon is shutting down")},
        {"NotAllowed", error(errc::not_allowed, "the user of this connection is not allowed to do that")},
        {"NotInCatalog",
            error(errc::not_in_catalog, "the catalog has no such event, or its schema does not match the value")},
        {"ResumeImpossible", error(errc::resume_impossible,
                                 "events may have been missed; data is {\"instance\", \"oldest_seq\", \"head_seq\"}")},
        {"AlreadySubscribed", error(errc::already_subscribed, "this connection has a push session")},
        {"ClusterUnavailable",
            error(errc::cluster_unavailable, "no cluster can be reached and nothing was fired; data is {\"reason\"}")},
        {"Cancelled", error(errc::cancelled, "ended by $/cancelRequest")},
    };
}

}  // namespace hookd::protocol
