// SPDX-License-Identifier: BSL-1.0
#include "postgres_engine.hpp"

#include "support/deadline.hpp"
#include "support/test_daemon.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace hookd::test {
namespace {

/// Debian's directory of the newest server that is installed; empty where there is none.
std::string server_directory() {
    for (int version = 19; version >= 13; --version) {
        const auto directory = "/usr/lib/postgresql/" + std::to_string(version) + "/bin";
        if (std::filesystem::exists(directory + "/initdb")) {
            return directory;
        }
    }
    return {};
}

finished_process must_succeed(finished_process done, const std::string& what) {
    if (done.exit_status != 0) {
        throw std::runtime_error(what + " failed: " + done.out + done.err);
    }
    return done;
}

std::pair<file_descriptor, int> bind_loopback() {
    file_descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("no loopback port is free");
    }
    return {std::move(socket), ntohs(address.sin_port)};
}

}  // namespace

boost::test_tools::assertion_result with_postgres(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(
        !server_directory().empty() && std::filesystem::exists(hookd_postgres_binary()));
    result.message()
        << "SKIPPED: no PostgreSQL server (apt-get install postgresql-15), or hookd-postgres was not built (libpq-dev)";
    return result;
}

std::string hookd_postgres_binary() { return std::filesystem::path{hookd_binary()}.parent_path() / "hookd-postgres"; }

finished_process run_hookd_postgres(const std::string& option, const std::string& url) {
    const temp_directory directory;
    const auto file = directory / "cluster.url";
    write_file(file, url + "\n");
    ::chmod(file.c_str(), 0600);
    return run_program({hookd_postgres_binary(), option, file});
}

int free_port() { return bind_loopback().second; }

silent_server::silent_server() {
    std::tie(socket_, port_) = bind_loopback();
    if (::listen(socket_.get(), 16) != 0) {
        throw std::runtime_error("cannot listen");
    }
}

spawn_options postgres_engine::as_server() {
    spawn_options options;
    options.environment = {{"HOME", "/nonexistent"}, {"LC_ALL", "C.UTF-8"}};
    options.directory = "/";
    if (runs_as_root()) {
        options.user = stranger;
    }
    return options;
}

void postgres_engine::make_directory() {
    if (runs_as_root() && ::chown(directory_.path().c_str(), stranger, stranger) != 0) {
        throw std::runtime_error("cannot hand over " + directory_.path());
    }
}

postgres_engine::postgres_engine() : port_(free_port()) {
    make_directory();
    must_succeed(run_program({server_directory() + "/initdb", "-D", directory_ / "data", "-U", "postgres", "-E", "UTF8",
                                 "--locale=C.UTF-8", "-A", "trust", "--no-sync"},
                     {}, as_server()),
        "initdb");
    write_configuration();
    start();
}

postgres_engine::postgres_engine(standby_of which) : port_(free_port()) {
    const auto& primary = which.primary;
    make_directory();
    must_succeed(
        run_program({server_directory() + "/pg_basebackup", "-D", directory_ / "data", "-h", primary.directory(), "-p",
                        std::to_string(primary.port()), "-U", "postgres", "-c", "fast", "-X", "stream", "--no-sync"},
            {}, as_server()),
        "pg_basebackup");
    write_configuration();
    write_file(directory_ / "data/postgresql.auto.conf",
        read_file(directory_ / "data/postgresql.auto.conf") + "primary_conninfo = 'host=" + primary.directory() +
            " port=" + std::to_string(primary.port()) + " user=postgres'\n");
    write_file(directory_ / "data/standby.signal", "");
    start();
}

postgres_engine::~postgres_engine() { stop(); }

void postgres_engine::write_configuration() {
    write_file(directory_ / "data/postgresql.auto.conf",
        "port = " + std::to_string(port_) + "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '" +
            directory_.path() +
            "'\nfsync = off\nmax_connections = 60\nshared_buffers = 16MB\nmax_wal_size = 64MB\nlog_min_messages = "
            "warning\nlogging_collector = off\n");
    write_file(directory_ / "data/pg_hba.conf",
        "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\nlocal replication all trust\n");
}

void postgres_engine::start() {
    const auto begin = [this] {
        server_ = std::make_unique<child_process>(
            std::vector<std::string>{server_directory() + "/postgres", "-D", directory_ / "data"}, as_server());
    };
    begin();
    // What a killed one has left behind needs a moment to end.
    eventually("PostgreSQL accepts connections", [&] {
        if (server_->has_ended()) {
            begin();
        }
        return psql("postgres", "select 1", "postgres").exit_status == 0;
    });
}

void postgres_engine::kill() {
    server_->signal(SIGKILL);
    server_->wait();
}

void postgres_engine::stop() {
    if (server_ && !server_->has_ended()) {
        server_->signal(SIGQUIT);
        server_->wait();
    }
}

finished_process postgres_engine::psql(
    const std::string& database, const std::string& statements, const std::string& role) {
    return run_program({server_directory() + "/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", directory_.path(), "-p",
        std::to_string(port_), "-U", role, "-d", database, "-c", statements});
}

std::string postgres_engine::query(
    const std::string& database, const std::string& statements, const std::string& role) {
    auto text = must_succeed(psql(database, statements, role), statements).out;
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

std::string postgres_engine::failure_of(
    const std::string& database, const std::string& statement, const std::string& role) {
    const auto done = psql(database, statement, role);
    return done.exit_status == 0 ? std::string{} : done.err;
}

std::string postgres_engine::new_cluster(const std::vector<std::string>& hosts) {
    const auto database = "cluster_" + std::to_string(++clusters_);
    must_succeed(run_hookd_postgres("--init", url("postgres", database)), "hookd-postgres --init");
    for (const auto& host : hosts) {
        query(database, "do $$ begin if not exists (select from pg_roles where rolname = '" + host +
                            "') then create role \"" + host + "\" login password '" + host +
                            "' in role hookd_host; end if; end $$");
    }
    return database;
}

std::string postgres_engine::url(const std::string& role, const std::string& database) const {
    return "postgresql://" + role + "@/" + database + "?host=" + directory_.path() + "&port=" + std::to_string(port_);
}

std::string postgres_engine::tcp_url(const std::string& role, const std::string& password, const std::string& database,
    int port, const std::string& host) const {
    return "postgresql://" + role + ":" + password + "@" + host + ":" + std::to_string(port == 0 ? port_ : port) + "/" +
           database;
}

pid_t postgres_engine::backend_of(const std::string& role, const std::string& database) {
    return static_cast<pid_t>(std::stol(query(
        database, "select pid from pg_stat_activity where usename = '" + role + "' and datname = '" + database + "'")));
}

postgres_engine& shared_engine() {
    static postgres_engine engine;
    return engine;
}

}  // namespace hookd::test
