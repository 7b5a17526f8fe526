// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace hookd::postgres {

/// `--init FILE`: prepares the database that the URL names, making it where it is missing: schema, owner and the group
/// role for hosts. Does nothing where that is done already. Says what it has done and what to type next on stdout, one
/// line each, `✓` or `✗`. Returns the exit status, 0 or 1.
[[nodiscard]] int init_cluster(const std::string& url_file);

/// `--check FILE`: whether a host with this URL can take its place: the connection, the server's version, schema and
/// rights, whether notifications arrive, and the epoch. Says so as init_cluster() does.
[[nodiscard]] int check_cluster(const std::string& url_file);

}  // namespace hookd::postgres
