// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../link_host.hpp"
#include "../socket_relay.hpp"

#include "support/process.hpp"
#include "support/temp_directory.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hookd::test {

/// For boost::unit_test::precondition: PostgreSQL's server and hookd-postgres are there.
[[nodiscard]] boost::test_tools::assertion_result with_postgres(boost::unit_test::test_unit_id);

/// hookd-postgres beside the daemon under test.
[[nodiscard]] std::string hookd_postgres_binary();

/// A hookd-postgres and the hookd at its other end.
class postgres_host : public link_host {
public:
    postgres_host(const std::string& url, const std::string& host, link_options options = {})
        : link_host(hookd_postgres_binary(), url, host, std::move(options)) {}
};

/// Runs hookd-postgres with an option and a URL file that holds `url`.
[[nodiscard]] finished_process run_hookd_postgres(const std::string& option, const std::string& url);

/// For boost::unit_test::precondition: with_postgres, and openssl to make certificates with.
[[nodiscard]] boost::test_tools::assertion_result with_certificates(boost::unit_test::test_unit_id);

/// Makes certificates, in a directory of its own.
class certificate_authority {
public:
    certificate_authority();

    [[nodiscard]] std::string file() const { return directory_ / "ca.crt"; }
    /// Of that name, for 127.0.0.1: in `FILE.crt` and `FILE.key`, whose path without its end is returned.
    [[nodiscard]] std::string certify(const std::string& name) const;

private:
    temp_directory directory_{};
};

/// A private PostgreSQL in a directory of its own: a unix socket and a loopback port. Runs as another user where the
/// test is root's, whom the server refuses. A connection over the socket is trusted; over the port it needs the role's
/// password, which is its name.
class postgres_engine {
public:
    struct standby_of {
        const postgres_engine& primary;
    };

    postgres_engine();
    explicit postgres_engine(standby_of which);
    ~postgres_engine();
    postgres_engine(const postgres_engine&) = delete;
    postgres_engine& operator=(const postgres_engine&) = delete;

    /// As crashes do: the postmaster is killed. start() follows.
    void kill();
    /// Waits until it accepts connections.
    void start();
    void stop();
    /// Of a standby: makes it a primary.
    void promote() { query("postgres", "select pg_promote(true, 30)"); }

    /// The unaligned output of statements run as the superuser; throws where one fails.
    std::string query(const std::string& database, const std::string& statements, const std::string& role = "postgres");
    /// The same, but returns what psql says of the failure; empty where there is none.
    std::string failure_of(const std::string& database, const std::string& statement, const std::string& role);

    /// Takes TLS from now on, with a certificate of 127.0.0.1 that `authority` has signed: the role `a` comes by a
    /// certificate of the name `host-a`, all others as before. Until use_defaults().
    void use_tls(const certificate_authority& authority);
    void use_defaults();

    /// A new database that --init has prepared, with a role for each host.
    std::string new_cluster(const std::vector<std::string>& hosts);

    [[nodiscard]] std::string url(const std::string& role, const std::string& database) const;
    [[nodiscard]] std::string tcp_url(const std::string& role, const std::string& password, const std::string& database,
        int port = 0, const std::string& host = "127.0.0.1") const;
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_.path(); }
    [[nodiscard]] std::string log() { return server_->err(); }
    /// The backend of a role in a database.
    [[nodiscard]] pid_t backend_of(const std::string& role, const std::string& database);

    /// How the server's user starts programs.
    [[nodiscard]] static spawn_options as_server();

private:
    void make_directory();
    void write_configuration(const std::string& more = {}, const std::string& access = {});
    void reload();
    finished_process psql(const std::string& database, const std::string& statements, const std::string& role);

    temp_directory directory_{};
    int port_;
    int clusters_ = 0;
    std::unique_ptr<child_process> server_{};
};

/// The one that all tests share.
[[nodiscard]] postgres_engine& shared_engine();

/// A loopback port that takes connections, and on which nothing is ever said.
class silent_server {
public:
    silent_server();

    [[nodiscard]] int port() const noexcept { return port_; }

private:
    base::unique_fd socket_{};
    int port_ = 0;
};

}  // namespace hookd::test
