// SPDX-License-Identifier: BSL-1.0
#include "postgres_engine.hpp"
#include "support/parallel.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace hookd::test;
namespace utf = boost::unit_test;

namespace {

struct prepared_database {
    postgres_engine& engine = shared_engine();
    std::string database = engine.new_cluster({"a", "b"});
};

std::string fatal_reason(const std::string& url, const std::string& host) {
    postgres_host link{url, host};
    const auto reason = link.await("fatal").string("/params/reason");
    BOOST_TEST(link.await_state("down").string("/params/reason") == reason);
    return reason;
}

boost::test_tools::assertion_result with_pgbouncer(utf::test_unit_id unit) {
    auto result = with_postgres(unit);
    if (result && !std::filesystem::exists("/usr/sbin/pgbouncer")) {
        result = boost::test_tools::assertion_result(false);
        result.message() << "SKIPPED: no pgbouncer (apt-get install pgbouncer)";
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(setup, *utf::precondition(with_postgres))

BOOST_FIXTURE_TEST_CASE(init_makes_the_database_and_its_schema_once, prepared_database) {
    const auto again = run_hookd_postgres("--init", engine.url("postgres", database));
    BOOST_TEST(again.exit_status == 0);
    BOOST_TEST(again.out.find("✓ schema \"hookd\" is there already, version 1\n") != std::string::npos);
    BOOST_TEST(engine.query(database,
                   "select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = "
                   "'hookd' and relkind = 'r' and relpersistence <> 'u'") == "0");
    BOOST_TEST(engine.query(database,
                   "select distinct rolname from pg_class c join pg_namespace n on n.oid = relnamespace join pg_roles "
                   "r on r.oid = relowner where nspname = 'hookd'") == "hookd_owner");
    BOOST_TEST(engine.query(database,
                   "select count(*) from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname = 'hookd' "
                   "and prosecdef and proconfig is null") == "0");
}

BOOST_FIXTURE_TEST_CASE(check_says_line_by_line_that_a_host_can_join, prepared_database) {
    const auto checked = run_hookd_postgres("--check", engine.url("a", database));
    BOOST_TEST(checked.exit_status == 0);
    for (const char* const line :
        {"✓ connected to ", "✓ notifications arrive ", "✓ PostgreSQL ", "✓ schema \"hookd\", version 1\n",
            "✓ epoch: none yet, no host has entered\n", "✓ this host is to be called \"a\""}) {
        BOOST_TEST(checked.out.find(line) != std::string::npos, line << " is missing in: " << checked.out);
    }
    postgres_host a{engine.url("a", database), "a"};
    a.await_up();
    BOOST_TEST(run_hookd_postgres("--check", engine.url("a", database))
                   .out.find("✓ epoch: " + engine.query(database, "select hookd.epoch()")) != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(check_names_what_is_wrong_and_what_to_type, prepared_database) {
    engine.query(database, "create role stranger login; grant connect on database " + database + " to stranger");
    const finally drop{[&] { engine.query(database, "drop owned by stranger; drop role stranger"); }};
    const auto stranger = run_hookd_postgres("--check", engine.url("stranger", database));
    BOOST_TEST(stranger.exit_status == 1);
    BOOST_TEST(
        stranger.out.find(
            "✗ role \"stranger\" has no rights in this cluster; type in psql: GRANT hookd_host TO \"stranger\";\n") !=
            std::string::npos,
        stranger.out);

    const auto unprepared = run_hookd_postgres("--check", engine.url("postgres", "postgres"));
    BOOST_TEST(unprepared.exit_status == 1);
    BOOST_TEST(unprepared.out.find("✗ database \"postgres\" is not prepared; type, with a superuser's URL in FILE: "
                                   "hookd-postgres --init FILE\n") != std::string::npos,
        unprepared.out);
}

BOOST_FIXTURE_TEST_CASE(a_url_file_that_others_can_read_is_refused, prepared_database) {
    const temp_directory directory;
    const auto file = directory / "url";
    write_file(file, engine.url("a", database) + "\n");
    ::chmod(file.c_str(), 0640);
    const auto checked = run_program({hookd_postgres_binary(), "--check", file});
    BOOST_TEST(checked.exit_status == 1);
    BOOST_TEST(
        checked.out ==
        "✗ " + file + ": other users may read or write it, and it may hold a password; type: chmod 600 " + file + "\n");
    BOOST_TEST(run_program({hookd_postgres_binary(), "--check", directory / "none"})
                   .out.find("No such file or directory; write the URL into it, with mode 0600") != std::string::npos);
    write_file(file, "\n# only this\n");
    ::chmod(file.c_str(), 0600);
    BOOST_TEST(run_program({hookd_postgres_binary(), "--check", file}).out ==
               "✗ " + file + ": it is empty; write one line into it, the URL of the cluster's engine\n");
}

// It starts itself once more, to be the test that starts such a program.
BOOST_AUTO_TEST_CASE(a_sanitizers_report_fails_the_test_that_started_the_program) {
    constexpr const char* second_run = "HOOKD_TEST_STARTS_A_FAULTY_PROGRAM";
    if (std::getenv(second_run) != nullptr) {
        run_program({"sh", "-c", "echo '==1==ERROR: AddressSanitizer: made up' >&2"});
        return;
    }
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    const auto done = run_program({"env", std::string{second_run} + "=1", self,
        "--run_test=setup/a_sanitizers_report_fails_the_test_that_started_the_program"});
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST((done.out + done.err).find("a sanitizer found a fault in sh") != std::string::npos, done.out);
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_exit_2_and_names_the_help) {
    for (const auto& arguments :
        {std::vector<std::string>{}, {"--init"}, {"--what"}, {"--link", "x"}, {"--check", "a", "b"}}) {
        auto command = arguments;
        command.insert(command.begin(), hookd_postgres_binary());
        const auto done = run_program(command);
        BOOST_TEST(done.exit_status == 2);
        BOOST_TEST(done.err.find("see hookd-postgres --help") != std::string::npos);
    }
    BOOST_TEST(run_program({hookd_postgres_binary(), "--link"}).exit_status == 2);
    BOOST_TEST(run_program({hookd_postgres_binary(), "--version"}).out.find("hookd-postgres ") == 0U);
    BOOST_TEST(run_program({hookd_postgres_binary(), "--help"}).out.find("--check FILE") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_typo_in_the_url_is_named_without_its_password, prepared_database) {
    BOOST_TEST(fatal_reason("postgresql://a:s3cret@127.0.0.1/x?sslmod=on", "a") ==
               "the URL is wrong: invalid URI query parameter: \"sslmod\"");
    BOOST_TEST(fatal_reason("postgresql://a:s3cret@[::1/x", "a").find("s3cret") == std::string::npos);
    BOOST_TEST(fatal_reason("postgresql://a:s3cret%zz@127.0.0.1/x", "a").find("s3cret") == std::string::npos);
    BOOST_TEST(fatal_reason("mysql://a@127.0.0.1/x", "a") ==
               "the URL is wrong: it must begin with postgresql://, as in postgresql://USER@HOST/hookd");
}

BOOST_FIXTURE_TEST_CASE(a_wrong_password_role_or_database_is_named, prepared_database) {
    const auto password = fatal_reason(engine.tcp_url("a", "wrong", database), "a");
    BOOST_TEST(
        password.find("password authentication failed for user \"a\": correct user or password in the URL file") !=
            std::string::npos,
        password);
    const auto missing = fatal_reason(engine.url("a", "nowhere"), "a");
    BOOST_TEST(
        missing.find("database \"nowhere\" does not exist: correct the database in the URL file") != std::string::npos,
        missing);
    const auto role = fatal_reason(engine.url("nobody_here", database), "nobody_here");
    BOOST_TEST(
        role.find("role \"nobody_here\" does not exist: the server does not let this role in") != std::string::npos,
        role);
    const auto name = fatal_reason(engine.url("a", database), "b");
    BOOST_TEST(name ==
               "the URL's role is \"a\", and this host is called \"b\"; a host is its role: start hookd with "
               "--cluster-host a, or make a role \"b\"");
}

BOOST_FIXTURE_TEST_CASE(an_engine_that_cannot_be_reached_is_down_and_not_fatal, prepared_database) {
    postgres_host a{engine.tcp_url("a", "a", database, free_port()), "a"};
    const auto reason = a.await_state("down").string("/params/reason");
    BOOST_TEST(reason.find("Connection refused") != std::string::npos, reason);
    BOOST_TEST(reason.find("is PostgreSQL running at 127.0.0.1:") != std::string::npos, reason);
    a.await_state("connecting");
    BOOST_TEST(!a.has("fatal"));
}

BOOST_FIXTURE_TEST_CASE(a_foreign_and_a_newer_schema_are_refused_by_name, prepared_database) {
    engine.query(database, "alter schema hookd rename to mine; create schema hookd");
    const std::string foreign = "schema \"hookd\" of database \"" + database +
                                "\" is not hookd's; use a database of its own, as in: createdb hookd";
    BOOST_TEST(fatal_reason(engine.url("a", database), "a") == foreign);
    const auto init = run_hookd_postgres("--init", engine.url("postgres", database));
    BOOST_TEST(init.exit_status == 1);
    BOOST_TEST(init.out.find("✗ " + foreign) != std::string::npos);

    engine.query(database,
        "drop schema hookd; alter schema mine rename to hookd; create or replace function hookd.schema_version() "
        "returns int language sql immutable as 'select 2'");
    const std::string newer = "schema \"hookd\" of database \"" + database +
                              "\" has version 2, and this program knows 1: install the newer hookd here, too";
    BOOST_TEST(fatal_reason(engine.url("a", database), "a") == newer);
    BOOST_TEST(
        run_hookd_postgres("--init", engine.url("postgres", database)).out.find("✗ " + newer) != std::string::npos);
}

// The server itself, behind a proxy that changes what it says of its version.
BOOST_FIXTURE_TEST_CASE(a_server_that_is_too_old_is_named_with_the_version_that_is_needed, prepared_database) {
    const temp_directory directory;
    const auto script = directory / "older";
    write_file(script,
        "#!/bin/sh\nsocat - TCP:127.0.0.1:" + std::to_string(engine.port()) +
            R"( | perl -e 'while (sysread STDIN, $b, 65536) { $b =~ s/(server_version\0)\d\d/${1}12/; syswrite STDOUT, $b }')");
    ::chmod(script.c_str(), 0700);
    const int port = free_port();
    spawn_options alone;
    alone.new_session = true;
    child_process older{
        {"socat", "TCP-LISTEN:" + std::to_string(port) + ",bind=127.0.0.1,reuseaddr,fork", "EXEC:" + script}, alone};
    const finally end{[&older] { ::kill(-older.pid(), SIGKILL); }};
    const auto url = engine.tcp_url("a", "a", database, port);
    finished_process checked;
    eventually("the proxy accepts connections", [&] {
        checked = run_hookd_postgres("--check", url);
        return checked.out.find("Connection refused") == std::string::npos;
    });
    const std::string expected = "the server is PostgreSQL 12; hookd needs 13 or newer";
    BOOST_TEST(checked.exit_status == 1);
    BOOST_TEST(checked.out.find("✗ " + expected + "\n") != std::string::npos, checked.out);
    BOOST_TEST(fatal_reason(url, "a") == expected);
}

BOOST_FIXTURE_TEST_CASE(a_half_initialised_schema_is_named, prepared_database) {
    engine.query(database, "drop function hookd.roster");
    const auto reason = fatal_reason(engine.url("a", database), "a");
    BOOST_TEST(
        reason.find("function hookd.roster() does not exist; the schema is damaged") != std::string::npos, reason);
}

BOOST_FIXTURE_TEST_CASE(the_owner_may_be_any_host_for_a_trial_with_one_url, prepared_database) {
    postgres_host a{engine.url("postgres", database), "first"};
    postgres_host b{engine.url("postgres", database), "second"};
    a.await_state("up");
    b.await_state("up");
    b.add_session(1, "gate", "pre_deploy");
    a.ask("pre_deploy");
    BOOST_TEST(b.await("event").string("/params/host") == "first");
    BOOST_TEST(run_hookd_postgres("--check", engine.url("postgres", database))
                   .out.find("✓ role \"postgres\" owns the schema and may be any host") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_second_host_of_the_same_name_is_refused_and_the_first_stays, prepared_database) {
    postgres_host first{engine.url("a", database), "a"};
    first.await_state("up");
    const auto reason = fatal_reason(engine.url("a", database), "a");
    BOOST_TEST(
        reason.find("another hookd is in the cluster as \"a\" (its run: " + first.instance() + ")") == 0U, reason);
    first.ask("pre_deploy");
    first.await("asked");
}

BOOST_FIXTURE_TEST_CASE(
    tls_certificates_and_their_checks_are_as_libpq_has_them, prepared_database, *utf::precondition(with_certificates)) {
    const certificate_authority authority;
    const certificate_authority stranger;
    engine.use_tls(authority);
    const finally reset{[&] { engine.use_defaults(); }};
    const auto verified = [&](const std::string& user, const certificate_authority& trusted) {
        return engine.tcp_url(user, user, database) + "?sslmode=verify-full&sslrootcert=" + trusted.file();
    };
    postgres_host b{verified("b", authority), "b"};
    b.await_up();
    BOOST_TEST(engine.query(database,
                   "select bool_and(s.ssl) from pg_stat_ssl s join pg_stat_activity a using (pid) where a.usename = "
                   "'b' and a.datname = '" +
                       database + "'") == "t");
    b.add_session(1, "gate", "pre_deploy");
    // By its certificate, which the server maps to the role, and no password.
    const auto own = authority.certify("host-a");
    const auto by_certificate = verified("a", authority) + "&sslcert=" + own + ".crt&sslkey=" + own + ".key";
    postgres_host a{by_certificate, "a"};
    a.await_up();
    const auto id = a.ask("pre_deploy");
    BOOST_TEST(b.await("event").string("/params/hook_event_id") == id);
    BOOST_TEST(run_hookd_postgres("--check", by_certificate).exit_status == 0);
    // One that the authority has not signed, another's, and none.
    const auto foreign = stranger.certify("host-a");
    const auto other = authority.certify("host-b");
    for (const auto& more : {"&sslcert=" + foreign + ".crt&sslkey=" + foreign + ".key",
             "&sslcert=" + other + ".crt&sslkey=" + other + ".key", std::string{"&sslcert=/none"}}) {
        postgres_host refused{verified("a", authority) + more, "a"};
        const auto why = refused.await_state("down").string("/params/reason");
        BOOST_TEST((why.find("certificate") != std::string::npos || why.find("SSL") != std::string::npos), why);
    }
    const auto untrusted = fatal_reason(verified("b", stranger), "b");
    BOOST_TEST(untrusted.find("certificate verify failed") != std::string::npos, untrusted);
    BOOST_TEST(untrusted.find("see sslmode, sslrootcert and the host in the URL file") != std::string::npos, untrusted);
    const auto misnamed = fatal_reason(
        engine.tcp_url("b", "b", database, 0, "localhost") + "?sslmode=verify-full&sslrootcert=" + authority.file(),
        "b");
    BOOST_TEST(misnamed.find("does not match host name \"localhost\"") != std::string::npos, misnamed);
}

BOOST_FIXTURE_TEST_CASE(tls_that_the_server_does_not_offer_is_named, prepared_database) {
    const auto reason = fatal_reason(engine.tcp_url("a", "a", database) + "?sslmode=require", "a");
    BOOST_TEST(reason.find("server does not support SSL") != std::string::npos, reason);
    BOOST_TEST(reason.find("see sslmode") != std::string::npos, reason);
}

BOOST_FIXTURE_TEST_CASE(pgbouncer_is_refused_by_name, prepared_database, *utf::precondition(with_pgbouncer)) {
    const temp_directory directory;
    const int port = free_port();
    write_file(directory / "users", "\"a\" \"a\"\n");
    write_file(directory / "ini", "[databases]\n" + database + " = host=" + engine.directory() +
                                      " port=" + std::to_string(engine.port()) +
                                      "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " + std::to_string(port) +
                                      "\nunix_socket_dir =\nauth_type = plain\nauth_file = " + directory / "users" +
                                      "\npool_mode = transaction\n");
    ::chmod(directory.path().c_str(), 0755);
    child_process bouncer{{"/usr/sbin/pgbouncer", directory / "ini"}, postgres_engine::as_server()};
    const auto url = engine.tcp_url("a", "a", database, port);
    finished_process checked;
    eventually("pgbouncer accepts connections", [&] {
        checked = run_hookd_postgres("--check", url);
        return checked.out.find("Connection refused") == std::string::npos;
    });
    BOOST_TEST(checked.exit_status == 1);
    BOOST_TEST(
        checked.out.find("✗ a notification did not arrive: a connection pooler such as pgbouncer swallows them") !=
            std::string::npos,
        checked.out);
    const auto reason = fatal_reason(url, "a");
    BOOST_TEST(reason.find("a connection pooler such as pgbouncer is in front of the server") == 0U, reason);
}

BOOST_AUTO_TEST_SUITE_END()
