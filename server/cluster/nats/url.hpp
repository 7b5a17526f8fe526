// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/commands.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// One server of a NATS cluster.
struct server_address {
    std::string host{};  ///< a name or an address; an IPv6 address without its brackets
    std::uint16_t port = 4222;

    bool operator==(const server_address&) const = default;
};

/// What the file of `--cluster` says:
///
///     nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT][,HOST[:PORT]…][/CLUSTER][?tls_ca=FILE&tls_cert=FILE&tls_key=FILE]
///
/// `tls://` is the same, and refuses a server without TLS. CLUSTER (letters, digits, `-`, `_`; "default" where absent)
/// keeps clusters of hosts apart that share a server.
struct url {
    std::vector<server_address> servers{};  ///< at least one; tried in this order
    credentials who{};
    bool needs_tls = false;
    std::string cluster = "default";
    std::string tls_ca{};    ///< certificates to trust, instead of the system's
    std::string tls_cert{};  ///< a certificate and key of one's own
    std::string tls_key{};
};

/// Reads it. Throws std::invalid_argument with what is wrong and what to write instead; the message never holds the
/// user's part.
[[nodiscard]] url parse_url(std::string_view text);

/// "HOST:PORT", for a person.
[[nodiscard]] std::string to_text(const server_address& server);

}  // namespace hookd::nats
