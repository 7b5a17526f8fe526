// SPDX-License-Identifier: BSL-1.0
#include "rpc/memory_reserve.hpp"
#include "rpc_fixture.hpp"

#include <sys/resource.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <new>

// What happens where there is no memory: each allocation of a conversation fails once, and then all of them from one
// on.
namespace hookd::server::rpc::test {
namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

constexpr std::size_t large = std::size_t{64} << 10;

/// Which allocations of the code under test fail, counted from 0.
struct allocation_faults {
    std::size_t least_bytes = 0;  // of those that are counted
    std::size_t which = none;
    std::size_t made = 0;

    [[nodiscard]] bool next_fails(std::size_t bytes) noexcept {
        return is_in_session && which != none && bytes >= least_bytes && made++ == which;
    }
};

thread_local allocation_faults faults;

}  // namespace
}  // namespace hookd::server::rpc::test

/// In place of libstdc++'s, for this executable: as the standard describes it, but that it may fail. One that fails
/// does so as long as there is less than all of the reserve for it, if it is large; else a block of it is enough.
void* operator new(std::size_t bytes) {
    using namespace hookd::server::rpc::test;
    bool fails = faults.next_fails(bytes);
    for (;;) {
        if (void* const memory = fails ? nullptr : std::malloc(bytes == 0 ? 1 : bytes); memory != nullptr) {
            return memory;
        }
        const auto handler = std::get_new_handler();
        if (handler == nullptr) {
            throw std::bad_alloc{};
        }
        handler();
        fails = bytes >= large;
    }
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    try {
        return operator new(bytes);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace hookd::server::rpc::test {
namespace {

/// While it lives, allocation number `which` of those that have at least `least_bytes` fails. There is a reserve, as in
/// hookd, or none, as in an embedder.
class failing_allocation {
public:
    failing_allocation(std::size_t which, std::size_t least_bytes, bool has_reserve) {
        if (has_reserve) {
            memory_reserve::set_aside();
        }
        faults = {least_bytes, which, 0};
    }
    ~failing_allocation() {
        faults = {};
        memory_reserve::give_back();
    }
    failing_allocation(const failing_allocation&) = delete;
    failing_allocation& operator=(const failing_allocation&) = delete;

    [[nodiscard]] static bool has_failed() { return faults.made > faults.which; }
};

/// While it lives, the system has no more memory for this process, and a block of the reserve is gone.
class memory_shortage {
public:
    memory_shortage() {
        BOOST_REQUIRE(::getrlimit(RLIMIT_AS, &before_) == 0);
        const rlimit nothing{0, before_.rlim_max};
        BOOST_REQUIRE(::setrlimit(RLIMIT_AS, &nothing) == 0);
        std::get_new_handler()();
        // What is free already counts as well, the block that was just taken first of all.
        while (void* const block = std::malloc(memory_reserve::block_bytes)) {
            taken_[count_++] = block;
            BOOST_REQUIRE(count_ < taken_.size());
        }
        BOOST_REQUIRE(memory_reserve::is_short());
    }
    ~memory_shortage() {
        ::setrlimit(RLIMIT_AS, &before_);
        while (count_ > 0) {
            std::free(taken_[--count_]);
        }
    }
    memory_shortage(const memory_shortage&) = delete;
    memory_shortage& operator=(const memory_shortage&) = delete;

private:
    rlimit before_{};
    std::array<void*, 4096> taken_{};
    std::size_t count_ = 0;
};

std::string request(std::string_view method, std::string_view params, int id) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + std::string{method} +
           R"(","params":)" + std::string{params} + "}";
}

bool holds(const std::vector<std::string>& messages, std::string_view part) {
    return std::any_of(messages.begin(), messages.end(),
        [part](const std::string& each) { return each.find(part) != std::string::npos; });
}

/// A guard that vetoes, one that abstains, one that insists and is silent, an observer who resumes, and an emitter that
/// asks in each way.
class question {
public:
    /// `bytes`: of each payload and reply, about.
    explicit question(std::size_t bytes) : filler_(bytes, 'x') {}

    /// What they do.
    void run() {
        guard_.send(guard_.frame_of(request("subscribe", R"({"events":["push*"],"name":"guard","verdicts":true})", 1)));
        other_.send(other_.frame_of(request("subscribe", R"({"name":"other","cancellations":true})", 1)));
        observer_.send(observer_.frame_of(request("subscribe", R"({"responds":false})", 1)));
        for (const char* const policy : {"veto", "all", "chain", "first"}) {
            ask(policy);
        }
        observer_.send(observer_.frame_of(request("unsubscribe", "{}", 2)) +
                       observer_.frame_of(request("subscribe", R"({"responds":false,"after_seq":1})", 3)));
        emitter_.send(emitter_.frame_of("[" + request("emit", R"({"event":"push","reserve_ms":1000})", 20) + "," +
                                        request("ping", "{}", 21) + "]"));
        guard_.send(
            guard_.frame_of(request("respond", R"({"hook_event_id":")" + guard_.last_event_id() + R"("})", 30)));
        emitter_.send(emitter_.frame_of(
            request("await_response", R"({"hook_event_id":")" + guard_.last_event_id() + R"(","timeout_ms":5})", 22)));
        emitter_.send(emitter_.frame_of(request("emit_and_wait", R"({"event":"push","timeout_ms":60000})", 23)) +
                      emitter_.frame_of(R"({"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":23}})"));
        all.broker->pass(std::chrono::minutes{2});
    }

    /// All are gone, and all time is over.
    void end() {
        for (auto* const each : {&guard_, &other_, &observer_, &emitter_}) {
            each->leave();
        }
        all.broker->pass(std::chrono::minutes{60});
    }

    /// No veto that was accepted is missing from its verdict, whatever else has failed.
    void check_vetoes() const {
        const auto told = emitter_.messages();
        for (int id = 10; id < next_id_; ++id) {
            const auto number = std::to_string(id);
            const bool accepted = holds(guard_.messages(), R"("id":)" + number + R"(,"result":{"accepted":true)");
            const auto verdict = std::find_if(told.begin(), told.end(), [&number](const std::string& each) {
                return each.find(R"("id":)" + number + R"(,"result")") != std::string::npos;
            });
            BOOST_TEST((!accepted || verdict == told.end() || verdict->find(R"("abort":"no )") != std::string::npos));
        }
    }

    /// All that each of them has got, without what differs from run to run.
    [[nodiscard]] std::vector<std::string> messages() const {
        std::vector<std::string> all_of_them;
        for (const auto* const each : {&guard_, &other_, &observer_, &emitter_}) {
            normalizer normal;
            for (const auto& message : each->messages()) {
                all_of_them.push_back(normal(message));
            }
        }
        return all_of_them;
    }

    rpc_fixture all{};

private:
    void ask(std::string_view policy) {
        const int id = next_id_++;
        emitter_.send(emitter_.frame_of(request("emit_and_wait",
            R"({"event":"push","payload":{"n":")" + filler_ + R"("},"timeout_ms":60000,"policy":")" +
                std::string{policy} + R"(","operation_id":"00000000-0000-4000-8000-0000000000)" + std::to_string(id) +
                "\"}",
            id)));
        const auto event = guard_.last_event_id();
        if (!event.empty()) {
            guard_.send(guard_.frame_of(request("respond",
                R"({"hook_event_id":")" + event + R"(","response":{"abort":"no )" + std::string{policy} + R"(","n":")" +
                    filler_ + "\"}}",
                id)));
            other_.send(
                other_.frame_of(request("respond", R"({"hook_event_id":")" + event + R"(","abstain":true})", id)));
        }
        all.broker->run_turn();
    }

    std::string filler_;
    memory_peer guard_{all};
    memory_peer other_{all};
    memory_peer observer_{all};
    memory_peer emitter_{all};
    int next_id_ = 10;
};

}  // namespace

/// Another guard of the same broker is heard.
void check_that_it_works(rpc_fixture& all) {
    memory_peer guard{all};
    memory_peer emitter{all};
    guard.send(guard.frame_of(request("subscribe", R"({"events":["after"]})", 1)));
    emitter.send(emitter.frame_of(request("emit_and_wait", R"({"event":"after"})", 2)));
    guard.send(guard.frame_of(
        request("respond", R"({"hook_event_id":")" + guard.last_event_id() + R"(","response":{"abort":"still"}})", 3)));
    BOOST_TEST(holds(emitter.messages(), R"("abort":"still")"));
}

/// Asks a question with each of its allocations of `least_bytes` and more failing in turn, and calls `check(question)`
/// after each. How many there were.
template <class Check>
std::size_t fail_each_allocation(
    std::size_t filler_bytes, std::size_t least_bytes, bool has_reserve, std::string_view kind, Check check) {
    std::size_t which = 0;
    for (bool failed = true; failed; ++which) {
        BOOST_TEST_CONTEXT("allocation " << which << kind) {
            question one{filler_bytes};
            {
                const failing_allocation once{which, least_bytes, has_reserve};
                one.run();
                failed = failing_allocation::has_failed();
            }
            check(one);
            one.end();
            one.all.check_tidy();
        }
    }
    BOOST_TEST_MESSAGE(which << " allocations" << kind);
    return which;
}

void check_that_vetoes_are_heard(question& one) {
    one.check_vetoes();
    check_that_it_works(one.all);
}

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(whichever_allocation_fails_the_reserve_has_room_for_it_and_nothing_changes) {
    question usual{10};
    usual.run();
    const auto count = fail_each_allocation(10, 0, true, "", [&usual](const question& one) {
        BOOST_TEST(one.messages() == usual.messages(), boost::test_tools::per_element());
    });
    BOOST_TEST(count > 100U);
}

BOOST_AUTO_TEST_CASE(whichever_large_allocation_fails_no_accepted_veto_is_lost_and_nothing_is_held) {
    BOOST_TEST(fail_each_allocation(2 * large, large, true, " of large ones", check_that_vetoes_are_heard) > 10U);
}

BOOST_AUTO_TEST_CASE(whichever_allocation_fails_without_a_reserve_no_accepted_veto_is_lost_and_nothing_is_held) {
    BOOST_TEST(fail_each_allocation(10, 0, false, " without a reserve", check_that_vetoes_are_heard) > 100U);
}

// Its shadow memory counts as address space, too.
#ifdef __SANITIZE_ADDRESS__
constexpr bool is_not_address_sanitized = false;
#else
constexpr bool is_not_address_sanitized = true;
#endif

BOOST_AUTO_TEST_CASE(while_memory_is_short_requests_are_refused_but_replies_are_heard,
    *boost::unit_test::enable_if<is_not_address_sanitized>()) {
    rpc_fixture all;
    memory_peer guard{all};
    memory_peer emitter{all};
    guard.send(guard.frame_of(request("subscribe", "{}", 1)));
    emitter.send(emitter.frame_of(request("emit_and_wait", R"({"event":"e"})", 2)));
    {
        const failing_allocation never{none, 0, true};
        const memory_shortage shortage;
        emitter.send(emitter.frame_of(request("emit", R"({"event":"e"})", 3)));
        BOOST_TEST(holds(emitter.messages(), R"("data":{"limit":"memory")"));
        BOOST_TEST(!emitter.has_failed());
        guard.send(guard.frame_of(request(
            "respond", R"({"hook_event_id":")" + guard.last_event_id() + R"(","response":{"abort":"heard"}})", 4)));
        BOOST_TEST(holds(emitter.messages(), R"("abort":"heard")"));
    }
    emitter.send(emitter.frame_of(request("emit", R"({"event":"e"})", 5)));
    BOOST_TEST(holds(emitter.messages(), R"("id":5,"result")"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::rpc::test
