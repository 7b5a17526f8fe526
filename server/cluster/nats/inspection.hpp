// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

/// What a person runs by hand: hookd-nats --check FILE and --init FILE. Both print a line for each thing that they
/// looked at, "✓ …" or "✗ …" with what to do, on stdout.
namespace hookd::nats {

/// Whether a host can use the cluster that the URL names: the server and its version, JetStream, the bucket,
/// permissions. True where it can.
[[nodiscard]] bool check_cluster(const std::string& url_text);

/// Creates the bucket of members, where there is none. True where there is one then.
[[nodiscard]] bool prepare_cluster(const std::string& url_text);

}  // namespace hookd::nats
