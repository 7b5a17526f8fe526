// SPDX-License-Identifier: BSL-1.0
// The journal: what it keeps, which files it refuses, and what it does where it cannot write.
#include "kept_files.hpp"

#include "core/broker.hpp"
#include "journal/journal_file.hpp"
#include "journal/journal_reader.hpp"
#include "journal/record_queue.hpp"
#include "journal/sqlite_journal.hpp"
#include "support/deadline.hpp"
#include "support/temp_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

using namespace hookd::server;
using namespace hookd::server::test;
using namespace hookd::test;
using namespace std::chrono_literals;
namespace core = hookd::core;
namespace protocol = hookd::protocol;

namespace {

/// A broker whose events go to a journal. Time is moved by the test.
class recorded_broker {
public:
    explicit recorded_broker(const journal_options& options)
        : journal{options, log}, by_(state_.attach({17, 1000, false, "make"}, &output_)) {
        journal.begin(state_.instance());
        state_.record_to(&journal);
    }

    kept_log log{};
    sqlite_journal journal;
    core::instant now{{}, std::chrono::system_clock::now()};

    [[nodiscard]] std::string instance() const {
        std::string text;
        protocol::append_uuid(text, state_.instance());
        return text;
    }
    /// Returns its id.
    std::string tell(std::string_view name, std::string_view payload = "{}") {
        const auto emitted = state_.emit(by_, {.event = name, .payload = payload}, {}, now);
        std::string id;
        protocol::append_uuid(id, std::get<protocol::emit_result>(emitted).hook_event_id);
        return id;
    }
    void disable(protocol::hook_definition hook) { state_.set_names_aside({}, {std::move(hook)}); }
    /// Nobody hears it, so its verdict is there at once. Returns its id.
    std::string ask(std::string_view name, std::string_view payload = "{}") {
        protocol::emit_and_wait_params params;
        params.event = name;
        params.payload = payload;
        params.on_failure = protocol::failure_policy::closed;
        return std::get<protocol::wait_result>(
            state_.emit_and_wait(by_, params, {}, std::make_unique<unused_waiter>(), now))
            .hook_event_id;
    }
    /// The answer, or why there is none.
    [[nodiscard]] std::string history(core::history_query what = {}) {
        return wait_for([&](auto done) { journal.history(std::move(what), std::move(done)); });
    }
    [[nodiscard]] boost::json::value trace(const std::string& id) {
        return boost::json::parse(
            wait_for([&](auto done) { journal.trace(protocol::parse_uuid(id).value(), std::move(done)); }));
    }
    /// The seqs of the verdicts that are found: `3 2 1`, and `…` where there are more.
    [[nodiscard]] std::string found(core::history_query what = {}) {
        const auto answer = boost::json::parse(history(std::move(what)));
        std::string text;
        for (const auto& each : answer.at("verdicts").as_array()) {
            text += (text.empty() ? "" : " ") + std::to_string(each.at("seq").as_int64());
        }
        return answer.at("more").as_bool() ? text + " …" : text;
    }
    [[nodiscard]] std::vector<core::journalled_event> events_between(
        std::uint64_t after_seq, std::uint64_t before_seq) {
        std::promise<std::vector<core::journalled_event>> answer;
        journal.events_between(after_seq, before_seq, [&answer](auto result) {
            answer.set_value(std::get<std::vector<core::journalled_event>>(std::move(result)));
        });
        return answer.get_future().get();
    }
    [[nodiscard]] std::uint64_t dropped() const { return journal.figures().dropped; }

private:
    template <class Ask>
    static std::string wait_for(Ask ask) {
        std::promise<std::string> answer;
        ask([&answer](const std::variant<std::string, protocol::error>& result) {
            const auto* const failure = std::get_if<protocol::error>(&result);
            answer.set_value(failure != nullptr ? failure->message : std::get<std::string>(result));
        });
        return answer.get_future().get();
    }

    /// Its output is of no interest.
    struct ignored_output final : core::event_sink {
        void on_ready() override {}
    };

    /// Of a wait that is over at once.
    struct unused_waiter final : core::waiter {
        void done(std::variant<protocol::wait_result, protocol::error>) override { BOOST_FAIL("the wait has begun"); }
    };

    ignored_output output_{};
    core::broker state_{{}, core::steady_time{}};
    core::client& by_;
};

struct fixture {
    temp_directory directory{};
    std::string file = directory / "journal.db";
    journal_options options{.file = file};

    [[nodiscard]] std::string why_refused() const {
        try {
            (void)open_journal_file(file);
        } catch (const journal_error& refused) {
            return refused.what();
        }
        return "it was not refused";
    }
    void check_refused(const std::string& why) const {
        const auto refused = why_refused();
        BOOST_TEST(refused.find(why) != std::string::npos, refused);
        BOOST_TEST(refused.find(file) != std::string::npos, refused);
        BOOST_CHECK_THROW(check_journal_file(file), journal_error);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(journals)

BOOST_FIXTURE_TEST_CASE(what_happened_is_found_by_name_verdict_and_id, fixture) {
    recorded_broker broker{options};
    const auto id = broker.ask("git.push", R"({"ref":"main"})");
    broker.tell("told");
    broker.ask("other");
    BOOST_TEST(broker.found() == "3 1");
    BOOST_TEST(broker.found({.event = "git.*"}) == "1");
    BOOST_TEST(broker.found({.event = "git.push"}) == "1");
    BOOST_TEST(broker.found({.event = "git"}) == "");
    BOOST_TEST(broker.found({.vetoed = true}) == "3 1");
    BOOST_TEST(broker.found({.responder = "nobody"}) == "");
    BOOST_TEST(broker.found({.since = broker.now.wall + 1s}) == "");
    BOOST_TEST(broker.found({.limit = 1}) == "3 …");
    BOOST_TEST(broker.found({.before_seq = 3}) == "1");
    const auto trace = broker.trace(id);
    BOOST_TEST(trace.at("seq").as_int64() == 1);
    BOOST_TEST(trace.at("emitter").at("pid").as_int64() == 17);
    BOOST_TEST(trace.at("emitter").at("uid").as_int64() == 1000);
    BOOST_TEST(trace.at("emitter").at("program").as_string() == "make");
    BOOST_TEST(trace.at("payload").at("ref").as_string() == "main");
    BOOST_TEST(trace.at("verdict").at("outcome").as_string() == "no_subscribers");
    BOOST_TEST(broker.journal.figures().events == 3u);
}

BOOST_FIXTURE_TEST_CASE(nobody_else_may_read_it, fixture) {
    recorded_broker broker{options};
    broker.ask("a");
    BOOST_TEST(broker.found() == "1");
    for (const auto& each : std::filesystem::directory_iterator{directory.path()}) {
        BOOST_TEST((std::filesystem::status(each.path()).permissions() ==
                       (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)),
            each.path());
    }
}

BOOST_FIXTURE_TEST_CASE(it_outlives_the_daemon_and_is_paged_across_its_runs, fixture) {
    std::string first;
    {
        recorded_broker broker{options};
        first = broker.instance();
        broker.ask("a");
        broker.ask("b");
    }
    recorded_broker broker{options};
    BOOST_TEST(broker.found({.before_seq = 9}) == "");  // nothing of this run is in it yet
    broker.ask("c");
    BOOST_TEST(broker.found() == "1 2 1");
    BOOST_TEST(broker.found({.before_seq = 1, .instance = protocol::parse_uuid(broker.instance())}) == "2 1");
    BOOST_TEST(broker.found({.before_seq = 2, .instance = protocol::parse_uuid(first)}) == "1");
    BOOST_TEST(broker.history({.before_seq = 2, .instance = protocol::uuid{}}).find("parameter 'instance'") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_page_without_its_run_is_of_this_one_so_that_paging_ends, fixture) {
    recorded_broker{options}.ask("earlier");
    recorded_broker broker{options};
    broker.ask("b");
    broker.ask("c");
    BOOST_TEST(broker.found({.limit = 1}) == "2 …");
    BOOST_TEST(broker.found({.before_seq = 2, .limit = 1}) == "1");
    BOOST_TEST(broker.found({.before_seq = 1, .limit = 1}) == "");
    for (const std::uint64_t far : {std::uint64_t{1} << 44, std::uint64_t{1} << 63, UINT64_MAX}) {
        BOOST_TEST(broker.found({.before_seq = far}) == "2 1");
        BOOST_TEST(broker.found({.before_seq = far, .instance = protocol::parse_uuid(broker.instance())}) == "2 1 1");
    }
}

BOOST_FIXTURE_TEST_CASE(what_the_clock_does_does_not_change_the_order, fixture) {
    recorded_broker broker{options};
    broker.ask("a");
    broker.now.wall -= 24h;
    broker.ask("b");
    broker.now.wall += 48h;
    broker.ask("c");
    BOOST_TEST(broker.found() == "3 2 1");
}

BOOST_FIXTURE_TEST_CASE(large_payloads_and_replies_are_left_out, fixture) {
    options.payload_bytes = 100;
    recorded_broker broker{options};
    const auto small = broker.ask("a", "\"" + std::string(98, 'x') + "\"");
    const auto large = broker.ask("a", "\"" + std::string(std::size_t{16} << 20, 'x') + "\"");
    BOOST_TEST(broker.trace(small).as_object().contains("payload"));
    BOOST_TEST(!broker.trace(large).as_object().contains("payload"));
    BOOST_TEST(broker.trace(large).at("payload_bytes").as_int64() == (16 << 20) + 2);
    BOOST_TEST(broker.dropped() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_large_verdict_keeps_all_but_its_large_texts, fixture) {
    options.payload_bytes = 100;
    recorded_broker broker{options};
    broker.ask("a");
    protocol::wait_result verdict;
    verdict.hook_event_id = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
    verdict.seq = 1;
    verdict.outcome = protocol::outcome::answered;
    verdict.abort = std::string(5000, 'x');
    verdict.bypassed = "a fire drill";
    verdict.payload = "\"" + std::string(200, 'y') + "\"";
    verdict.responses.push_back(
        {.response = R"({"z":")" + std::string(200, 'z') + "\"}", .responder = "far", .uid = 7, .host = "elsewhere"});
    verdict.responses.push_back({.response = R"({"small":1})", .responder = "near", .uid = 8});
    verdict.responses.push_back(
        {.response = R"({"abort":"no","z":")" + std::string(200, 'z') + "\"}", .responder = "large", .uid = 8});
    verdict.missing.push_back({.responder = "late", .why = "timeout", .host = "elsewhere"});
    broker.journal.wait_ended("a", verdict, 1ms);
    const auto kept = boost::json::parse(broker.history()).at("verdicts").at(0);
    BOOST_TEST(kept.at("bypassed").as_string() == "a fire drill");
    BOOST_TEST(kept.at("responses").at(0).at("host").as_string() == "elsewhere");
    BOOST_TEST(kept.at("responses").at(0).at("uid").as_int64() == 7);
    BOOST_TEST(kept.at("responses").at(0).at("response").as_object().empty());
    BOOST_TEST(kept.at("responses").at(0).at("response_bytes").as_int64() == 208);
    BOOST_TEST(!kept.at("responses").at(1).as_object().contains("response_bytes"));
    BOOST_TEST(kept.at("responses").at(2).at("response").at("abort").as_string() == "no");
    BOOST_TEST(kept.at("responses").at(1).at("response").at("small").as_int64() == 1);
    BOOST_TEST(kept.at("missing").at(0).at("host").as_string() == "elsewhere");
    BOOST_TEST(kept.at("abort").as_string().size() < 1100u);
    BOOST_TEST(!kept.as_object().contains("payload"));
}

BOOST_FIXTURE_TEST_CASE(an_event_is_found_by_its_id_in_whichever_batch_it_came, fixture) {
    recorded_broker broker{options};
    std::vector<std::string> ids;
    for (int i = 0; i < 50; ++i) {
        ids.push_back(broker.ask("a"));
        if (i % 10 == 9) {
            (void)broker.history();  // what was recorded so far is written
        }
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        BOOST_TEST(broker.trace(ids[i]).at("seq").as_int64() == static_cast<std::int64_t>(i) + 1);
    }
    sqlite::database file_of_ids{file};
    BOOST_TEST(file_of_ids.number("SELECT count(*) FROM ids") < 50);
    BOOST_TEST(file_of_ids.number("SELECT sum(length(events)) FROM ids") == 50 * 32);
}

BOOST_FIXTURE_TEST_CASE(a_restored_event_is_added_if_it_was_lost_and_else_stays_as_it_is, fixture) {
    recorded_broker broker{options};
    const auto kept = broker.ask("kept", "[1]");
    (void)broker.history();
    const std::string lost = "4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11";
    core::event_ledger ledger;
    const auto restore = [&](std::uint64_t seq, const std::string& id) {
        const protocol::event_fields fields{.seq = seq,
            .hook_event_id = protocol::parse_uuid(id).value(),
            .event = "a",
            .emitted_at = broker.now.wall,
            .expects_response = true,
            .timeout = 5s};
        broker.journal.event_restored(
            *core::event::make(fields, protocol::measure_event_head(fields), "[2]", ledger, nullptr, {}), 1000, 1,
            nullptr);
    };
    restore(1, kept);
    restore(2, lost);
    broker.journal.wait_ended(
        "a", {.hook_event_id = lost, .seq = 2, .outcome = protocol::outcome::answered, .abort = "no"}, 3s);
    BOOST_TEST(broker.found({.vetoed = true}) == "2 1");
    const auto first = broker.trace(kept);
    BOOST_TEST(first.at("event").as_string() == "kept");
    BOOST_TEST(first.at("emitter").at("program").as_string() == "make");
    const auto second = broker.trace(lost);
    BOOST_TEST(boost::json::serialize(second.at("payload")) == "[2]");
    BOOST_TEST(second.at("emitter").at("uid").as_int64() == 1000);
    BOOST_TEST(second.at("verdict").at("abort").as_string() == "no");
    BOOST_TEST(broker.journal.figures().events == 2U);
}

BOOST_FIXTURE_TEST_CASE(an_event_of_the_first_version_is_found_by_its_id, fixture) {
    std::string id;
    {
        recorded_broker broker{options};
        id = broker.ask("a");
        broker.ask("b");
    }
    {
        sqlite::database first{file};
        first.run(
            "DROP TABLE ids; ALTER TABLE events DROP COLUMN host; ALTER TABLE events DROP COLUMN shadows; ALTER "
            "TABLE events DROP COLUMN passed_over; PRAGMA "
            "user_version = 1");
    }
    recorded_broker broker{options};
    BOOST_TEST(broker.trace(id).at("event").as_string() == "a");
}

BOOST_FIXTURE_TEST_CASE(the_events_of_a_run_are_found_in_order_up_to_a_gap, fixture) {
    options.payload_bytes = 100;
    {
        recorded_broker before{options};
        before.tell("of another run");
    }
    recorded_broker broker{options};
    broker.tell("a", R"({"n":1})");
    broker.ask("b");
    broker.tell("large", '"' + std::string(200, 'x') + '"');
    broker.tell("d");
    broker.tell("e");
    const auto all = broker.events_between(0, 5);
    BOOST_REQUIRE(all.size() == 4u);
    BOOST_TEST(all[0].event == "a");
    BOOST_TEST(all[0].seq == 1u);
    BOOST_TEST(all[0].payload.value() == R"({"n":1})");
    BOOST_TEST(!all[0].timeout);
    BOOST_TEST(all[1].timeout.value().count() == 30'000);
    BOOST_TEST(!all[2].payload);
    BOOST_TEST(broker.events_between(3, 6).size() == 2u);
    BOOST_TEST(broker.events_between(5, 6).empty());
    sqlite::database{file}.run("DELETE FROM events WHERE name = 'd'");
    BOOST_TEST(broker.events_between(0, 6).size() == 3u);
    BOOST_TEST(broker.events_between(3, 6).empty());
}

BOOST_FIXTURE_TEST_CASE(no_more_events_are_found_than_fit_a_turn, fixture) {
    recorded_broker broker{options};
    for (int i = 0; i < 300; ++i) {
        broker.tell("a");
    }
    BOOST_TEST(broker.events_between(0, 301).size() == journal_reader::most_events_at_once);
    const std::string payload = '"' + std::string(400'000, 'x') + '"';
    options.payload_bytes = std::size_t{1} << 20;
    options.file = directory / "large.db";
    recorded_broker large{options};
    for (int i = 0; i < 5; ++i) {
        large.tell("a", payload);
    }
    BOOST_TEST(large.events_between(0, 6).size() == 3u);
}

BOOST_FIXTURE_TEST_CASE(bytes_that_are_no_text_are_harmless, fixture) {
    recorded_broker broker{options};
    const auto id = broker.ask("a", R"({"\u0000\u009b":"\u001b[31m"})");
    BOOST_TEST(broker.found() == "1");
    BOOST_TEST(broker.trace(id).at("payload").as_object().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(the_oldest_events_go_past_the_bytes, fixture) {
    options.bytes = std::size_t{1} << 20;
    recorded_broker broker{options};
    const std::string payload = "\"" + std::string(1000, 'x') + "\"";
    for (int batch = 0; batch < 20; ++batch) {
        for (int i = 0; i < 200; ++i) {
            broker.ask("a", payload);
        }
        (void)broker.history();  // it is written
        std::this_thread::yield();
    }
    eventually("the journal takes out old events", [&] {
        broker.ask("a", payload);
        (void)broker.history();
        return broker.journal.figures().bytes <= options.bytes + (1 << 19);
    });
    const auto figures = broker.journal.figures();
    BOOST_TEST(figures.dropped == 0u);
    BOOST_TEST(figures.events > 100u);
    BOOST_TEST(figures.events < 2000u);
    BOOST_TEST(broker.found({.limit = 1}).front() == '4');  // of more than 4,000
    eventually("the file gives back what it does not need", [&] {
        broker.ask("a", payload);
        (void)broker.history();
        return std::filesystem::file_size(file) < 3u << 20;
    });
}

BOOST_FIXTURE_TEST_CASE(what_a_shadow_says_is_in_the_trace, fixture) {
    options.payload_bytes = 100;
    recorded_broker broker{options};
    const auto id = broker.ask("a");
    broker.journal.shadow_replied({.seq = 1, .responder = "trial", .response = R"({"abort":"no"})", .elapsed = 1500us});
    const auto large = R"({"abort":"no","z":")" + std::string(200, 'z') + "\"}";
    broker.journal.shadow_replied({.seq = 1, .responder = "large", .response = large, .elapsed = 2ms});
    (void)broker.history();  // they are written
    broker.journal.shadow_replied({.seq = 1, .responder = "late", .failed = "it broke", .elapsed = 3ms});
    BOOST_TEST(boost::json::serialize(broker.trace(id).at("shadows")) ==
               R"([{"responder":"trial","response":{"abort":"no"},"elapsed_ms":1.5E0},)"
               R"({"responder":"large","response":{"abort":"no"},"response_bytes":221,"elapsed_ms":2},)"
               R"({"responder":"late","failed":"it broke","elapsed_ms":3}])");
}

BOOST_FIXTURE_TEST_CASE(hooks_that_an_event_passed_over_are_in_its_trace_and_in_the_entry_of_its_verdict, fixture) {
    recorded_broker broker{options};
    const std::string passed = R"([{"responder":"guard","why":"disabled"}])";
    broker.disable({.name = "guard", .events = {"a", "told"}});
    const auto asked = broker.ask("a");
    BOOST_TEST(boost::json::serialize(broker.trace(asked).at("passed_over")) == passed);
    const auto entries = boost::json::parse(broker.history()).at("verdicts").as_array();
    BOOST_TEST(boost::json::serialize(entries.at(0).at("passed_over")) == passed);
    BOOST_TEST(boost::json::serialize(broker.trace(broker.tell("told")).at("passed_over")) == passed);
    BOOST_TEST(!broker.trace(broker.ask("b")).as_object().contains("passed_over"));
}

BOOST_FIXTURE_TEST_CASE(of_large_events_only_those_go_that_are_too_many, fixture) {
    options.bytes = std::size_t{4} << 20;
    recorded_broker broker{options};
    const std::string payload = "\"" + std::string(60'000, 'x') + "\"";
    for (int i = 0; i < 120; ++i) {
        broker.ask("a", payload);
    }
    // Nothing more happens.
    eventually("they are within the bytes",
        [&] { return broker.found({.limit = 1}) != "" && broker.journal.figures().bytes <= options.bytes; });
    BOOST_TEST(broker.journal.figures().events > 50u);
    BOOST_TEST(broker.journal.figures().dropped == 0u);
}

BOOST_FIXTURE_TEST_CASE(events_go_when_they_are_old, fixture) {
    recorded_broker broker{options};
    broker.now.wall -= 8 * 24h;
    broker.ask("old");
    broker.now.wall += 8 * 24h;
    broker.ask("new");
    eventually("what is old is taken out", [&] {
        broker.tell("tick");
        return broker.found() == "2";
    });
}

BOOST_FIXTURE_TEST_CASE(another_kind_of_file_is_refused_with_its_name_and_the_cure, fixture) {
    write_file(file, "these are notes of mine, and not a database\n");
    check_refused("not a SQLite database, or is damaged");
    check_refused("--journal off");
    BOOST_TEST(read_file(file).starts_with("these are notes"));
}

BOOST_FIXTURE_TEST_CASE(a_database_of_another_program_is_refused, fixture) {
    write_file(file, "");
    sqlite::database{file}.run("CREATE TABLE places(url TEXT)");
    check_refused("a database of another program");
}

BOOST_FIXTURE_TEST_CASE(a_newer_version_is_refused, fixture) {
    open_journal_file(file).run("PRAGMA user_version = 99");
    check_refused("written by a newer hookd (its version is 99");
}

BOOST_FIXTURE_TEST_CASE(a_damaged_file_is_refused, fixture) {
    {
        recorded_broker broker{options};
        for (int i = 0; i < 100; ++i) {
            broker.ask("a", "\"" + std::string(2000, 'x') + "\"");
        }
    }
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    check_refused("is damaged");
}

BOOST_FIXTURE_TEST_CASE(what_could_be_somebody_elses_is_refused, fixture) {
    write_file(file, "");
    ::chmod(file.c_str(), 0666);
    check_refused("others may write to");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    check_refused("not a regular file");
    std::filesystem::remove(file);
    if (::geteuid() == 0) {
        write_file(file, "");
        BOOST_REQUIRE(::chown(file.c_str(), 12345, 12345) == 0);
        check_refused("belongs to user 12345");
    }
}

BOOST_FIXTURE_TEST_CASE(an_empty_file_is_made_a_journal, fixture) {
    write_file(file, "");
    recorded_broker broker{options};
    broker.ask("a");
    BOOST_TEST(broker.found() == "1");
}

BOOST_FIXTURE_TEST_CASE(a_full_disk_is_a_warning_and_counted, fixture) {
    recorded_broker broker{options};
    broker.ask("a");
    BOOST_TEST(broker.found() == "1");
    const std::string payload = "\"" + std::string(50'000, 'x') + "\"";
    {
        const small_disk full{200'000};
        for (int i = 0; i < 20; ++i) {
            broker.ask("b", payload);
        }
        eventually("what cannot be written is counted", [&] { return broker.dropped() > 0; });
        BOOST_TEST(broker.journal.figures().failure.find(file) != std::string::npos);
    }
    BOOST_TEST(broker.log.text().find("the journal cannot be written") != std::string::npos, broker.log.text());
    eventually("it is written again", [&] {
        broker.ask("c");
        return broker.found({.event = "c"}) != "";
    });
    BOOST_TEST(broker.log.text().find("is written again") != std::string::npos);
    BOOST_TEST(broker.journal.figures().failure == "");
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_may_not_be_written_is_a_warning_too, fixture) {
    if (::geteuid() == 0) {
        return;  // whom no mode keeps out
    }
    ::chmod(directory.path().c_str(), 0500);
    {
        recorded_broker broker{options};
        broker.ask("a");
        BOOST_TEST(broker.history().find("cannot be read") != std::string::npos);
        BOOST_TEST(broker.dropped() == 1u);
        BOOST_TEST(broker.log.text().find("cannot be written") != std::string::npos);
    }
    ::chmod(directory.path().c_str(), 0700);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_cannot_be_opened_is_an_error_that_says_what_to_type, fixture) {
    recorded_broker broker{options};
    broker.ask("a");
    BOOST_TEST(broker.found() == "1");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    const auto answer = broker.history();
    BOOST_TEST(answer.find("the journal cannot be read: " + file + ": ") != std::string::npos, answer);
    BOOST_TEST(
        answer.find("; look at the file and its disk: ls -l " + file + "; df -h " + file) != std::string::npos, answer);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_moved_away_is_made_again, fixture) {
    recorded_broker broker{options};
    broker.ask("a");
    BOOST_TEST(broker.found() == "1");
    std::filesystem::rename(file, file + ".old");
    broker.ask("b");
    BOOST_TEST(broker.found() == "2");
    std::filesystem::rename(file, file + ".older");  // at once: it could be opened the last time
    broker.ask("c");
    BOOST_TEST(broker.found() == "3");
    BOOST_TEST(broker.dropped() == 0U);
    BOOST_TEST(broker.log.text().find("cannot be written") == std::string::npos, broker.log.text());
}

BOOST_FIXTURE_TEST_CASE(a_program_that_reads_it_holds_up_nothing_until_the_log_is_full, fixture) {
    options.bytes = std::size_t{1} << 20;
    recorded_broker broker{options};
    broker.ask("a");
    BOOST_TEST(broker.found() == "1");
    std::optional<sqlite::database> other{file};
    other->wait_for_others(std::chrono::seconds{30});  // as a reader should: the journal empties its log now and then
    other->run("BEGIN");
    BOOST_TEST(other->number("SELECT count(*) FROM events") == 1);
    broker.ask("b");
    BOOST_TEST(broker.found() == "2 1");
    const std::string payload = "\"" + std::string(60'000, 'x') + "\"";
    eventually("the log of a file that is kept open ends somewhere", [&] {
        for (int i = 0; i < 50; ++i) {
            broker.tell("c", payload);
        }
        (void)broker.history();
        return broker.dropped() > 0;
    });
    BOOST_TEST(broker.log.text().find("another program reads it") != std::string::npos, broker.log.text());
    BOOST_TEST(std::filesystem::file_size(file + "-wal") < 100u << 20);
    other.reset();
    eventually("it is written again", [&] {
        broker.ask("d");
        return broker.found({.event = "d"}) != "";
    });
}

BOOST_FIXTURE_TEST_CASE(two_that_write_one_file_are_both_in_it, fixture) {
    recorded_broker one{options};
    recorded_broker two{options};
    one.ask("a");
    two.ask("b");
    BOOST_TEST(one.found({.event = "a"}) == "1");
    eventually("the other has written", [&] { return one.found({.event = "b"}) == "1"; });
}

BOOST_AUTO_TEST_CASE(what_was_merely_told_is_dropped_before_questions) {
    record_queue queue{100'000};
    const auto push = [&queue](record_queue::importance how) {
        return queue.push(event_record{.name = std::string(100, 'x')}, how);
    };
    using importance = record_queue::importance;
    int told = 0;
    while (push(importance::told)) {
        ++told;
    }
    BOOST_TEST(told > 100);
    BOOST_TEST(push(importance::asked));
    while (push(importance::asked)) {
    }
    BOOST_TEST(push(importance::verdict));
    while (push(importance::verdict)) {
    }
    record_batch records;
    BOOST_TEST(queue.take(records, 1min));
    BOOST_TEST(records.records().size() > static_cast<std::size_t>(told));
    BOOST_TEST(push(importance::told));
    queue.close();
    BOOST_TEST(!push(importance::verdict));
    BOOST_TEST(queue.take(records, 1min));
    BOOST_TEST(!queue.take(records, 1min));
}

BOOST_AUTO_TEST_CASE(what_is_not_committed_is_held_and_what_is_refused_is_never_taken) {
    record_queue queue{1'000'000};
    record_batch records;
    const auto taken = [&] {
        BOOST_TEST(queue.take(records, 1min));
        std::string seqs;
        for (const auto& each : records.records()) {
            seqs += (seqs.empty() ? "" : " ") + std::to_string(seq_of(each));
        }
        return seqs;
    };
    const auto push = [&queue](std::uint64_t seq) {
        return queue.push(event_record{.seq = seq, .name = "asked"}, record_queue::importance::asked) &&
               queue.push(verdict_record{.seq = seq}, record_queue::importance::verdict);
    };
    BOOST_TEST(push(1));
    queue.release(1);
    BOOST_TEST(push(2));
    BOOST_TEST(push(3));
    const auto before = queue.last_number();
    BOOST_TEST(taken() == "1 1");
    queue.release(2);
    BOOST_TEST(queue.last_number() == before + 2);  // a question about the journal waits for them from now on
    BOOST_TEST(taken() == "2 2");
    queue.drop_held();
    BOOST_TEST(push(3));
    queue.release(3);
    BOOST_TEST(taken() == "3 3");
}

BOOST_AUTO_TEST_CASE(what_is_held_keeps_its_text_while_others_are_released_beside_it) {
    record_queue queue{10'000'000};
    record_batch records;
    queue.release(0);
    const auto text_of = [](std::uint64_t seq) { return std::to_string(seq) + std::string(seq % 7 * 3'000, 'x'); };
    std::uint64_t next = 1;
    // Two commits are under way at any time, as with a disk that is busy: something is always left.
    for (std::uint64_t released = 1; released < 400; ++released) {
        for (; next <= released + 2; ++next) {
            const auto text = text_of(next);
            BOOST_REQUIRE(queue.push(event_record{.seq = next, .name = text}, record_queue::importance::asked));
        }
        queue.release(released);
        BOOST_REQUIRE(queue.take(records, 1min));
        BOOST_REQUIRE_EQUAL(records.records().size(), 1U);
        BOOST_REQUIRE_EQUAL(seq_of(records.records().front()), released);
        BOOST_REQUIRE(std::get<event_record>(records.records().front()).name == text_of(released));
    }
}

BOOST_AUTO_TEST_CASE(what_is_held_and_dropped_leaves_its_room) {
    record_queue queue{100'000};
    const auto fill = [&queue] {
        int count = 0;
        while (queue.push(event_record{.seq = 1, .name = std::string(100, 'x')}, record_queue::importance::told)) {
            ++count;
        }
        return count;
    };
    queue.release(0);
    const int most = fill();
    BOOST_TEST(most > 100);
    queue.drop_held();
    BOOST_TEST(fill() == most);
    queue.release(1);
    record_batch records;
    BOOST_TEST(queue.take(records, 1min));
    BOOST_TEST(records.records().size() == static_cast<std::size_t>(most));
    BOOST_TEST(fill() == most);
}

BOOST_AUTO_TEST_CASE(batch_keeps_texts_of_any_length_through_a_swap_and_begins_anew_after_clear) {
    record_batch batch;
    record_batch other;
    for (int round = 0; round < 3; ++round) {
        std::vector<std::string> texts;
        for (const std::size_t length :
            std::initializer_list<std::size_t>{0, 1, 100, 16'383, 16'384, 16'385, 65'535, 65'536, 65'537, 200'000, 7}) {
            for (int i = 0; i < 9; ++i) {
                texts.emplace_back(length, static_cast<char>('a' + texts.size() % 26));
            }
        }
        for (const auto& each : texts) {
            batch.add(event_record{.name = each, .host = "h", .payload = each});
            batch.add(hand_out_record{.session_name = each});
        }
        batch.swap(other);
        BOOST_TEST(batch.empty());
        BOOST_REQUIRE_EQUAL(other.records().size(), 2 * texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const auto& event = std::get<event_record>(other.records()[2 * i]);
            BOOST_TEST(
                (event.name == texts[i] && event.host == "h" && event.payload == texts[i] && event.cause.empty()));
            BOOST_TEST(std::get<hand_out_record>(other.records()[2 * i + 1]).session_name == texts[i]);
        }
        other.clear();
        BOOST_TEST(other.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
