// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/inspection.hpp"

#include "cluster/postgres/schema.hpp"

#include <regex>
#include <string_view>

namespace hookd::postgres {
namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char each : name) {
        text += each == '"' ? "\"\"" : std::string{each};
    }
    return text + '"';
}

const char* const inspection_query =
    "select pg_backend_pid(), pg_is_in_recovery(), session_user::text, current_database()::text, "
    "getdatabaseencoding()::text,"
    " n.oid is not null, exists (select 1 from pg_catalog.pg_proc where pronamespace = n.oid and proname = "
    "'schema_version'),"
    " coalesce(has_schema_privilege(n.oid, 'usage'), false),"
    " coalesce((select pg_has_role(oid, 'usage') from pg_catalog.pg_roles where rolname = 'hookd_host'), false),"
    " coalesce((select pg_has_role(oid, 'member') from pg_catalog.pg_roles where rolname = 'hookd_owner'), false)"
    " from (select 1) as one left join pg_catalog.pg_namespace n on n.nspname = 'hookd'";

inspection::inspection(const result& outcome)
    : backend_pid(static_cast<int>(outcome.integer(0, 0))),
      is_standby(outcome.boolean(0, 1)),
      role(outcome.text(0, 2)),
      database(outcome.text(0, 3)),
      encoding(outcome.text(0, 4)),
      has_schema(outcome.boolean(0, 5)),
      is_ours(outcome.boolean(0, 6)),
      may_use(outcome.boolean(0, 7)),
      is_member(outcome.boolean(0, 8)),
      is_owner(outcome.boolean(0, 9)) {}

std::optional<trouble> judge_server(const inspection& found, int connected_pid, int server_version) {
    if (found.backend_pid != connected_pid) {
        return trouble{
            "a connection pooler such as pgbouncer is in front of the server and would drop notifications: let the "
            "URL name the PostgreSQL server itself (its port is mostly 5432)"};
    }
    if (server_version < oldest_server) {
        return trouble{
            "the server is PostgreSQL " + std::to_string(server_version / 10'000) + "; hookd needs 13 or newer"};
    }
    if (found.is_standby) {
        return trouble{
            "the server is a standby, on which nothing can be written: name the primary, or both with "
            "target_session_attrs=read-write",
            false};
    }
    if (found.encoding != "UTF8" && found.encoding != "SQL_ASCII") {
        return trouble{"database " + quoted(found.database) + " has encoding " + found.encoding +
                       "; make one with: createdb -E UTF8 -T template0 hookd"};
    }
    return std::nullopt;
}

std::optional<trouble> judge_schema(const inspection& found) {
    if (!found.has_schema) {
        return trouble{"database " + quoted(found.database) +
                       " is not prepared; type, with a superuser's URL in FILE: hookd-postgres --init FILE"};
    }
    if (!found.is_ours) {
        return trouble{"schema \"hookd\" of database " + quoted(found.database) +
                       " is not hookd's; use a database of its own, as in: createdb hookd"};
    }
    if (!found.may_use) {
        return trouble{"role " + quoted(found.role) +
                       " has no rights in this cluster; type in psql: GRANT hookd_host TO " + quoted(found.role) + ";"};
    }
    return std::nullopt;
}

std::optional<trouble> judge_version(const inspection& found, int schema_version_there) {
    if (schema_version_there > schema_version) {
        return trouble{"schema \"hookd\" of database " + quoted(found.database) + " has version " +
                       std::to_string(schema_version_there) + ", and this program knows " +
                       std::to_string(schema_version) + ": install the newer hookd here, too"};
    }
    if (schema_version_there < schema_version) {
        return trouble{"schema \"hookd\" of database " + quoted(found.database) + " has version " +
                       std::to_string(schema_version_there) + ", and this program needs " +
                       std::to_string(schema_version) +
                       "; type, with a superuser's URL in FILE: hookd-postgres --init FILE"};
    }
    return std::nullopt;
}

trouble judge(const connect_failure& failure, const settings& target) {
    const std::string message = failure.message;
    if (failure.sqlstate == "28P01") {
        return {message + ": correct user or password in the URL file"};
    }
    if (failure.sqlstate == "28000") {
        return {message + ": the server does not let this role in; see its pg_hba.conf, and that the role exists"};
    }
    if (failure.sqlstate == "3D000") {
        return {message +
                ": correct the database in the URL file, or make it with a superuser's URL in FILE: hookd-postgres "
                "--init FILE"};
    }
    if (failure.sqlstate == "42501") {
        return {message + ": type in psql: GRANT CONNECT ON DATABASE " + quoted(setting(target, "dbname")) +
                " TO hookd_host;"};
    }
    if (failure.sqlstate == "08P01" && contains(message, "startup parameter")) {
        return {message +
                ": a connection pooler such as pgbouncer is in front of the server; let the URL name the PostgreSQL "
                "server itself"};
    }
    if (contains(message, "session is read-only") || contains(message, "hot standby")) {
        return {message +
                    ": no server that the URL names takes writes now; name the primary, or all with "
                    "target_session_attrs=read-write",
            false};
    }
    if (contains(message, "certificate") || contains(message, "SSL")) {
        return {message + ": see sslmode, sslrootcert and the host in the URL file"};
    }
    if (failure.sqlstate.empty()) {
        static const std::regex same_question{R"(; Is the server running [^?]*\?)"};  // libpq's, without the place
        return {std::regex_replace(message, same_question, "") + ": is PostgreSQL running at " + place(target) + "?",
            false};
    }
    return {message, false};
}

}  // namespace hookd::postgres
