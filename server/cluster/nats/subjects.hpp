// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <string>
#include <string_view>

/// The subjects that the links of one cluster speak on. The last token of each is the host that speaks, so that the
/// permissions of a NATS server can hold each host to its own name (README.md of this directory).
namespace hookd::nats {

/// A host's name as one token of a subject and as a key of the bucket: bytes other than letters, digits, `-` and `_` as
/// `=2E`.
[[nodiscard]] std::string to_token(std::string_view host);

struct subjects {
    /// Those of `host` in `cluster`.
    subjects(std::string_view cluster, std::string_view host);

    std::string ask;     ///< questions of this host, to all
    std::string told;    ///< its events without one, to all
    std::string roster;  ///< that it comes, changes and goes, to all
    /// What it subscribes to: the same of all hosts, and what is for it alone.
    std::array<std::string, 4> heard;
    std::string key;     ///< its key in the bucket
    std::string bucket;  ///< the JetStream KV bucket of the members

    /// What this host says to one other alone.
    [[nodiscard]] std::string to(std::string_view host) const;
    /// What the subjects begin with on which a host gets the answers to its requests.
    [[nodiscard]] std::string answers_to(std::string_view host) const;

    /// Whether a message on `subject` comes from `host`, as far as the server's permissions hold each to its name.
    [[nodiscard]] static bool is_from(std::string_view subject, std::string_view host);

private:
    std::string prefix_;
};

}  // namespace hookd::nats
