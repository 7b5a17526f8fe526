// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include "core/sessions.hpp"

#include <map>
#include <random>

// Clients, push sessions, queues and lag, without slots and without a broker.
namespace hookd::core::test {
namespace {

struct noting_session_listener final : session_listener {
    std::vector<std::string> said{};

    void session_closing(session& session, protocol::close_reason reason, instant) override {
        said.push_back("closing " + session.name() + " " + std::string{to_string(reason)});
    }
    void events_lost(session& session, std::uint64_t first_place) override {
        said.push_back("lost " + session.name() + " from " + std::to_string(first_place));
    }

    /// What was noted since, joined by `; `.
    [[nodiscard]] std::string take() {
        std::string text;
        for (const auto& each : std::exchange(said, {})) {
            text += (text.empty() ? "" : "; ") + each;
        }
        return text;
    }
};

struct sessions_fixture {
    explicit sessions_fixture(const broker_limits& wanted = {.capacity = 4}) : limits(wanted) {}

    broker_limits limits;
    event_ledger ledger{};
    durability none{};
    event_log log{limits.capacity, none};
    noting_session_listener listener{};
    ignored_output sink{};
    user_account user{false};
    core::sessions under_test{limits, ledger, log, none, listener};
    instant now{};
    std::uint64_t seq = 0;

    client& join(const std::string& name = {}, const protocol::subscribe_params& params = {}) {
        client& made = under_test.attach({100, 1000}, &sink, {}, new connection_account(user));
        if (!name.empty()) {
            subscribe(made, name, params);
        }
        return made;
    }
    session& subscribe(client& client, const std::string& name, const protocol::subscribe_params& params = {}) {
        auto next = std::make_unique<session>(
            under_test.next_session_id(client), client, params, true, seq, under_test.topics().pointers());
        core::sessions::rename(*next, std::make_shared<responder_record>(name));
        session& opened = under_test.open(client, std::move(next));
        under_test.list(opened);
        return opened;
    }
    void leave(client& client) {
        if (client.session() != nullptr) {
            core::sessions::drop_output(client);
            under_test.remove(client);
        }
        under_test.detach(client);
    }
    /// Returns how many sessions got it.
    std::size_t emit(std::string_view name, std::string_view payload = "{}") {
        const protocol::event_fields fields{.seq = ++seq, .hook_event_id = numbered_uuid(seq), .event = name};
        topic& target = under_test.find_topic(name);
        const auto head = protocol::measure_event_head(fields);
        under_test.make_room(event::footprint(head, payload), target, now);
        const auto made = event::make(fields, head, payload, ledger);
        const auto subscribers = under_test.deliver(target, *made, nullptr, now);
        log.append(made);
        return subscribers;
    }
    /// The seqs that are peeked next, up to `most`: `1 2`.
    std::string peek(client& client, std::size_t most = 100, std::size_t most_bytes = std::size_t(-1)) {
        std::vector<event*> events;
        under_test.peek_batch(client, most, most_bytes, events);
        std::string text;
        for (const event* const each : events) {
            text += (text.empty() ? "" : " ") + std::to_string(each->seq());
        }
        return text;
    }
    std::string take_ended(client& client) {
        const auto ended = under_test.take_ended(client);
        return ended ? std::string{to_string(ended->reason)} + " after " + std::to_string(ended->last_seq) +
                           (ended->is_over ? "" : ", replies expected")
                     : std::string{};
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sessions_alone, sessions_fixture)

BOOST_AUTO_TEST_CASE(event_goes_to_the_sessions_that_match_it) {
    client& a = join("a", {.events = {"a"}});
    client& all = join("all");
    client& silent = join();
    BOOST_CHECK_EQUAL(emit("a"), 2U);
    BOOST_CHECK_EQUAL(emit("b"), 1U);
    BOOST_CHECK_EQUAL(peek(a), "1");
    BOOST_CHECK_EQUAL(peek(all), "1 2");
    BOOST_CHECK_EQUAL(peek(silent), "");
    BOOST_CHECK_EQUAL(all.session()->last_seq(), 2U);
}

BOOST_AUTO_TEST_CASE(what_is_peeked_stays_until_it_is_sent) {
    client& slow = join("slow");
    emit("a");
    emit("a");
    emit("a");
    BOOST_CHECK_EQUAL(peek(slow, 2), "1 2");
    BOOST_CHECK_EQUAL(slow.next_place(), 2U);
    BOOST_CHECK_EQUAL(slow.end_place(), 3U);
    BOOST_CHECK_GT(ledger.peeked_bytes, 0U);
    under_test.sent(slow, 1);
    BOOST_CHECK_EQUAL(peek(slow), "3");
    BOOST_CHECK_EQUAL(under_test.deliveries(), 1U);
    under_test.forget_peeked(slow);
    BOOST_CHECK_EQUAL(under_test.deliveries(), 1U);
    BOOST_CHECK(slow.outbox().empty());
    BOOST_CHECK_EQUAL(ledger.peeked_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(full_queue_closes_the_session_once_and_its_end_follows_its_events) {
    client& slow = join("slow");
    for (int i = 0; i < 4; ++i) {
        BOOST_CHECK_EQUAL(emit("a"), 1U);
    }
    BOOST_CHECK(under_test.has_backpressure());
    BOOST_CHECK_EQUAL(listener.take(), "");
    BOOST_CHECK_EQUAL(emit("a"), 0U);
    BOOST_CHECK_EQUAL(emit("a"), 0U);
    BOOST_CHECK_EQUAL(listener.take(), "closing slow lagged");
    BOOST_CHECK_EQUAL(under_test.lagged(), 1U);
    BOOST_CHECK_EQUAL(under_test.closing(), 1U);
    BOOST_CHECK_EQUAL(take_ended(slow), "");
    BOOST_CHECK_EQUAL(peek(slow), "1 2 3 4");
    under_test.sent(slow, 4);
    BOOST_CHECK_EQUAL(take_ended(slow), "lagged after 4, replies expected");
    BOOST_CHECK_EQUAL(take_ended(slow), "");
    BOOST_CHECK_EQUAL(under_test.closing(), 0U);
    BOOST_CHECK(slow.session()->is_ended());
}

BOOST_AUTO_TEST_CASE(session_that_continues_one_that_lagged_has_its_id) {
    client& slow = join("slow");
    const auto id = slow.session()->id();
    client& other = join("other");
    under_test.close(*slow.session(), protocol::close_reason::lagged, now);
    BOOST_CHECK_EQUAL(take_ended(slow), "lagged after 0, replies expected");
    BOOST_CHECK_EQUAL(subscribe(slow, "slow").id(), id);
    BOOST_CHECK_LT(id, other.session()->id());
    BOOST_CHECK_GT(subscribe(join(), "newest").id(), other.session()->id());
    BOOST_CHECK_EQUAL(emit("a"), 3U);
}

BOOST_AUTO_TEST_CASE(session_that_is_shut_down_is_over_when_its_end_is_taken) {
    client& hook = join("hook");
    under_test.close(*hook.session(), protocol::close_reason::shutdown, now);
    BOOST_CHECK_EQUAL(listener.take(), "closing hook shutdown");
    BOOST_CHECK_EQUAL(take_ended(hook), "shutdown after 0");
    under_test.remove(hook);
    BOOST_CHECK(hook.session() == nullptr);
    BOOST_CHECK_EQUAL(under_test.closing(), 0U);
}

BOOST_AUTO_TEST_CASE(client_is_listed_as_ready_once_however_much_waits) {
    client& hook = join("hook");
    emit("a");
    emit("a");
    BOOST_CHECK_EQUAL(under_test.ready_count(), 1U);
    BOOST_CHECK(under_test.take_next_ready() == hook.sink());
    BOOST_CHECK(under_test.take_next_ready() == nullptr);
    under_test.wake(hook, urgency::told);
    leave(hook);
    BOOST_CHECK(under_test.take_next_ready() == nullptr);
}

BOOST_AUTO_TEST_CASE(clients_for_which_something_awaited_waits_come_first_but_not_always) {
    std::vector<client*> told;
    std::vector<client*> awaited;
    for (int i = 0; i < 3; ++i) {
        told.push_back(&join("told"));
        under_test.wake(*told.back(), urgency::told);
    }
    for (int i = 0; i < 10; ++i) {
        awaited.push_back(&join("awaited"));
        under_test.wake(*awaited.back(), urgency::awaited);
        under_test.wake(*awaited.back(), urgency::awaited);
    }
    BOOST_CHECK_EQUAL(under_test.ready_count(), 13U);
    std::vector<const event_sink*> expected;
    for (int i = 0; i < 8; ++i) {
        expected.push_back(awaited[i]->sink());
    }
    expected.insert(expected.end(),
        {told[0]->sink(), awaited[8]->sink(), awaited[9]->sink(), told[1]->sink(), told[2]->sink(), nullptr});
    for (const auto* const each : expected) {
        BOOST_CHECK_EQUAL(under_test.take_next_ready(), each);
    }
    under_test.wake(*told[0], urgency::told);
    under_test.wake(*told[0], urgency::awaited);  // no longer has to wait for its turn
    leave(*told[0]);
    BOOST_CHECK_EQUAL(under_test.ready_count(), 0U);
}

BOOST_AUTO_TEST_CASE(pressure_lasts_until_each_half_full_queue_has_been_named) {
    client& one = join("one");
    client& two = join("two");
    emit("a");
    BOOST_CHECK(!under_test.has_backpressure());
    emit("a");
    BOOST_CHECK(under_test.has_backpressure());
    (void)under_test.take_next_ready();
    BOOST_CHECK(under_test.has_backpressure());
    leave(two);
    BOOST_CHECK(!under_test.has_backpressure());
    emit("a");  // it has not pulled what it was named for
    BOOST_CHECK(under_test.has_backpressure());
    (void)under_test.take_next_ready();
    BOOST_CHECK(!under_test.has_backpressure());
    BOOST_CHECK_EQUAL(peek(one), "1 2 3");
}

BOOST_AUTO_TEST_CASE(nothing_is_peeked_while_a_client_is_muted) {
    client& hook = join("hook");
    core::sessions::mute(hook);
    emit("a");
    under_test.notify(*hook.session(), {.hook_event_id = numbered_uuid(1)}, now);
    BOOST_CHECK_EQUAL(peek(hook), "");
    under_test.unmute(hook);
    BOOST_CHECK_EQUAL(peek(hook), "1");
}

BOOST_AUTO_TEST_CASE(notice_follows_the_events_before_it) {
    client& hook = join("hook");
    emit("a");
    under_test.notify(*hook.session(), {.hook_event_id = numbered_uuid(1), .reason = refusal::expired}, now);
    BOOST_CHECK(!under_test.take_notice(hook));
    BOOST_CHECK(under_test.take_next(hook));
    const auto notice = under_test.take_notice(hook);
    BOOST_REQUIRE(notice);
    BOOST_CHECK_EQUAL(notice->reason, refusal::expired);
    BOOST_CHECK(!under_test.take_notice(hook));
}

BOOST_AUTO_TEST_CASE(cancellations_that_are_not_read_are_dropped_and_verdicts_lag) {
    client& hook = join("hook", {.verdicts = true});
    BOOST_CHECK_EQUAL(under_test.verdict_sessions(), 1U);
    for (std::size_t i = 0; i < 2 * limits.capacity + 3; ++i) {
        under_test.notify(*hook.session(), {.hook_event_id = numbered_uuid(i)}, now);
    }
    BOOST_CHECK(!hook.session()->closing());
    const auto verdict = std::make_shared<verdict_text>("{}", ledger);
    under_test.notify(*hook.session(), {.hook_event_id = numbered_uuid(1), .verdict = verdict}, now);
    BOOST_CHECK_EQUAL(listener.take(), "closing hook lagged; lost hook from 0");
    std::size_t notices = 0;
    while (under_test.take_notice(hook)) {
        ++notices;
    }
    BOOST_CHECK_EQUAL(notices, 2 * limits.capacity);
}

BOOST_AUTO_TEST_CASE(a_verdict_that_does_not_fit_beside_others_lags_and_who_holds_them_must_read) {
    client& slow = join("slow", {.verdicts = true});
    client& quick = join("quick", {.verdicts = true});
    const auto notify = [&](client& client, std::size_t bytes) {
        const auto text = std::make_shared<verdict_text>(std::string(bytes, 'x'), ledger);
        under_test.notify(*client.session(), {.verdict = text}, now);
        return std::weak_ptr{text};
    };
    const auto first = notify(slow, limits.capacity_bytes + 1);  // alone it fits
    BOOST_CHECK(!slow.session()->closing());
    const auto taken = under_test.take_notice(slow);
    BOOST_TEST_REQUIRE(taken.has_value());
    BOOST_TEST(slow.held_bytes() == limits.capacity_bytes + 1);

    (void)notify(quick, 1);
    BOOST_CHECK(quick.session()->closing() == protocol::close_reason::lagged);
    BOOST_CHECK(under_test.must_read(slow));
    BOOST_CHECK(!under_test.must_read(quick));

    under_test.sent(slow, 0);
    BOOST_CHECK(!under_test.must_read(slow));
    BOOST_TEST(slow.held_bytes() == 0U);
    BOOST_TEST(!first.expired());  // as long as somebody has it
}

BOOST_AUTO_TEST_CASE(events_need_the_room_that_verdicts_have) {
    client& watcher = join("watcher", {.verdicts = true});
    under_test.notify(*watcher.session(),
        {.verdict = std::make_shared<verdict_text>(std::string(limits.capacity_bytes, 'x'), ledger)}, now);
    emit("a");
    BOOST_CHECK(watcher.session()->closing() == protocol::close_reason::lagged);
    BOOST_TEST(ledger.verdict_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_verdict_has_the_frame_of_each_framing) {
    const auto all_of = [](const wire_pieces& pieces) {
        std::string text;
        for (const auto each : pieces) {
            text += each;
        }
        return text;
    };
    using protocol::framing;
    for (const std::string body : {R"({"a":1})", "{\"a\":\n1}"}) {
        for (const framing kind : {framing::length_prefix, framing::content_length, framing::line}) {
            std::string expected;
            protocol::append_frame(kind, body, expected);
            verdict_text text{body, ledger};
            BOOST_TEST(all_of(text.wire(kind)) == expected);
            BOOST_TEST(all_of(text.wire(kind)) == expected);
            BOOST_TEST(text.body() == body);
        }
    }
    BOOST_TEST(ledger.verdict_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(half_closed_client_responds_no_longer) {
    client& hook = join("hook");
    BOOST_CHECK(hook.session()->decides());
    core::sessions::half_close(hook);
    BOOST_CHECK(hook.is_half_closed());
    BOOST_CHECK(!hook.session()->decides());
    BOOST_CHECK_EQUAL(emit("a"), 1U);  // it is still told
}

// Past the bound the log goes first, then whoever holds more than its part.
BOOST_AUTO_TEST_CASE(memory_is_taken_from_the_log_then_from_the_slowest) {
    const std::string payload = '"' + std::string(10'000, 'x') + '"';
    sessions_fixture small{{.capacity = 100, .capacity_bytes = 10 * (payload.size() + 300)}};
    client& slow = small.join("slow");
    client& prompt = small.join("prompt");
    for (int i = 0; i < 9; ++i) {
        small.emit("a", payload);
        small.peek(prompt);
        small.under_test.sent(prompt, 1);
    }
    BOOST_CHECK_EQUAL(small.listener.take(), "");
    for (int i = 0; i < 2; ++i) {
        small.emit("a", payload);
        small.peek(prompt);
        small.under_test.sent(prompt, 1);
    }
    BOOST_CHECK_EQUAL(small.listener.take(), "closing slow lagged; lost slow from 0");
    BOOST_CHECK(slow.outbox().empty());
    BOOST_CHECK(!prompt.session()->closing());
    BOOST_CHECK_LE(small.ledger.live_bytes, small.limits.capacity_bytes);
}

// Each client gets a prefix of what was queued for it, in order, and the counts come out even.
BOOST_AUTO_TEST_CASE(random_histories_deliver_a_prefix_in_order) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937 random{seed};
        const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random() % end); };
        sessions_fixture fixture{{.capacity = 5}};
        struct model {
            std::deque<std::uint64_t> queue{};
            std::size_t peeked = 0;
        };
        std::map<client*, model> models;
        std::uint64_t delivered = 0;
        for (int i = 0; i < 5; ++i) {
            models[&fixture.join("n" + std::to_string(i))];
        }
        for (int step = 0; step < 300; ++step) {
            const auto chosen = std::next(models.begin(), static_cast<std::ptrdiff_t>(below(models.size())));
            client& client = *chosen->first;
            model& expected = chosen->second;
            switch (below(5)) {
                case 0:
                case 1: {
                    std::size_t takers = 0;
                    for (auto& [each, queued] : models) {
                        if (!each->session()->closing() && queued.queue.size() < fixture.limits.capacity) {
                            queued.queue.push_back(fixture.seq + 1);
                            ++takers;
                        }
                    }
                    BOOST_REQUIRE_EQUAL(fixture.emit("a"), takers);
                    break;
                }
                case 2: {
                    const std::size_t most = below(4);
                    std::string text;
                    for (std::size_t i = 0; i < most && expected.peeked < expected.queue.size(); ++i) {
                        text += (text.empty() ? "" : " ") + std::to_string(expected.queue[expected.peeked++]);
                    }
                    BOOST_REQUIRE_EQUAL(fixture.peek(client, most), text);
                    break;
                }
                case 3: {
                    const std::size_t count = below(expected.peeked + 1);
                    fixture.under_test.sent(client, count);
                    expected.queue.erase(
                        expected.queue.begin(), expected.queue.begin() + static_cast<std::ptrdiff_t>(count));
                    expected.peeked -= count;
                    delivered += count;
                    break;
                }
                default:
                    if (client.session()->closing() && expected.queue.empty()) {
                        BOOST_REQUIRE(!fixture.take_ended(client).empty());
                        fixture.subscribe(client, client.session()->name());
                    }
            }
            BOOST_REQUIRE_EQUAL(client.outbox().size(), expected.queue.size());
            BOOST_REQUIRE_EQUAL(client.peeked(), expected.peeked);
        }
        BOOST_REQUIRE_EQUAL(fixture.under_test.deliveries(), delivered);
        for (const auto& [each, queued] : models) {
            fixture.leave(*each);
        }
        BOOST_REQUIRE_EQUAL(fixture.ledger.peeked_bytes, 0U);
        BOOST_REQUIRE_EQUAL(fixture.ledger.live_bytes, fixture.log.bytes());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
