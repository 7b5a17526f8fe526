// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/people.hpp"

#include "cluster/link/url_file.hpp"
#include "cluster/postgres/console_session.hpp"
#include "cluster/postgres/inspection.hpp"
#include "cluster/postgres/schema.hpp"

#include <chrono>
#include <cstdio>
#include <functional>

namespace hookd::postgres {
namespace {

constexpr std::chrono::milliseconds probe_patience{2'000};

/// Where a host's connection could be pooled away between these two, the server's own word tells.
constexpr const char* make_roles = R"sql(
do $hookd$
begin
    perform pg_advisory_xact_lock(1752132459, 0);
    if not exists (select 1 from pg_catalog.pg_roles where rolname = 'hookd_owner') then
        create role hookd_owner nologin;
    end if;
    if not exists (select 1 from pg_catalog.pg_roles where rolname = 'hookd_host') then
        create role hookd_host nologin;
    end if;
    execute format('grant hookd_owner to %I', current_user);
    execute format('revoke connect, temporary on database %I from public', current_database());
    execute format('grant connect on database %I to hookd_host', current_database());
end $hookd$)sql";

void say(const std::string& line) { std::printf("✓ %s\n", line.c_str()); }

/// Runs a command; a failure is its last line.
int run(const std::function<void()>& command) {
    try {
        command();
        return 0;
    } catch (const std::runtime_error& failure) {
        std::printf("✗ %s\n", failure.what());
        return 1;
    }
}

void require(const std::optional<trouble>& none) {
    if (none) {
        throw console_failure(none->reason);
    }
}

std::string database_of(const settings& target) {
    const auto named = setting(target, "dbname");
    return named.empty() ? setting(target, "user") : named;
}

/// Connects, and makes the database first where it is missing.
std::unique_ptr<console_session> connect_to_own_database(const settings& target) {
    try {
        return std::make_unique<console_session>(target);
    } catch (const console_failure& failure) {
        if (failure.sqlstate != "3D000" || database_of(target).empty()) {
            throw;
        }
    }
    settings elsewhere = target;
    set(elsewhere, "dbname", "postgres");
    static_cast<void>(console_session{elsewhere}.query(
        "create database " + quoted(database_of(target)) + " encoding 'UTF8' template template0"));
    say("database " + quoted(database_of(target)) + " made");
    return std::make_unique<console_session>(target);
}

int version_there(console_session& session) {
    return static_cast<int>(session.query("select hookd.schema_version()").integer(0, 0));
}

void warn_of_other_tables(console_session& session) {
    const auto count =
        session
            .query(
                "select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
                " where c.relkind in ('r', 'p') and n.nspname <> 'hookd' and n.nspname !~ '^pg_' and n.nspname <> "
                "'information_schema'")
            .integer(0, 0);
    if (count > 0) {
        std::printf(
            "! this database holds %lld other tables: their notifications slow hookd down; a database of its own is "
            "better\n",
            static_cast<long long>(count));
    }
}

void init(const std::string& file) {
    const auto target = parse_url(link::read_url_file(file));
    const auto session = connect_to_own_database(target);
    const inspection found{session->query(inspection_query)};
    require(judge_server(found, session->on().backend_pid(), session->on().server_version()));
    say("database " + quoted(found.database) + " on " + session->on().server_name());
    if (found.has_schema && !found.is_ours) {
        require(judge_schema(found));
    }
    if (found.has_schema) {
        require(judge_version(found, version_there(*session)));
    }
    static_cast<void>(session->query(make_roles));
    if (found.has_schema) {
        say("schema \"hookd\" is there already, version " + std::to_string(schema_version));
    } else {
        static_cast<void>(session->query("do $hookd_do$ begin execute $hookd_script$" + std::string{schema_statements} +
                                         "$hookd_script$; end $hookd_do$"));
        say("schema \"hookd\" made, version " + std::to_string(schema_version) + ", owned by hookd_owner");
    }
    warn_of_other_tables(*session);
    std::printf(
        "Next, for each host, in psql: CREATE ROLE \"NAME\" LOGIN PASSWORD '…' IN ROLE hookd_host;\n"
        "and there, with its URL in a file of mode 0600: hookd-postgres --check FILE, then hookd --cluster FILE "
        "--cluster-host NAME\n");
}

/// Whether a notification of another connection arrives. A pooler may say yes to LISTEN and swallow what comes.
void probe_notifications(console_session& session, const inspection& found, const settings& target) {
    const std::string channel = "hookd_check_" + std::to_string(found.backend_pid);
    const auto start = std::chrono::steady_clock::now();
    static_cast<void>(session.query("listen " + channel));
    static_cast<void>(console_session{target}.query("select pg_notify('" + channel + "', '" + channel + "')"));
    if (!session.hears(channel, probe_patience)) {
        throw console_failure(
            "a notification did not arrive: a connection pooler such as pgbouncer swallows them; let the URL name the "
            "PostgreSQL server itself (its port is mostly 5432)");
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    say("notifications arrive (" + std::to_string(took.count() / 1000) + "." + std::to_string(took.count() / 100 % 10) +
        " ms with a new connection)");
}

void check(const std::string& file) {
    const auto target = parse_url(link::read_url_file(file));
    console_session session{target};
    const inspection found{session.query(inspection_query)};
    say("connected to " + place(target) + " as role " + quoted(found.role));
    probe_notifications(session, found, target);
    require(judge_server(found, session.on().backend_pid(), session.on().server_version()));
    say(session.on().server_name());
    require(judge_schema(found));
    if (!found.is_member && !found.is_owner) {
        throw console_failure("role " + quoted(found.role) +
                              " is not a host of this cluster; type in psql: GRANT hookd_host TO " +
                              quoted(found.role) + ";");
    }
    require(judge_version(found, version_there(session)));
    say("schema \"hookd\", version " + std::to_string(schema_version));
    const auto epoch = session.query("select hookd.epoch()");
    say("epoch: " + (epoch.is_null(0, 0) ? "none yet, no host has entered" : epoch.uuid(0, 0)));
    if (found.is_owner) {
        say("role " + quoted(found.role) + " owns the schema and may be any host: for a trial, hookd --cluster " +
            file + " --cluster-host NAME");
    } else {
        say("this host is to be called " + quoted(found.role) + ": hookd --cluster " + file + " --cluster-host " +
            found.role);
    }
}

}  // namespace

int init_cluster(const std::string& url_file) {
    return run([&url_file] { init(url_file); });
}

int check_cluster(const std::string& url_file) {
    return run([&url_file] { check(url_file); });
}

}  // namespace hookd::postgres
