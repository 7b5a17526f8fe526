// SPDX-License-Identifier: BSL-1.0
#include "postgres_engine.hpp"
#include "support/json_access.hpp"
#include "support/parallel.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <memory>
#include <string>

using namespace hookd::test;
namespace utf = boost::unit_test;

namespace {

struct three_roles {
    postgres_engine& engine = shared_engine();
    std::string database = engine.new_cluster({"a", "b", "c"});
    postgres_host a{engine.url("a", database), "a"};

    three_roles() { a.await_up(); }

    [[nodiscard]] static std::string epoch_of(postgres_engine& of, const std::string& database) {
        return of.query(database, "select hookd.epoch()");
    }
    [[nodiscard]] std::unique_ptr<postgres_host> join(const std::string& host, const link_options& options = {}) {
        auto joined = std::make_unique<postgres_host>(engine.url(host, database), host, options);
        joined->await_state("up");
        return joined;
    }
};

std::string ask_and_deliver(postgres_host& from, postgres_host& to) {
    const auto id = from.ask("pre_deploy");
    from.await("asked");
    to.await("event");
    return id;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failure, *utf::precondition(with_postgres))

BOOST_FIXTURE_TEST_CASE(an_engine_that_is_killed_is_told_and_so_is_the_gap_once_it_is_back, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    ask_and_deliver(a, *b);
    const auto epoch = epoch_of(engine, database);
    engine.kill();
    BOOST_TEST(!a.await_state("down").string("/params/reason").empty());
    b->await_state("down");
    const auto failed = a.ask("pre_deploy");
    BOOST_TEST(a.await("ask_failed").string("/params/hook_event_id") == failed);
    a.tell(7, "told");
    BOOST_TEST(a.await("told").integer("/params/request") == 7);
    engine.start();
    a.await_up();
    BOOST_TEST(epoch_of(engine, database) != epoch);
    BOOST_TEST(a.await("gap").string("/params/reason").find("crashed") != std::string::npos);
    b->await_state("up");
    b->await("gap");
    // Sessions are visible again without hookd's help, and its repetition is answered.
    b->add_session(1, "gate", "pre_deploy");
    ask_and_deliver(a, *b);
}

BOOST_FIXTURE_TEST_CASE(a_terminated_connection_loses_nothing_that_was_told_meanwhile, three_roles) {
    auto b = join("b");
    b->add_session(1, "all", "*", false);
    a.tell(1, "before");
    b->await("event");
    // It cannot come back before the second event is there.
    engine.query(database, "alter role b connection limit 0");
    const finally reset{[&] { engine.query(database, "alter role b connection limit -1"); }};
    engine.query(database,
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'b' and datname = '" + database + "'");
    b->await_state("down");
    a.tell(2, "meanwhile");
    BOOST_TEST(a.await("told").integer("/params/request") == 1);
    BOOST_TEST(a.await("told").integer("/params/hosts") == 1);
    engine.query(database, "alter role b connection limit -1");
    b->await_state("up");
    BOOST_TEST(b->await("event").string("/params/event") == "meanwhile");
    BOOST_TEST(!b->has("gap"));
}

BOOST_FIXTURE_TEST_CASE(a_question_whose_hosts_connection_breaks_is_not_waited_for, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    const auto id = ask_and_deliver(a, *b);
    engine.query(database,
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'b' and datname = '" + database + "'");
    b->await_state("down");
    // Either the asker looks while the connection is away, or it has the failure once that is back.
    eventually("it is settled or has left", [&] { return a.has("settled") || a.has("host_left"); });
    if (a.has("settled")) {
        BOOST_TEST(a.await("settled")
                       .raw({"params", "result"})
                       .find(R"("failed":"the connection of its host to PostgreSQL broke")") != std::string::npos);
    }
    b->await_state("up");
    b->reply("a", id, "{}", true);  // hookd has forgotten it; nothing comes of it
    const auto next = ask_and_deliver(a, *b);
    b->reply("a", next, R"({"x":1})", true);
    BOOST_TEST(a.await("settled").raw({"params", "result"}) == R"({"x":1})");
}

BOOST_FIXTURE_TEST_CASE(a_link_that_is_killed_has_left_within_a_second, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    ask_and_deliver(a, *b);
    const auto begin = std::chrono::steady_clock::now();
    b->process().signal(SIGKILL);
    const auto left = a.await("host_left");
    BOOST_TEST(left.string("/params/host") == "b");
    BOOST_TEST(left.string("/params/why").find("left") == 0U);
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 5s));
}

BOOST_FIXTURE_TEST_CASE(what_a_host_answered_before_it_went_counts, three_roles) {
    for (int i = 0; i < 5; ++i) {
        auto b = join("b");
        b->add_session(1, "gate", "pre_deploy");
        const auto id = ask_and_deliver(a, *b);
        b->reply("a", id, "{}", true);
        b->hang_up();
        BOOST_TEST(b->process().wait() == 0);
        BOOST_TEST(a.await("settled").string("/params/hook_event_id") == id);
    }
    BOOST_TEST(!a.has("host_left"));
}

BOOST_FIXTURE_TEST_CASE(a_host_whose_hookd_ends_is_not_asked_any_more, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    b->hang_up();
    BOOST_TEST(b->process().wait() == 0);
    a.ask("pre_deploy");
    BOOST_TEST(a.await("asked").raw({"params", "hosts"}) == "[]");
}

BOOST_FIXTURE_TEST_CASE(a_stopped_link_is_given_up_after_its_lease_and_told_of_the_gap_when_it_is_back, three_roles) {
    auto b = join("b", {1'500, {}, {}});
    b->add_session(1, "gate", "pre_deploy");
    ask_and_deliver(a, *b);
    b->process().signal(SIGSTOP);
    const auto left = a.await("host_left");
    BOOST_TEST(left.string("/params/why") == "left (no sign of life for 1500 ms)");
    a.ask("pre_deploy");
    BOOST_TEST(a.await("asked").raw({"params", "hosts"}) == "[]");
    b->process().signal(SIGCONT);
    BOOST_TEST(b->await("gap").string("/params/reason").find("lease of 1500 ms") != std::string::npos);
    eventually("it is asked again", [&] {
        a.ask("pre_deploy");
        return a.await("asked").raw({"params", "hosts"}) != "[]";
    });
}

BOOST_FIXTURE_TEST_CASE(a_new_link_of_the_same_hookd_takes_its_place_and_tells_of_the_gap, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    b->process().signal(SIGSTOP);  // as one that hookd gives up on; its connection stays
    const finally resume{[&] { b->process().signal(SIGCONT); }};
    const postgres_host* const old = b.get();
    auto next = join("b", {15'000, old->instance(), {}});
    BOOST_TEST(next->await("gap").string("/params/reason") == "the link of this host was restarted");
}

BOOST_FIXTURE_TEST_CASE(a_backend_that_is_stopped_counts_as_an_engine_that_is_down, three_roles) {
    const auto backend = engine.backend_of("a", database);
    ::kill(backend, SIGSTOP);
    const finally resume{[&] { ::kill(backend, SIGCONT); }};
    const auto id = a.ask("pre_deploy");
    BOOST_TEST(
        a.await_state("down").string("/params/reason").find("has not answered for 5000 ms") != std::string::npos);
    ::kill(backend, SIGCONT);
    a.await_state("up");
    a.ask("pre_deploy");
    a.await("asked");
}

BOOST_FIXTURE_TEST_CASE(a_proxy_that_stalls_and_one_that_cuts_are_told, three_roles) {
    socket_relay proxy{std::to_string(engine.port())};
    postgres_host b{engine.tcp_url("b", "b", database, std::stoi(proxy.port())), "b"};
    b.await_state("up");
    b.add_session(1, "all", "*", false);
    proxy.stall();
    BOOST_TEST(!b.await_state("down").string("/params/reason").empty());
    a.tell(1, "meanwhile");
    a.await("told");
    proxy.go_on();
    b.await_state("up");
    BOOST_TEST(b.await("event").string("/params/event") == "meanwhile");
    BOOST_TEST(!b.has("gap"));
    proxy.cut();
    BOOST_TEST(!b.await_state("down").string("/params/reason").empty());
    proxy.start();
    b.await_up();
}

BOOST_FIXTURE_TEST_CASE(pings_are_answered_while_nothing_answers_and_where_a_host_name_has_no_address, three_roles) {
    // A label of more than 63 bytes cannot be asked for. A server that accepts and is silent is given up after 3 s.
    const silent_server silent;
    for (const auto& url : {engine.tcp_url("b", "b", database, 5432, std::string(70, 'x') + ".invalid"),
             engine.tcp_url("b", "b", database, silent.port())}) {
        postgres_host b{url, "b"};
        for (int i = 0; i < 3; ++i) {
            b.send("ping", "{}");
            b.await("pong");
        }
        const auto reason = b.await_state("down").string("/params/reason");
        BOOST_TEST(
            (reason.find("cannot look up host x") == 0U || reason.find("no answer from 127.0.0.1") == 0U), reason);
    }
}

BOOST_FIXTURE_TEST_CASE(the_next_host_of_a_url_is_taken_where_one_is_silent, three_roles) {
    const silent_server silent;
    postgres_host b{"postgresql://b:b@127.0.0.1:" + std::to_string(silent.port()) +
                        ",127.0.0.1:" + std::to_string(engine.port()) + "/" + database,
        "b"};
    b.await_state("down");
    b.await_state("up");
}

BOOST_FIXTURE_TEST_CASE(the_next_host_of_a_url_is_taken_where_one_does_not_listen, three_roles) {
    const auto url = "postgresql://b:b@127.0.0.1:" + std::to_string(free_port()) +
                     ",localhost:" + std::to_string(engine.port()) + "/" + database +
                     "?target_session_attrs=read-write";
    postgres_host b{url, "b"};
    BOOST_TEST(b.await_state("up").string("/params/engine").find("PostgreSQL ") == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_promoted_standby_is_found_and_is_a_new_epoch, three_roles) {
    postgres_engine standby{postgres_engine::standby_of{engine}};
    const auto url_of = [&](const std::string& role) {
        return "postgresql://" + role + ":" + role + "@127.0.0.1:" + std::to_string(standby.port()) +
               ",127.0.0.1:" + std::to_string(engine.port()) + "/" + database;
    };
    postgres_host{url_of("c") + "?target_session_attrs=primary", "c"}.await_up();
    postgres_host b{url_of("b"), "b"};
    b.await_up();
    const auto epoch = epoch_of(engine, database);
    b.add_session(1, "gate", "pre_deploy");
    engine.kill();
    const finally restart{[&] { engine.start(); }};
    b.await_state("down");
    BOOST_TEST(b.await_state("down").string("/params/reason").find("no server that the URL names takes writes now") !=
               std::string::npos);
    for (const char* const wanted : {"any", "standby"}) {
        postgres_host reader{standby.tcp_url("c", "c", database) + "?target_session_attrs=" + wanted, "c"};
        const auto reason = reader.await_state("down").string("/params/reason");
        BOOST_TEST(
            reason.find("the server is a standby, on which nothing can be written: name the primary") == 0U, reason);
    }
    standby.promote();
    b.await_up();
    BOOST_TEST(epoch_of(standby, database) != epoch);
    b.await("gap");
    postgres_host c{standby.url("c", database), "c"};
    c.await_state("up");
    c.ask("pre_deploy");
    b.await("event");
}

// 8 GB of notifications are too many for a test: what commits then say is said by a function in the schema's own path,
// which is called in the place of the server's.
BOOST_AUTO_TEST_CASE(a_full_queue_of_notifications_is_an_engine_that_is_down) {
    auto& engine = shared_engine();
    const auto database = engine.new_cluster({"a", "b"});
    engine.query(database,
        "create table public.full_queue(); grant select on public.full_queue to public; create function "
        "hookd.pg_notify(channel text, payload text) returns void language plpgsql as $$ begin if exists (select from "
        "pg_catalog.pg_class c where c.oid = 'public.full_queue'::regclass and c.reloptions is not null) then raise "
        "exception 'too many notifications in the NOTIFY queue' using errcode = '54000'; end if; perform "
        "pg_catalog.pg_notify(channel, payload); end $$");
    postgres_host a{engine.url("a", database), "a"};
    postgres_host b{engine.url("b", database), "b"};
    a.await_up();
    b.await_up();
    b.add_session(1, "gate", "pre_deploy");
    ask_and_deliver(a, b);
    engine.query(database, "alter table public.full_queue set (fillfactor = 50)");
    const auto id = a.ask("pre_deploy");
    const auto failed = a.await("ask_failed");
    BOOST_TEST(failed.string("/params/hook_event_id") == id);
    BOOST_TEST(failed.string("/params/reason") == "PostgreSQL says: too many notifications in the NOTIFY queue");
    a.tell(7, "pre_deploy");
    BOOST_TEST(a.await("told").string("/params/failed").find("NOTIFY queue") != std::string::npos);
    b.send_session(2, "late", "pre_deploy");  // cannot be made visible, so it is not said to be
    BOOST_TEST(b.await_state("down").string("/params/reason").find("NOTIFY queue") != std::string::npos);
    BOOST_TEST(!b.has("session_ready"));
    engine.query(database, "alter table public.full_queue reset (fillfactor)");
    b.await_up();
    b.await("session_ready");
    BOOST_TEST(a.next_asked(a.ask("pre_deploy")) == "b[gate,late]");
}

BOOST_FIXTURE_TEST_CASE(how_full_the_queue_of_notifications_is_is_reported, three_roles) {
    auto b = join("b", {1'500, {}, {}});
    const auto permille = [&b] { return b->await("hosts").integer("/params/queue_permille"); };
    const auto fill = [this](int megabytes) {
        engine.query(database, "do $$ begin for i in 1.." + std::to_string(megabytes * 128) +
                                   " loop perform pg_notify('x', repeat('x', 7900) || i); end loop; end $$");
    };
    const auto before = permille();
    BOOST_TEST(before < 100);
    // One that listens and stays in a transaction holds up what the others have read.
    child_process stuck{{"psql", "-XAtq", "-h", engine.directory(), "-p", std::to_string(engine.port()), "-U",
        "postgres", "-d", database}};
    stuck.write_input("listen x;\nbegin;\nselect 'it listens';\n");
    stuck.wait_for_out("it listens");
    fill(32);
    eventually("the queue fills", [&] { return permille() > before + 1; });
    stuck.close_input();
    stuck.wait();
    eventually("the queue is emptied", [&] {
        fill(1);
        return permille() <= before;
    });
}

BOOST_FIXTURE_TEST_CASE(a_malformed_message_of_hookd_ends_the_link, three_roles) {
    a.send("ask", R"({"hook_event_id":1})");
    const auto done = a.process().finish();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err.find("hookd sent a malformed message: cluster.ask: hook_event_id is of the wrong type") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_role_can_neither_read_nor_answer_for_others, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    const auto id = ask_and_deliver(a, *b);
    for (const char* const table : {"event", "reply", "session", "host", "cluster"}) {
        BOOST_TEST(
            engine.failure_of(database, std::string{"select * from hookd."} + table, "c").find("permission denied") !=
            std::string::npos);
    }
    BOOST_TEST(
        engine.failure_of(database, "select * from hookd.receive('{1}', '{0}', '{9}')", "c").find("has not entered") !=
        std::string::npos);
    BOOST_TEST(engine.failure_of(database, "select hookd.me()", "c").find("permission denied") != std::string::npos);
    const std::string enter = "select no from hookd.enter('c', '" + new_id() + "', '" + new_id() + "', 15000);";
    const auto number = engine.query(database, enter, "c");
    BOOST_TEST(
        engine.failure_of(database, "select hookd.enter('b', '" + new_id() + "', '" + new_id() + "', 15000)", "c")
            .find("role \"c\" is not host \"b\"") != std::string::npos);
    // What was not put to it, it neither sees nor answers; forged hints are only hints.
    const auto seen =
        engine.query(database, enter + "select kind, payload from hookd.receive('{1,2}', '{0,0}', '{9,9}')", "c");
    BOOST_TEST(seen == number + "\nd|\nd|");
    BOOST_TEST(engine.query(database, enter + "select * from hookd.answer('{1}', '{1}', '{x}', '{t}')", "c") ==
               number + "\nf");
    BOOST_TEST(engine.query(database, enter + "select * from hookd.answers('{1}', '{2}')", "c") == number);
    engine.query(database,
        "notify hookd_1, 'r 1 2'; notify hookd_2, 'c 1 1'; notify hookd_2, 'e 1 99'; notify hookd_2, 'nonsense'; "
        "notify hookd_2, ''",
        "c");
    b->reply("a", id, R"({"x":1})");
    BOOST_TEST(a.await("settled").raw({"params", "result"}) == R"({"x":1})");
    BOOST_TEST(!b->has("cancel"));
}

BOOST_FIXTURE_TEST_CASE(a_malformed_answer_of_another_host_is_missing_with_that_reason, three_roles) {
    auto b = join("b");
    b->add_session(1, "gate", "pre_deploy");
    const auto id = ask_and_deliver(a, *b);
    // As a broken link on b would write it.
    engine.query(database,
        "insert into hookd.reply select origin, seq, targets[1], '{\"replies\":' from hookd.event; select "
        "pg_notify('hookd_' || origin, 'r ' || seq || ' ' || targets[1]) from hookd.event");
    const auto settled = a.await("settled");
    BOOST_TEST(settled.string("/params/hook_event_id") == id);
    BOOST_TEST(settled.raw({"params", "result"}).find("its host's answer is malformed") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(events_that_were_deleted_unread_are_a_gap, three_roles) {
    auto b = join("b");
    b->add_session(1, "all", "*", false);
    engine.query(database, "alter role b connection limit 0");
    const finally reset{[&] { engine.query(database, "alter role b connection limit -1"); }};
    engine.query(database,
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'b' and datname = '" + database + "'");
    b->await_state("down");
    a.tell(1, "lost");
    a.await("told");
    engine.query(database,
        "with gone as (delete from hookd.event returning origin, seq) update hookd.host set purged = seq from gone "
        "where no = origin");
    engine.query(database, "alter role b connection limit -1");
    b->await_state("up");
    BOOST_TEST(
        b->await("gap").string("/params/reason") == "events of host a were deleted before this host had read them");
}

BOOST_AUTO_TEST_SUITE_END()
