// SPDX-License-Identifier: BSL-1.0
#include "net/transport.hpp"
#include "memory_stream.hpp"
#include "support/deadline.hpp"
#include "support/silent_logger.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// A transport over streams in memory, which fail at each read and each write. With strands, and with one thread that
// needs none.
namespace hookd::server::net::test {
namespace {

namespace data = boost::unit_test::data;
using namespace std::chrono_literals;
using namespace std::string_literals;

std::string call(std::string_view method, std::string_view params = "{}", std::string_view id = "1") {
    return R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"method":")" + std::string{method} + R"(","params":)" +
           std::string{params} + "}\n";
}

const std::string subscribe = call("subscribe", R"({"name":"hook"})");
const std::string emit_and_wait = call("emit_and_wait", R"({"event":"a","timeout_ms":60000})");
const std::string large_emit = call("emit", R"({"event":"large","payload":")" + std::string(100'000, 'x') + R"("})");

std::string reply_to(std::string_view event_id) {
    return call("respond", R"({"hook_event_id":")" + std::string{event_id} + R"(","response":{}})");
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
        ++found;
    }
    return found;
}

/// A peer, which speaks lines, and what serves it.
struct peer {
    std::shared_ptr<memory_wire> wire{};
    std::weak_ptr<transport> served{};

    [[nodiscard]] std::size_t answers() const {
        return count(wire->output(), R"("result":)") + count(wire->output(), R"("error":)");
    }
    [[nodiscard]] std::string last_event_id() const {
        constexpr std::string_view before_id = R"("expects_response":true)";
        const auto at = wire->output().rfind(before_id);
        const auto id = at == std::string::npos ? at : wire->output().rfind(R"("hook_event_id":")", at);
        return id == std::string::npos ? std::string{} : wire->output().substr(id + 17, 36);
    }
};

class net_fixture {
public:
    explicit net_fixture(unsigned threads = 1, listener_options options = {}, broker_options limits = {}) {
        limits.threads = threads;
        broker = std::make_shared<broker_strand>(context, limits);
        environment = std::make_shared<transport_environment>(broker, options, log_);
        environment->on_closed = [this](transport& gone) {
            ++closed;
            std::erase_if(transports_, [&gone](const auto& each) { return each.get() == &gone; });
        };
    }

    peer& connect() {
        const connection_strand strand{context, broker->single_threaded()};
        auto wire = std::make_shared<memory_wire>(strand);
        auto session = std::make_shared<rpc::session>(
            std::shared_ptr<rpc::session_environment>{environment, &environment->sessions}, core::peer{0, 1000, false},
            roles{true, true, true});
        auto made =
            std::make_shared<transport>(environment, strand, std::make_unique<memory_stream>(wire), std::move(session));
        transports_.push_back(made);
        made->start();
        run();
        return peers.emplace_back(peer{std::move(wire), made});
    }

    /// All that can be done without waiting.
    void run() { context.poll(); }
    /// Lets time pass until `condition()` is true.
    template <class Condition>
    void run_until(Condition condition) {
        const hookd::test::deadline limit;
        while (!condition()) {
            BOOST_REQUIRE(!limit.passed());
            context.run_one_for(10ms);
        }
    }
    void run_until_closed(const peer& which) {
        run_until([&which] { return which.wire->is_closed(); });
    }
    void run_until_answered(const peer& which) {
        run_until([&which] { return which.answers() != 0; });
    }
    void send(peer& from, std::string_view bytes) {
        from.wire->send(bytes);
        run();
    }

    /// Every peer goes, and nothing of them is left.
    void check_tidy() {
        for (auto& each : peers) {
            each.wire->set_room(std::size_t(-1));
            each.wire->hang_up();
            run();
        }
        BOOST_TEST(closed == peers.size());
        for (auto& each : peers) {
            BOOST_TEST(each.wire->is_closed());
            BOOST_TEST(each.served.expired());
        }
        BOOST_TEST(environment->unread_input.used() == 0U);
        BOOST_TEST(environment->unsent_answer_bytes.load() == 0U);
        const auto held = broker->state().held();
        BOOST_TEST(held.open_slots == 0U);
        BOOST_TEST(held.extra_waiters == 0U);
        BOOST_TEST(held.expected_replies == 0U);
        BOOST_TEST(held.peeked_bytes == 0U);
        BOOST_TEST(held.held_bytes == 0U);
        BOOST_TEST(held.closing_sessions == 0U);
        BOOST_TEST(environment->sessions.batches->has_room_for(rpc::batch_memory::limit));
    }

    boost::asio::io_context context{1};
    std::shared_ptr<broker_strand> broker{};
    std::shared_ptr<transport_environment> environment{};
    std::deque<peer> peers{};
    std::size_t closed = 0;

private:
    hookd::test::silent_logger log_{};
    std::vector<std::shared_ptr<transport>> transports_{};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(context);
};

const auto thread_counts = data::make({1U, 2U});

/// A hook and an emitter: the calls that each of them has made of its stream, by the end.
struct calls_made {
    std::size_t reads = 0;
    std::size_t writes = 0;
};

/// A hook is asked and replies, with large events on the way, while the stream of one of the two, 0 the hook, has
/// `what` happen to it.
calls_made converse(unsigned threads, std::size_t whose, const fault& what) {
    net_fixture on{threads};
    auto& hook = on.connect();
    auto& emitter = on.connect();
    on.peers[whose].wire->inject(what);
    on.send(hook, subscribe);
    on.send(emitter, large_emit);
    on.send(emitter, emit_and_wait);
    const auto reply = reply_to(hook.last_event_id());
    on.send(hook, reply.substr(0, reply.size() / 2));
    on.send(hook, reply.substr(reply.size() / 2));
    on.send(emitter, call("ping"));
    const calls_made made{on.peers[whose].wire->reads(), on.peers[whose].wire->writes()};
    if (whose == 0 && hook.wire->is_closed()) {
        BOOST_TEST(emitter.answers() == 3U);  // no emitter waits for a hook that is gone
    }
    if (what.error == 0 || !what.is_permanent) {
        BOOST_TEST(hook.answers() == 2U);
        BOOST_TEST(emitter.answers() == 3U);
    }
    on.check_tidy();
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transports)

BOOST_DATA_TEST_CASE(
    every_read_may_fail, thread_counts* data::make({0U, 1U}) * data::make({ECONNRESET, EIO}), threads, whose, error) {
    for (std::size_t at = 1;; ++at) {
        if (converse(threads, whose, {fault::call::read, at, error}).reads < at) {
            BOOST_TEST(at > 3U);
            break;
        }
    }
}

BOOST_DATA_TEST_CASE(every_write_may_fail, thread_counts* data::make({0U, 1U}) * data::make({EPIPE, ECONNRESET}),
    threads, whose, error) {
    for (std::size_t at = 1;; ++at) {
        if (converse(threads, whose, {fault::call::write, at, error}).writes < at) {
            BOOST_TEST(at > 3U);
            break;
        }
    }
}

// It may have sent a reply, but can't be asked any more: no emitter waits for it, and its memory is free.
BOOST_DATA_TEST_CASE(hook_that_reads_no_more_has_left, thread_counts, threads) {
    net_fixture on{threads};
    auto& hook = on.connect();
    auto& emitter = on.connect();
    on.send(hook, subscribe);
    hook.wire->inject({fault::call::write, 2, EPIPE});
    on.send(emitter, emit_and_wait);
    BOOST_TEST(emitter.answers() == 1U);
    BOOST_TEST(on.broker->state().held().peeked_bytes == 0U);
    on.send(hook, call("emit", R"({"event":"b"})"));  // its input is still carried out
    BOOST_TEST(on.broker->state().stats({}).head_seq == 2U);
    BOOST_TEST(hook.answers() == 1U);
    on.check_tidy();
}

// Interrupted, too early, or one byte at a time: the peers see no difference.
BOOST_DATA_TEST_CASE(every_call_may_have_to_be_made_again,
    thread_counts* data::make({0U, 1U}) * data::make({EINTR, EAGAIN, 0}), threads, whose, error) {
    for (const auto which : {fault::call::read, fault::call::write}) {
        for (std::size_t at = 1;; ++at) {
            const auto made = converse(threads, whose, {which, at, error, false});
            if ((which == fault::call::read ? made.reads : made.writes) < at) {
                break;
            }
        }
    }
    (void)converse(threads, whose, {fault::call::read, 1, 0});
    (void)converse(threads, whose, {fault::call::write, 1, 0});
}

BOOST_DATA_TEST_CASE(peer_that_does_not_read_is_not_read_from, thread_counts, threads) {
    constexpr std::size_t requests = 2000;
    net_fixture on{threads};
    auto& lazy = on.connect();
    lazy.wire->set_room(0);
    std::size_t sent = 0;
    // Large answers to small requests.
    for (; sent < requests && lazy.wire->unread_input() == 0; ++sent) {
        on.send(lazy, call("rpc.discover", "{}", std::to_string(sent)));
    }
    BOOST_TEST(sent < requests);
    BOOST_TEST(on.environment->unsent_answer_bytes.load() > 256U << 10);
    lazy.wire->set_room(std::size_t(-1));
    on.run();
    BOOST_TEST(lazy.wire->unread_input() == 0U);
    BOOST_TEST(count(lazy.wire->output(), "\n") == sent);
    BOOST_TEST(on.environment->unsent_answer_bytes.load() == 0U);
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(answers_that_are_not_read_go_with_their_peer, thread_counts, threads) {
    net_fixture on{threads};
    auto& lazy = on.connect();
    lazy.wire->set_room(100);
    on.send(lazy, call("rpc.discover"));
    BOOST_TEST(on.environment->unsent_answer_bytes.load() > 0U);
    on.send(lazy, std::string(100'000, ' '));
    BOOST_TEST(on.environment->unread_input.used() > 0U);
    lazy.served.lock()->stop();
    on.run();
    BOOST_TEST(on.environment->unsent_answer_bytes.load() == 0U);
    BOOST_TEST(on.environment->unread_input.used() == 0U);
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(output_is_the_same_however_little_the_peer_takes, thread_counts, threads) {
    const auto output_of = [threads](std::size_t room) {
        net_fixture on{threads};
        auto& reader = on.connect();
        auto& emitter = on.connect();
        on.send(reader, call("subscribe", R"({"responds":false})"));
        const auto begun = reader.wire->output().size();
        reader.wire->set_room(room);
        for (int i = 0; i < 20; ++i) {
            emitter.wire->send(call("emit", R"({"event":"a","payload":)" + std::to_string(i) + "}"));
        }
        on.run();
        emitter.wire->send(call("emit", R"({"event":"b"})"));
        on.send(reader, call("unsubscribe"));
        while (reader.wire->waits(stream::readiness::write) != 0) {
            reader.wire->set_room(room);
            on.run();
        }
        auto output = reader.wire->output().substr(begun);
        on.check_tidy();
        return std::pair{count(output, R"("method":"event")"), count(output, "\n")};
    };
    const auto whole = output_of(std::size_t(-1));
    BOOST_TEST(whole.first == 21U);
    for (const std::size_t room : {1U, 7U, 100U, 1000U}) {
        const auto got = output_of(room);
        BOOST_TEST(got.second == got.first + 2);  // each event once, then `closed` and the answer
    }
}

BOOST_DATA_TEST_CASE(answer_to_input_that_cant_be_read_goes_out_before_the_end, thread_counts, threads) {
    net_fixture on{threads};
    auto& broken = on.connect();
    broken.wire->set_room(10);
    on.send(broken, "GET / HTTP/1.1\r\n\r\n");
    BOOST_TEST(!broken.wire->has_shut_down_writing());
    broken.wire->set_room(std::size_t(-1));
    on.run();
    BOOST_TEST(broken.answers() == 1U);
    BOOST_TEST(broken.wire->has_shut_down_writing());
    BOOST_TEST(!broken.wire->is_closed());
    on.send(broken, std::string(1'000'000, 'x'));
    BOOST_TEST(broken.wire->unread_input() == 0U);  // read and dropped, so that the peer's writes do not fail
    BOOST_TEST(broken.answers() == 1U);
    broken.wire->end_input();
    on.run();
    BOOST_TEST(broken.wire->is_closed());
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(peer_that_has_sent_its_last_byte_gets_what_it_is_owed, thread_counts, threads) {
    net_fixture on{threads};
    auto& hook = on.connect();
    auto& emitter = on.connect();
    on.send(hook, subscribe);
    emitter.wire->send(emit_and_wait);
    emitter.wire->end_input();
    on.run();
    BOOST_TEST(!emitter.wire->is_closed());
    on.send(hook, reply_to(hook.last_event_id()));
    BOOST_TEST(emitter.answers() == 1U);
    BOOST_TEST(emitter.wire->is_closed());
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(peer_that_is_gone_after_its_last_byte_is_noticed, thread_counts, threads) {
    net_fixture on{threads};
    auto& hook = on.connect();
    auto& emitter = on.connect();
    on.send(hook, subscribe);
    emitter.wire->send(emit_and_wait);
    emitter.wire->end_input();
    on.run();
    emitter.wire->hang_up();
    on.run();
    BOOST_TEST(emitter.wire->is_closed());
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(drained_transport_closes_once_all_is_written, thread_counts, threads) {
    net_fixture on{threads};
    auto& reader = on.connect();
    auto& idle = on.connect();
    reader.wire->set_room(0);
    on.send(reader, call("ping"));
    for (const auto* const each : {&reader, &idle}) {
        each->served.lock()->drain();
    }
    on.run();
    BOOST_TEST(idle.wire->is_closed());
    BOOST_TEST(!reader.wire->is_closed());
    reader.wire->set_room(std::size_t(-1));
    on.run();
    BOOST_TEST(reader.answers() == 1U);
    BOOST_TEST(reader.wire->is_closed());
    on.check_tidy();
}

// It is closed in the midst of each frame that is written or read.
BOOST_DATA_TEST_CASE(transport_may_be_stopped_at_any_time, thread_counts* data::xrange(0U, 200U, 7U), threads, bytes) {
    net_fixture on{threads};
    auto& hook = on.connect();
    auto& emitter = on.connect();
    on.send(hook, subscribe);
    hook.wire->set_room(bytes);
    emitter.wire->send(emit_and_wait.substr(0, bytes));
    emitter.served.lock()->stop();
    hook.served.lock()->stop();
    on.run();
    BOOST_TEST(on.closed == 2U);
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(peer_that_reads_nothing_is_closed_at_the_limit, thread_counts, threads) {
    net_fixture on{threads, {.write_stall_timeout = 20ms}};
    auto& lazy = on.connect();
    lazy.wire->set_room(0);
    on.send(lazy, call("ping"));
    BOOST_TEST(!lazy.wire->is_closed());
    on.run_until_closed(lazy);
    on.check_tidy();
}

// A line whose end does not come is looked at again and again; the transport waits for its next byte once all the time.
// One peer's megabytes hold no other up, however fast it reads.
BOOST_DATA_TEST_CASE(large_answers_go_out_in_turns, thread_counts, threads) {
    constexpr std::size_t answers = 200;
    net_fixture on{threads};
    auto& greedy = on.connect();
    auto& other = on.connect();
    std::string batch = "[";
    for (std::size_t i = 0; i < answers; ++i) {
        auto each = call("rpc.discover", "{}", std::to_string(i));
        each.back() = i + 1 < answers ? ',' : ']';
        batch += each;
    }
    greedy.wire->send(batch + "\n");
    while (greedy.wire->output().empty()) {
        BOOST_REQUIRE(on.context.poll_one() != 0);
    }
    other.wire->send(call("ping"));
    while (other.answers() == 0) {
        BOOST_REQUIRE(on.context.poll_one() != 0);
    }
    const auto meanwhile = greedy.wire->output().size();
    on.run();
    BOOST_TEST(meanwhile < greedy.wire->output().size() / 2);
    BOOST_TEST(count(greedy.wire->output(), R"({"jsonrpc":"2.0","id":)") == answers);
    BOOST_TEST(count(greedy.wire->output(), "\n") == 1U);
    BOOST_TEST(greedy.wire->output().starts_with("[{"));
    BOOST_TEST(greedy.wire->output().ends_with("}]\n"));
    on.check_tidy();
}

// Nor do those to whom an event goes, who all get it.
BOOST_DATA_TEST_CASE(events_for_many_go_out_in_turns, thread_counts, threads) {
    constexpr std::size_t subscribers = 1000;
    constexpr std::size_t events = 40;  // five times what may wait for each
    net_fixture on{threads, {}, {.capacity = 8}};
    std::vector<peer*> all;
    for (std::size_t i = 0; i < subscribers; ++i) {
        all.push_back(&on.connect());
        on.send(*all.back(), call("subscribe", R"({"responds":false})"));
    }
    auto& emitter = on.connect();
    auto& other = on.connect();
    std::string emits;
    for (std::size_t i = 0; i < events; ++i) {
        emits += call("emit", R"({"event":"e"})", std::to_string(i));
    }
    emitter.wire->send(emits);
    const auto events_at = [](const peer& each) { return count(each.wire->output(), R"("method":"event")"); };
    while (events_at(*all.front()) == 0) {
        BOOST_REQUIRE(on.context.poll_one() != 0);
    }
    other.wire->send(call("ping"));
    while (other.answers() == 0) {
        BOOST_REQUIRE(on.context.poll_one() != 0);
    }
    BOOST_TEST(events_at(*all.back()) == 0U);
    on.run();
    BOOST_TEST(emitter.answers() == events);
    for (const auto* const each : all) {
        BOOST_REQUIRE_EQUAL(events_at(*each), events);
    }
    on.check_tidy();
}

BOOST_DATA_TEST_CASE(line_that_has_begun_is_waited_for_once, thread_counts, threads) {
    net_fixture on{threads};
    auto& slow = on.connect();
    auto& forgetful = on.connect();
    on.send(slow, R"({"jsonrpc":"2.0",)");
    on.send(forgetful, R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    on.run_until_answered(forgetful);
    on.run();
    BOOST_TEST(slow.wire->waits(stream::readiness::read) == 1U);
    BOOST_TEST(slow.wire->output().empty());
    on.send(slow, R"("id":1,"method":"ping"})"
                  "\n");
    BOOST_TEST(slow.answers() == 1U);
    on.check_tidy();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::net::test
