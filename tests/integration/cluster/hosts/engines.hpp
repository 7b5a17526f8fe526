// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../nats_server.hpp"
#include "../postgres/postgres_engine.hpp"

#include "support/temp_directory.hpp"
#include "support/test_daemon.hpp"
#include "support/wire_client.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace hookd::test {

/// For boost::unit_test::precondition: both engines and their link programs are there.
[[nodiscard]] boost::test_tools::assertion_result with_both_engines(boost::unit_test::test_unit_id);

/// A cluster on PostgreSQL for the hosts `a` and `b`.
class on_postgres {
public:
    [[nodiscard]] std::string url_of(const std::string& host) const { return engine_.url(host, database_); }
    /// Where it listens on 127.0.0.1.
    [[nodiscard]] std::string port() const { return std::to_string(engine_.port()); }
    /// The same by another port of 127.0.0.1.
    [[nodiscard]] std::string url_through(const std::string& port, const std::string& host) const {
        return engine_.tcp_url(host, host, database_, std::stoi(port));
    }
    [[nodiscard]] const std::string& database() const noexcept { return database_; }
    void kill() { engine_.kill(); }
    void start() { engine_.start(); }

private:
    postgres_engine& engine_ = shared_engine();
    std::string database_ = engine_.new_cluster({"a", "b"});
};

/// The same on NATS.
class on_nats {
public:
    [[nodiscard]] std::string url_of(const std::string&) const { return server_.url({}, "/hosts"); }
    [[nodiscard]] std::string port() const { return server_.port(); }
    [[nodiscard]] static std::string url_through(const std::string& port, const std::string&) {
        return "nats://127.0.0.1:" + port + "/hosts";
    }
    void kill() { server_.kill(); }
    void start() { server_.start(); }

private:
    nats_server server_{};
};

/// A file that holds the URL of a cluster's engine.
class url_file {
public:
    explicit url_file(const std::string& url);

    [[nodiscard]] std::string path() const { return directory_ / "cluster.url"; }

private:
    temp_directory directory_{};
};

/// A hookd in clusters, with their real link programs.
class clustered_host {
public:
    /// `clusters`: as behind --cluster. Does not wait for the links.
    clustered_host(const std::string& name, const std::vector<std::string>& clusters, int lease_ms = 15'000,
        const spawn_options& options = {});

    /// Waits until each link is up.
    void await_up();
    /// Waits until the (first) link is not.
    void await_down();
    /// A session of scope cluster, which the other hosts know of.
    [[nodiscard]] wire_client hook(const std::string& name, const std::string& event = "pre_deploy");
    /// Sends `emit_and_wait` of scope cluster; returns the request's id.
    [[nodiscard]] static std::string ask(
        wire_client& emitter, const std::string& event = "pre_deploy", const std::string& more = {});
    /// `hookctl --json`, of this daemon.
    [[nodiscard]] finished_process hookctl(std::vector<std::string> arguments) const;
    [[nodiscard]] pid_t helper() const;

    [[nodiscard]] test_daemon& daemon() noexcept { return daemon_; }

private:
    test_daemon daemon_;
};

}  // namespace hookd::test
