// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/postgres/binary.hpp"
#include "cluster/postgres/connection.hpp"
#include "cluster/postgres/target.hpp"

#include <optional>
#include <string>

namespace hookd::postgres {

/// The oldest server that will do, as PQserverVersion() says it: gen_random_uuid() came with it.
inline constexpr int oldest_server = 130'000;

/// A name as an identifier of SQL, in double quotes.
[[nodiscard]] std::string quoted(const std::string& name);

/// What stands between a host and its cluster.
struct trouble {
    std::string reason{};  ///< what it is, and what to do
    bool lasting = true;   ///< no retry cures it
};

/// What a server says of itself and of the role that has connected. Binary format.
extern const char* const inspection_query;

struct inspection {
    explicit inspection(const result& outcome);

    int backend_pid;
    bool is_standby;
    std::string role;
    std::string database;
    std::string encoding;
    bool has_schema;
    bool is_ours;    ///< the schema has schema_version()
    bool may_use;    ///< the role may use it
    bool is_member;  ///< of hookd_host, if that is there
    bool is_owner;   ///< a member of hookd_owner, which may be any host
};

/// What is wrong with it for a host. `connected_pid`: the backend as the start of the connection named it.
[[nodiscard]] std::optional<trouble> judge_server(const inspection& found, int connected_pid, int server_version);
[[nodiscard]] std::optional<trouble> judge_schema(const inspection& found);
[[nodiscard]] std::optional<trouble> judge_version(const inspection& found, int schema_version_there);

/// Why a connection failed, with the cure.
[[nodiscard]] trouble judge(const connect_failure& failure, const settings& target);

}  // namespace hookd::postgres
