// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

/// The subjects that the links of one cluster speak on.
namespace hookd::nats {

/// A host's name as one token of a subject and as a key of the bucket: bytes other than letters, digits, `-` and `_` as
/// `=2E`.
[[nodiscard]] std::string to_token(std::string_view host);

struct subjects {
    explicit subjects(std::string_view cluster)
        : ask("hookd." + std::string{cluster} + ".ask"),
          told("hookd." + std::string{cluster} + ".told"),
          roster("hookd." + std::string{cluster} + ".roster"),
          bucket("hookd_" + std::string{cluster} + "_members"),
          host_prefix_("hookd." + std::string{cluster} + ".host.") {}

    std::string ask;     ///< questions, to all
    std::string told;    ///< events without one, to all
    std::string roster;  ///< who comes and goes
    std::string bucket;  ///< the JetStream KV bucket of the members

    /// What is for one host alone.
    [[nodiscard]] std::string inbox(std::string_view host) const { return host_prefix_ + to_token(host); }

private:
    std::string host_prefix_;
};

}  // namespace hookd::nats
