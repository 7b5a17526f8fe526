// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include "cluster/nats/member.hpp"
#include "memory_nats.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace hookd::test;
namespace nats = hookd::nats;
namespace links = hookd::link;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds lease = 3s;

/// A member with the connection and the hookd around it.
struct host {
    host(memory_nats& server, std::string its_name, std::string instance = {})
        : name(std::move(its_name)),
          wire(server),
          core(
              wire, "farm", {name, instance.empty() ? name : std::move(instance), lease},
              [&server] { return server.now(); }, [this](const nats::report& what) { heard.push_back(what); },
              [this] { announce_later(); }) {
        wire.answers = nats::subjects{"farm", name}.answers_to(name);
        wire.on_connected = [this](const nats::server_info& info) { core.on_connected(info); };
        wire.on_disconnected = [this](const nats::down_reason& why) { core.on_disconnected(why); };
    }

    template <typename Report>
    [[nodiscard]] std::vector<Report> all() const {
        std::vector<Report> found;
        for (const nats::report& each : heard) {
            if (const auto* one = std::get_if<Report>(&each)) {
                found.push_back(*one);
            }
        }
        return found;
    }
    [[nodiscard]] bool is_up() const {
        const auto states = all<links::state_report>();
        return !states.empty() && states.back().state == links::link_state::up;
    }
    /// Whether hookd has been promised, since the last time that it was up, that its hook is asked.
    [[nodiscard]] bool is_ready() const {
        bool ready = false;
        for (const nats::report& each : heard) {
            ready = std::holds_alternative<links::session_ready>(each) ||
                    (ready && !std::holds_alternative<links::state_report>(each));
        }
        return ready && is_up();
    }
    /// "b/x c/y", or "-" where hookd has not been told yet.
    [[nodiscard]] std::string asked(const std::string& id) const {
        for (const auto& each : all<links::asked>()) {
            if (each.id == id) {
                std::vector<std::string> names;
                for (const auto& one : each.hosts) {
                    for (const auto& responder : one.responders) {
                        names.push_back(one.name + "/" + responder.name);
                    }
                }
                std::sort(names.begin(), names.end());
                std::string text;
                for (const auto& one : names) {
                    text += (text.empty() ? "" : " ") + one;
                }
                return text;
            }
        }
        return "-";
    }
    void announce_later() {
        if (announces) {
            wire.flush([this](bool) { core.announce_work(); });
        }
    }
    void add_hook(std::int64_t number = 1) {
        core.handle(links::session{number, "hook", 0, true, {"build"}, "open", 0, "session"});
    }
    void ask(const std::string& id, std::chrono::milliseconds timeout = 60s) {
        core.handle(links::ask{{id, "build", "{}", {}, "1"}, timeout, "veto"});
    }

    std::string name;
    memory_connection wire;
    std::vector<nats::report> heard{};
    bool announces = true;  ///< it says on which questions it works, after a while
    nats::member core;
};

struct fixture {
    memory_nats server{};
    host a{server, "a"};
    host b{server, "b"};
    host c{server, "c"};

    void connect_all() {
        for (host* each : {&a, &b, &c}) {
            each->wire.connect();
        }
        server.run();
    }
    /// Time passes in the steps of the link's clock.
    void pass(std::chrono::milliseconds span) {
        for (auto left = span; left > 0ms; left -= 250ms) {
            server.advance(250ms);
            for (host* each : {&a, &b, &c}) {
                if (!each->wire.is_frozen) {
                    each->core.tick();
                }
            }
            server.run();
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(member_, fixture)

BOOST_AUTO_TEST_CASE(hosts_enter_and_know_each_other) {
    connect_all();
    for (host* each : {&a, &b, &c}) {
        BOOST_TEST(each->is_up());
        BOOST_TEST(each->all<links::gap>().empty());
    }
    pass(500ms);
    BOOST_TEST(a.all<links::hosts_report>().back().hosts.size() == 3U);
    b.add_hook();
    server.run();
    BOOST_TEST(b.all<links::session_ready>().size() == 1U);
    a.ask("1");
    server.run();
    BOOST_TEST(a.asked("1") == "b/hook");
    const auto events = b.all<links::foreign_event>();
    BOOST_REQUIRE(events.size() == 1U);
    BOOST_TEST(events[0].asks->policy == "veto");
}

BOOST_AUTO_TEST_CASE(a_hook_that_answers_at_once_is_announced_with_its_verdict) {
    connect_all();
    b.add_hook();
    server.run();
    b.announces = false;
    a.ask("1");
    server.run();
    BOOST_TEST(b.all<links::foreign_event>().size() == 1U);
    BOOST_TEST(a.asked("1") == "-");
    b.core.handle(links::reply{"a", "1", R"({"replies":[]})", false});
    server.run();
    BOOST_TEST(a.asked("1") == "b/hook");
    BOOST_REQUIRE(a.all<links::settled>().size() == 1U);
    BOOST_TEST(a.all<links::settled>()[0].result_json == R"({"replies":[]})");
    b.core.announce_work();
    server.run();
    BOOST_TEST(a.all<links::asked>().size() == 1U);
    a.ask("2");
    server.run();
    b.core.announce_work();
    server.run();
    BOOST_TEST(a.asked("2") == "b/hook");
    BOOST_TEST(a.all<links::settled>().size() == 1U);
    b.core.handle(links::reply{"a", "2", R"({"replies":[]})", false});
    server.run();
    BOOST_TEST(a.all<links::settled>().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_host_that_leaves_before_it_has_said_a_word_is_missing) {
    connect_all();
    b.add_hook();
    server.run();
    b.announces = false;
    a.ask("1");
    server.run();
    b.core.leave([] {});
    server.run();
    BOOST_TEST(a.asked("1") == "b/hook");
    BOOST_REQUIRE(a.all<links::settled>().size() == 1U);
    BOOST_TEST(a.all<links::settled>()[0].result_json == links::result_without_answer());
}

BOOST_AUTO_TEST_CASE(keys_are_renewed_and_expire_with_their_host) {
    connect_all();
    pass(4 * lease);
    BOOST_TEST(server.keys() == 3U);
    BOOST_TEST(a.wire.ends.empty());
    b.wire.is_frozen = true;
    pass(2 * lease);
    BOOST_TEST(server.keys() == 2U);
    BOOST_TEST(a.all<links::hosts_report>().back().hosts.size() == 2U);
    b.wire.is_frozen = false;
    pass(500ms);
    BOOST_TEST(b.wire.ends.size() == 1U);  // it has noticed, and connects again
    b.wire.connect();
    server.run();
    BOOST_TEST(b.is_up());
    BOOST_TEST(b.all<links::gap>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_roster_that_is_old_is_read_again_before_an_ask) {
    connect_all();
    a.wire.is_frozen = true;
    pass(2 * lease);
    host d{server, "d"};  // joins without the acknowledgement of a, whose lease is over
    d.wire.connect();
    server.run();
    BOOST_REQUIRE(d.is_up());
    d.add_hook();
    server.run();
    a.wire.is_frozen = false;
    a.ask("1");
    server.run();
    BOOST_TEST(a.asked("1") == "-");
    BOOST_TEST(a.all<links::ask_failed>().size() == 1U);  // rather than answered without d
    BOOST_TEST(a.wire.ends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_host_is_up_only_when_all_have_acknowledged_it) {
    connect_all();
    a.wire.is_frozen = true;
    host d{server, "d"};
    d.wire.connect();
    server.run();
    BOOST_TEST(!d.is_up());
    a.wire.is_frozen = false;
    server.run();
    BOOST_TEST(d.is_up());
    d.add_hook();
    BOOST_TEST(d.all<links::session_ready>().empty());
    server.run();
    BOOST_TEST(d.is_ready());
    a.ask("1");
    server.run();
    BOOST_TEST(a.asked("1") == "d/hook");
}

BOOST_AUTO_TEST_CASE(a_key_that_is_taken_from_a_host_sends_it_out) {
    connect_all();
    server.drop_key("$KV.hookd_farm_members.a");
    pass(lease);
    BOOST_TEST(a.wire.ends.size() == 1U);
    BOOST_TEST(!a.wire.ends[0].is_permanent);
    b.wire.connect();
    server.make_bucket(lease);  // by someone else, anew
    server.run();
    pass(lease);
    BOOST_TEST(!c.wire.ends.empty());
}

BOOST_AUTO_TEST_CASE(a_namesake_is_refused_and_a_dead_one_is_replaced) {
    connect_all();
    host namesake{server, "a", "another daemon"};
    namesake.wire.connect();
    server.run();
    BOOST_REQUIRE(namesake.wire.ends.size() == 1U);
    BOOST_TEST(namesake.wire.ends[0].is_permanent);
    BOOST_TEST(namesake.all<links::fatal>().size() == 1U);
    BOOST_TEST(a.is_up());
    a.wire.restart({"cable", false});
    namesake.wire.connect();
    server.run();
    BOOST_TEST(namesake.is_up());
}

BOOST_AUTO_TEST_CASE(what_no_retry_cures_is_told_once) {
    server.set_jetstream(false);
    for (int i = 0; i < 3; ++i) {
        a.wire.connect();
        server.run();
    }
    BOOST_TEST(a.all<links::fatal>().size() == 1U);
    server.set_jetstream(true);
    server.make_bucket(0ms);
    a.wire.connect();
    server.run();
    BOOST_TEST(a.all<links::fatal>().back().reason.find("keeps its keys for ever") != std::string::npos);
    b.wire.connect("2.8.4");
    BOOST_TEST(b.all<links::fatal>().back().reason.find("2.8.4 is too old") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bucket_says_what_the_lease_is) {
    server.make_bucket(9s);
    connect_all();
    pass(500ms);
    BOOST_TEST((a.all<links::hosts_report>().back().hosts[0].lease == 9s));
}

BOOST_AUTO_TEST_CASE(a_question_fails_with_the_connection_and_never_twice) {
    connect_all();
    b.add_hook();
    server.run();
    server.advance(1'100ms);
    a.ask("1");  // waits for the roster
    a.wire.restart({"cable", false});
    BOOST_TEST(a.all<links::ask_failed>().size() == 1U);
    a.ask("2");
    BOOST_TEST(a.all<links::ask_failed>().back().reason == "cable");
    a.wire.connect();
    server.run();
    BOOST_TEST(a.asked("1") == "-");
    server.advance(1'100ms);
    a.ask("3", 0ms);
    server.run();
    BOOST_TEST(a.all<links::ask_failed>().back().reason == "timeout");
    server.advance(1'100ms);
    a.ask("4");
    a.core.handle(links::close_event{"4"});
    server.run();
    BOOST_TEST(a.asked("4") == "-");
    BOOST_TEST(b.all<links::foreign_event>().empty());
}

BOOST_AUTO_TEST_CASE(a_host_that_hangs_counts_as_the_hooks_that_it_has_shown) {
    connect_all();
    b.add_hook();
    server.run();
    b.wire.is_frozen = true;
    c.wire.is_frozen = true;
    a.ask("1");
    pass(750ms);
    BOOST_TEST(a.asked("1") == "-");
    pass(750ms);
    BOOST_TEST(a.asked("1") == "b/hook");
    BOOST_TEST(a.all<links::settled>().empty());
    pass(2 * lease);
    BOOST_REQUIRE(a.all<links::settled>().size() == 1U);
    BOOST_TEST(a.all<links::settled>()[0].result_json == links::result_without_answer());
}

// A NATS server holds each host to the subjects of its name: what it says in another's is not that one's.
BOOST_AUTO_TEST_CASE(no_host_is_believed_in_the_name_of_another) {
    connect_all();
    b.add_hook();
    server.run();
    a.ask("1");
    server.run();
    const auto b_itself = nats::read_presence(server.value_of("b"))->who;
    nats::message forged;
    forged.from = b_itself;
    forged.id = "1";
    forged.result = R"({"replies":[]})";
    forged.decides = true;
    forged.type = nats::message::kind::settled;
    server.inject("hookd.farm.to.a.c", {}, to_text(forged));
    forged.type = nats::message::kind::gone;
    server.inject("hookd.farm.roster.c", {}, to_text(forged));
    server.run();
    BOOST_TEST(a.all<links::settled>().empty());
    a.ask("2");
    server.run();
    BOOST_TEST(a.asked("2") == "b/hook");
    forged.type = nats::message::kind::settled;
    server.inject("hookd.farm.to.a.b", {}, to_text(forged));
    server.run();
    BOOST_TEST(a.all<links::settled>().size() == 1U);
}

// Nor does it lend its own rights to one that asks for an answer in another's place.
BOOST_AUTO_TEST_CASE(a_request_is_answered_to_its_sender_alone) {
    connect_all();
    nats::message question;
    question.from = nats::read_presence(server.value_of("c"))->who;
    server.inject("hookd.farm.to.a.c", "$KV.hookd_farm_members.b", to_text(question));
    const auto before = server.value_of("b");
    server.run();
    BOOST_TEST(server.value_of("b") == before);
}

BOOST_AUTO_TEST_CASE(a_key_with_the_presence_of_another_host_is_nobody) {
    const auto about = [&] {
        connect_all();
        return server.value_of("b");
    }();
    server.set_value("$KV.hookd_farm_members.d", about);
    a.wire.restart({"again", false});
    a.wire.connect();
    server.run();
    pass(500ms);
    BOOST_TEST(a.is_up());
    BOOST_TEST(a.all<links::hosts_report>().back().hosts.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_told_event_is_told_when_the_server_has_it) {
    connect_all();
    c.add_hook();
    server.run();
    a.core.handle(links::tell{7, {"1", "build", "{}", {}, "1"}});
    BOOST_TEST(a.all<links::told>().empty());
    server.run();
    BOOST_REQUIRE(a.all<links::told>().size() == 1U);
    BOOST_TEST(a.all<links::told>()[0].hosts == 2);
    BOOST_TEST(c.all<links::foreign_event>().size() == 1U);
    BOOST_TEST(b.all<links::foreign_event>().empty());  // nobody there wants it
}

BOOST_AUTO_TEST_CASE(a_host_leaves_and_its_key_with_it) {
    connect_all();
    bool has_left = false;
    b.core.leave([&has_left] { has_left = true; });
    server.run();
    BOOST_TEST(has_left);
    BOOST_TEST(server.value_of("b").empty());
    BOOST_TEST(!server.value_of("c").empty());
    pass(250ms);
    BOOST_TEST(a.all<links::hosts_report>().back().hosts.size() == 2U);
}

// Whatever happens in whatever order: who has been promised to be asked, is.
BOOST_AUTO_TEST_CASE(whoever_is_ready_when_an_event_is_fired_is_asked_in_any_order_of_things) {
    int checked = 0;
    for (unsigned seed = 1; seed <= 100; ++seed) {
        memory_nats place;
        std::mt19937 choice{seed};
        std::vector<std::unique_ptr<host>> hosts;
        for (const char* name : {"a", "b", "c", "d"}) {
            hosts.push_back(std::make_unique<host>(place, name));
        }
        struct promise {
            host* asker;
            std::string id;
            std::map<std::string, std::size_t> ready;  // hosts, with how many connections they had lost
        };
        std::vector<promise> promises;
        for (int turn = 0; turn < 400; ++turn) {
            host& one = *hosts[choice() % hosts.size()];
            switch (choice() % 12) {
                case 0:
                    if (!one.wire.is_connected()) {
                        one.wire.connect();
                    }
                    break;
                case 1:
                    if (choice() % 8 == 0) {
                        one.wire.restart({"cable", false});
                    }
                    break;
                case 2:
                    one.add_hook();
                    break;
                case 3:
                    place.advance(50ms);
                    for (const auto& each : hosts) {
                        each->core.tick();
                    }
                    break;
                case 4:
                    if (one.is_up()) {
                        promise made{&one, std::to_string(seed) + "-" + std::to_string(turn), {}};
                        for (const auto& each : hosts) {
                            if (each.get() != &one && each->is_ready()) {
                                made.ready.emplace(each->name, each->wire.ends.size());
                            }
                        }
                        one.ask(made.id);
                        promises.push_back(made);
                    }
                    break;
                default:
                    for (int i = 0; i < 5; ++i) {
                        place.step(choice);
                    }
            }
        }
        place.run();
        for (const promise& each : promises) {
            const std::string asked = each.asker->asked(each.id);
            if (asked == "-") {
                continue;  // it failed, or a host is still waited for
            }
            for (const auto& [name, losses] : each.ready) {
                const auto& its = *std::find_if(
                    hosts.begin(), hosts.end(), [wanted = name](const auto& one) { return one->name == wanted; });
                if (its->wire.ends.size() != losses) {
                    continue;
                }
                BOOST_REQUIRE_MESSAGE(asked.find(name + "/hook") != std::string::npos,
                    "seed " << seed << ": " << each.asker->name << " asked \"" << asked << "\", without " << name);
                ++checked;
            }
        }
    }
    BOOST_TEST(checked > 200);
}

BOOST_AUTO_TEST_SUITE_END()
