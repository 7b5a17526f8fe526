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

}  // namespace

boost::test_tools::assertion_result with_postgres(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(
        !server_directory().empty() && std::filesystem::exists(hookd_postgres_binary()));
    result.message()
        << "SKIPPED: no PostgreSQL server (apt-get install postgresql-15), or hookd-postgres was not built (libpq-dev)";
    return result;
}

boost::test_tools::assertion_result with_certificates(boost::unit_test::test_unit_id unit) {
    auto result = with_postgres(unit);
    if (result && ::access("/usr/bin/openssl", X_OK) != 0) {
        result = boost::test_tools::assertion_result(false);
        result.message() << "SKIPPED: there is no openssl to make certificates with";
    }
    return result;
}

certificate_authority::certificate_authority() {
    ::chmod(directory_.path().c_str(), 0755);  // PostgreSQL runs as another user, and reads the certificate
    must_succeed(run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-nodes", "-days", "2", "-keyout", directory_ / "ca.key", "-out", file(), "-subj", "/CN=tests"}),
        "openssl");
}

std::string certificate_authority::certify(const std::string& name) const {
    auto path = directory_ / name;
    must_succeed(run_program({"openssl", "req", "-x509", "-CA", file(), "-CAkey", directory_ / "ca.key", "-newkey",
                     "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", path + ".key",
                     "-out", path + ".crt", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-addext",
                     "basicConstraints=critical,CA:FALSE"}),
        "openssl");
    return path;
}

std::string hookd_postgres_binary() { return link_program("hookd-postgres"); }

finished_process run_hookd_postgres(const std::string& option, const std::string& url) {
    return run_link_program("hookd-postgres", option, url);
}

silent_server::silent_server() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(free_port()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket_.get(), 16) != 0) {
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

void postgres_engine::write_configuration(const std::string& more, const std::string& access) {
    write_file(directory_ / "data/postgresql.auto.conf",
        "port = " + std::to_string(port_) + "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '" +
            directory_.path() +
            "'\nfsync = off\nmax_connections = 60\nshared_buffers = 16MB\nmax_wal_size = 64MB\nlog_min_messages = "
            "warning\nlogging_collector = off\n" +
            more);
    write_file(directory_ / "data/pg_hba.conf", "local all all trust\n" + access +
                                                    "host all all 127.0.0.1/32 scram-sha-256\nlocal replication all "
                                                    "trust\n");
}

void postgres_engine::reload() { query("postgres", "select pg_reload_conf()"); }

void postgres_engine::use_tls(const certificate_authority& authority) {
    const auto made = authority.certify("server");
    for (const char* const end : {".crt", ".key"}) {
        const auto file = directory_ / "data/server" + end;
        write_file(file, read_file(made + end));
        ::chmod(file.c_str(), 0600);
        if (const auto owner = as_server().user; owner && ::chown(file.c_str(), *owner, *owner) != 0) {
            throw std::runtime_error("cannot give away " + file);
        }
    }
    write_file(directory_ / "data/pg_ident.conf", "hosts host-a a\n");
    write_configuration(
        "ssl = on\nssl_ca_file = '" + authority.file() + "'\n", "hostssl all a 127.0.0.1/32 cert map=hosts\n");
    reload();
    eventually("PostgreSQL takes TLS", [this] { return query("postgres", "show ssl") == "on"; });
}

void postgres_engine::use_defaults() {
    write_configuration();
    reload();
    eventually("PostgreSQL takes no TLS", [this] { return query("postgres", "show ssl") == "off"; });
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
