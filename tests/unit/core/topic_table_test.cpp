// SPDX-License-Identifier: BSL-1.0
#include "core/topic_table.hpp"

#include "core/client.hpp"

#include <base/text/glob.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace hookd::core {
namespace {

/// A table and the sessions that are in it.
struct table_with_sessions {
    user_account user{false};
    client owner{1, {}, nullptr, {}, new connection_account(user)};
    topic_table table{};
    std::vector<std::unique_ptr<session>> sessions{};  // ascending id
    std::uint64_t last_id = 0;

    session& join(std::vector<std::string> patterns) {
        const protocol::subscribe_params params{.events = std::move(patterns)};
        auto made = std::make_unique<session>(++last_id, owner, params, true, 0, table.pointers());
        table.add(*made);
        sessions.push_back(std::move(made));
        return *sessions.back();
    }

    void leave(std::size_t index) {
        table.remove(*sessions[index]);
        sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(index));
    }

    [[nodiscard]] std::vector<std::uint64_t> found(std::string_view name) {
        std::vector<std::uint64_t> ids;
        for (const session* const each : table.find(name).matches) {
            ids.push_back(each->id());
        }
        return ids;
    }

    [[nodiscard]] std::vector<std::uint64_t> expected(std::string_view name) const {
        std::vector<std::uint64_t> ids;
        for (const auto& each : sessions) {
            const auto& patterns = each->patterns();
            if (patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [name](const std::string& pattern) {
                    return base::glob_matches(pattern, name);
                })) {
                ids.push_back(each->id());
            }
        }
        return ids;
    }

    [[nodiscard]] std::size_t topics() const {
        std::size_t count = 0;
        table.for_each([&count](const topic&) { ++count; });
        return count;
    }
};

void check_equal(const std::vector<std::uint64_t>& got, const std::vector<std::uint64_t>& wanted) {
    BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), wanted.begin(), wanted.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topics)

BOOST_AUTO_TEST_CASE(session_without_patterns_matches_everything) {
    table_with_sessions all;
    all.join({});
    check_equal(all.found("anything"), {1});
}

BOOST_AUTO_TEST_CASE(session_that_matches_by_name_and_by_glob_is_listed_once) {
    table_with_sessions all;
    all.join({"push", "p*", "*", "push", "pus?"});
    check_equal(all.found("push"), {1});
    check_equal(all.found("pull"), {1});
    all.join({"push", "push"});
    check_equal(all.found("push"), {1, 2});
    check_equal(all.found("pull"), {1});
    all.leave(0);
    check_equal(all.found("push"), {2});
    check_equal(all.found("pull"), {});
}

BOOST_AUTO_TEST_CASE(sessions_are_listed_in_the_order_in_which_they_joined) {
    table_with_sessions all;
    all.join({"push"});
    all.join({"p*"});
    all.join({"push"});
    all.join({});
    check_equal(all.found("push"), {1, 2, 3, 4});
}

BOOST_AUTO_TEST_CASE(topic_that_is_known_learns_of_those_who_come_and_go) {
    table_with_sessions all;
    check_equal(all.found("push"), {});
    all.join({"push"});
    all.join({"p*"});
    all.join({"pull"});
    check_equal(all.found("push"), {1, 2});
    all.leave(0);
    check_equal(all.found("push"), {2});
}

BOOST_AUTO_TEST_CASE(peek_makes_no_topic) {
    table_with_sessions all;
    BOOST_CHECK(all.table.peek("push") == nullptr);
    BOOST_CHECK_EQUAL(all.topics(), 0U);
    const topic& made = all.table.find("push");
    BOOST_CHECK_EQUAL(all.table.peek("push"), &made);
}

BOOST_AUTO_TEST_CASE(only_the_most_recent_names_are_kept) {
    table_with_sessions all;
    all.join({});
    for (std::size_t i = 0; i < topic_table::most_topics; ++i) {
        all.table.find("e" + std::to_string(i)).events = i;
    }
    BOOST_CHECK_EQUAL(all.topics(), topic_table::most_topics);
    (void)all.table.find("e0");  // now the most recent one
    (void)all.table.find("one_more");
    BOOST_CHECK_EQUAL(all.topics(), topic_table::most_topics);
    BOOST_CHECK(all.table.peek("e0") != nullptr);
    BOOST_CHECK(all.table.peek("e1") == nullptr);
    BOOST_REQUIRE(all.table.peek("e2") != nullptr);
    BOOST_CHECK_EQUAL(all.table.peek("e2")->events, 2U);
    BOOST_CHECK_EQUAL(all.table.find("e1").events, 0U);  // forgotten
    check_equal(all.found("e1"), {1});
    std::string first;
    all.table.for_each([&first](const topic& each) {
        if (first.empty()) {
            first = each.name;
        }
    });
    BOOST_CHECK_EQUAL(first, "e1");
}

// Everything at once against the plain rule: 1,500 names, so that topics are forgotten, and sessions with all kinds of
// patterns.
BOOST_AUTO_TEST_CASE(whoever_comes_and_goes_a_name_has_the_sessions_that_match_it) {
    std::mt19937 random{1123};
    const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random() % end); };
    std::vector<std::string> names;
    for (std::size_t i = 0; i < 1500; ++i) {
        names.push_back(std::string{"pq"[i % 2]} + "_" + std::to_string(i));
    }
    const std::vector<std::string> globs{"*", "p_*", "q_*", "*1", "?_1?", "*_?", "*_12*4", "x*", "p_??", "?_*7*"};
    table_with_sessions all;
    for (int round = 0; round < 20'000; ++round) {
        const auto choice = below(10);
        if (choice < 2 && all.sessions.size() < 40) {
            std::vector<std::string> patterns;
            for (std::size_t i = below(5); i > 0; --i) {
                patterns.push_back(
                    below(3) == 0 ? globs[below(globs.size())] : names[below(round % 2 ? 20 : names.size())]);
            }
            all.join(std::move(patterns));
        } else if (choice < 4 && !all.sessions.empty()) {
            all.leave(below(all.sessions.size()));
        } else {
            const auto& name = names[below(round % 3 ? 20 : names.size())];
            if (all.found(name) != all.expected(name)) {
                check_equal(all.found(name), all.expected(name));
                BOOST_FAIL("round " << round << ", name " << name);
            }
        }
    }
    BOOST_CHECK_EQUAL(all.topics(), topic_table::most_topics);
    while (!all.sessions.empty()) {
        all.leave(below(all.sessions.size()));
    }
    for (const auto& name : names) {
        BOOST_CHECK(all.table.find(name).matches.empty());
    }
}

// A broker ends sessions, as those that lag behind, while it looks at the sessions that match.
BOOST_AUTO_TEST_CASE(matches_of_a_topic_that_was_found_stay_as_they_are_until_it_is_asked_for_again) {
    table_with_sessions all;
    all.join({"push"});
    all.join({"p*"});
    all.join({});
    topic& found = all.table.find("push");
    const auto before = found.matches;
    for (const auto& each : all.sessions) {
        all.table.remove(*each);
    }
    BOOST_CHECK(found.matches == before);
    all.table.refresh(found);
    BOOST_CHECK(found.matches.empty());
    all.table.add(*all.sessions[1]);
    BOOST_CHECK(found.matches.empty());
    check_equal(all.found("push"), {2});
}

// Were each of them matched with each name, this would take 10^12 steps: many minutes. They are matched when a name is
// used next.
BOOST_AUTO_TEST_CASE(sessions_with_costly_globs_come_and_go_at_once_while_nobody_emits) {
    table_with_sessions all;
    for (std::size_t i = 0; i < topic_table::most_topics; ++i) {
        (void)all.table.find(std::string(100, 'a') + std::to_string(i));
    }
    std::vector<std::string> globs(256, "*" + std::string(50, 'a') + "b*");
    globs.front() = "*1023";
    for (int i = 0; i < 1000; ++i) {
        all.join(globs);
    }
    while (all.sessions.size() > 1) {
        all.leave(all.sessions.size() / 2);
    }
    check_equal(all.found(std::string(100, 'a') + "1023"), {all.sessions[0]->id()});
    check_equal(all.found(std::string(100, 'a') + "1022"), {});
}

BOOST_AUTO_TEST_CASE(bytes_of_patterns_are_those_of_sessions_with_a_glob) {
    table_with_sessions some;
    some.join({"a", "bc"});
    some.join({});
    BOOST_CHECK_EQUAL(some.table.pattern_bytes(), 0U);
    some.join({"a*", "bc"});
    some.join({"?"});
    BOOST_CHECK_EQUAL(some.table.pattern_bytes(), 5U);
    some.leave(2);
    BOOST_CHECK_EQUAL(some.table.pattern_bytes(), 1U);
    some.leave(2);
    BOOST_CHECK_EQUAL(some.table.pattern_bytes(), 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core
