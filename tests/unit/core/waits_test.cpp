// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include "core/sessions.hpp"
#include "core/waits.hpp"

#include <map>
#include <random>

// Slots, deadlines and policies without sessions that queue anything, and without a broker: who is asked is said here.
namespace hookd::core::test {
namespace {

using turn_state = wait_listener::turn::state;

/// Notes what it is told, and lets turns pass as it was told.
struct noting_wait_listener final : wait_listener {
    std::vector<std::string> said{};
    std::map<const session*, turn_state> turns{};  ///< what becomes of a turn; else it is taken
    bool wants_all = false;
    std::uint64_t place = 0;

    [[nodiscard]] turn begin_turn(const slot& slot, session& session, payload_view&, instant) override {
        const auto known = turns.find(&session);
        const auto is = known == turns.end() ? turn_state::taken : known->second;
        said.push_back("turn " + session.name() + " " + std::string{slot.payload_of_turn()});
        return {is, is == turn_state::taken ? place++ : 0};
    }
    void reply_not_needed(session& session, const protocol::uuid&, protocol::refusal reason, instant) override {
        said.push_back("release " + session.name() + " " + std::string{to_string(reason)});
    }
    void reply_accepted(const std::string& event_name, std::chrono::nanoseconds) override {
        said.push_back("reply to " + event_name);
    }
    void review(const slot&, protocol::wait_result& verdict, instant) override {
        said.push_back("review " + std::string{to_string(verdict.outcome)});
    }
    void concluded(const slot&, const protocol::wait_result& verdict, instant) override {
        said.push_back("concluded " + std::string{to_string(verdict.outcome)});
    }
    [[nodiscard]] bool wants_unheard() const override { return wants_all; }
    void given_up(const slot&, protocol::refusal reason) override {
        said.push_back("given up " + std::string{to_string(reason)});
    }
    void cluster_question_over(const protocol::uuid&) override { said.emplace_back("cluster is told"); }

    /// What was noted since, joined by `; `.
    [[nodiscard]] std::string take() {
        std::string text;
        for (const auto& each : std::exchange(said, {})) {
            text += (text.empty() ? "" : "; ") + each;
        }
        return text;
    }
};

/// A waiter that says when it goes.
class counted_waiter final : public waiter {
public:
    counted_waiter(int& alive, std::string id) : alive_(alive), id_(std::move(id)) { ++alive_; }
    ~counted_waiter() override { --alive_; }
    void done(std::variant<protocol::wait_result, protocol::error>) override {}
    [[nodiscard]] std::string_view request_id() const noexcept override { return id_; }

private:
    int& alive_;
    std::string id_;
};

struct waits_fixture {
    event_ledger ledger{};  // before all that holds events
    broker_limits limits{};
    memory_budget memory{limits.memory_bytes};
    durability none{};
    operation_table operations{memory, none};
    budgets all{limits, memory, operations};
    noting_wait_listener listener{};
    client owner{1, {100, 1000}, nullptr, {}, all.connect(1000, false)};
    asker emitter{all.connect(1000, false)};
    base::pointer_set pointers{};
    std::vector<std::unique_ptr<session>> joined{};
    waits under_test{all, operations, none, listener};
    instant now{};
    std::uint64_t seq = 0;
    int alive = 0;
    protocol::event_fields event{};

    session& join(std::string_view name, std::int64_t order = 0, failure_policy on_failure = failure_policy::open) {
        const protocol::subscribe_params params{.on_failure = on_failure, .order = order};
        auto made = std::make_unique<session>(joined.size() + 1, owner, params, true, 0, pointers);
        core::sessions::rename(*made, std::make_shared<responder_record>(name));
        joined.push_back(std::move(made));
        return *joined.back();
    }
    /// A slot of `policy` that all of `asked` are asked for.
    slot& open(const std::vector<session*>& asked, wait_policy policy = wait_policy::first,
        std::chrono::milliseconds timeout = 1s) {
        slot& opened = under_test.open(question(policy), emitter, timeout, now);
        if (policy == wait_policy::chain) {
            under_test.keep_chain_event(opened, event::make(event, protocol::measure_event_head(event), "1", ledger));
        }
        for (session* const each : asked) {
            auto& responder = under_test.expect(opened, *each);
            if (policy != wait_policy::chain) {
                waits::ask(responder, listener.place++);
            }
        }
        return opened;
    }
    slot& reserve(const std::vector<session*>& asked) {
        slot& opened = under_test.reserve(question(wait_policy::first), emitter, 1s, now);
        for (session* const each : asked) {
            waits::ask(under_test.expect(opened, *each), listener.place++);
        }
        waits::begin_reserved(opened);
        return opened;
    }
    void begin(slot& slot, std::string id = "1") {
        under_test.begin(slot, std::make_unique<counted_waiter>(alive, std::move(id)), emitter, now);
    }
    refusal reply(session& from, const protocol::uuid& id, std::string_view response = "{}") {
        protocol::respond_params params;
        const std::string id_text = text_of(id);
        params.hook_event_id = id_text;
        params.response = response;
        BOOST_REQUIRE(!protocol::check_reply(params));
        return respond(from, params);
    }
    refusal abstain(session& from, const protocol::uuid& id) {
        const std::string id_text = text_of(id);
        return respond(from, {.hook_event_id = id_text, .abstain = true});
    }
    refusal respond(session& from, const protocol::respond_params& params) {
        const auto result = under_test.respond({.client_id = from.id(),
                                                   .session = &from,
                                                   .name = from.name(),
                                                   .uid = 1000,
                                                   .user = owner.account().user()},
            params, now);
        under_test.advance_pending(now);
        return std::get<protocol::respond_result>(result).reason;
    }
    /// How the waits ended that have: `answered`, `error -32011`, joined by blanks.
    std::string take_ends() {
        std::string text;
        while (!under_test.ended().empty()) {
            const auto each = under_test.ended().take_first();
            BOOST_CHECK(!each.waiter->is_waiting());
            const auto* const failure = std::get_if<protocol::error>(&each.result);
            text += (text.empty() ? "" : " ") +
                    (failure != nullptr ? "error " + std::to_string(static_cast<int>(failure->code))
                                        : std::string{to_string(std::get<protocol::wait_result>(each.result).outcome)});
        }
        return text;
    }
    void check_nothing_is_left() const {
        BOOST_CHECK_EQUAL(under_test.open_slots(), 0U);
        BOOST_CHECK_EQUAL(under_test.expected(), 0U);
        BOOST_CHECK(!under_test.next_deadline());
        BOOST_CHECK_EQUAL(all.waits(), 0U);
        BOOST_CHECK_EQUAL(all.reservations(), 0U);
        BOOST_CHECK_EQUAL(all.memory_bytes(), 0U);
        BOOST_CHECK_EQUAL(all.held_bytes(), 0U);
        BOOST_CHECK(!emitter.is_waiting());
        for (const auto& each : joined) {
            BOOST_CHECK_EQUAL(each->expected().size(), 0U);
        }
    }

private:
    core::question question(wait_policy policy) {
        event.seq = ++seq;
        event.event = "push";
        event.hook_event_id = numbered_uuid(seq);
        event.expects_response = true;
        return {.event = event, .policy = policy};
    }
};

/// Returns how many there were.
std::size_t take_all(ended_waits& ended) {
    std::size_t count = 0;
    for (; !ended.empty(); ++count) {
        (void)ended.take_first();
    }
    return count;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(waits_alone, waits_fixture)

BOOST_AUTO_TEST_CASE(first_reply_ends_the_wait_and_releases_the_others) {
    session& one = join("one");
    session& two = join("two");
    slot& opened = open({&one, &two});
    const auto id = opened.id();
    begin(opened);
    BOOST_CHECK_EQUAL(under_test.expected(), 2U);
    BOOST_CHECK(under_test.is_open(id));
    BOOST_CHECK_EQUAL(reply(one, id), refusal::none);
    BOOST_CHECK_EQUAL(take_ends(), "answered");
    BOOST_CHECK_EQUAL(listener.take(), "reply to push; review answered; concluded answered; release two answered");
    BOOST_CHECK_EQUAL(reply(two, id), refusal::answered);
    BOOST_CHECK(under_test.knows(id));
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(waiter_comes_back_in_the_completion_and_is_the_callers_then) {
    session& one = join("one");
    slot& opened = open({&one});
    begin(opened);
    BOOST_CHECK_EQUAL(alive, 1);
    reply(one, opened.id());
    BOOST_REQUIRE_EQUAL(under_test.ended().size(), 1U);
    {
        const auto ended = under_test.ended().take_first();
        BOOST_CHECK_EQUAL(alive, 1);
    }
    BOOST_CHECK_EQUAL(alive, 0);
}

BOOST_AUTO_TEST_CASE(waiters_of_slots_that_are_open_go_with_them) {
    {
        waits others{all, operations, none, listener};
        protocol::event_fields fields{.seq = 1, .hook_event_id = numbered_uuid(7), .event = "e"};
        slot& opened = others.open({.event = fields}, emitter, 1s, now);
        others.begin(opened, std::make_unique<counted_waiter>(alive, "1"), emitter, now);
        BOOST_CHECK_EQUAL(alive, 1);
        BOOST_CHECK(emitter.is_waiting());
    }
    BOOST_CHECK_EQUAL(alive, 0);
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(waiter_of_a_join_that_is_refused_stays_with_the_caller) {
    slot& opened = reserve({});
    memory_charge rest = all.charge(owner.account().user());
    rest.resize(limits.memory_bytes - all.memory_bytes());
    std::unique_ptr<waiter> waiter = std::make_unique<counted_waiter>(alive, "1");
    const auto second = under_test.await(text_of(opened.id()), std::move(waiter), emitter, 1s, now);
    BOOST_CHECK(std::holds_alternative<waits::pending>(second));  // the room of the reservation is for one waiter
    waiter = std::make_unique<counted_waiter>(alive, "2");
    const auto third = under_test.await(text_of(opened.id()), std::move(waiter), emitter, 1s, now);
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(third));
    BOOST_CHECK_EQUAL(limit_of(std::get<protocol::error>(third)), "memory");
    BOOST_CHECK(waiter != nullptr);
    rest.resize(0);
    now.steady += 1s;
    under_test.expire(now);
    BOOST_CHECK_EQUAL(take_ends(), "timeout");
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(all_waits_for_each_of_them) {
    session& one = join("one");
    session& two = join("two");
    slot& opened = open({&one, &two}, wait_policy::all);
    const auto id = opened.id();
    begin(opened);
    reply(one, id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(take_ends(), "");
    abstain(two, id);
    BOOST_CHECK_EQUAL(take_ends(), "answered");
    BOOST_CHECK_EQUAL(under_test.counters().vetoed, 1U);
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(chain_asks_one_after_the_other_by_order_and_name) {
    session& late = join("late", 2);
    session& b = join("b", 1);
    session& a = join("a", 1);
    slot& opened = open({&late, &b, &a}, wait_policy::chain);
    const auto id = opened.id();
    begin(opened);
    BOOST_CHECK_EQUAL(listener.take(), "turn a 1");
    BOOST_CHECK(under_test.is_turn_of(a.id(), text_of(id)));
    BOOST_CHECK_EQUAL(reply(b, id), refusal::unknown);  // its turn has not come
    reply(a, id, R"({"payload":{"n":2}})");
    BOOST_CHECK_EQUAL(listener.take(), R"(reply to push; turn b {"n":2})");
    abstain(b, id);
    BOOST_CHECK_EQUAL(listener.take(), R"(turn late {"n":2})");
    reply(late, id);
    BOOST_CHECK_EQUAL(take_ends(), "answered");
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(turn_that_passes_or_lags_is_the_next_ones) {
    session& a = join("a");
    session& b = join("b");
    session& c = join("c");
    listener.turns[&a] = turn_state::passed;
    listener.turns[&b] = turn_state::lagged;
    slot& opened = open({&a, &b, &c}, wait_policy::chain);
    const auto id = opened.id();
    begin(opened);
    BOOST_CHECK_EQUAL(listener.take(), "turn a 1; turn b 1; turn c 1");
    reply(c, id);
    BOOST_CHECK_EQUAL(take_ends(), "abandoned");  // without b
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(reservation_keeps_its_reply_until_it_is_asked_for) {
    session& one = join("one");
    slot& opened = reserve({&one});
    const auto id = opened.id();
    BOOST_CHECK_EQUAL(reply(one, id, R"({"n":1})"), refusal::none);
    BOOST_CHECK_EQUAL(under_test.event_that_awaits(text_of(id)), "");
    std::unique_ptr<waiter> waiter = std::make_unique<counted_waiter>(alive, "1");
    const auto verdict = under_test.await(text_of(id), std::move(waiter), emitter, 1s, now);
    BOOST_REQUIRE(std::holds_alternative<protocol::wait_result>(verdict));
    BOOST_CHECK_EQUAL(std::get<protocol::wait_result>(verdict).responses.size(), 1U);
    BOOST_CHECK(waiter != nullptr);
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(session_that_goes_is_missing_at_once) {
    session& one = join("one");
    slot& first = open({&one});
    begin(first);
    slot& second = open({&one});
    begin(second);
    under_test.abandon_expected(one);
    under_test.advance_pending(now);
    BOOST_CHECK_EQUAL(take_ends(), "abandoned abandoned");
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(what_a_session_has_lost_is_missing_once_the_request_is_over) {
    session& one = join("one");
    slot& peeked = open({&one});
    begin(peeked);
    const auto first_lost = listener.place;
    slot& lost = open({&one});
    begin(lost);
    under_test.lose_expected(one, first_lost);
    BOOST_CHECK_EQUAL(take_ends(), "");
    under_test.advance_pending(now);
    BOOST_CHECK_EQUAL(take_ends(), "abandoned");
    reply(one, peeked.id());
    BOOST_CHECK_EQUAL(take_ends(), "answered");
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(successor_of_a_session_may_reply_in_its_place) {
    session& one = join("one");
    session& two = join("two");
    slot& opened = open({&one, &two}, wait_policy::all);
    const auto id = opened.id();
    begin(opened);
    session successor{one.id(), owner, {}, true, 0, pointers};
    core::sessions::rename(successor, one.record());
    waits::transfer_expected(one, successor);
    BOOST_CHECK_EQUAL(one.expected().size(), 0U);
    BOOST_CHECK_EQUAL(reply(two, id), refusal::none);
    BOOST_CHECK_EQUAL(reply(successor, id), refusal::none);
    BOOST_CHECK_EQUAL(take_ends(), "answered");
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(cancel_ends_the_waits_of_that_request_only) {
    session& one = join("one");
    begin(open({&one}), "7");
    begin(open({&one}), "8");
    under_test.cancel(emitter, "7", now);
    BOOST_CHECK_EQUAL(take_ends(), "error " + std::to_string(static_cast<int>(errc::cancelled)));
    BOOST_CHECK_EQUAL(listener.take(), "release one cancelled; given up cancelled");
    BOOST_CHECK_EQUAL(under_test.open_slots(), 1U);
    under_test.cancel_all(emitter);
    under_test.advance_pending(now);
    BOOST_CHECK_EQUAL(take_ends(), "error " + std::to_string(static_cast<int>(errc::cancelled)));
    check_nothing_is_left();
}

BOOST_AUTO_TEST_CASE(verdict_that_no_emitter_gets_is_told_only_if_it_is_wanted) {
    session& one = join("one");
    begin(open({&one}), "7");
    listener.wants_all = true;
    under_test.cancel(emitter, "7", now);
    BOOST_CHECK_EQUAL(listener.take(), "concluded cancelled; release one cancelled; given up cancelled");
}

BOOST_AUTO_TEST_CASE(shut_down_ends_everything) {
    session& one = join("one");
    begin(open({&one}));
    reply(one, reserve({&one}).id());
    (void)reserve({});
    under_test.shut_down(now);
    BOOST_CHECK_EQUAL(take_ends(), "shutdown");
    check_nothing_is_left();
}

// Whatever happens in whatever order, each wait ends once, and what was reserved is given back.
BOOST_AUTO_TEST_CASE(random_histories_give_back_everything) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937 random{seed};
        const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random() % end); };
        waits_fixture fixture;
        std::vector<protocol::uuid> ids;
        std::size_t begun = 0;
        std::size_t ended = 0;
        for (std::size_t i = 0; i < 6; ++i) {
            fixture.join("n" + std::to_string(i % 4), static_cast<std::int64_t>(i % 3));
        }
        for (int step = 0; step < 300; ++step) {
            session& chosen = *fixture.joined[below(6)];
            const auto id =
                ids.empty() ? numbered_uuid(0) : ids[ids.size() - 1 - below(std::min<std::size_t>(ids.size(), 8))];
            switch (below(9)) {
                case 0:
                case 1: {
                    std::vector<session*> asked;
                    for (const auto& each : fixture.joined) {
                        if (below(2) == 0) {
                            asked.push_back(each.get());
                        }
                    }
                    slot& opened = fixture.open(
                        asked, static_cast<wait_policy>(below(4)), std::chrono::milliseconds{1 + below(50)});
                    ids.push_back(opened.id());
                    fixture.begin(opened, std::to_string(below(5)));
                    ++begun;
                    break;
                }
                case 2:
                    ids.push_back(fixture.reserve({&chosen}).id());
                    break;
                case 3: {
                    std::unique_ptr<waiter> waiter = std::make_unique<counted_waiter>(fixture.alive, "r");
                    (void)fixture.under_test.await(text_of(id), std::move(waiter), fixture.emitter, 5ms, fixture.now);
                    begun += waiter == nullptr ? 1U : 0U;
                    break;
                }
                case 4:
                    fixture.under_test.abandon_expected(chosen);
                    break;
                case 5:
                    fixture.under_test.lose_expected(chosen, fixture.listener.place - below(3));
                    break;
                case 6:
                    fixture.under_test.cancel(fixture.emitter, std::to_string(below(5)), fixture.now);
                    break;
                case 7:
                    fixture.now.steady += std::chrono::milliseconds{below(5)};
                    fixture.under_test.expire(fixture.now);
                    break;
                default:
                    (void)(below(3) == 0 ? fixture.abstain(chosen, id)
                                         : fixture.reply(chosen, id, below(2) == 0 ? R"({"abort":"x"})" : "{}"));
            }
            fixture.under_test.advance_pending(fixture.now);
            ended += take_all(fixture.under_test.ended());
            std::size_t expected = 0;
            for (const auto& each : fixture.joined) {
                expected += each->expected().size();
            }
            BOOST_REQUIRE_EQUAL(fixture.under_test.expected(), expected);
            BOOST_REQUIRE_EQUAL(static_cast<std::size_t>(fixture.alive), begun - ended);
        }
        fixture.now.steady += 10s;
        fixture.under_test.expire(fixture.now);
        ended += take_all(fixture.under_test.ended());
        BOOST_REQUIRE_EQUAL(begun, ended);
        fixture.check_nothing_is_left();
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
