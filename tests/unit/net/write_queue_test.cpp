// SPDX-License-Identifier: BSL-1.0
#include "net/write_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {
namespace {

/// Writes what gather() gives, `most` bytes at a time.
struct writer {
    write_queue queue{};
    std::string written{};
    int batches_out = 0;

    /// Returns whether anything was written.
    bool write(std::size_t most, std::size_t room = 64) {
        std::vector<iovec> parts(room);
        const std::size_t used = queue.gather(parts.data(), room);
        BOOST_REQUIRE_LE(used, room);
        std::size_t now = 0;
        for (std::size_t i = 0; i < used && now < most; ++i) {
            BOOST_REQUIRE_GT(parts[i].iov_len, 0U);
            const std::size_t some = std::min(most - now, parts[i].iov_len);
            written.append(static_cast<const char*>(parts[i].iov_base), some);
            now += some;
        }
        if (now > 0 && queue.advance(now)) {
            ++batches_out;
        }
        return now > 0;
    }

    void write_all() {
        while (!queue.empty()) {
            BOOST_REQUIRE(write(std::size_t(-1)));
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(write_queues)

BOOST_AUTO_TEST_CASE(empty_queue_has_nothing_to_write) {
    writer w;
    BOOST_CHECK(w.queue.empty());
    BOOST_CHECK(!w.queue.has_batch());
    BOOST_CHECK_EQUAL(w.queue.answer_bytes(), 0U);
    std::array<iovec, 4> parts{};
    BOOST_CHECK_EQUAL(w.queue.gather(parts.data(), parts.size()), 0U);
}

BOOST_AUTO_TEST_CASE(answers_before_events_before_later_answers) {
    writer w;
    w.queue.tail().tail() += "first;";
    w.queue.set_batch({{"event 1;", ""}, {"header ", "event 2;"}});
    w.queue.tail().tail() += "second;";
    w.queue.tail().tail() += "third;";
    BOOST_CHECK(w.queue.has_batch());
    BOOST_CHECK_EQUAL(w.queue.answer_bytes(), 19U);
    std::array<iovec, 8> parts{};
    BOOST_CHECK_EQUAL(w.queue.gather(parts.data(), parts.size()), 5U);  // one write for all
    w.write_all();
    BOOST_CHECK_EQUAL(w.written, "first;event 1;header event 2;second;third;");
    BOOST_CHECK_EQUAL(w.batches_out, 1);
    BOOST_CHECK(!w.queue.has_batch());
    BOOST_CHECK_EQUAL(w.queue.answer_bytes(), 0U);
}

// Each way in which the system may take the bytes in two or three portions.
BOOST_AUTO_TEST_CASE(every_split_gives_the_same_bytes) {
    const std::string all =
        "answer;"
        "event one;"
        "head"
        "event two;"
        "late";
    for (std::size_t first = 0; first <= all.size(); ++first) {
        for (std::size_t second = first; second <= all.size(); ++second) {
            writer w;
            w.queue.tail().tail() += "answer;";
            w.queue.set_batch({{"event one;", ""}, {"head", "event two;"}});
            w.queue.tail().tail() += "late";
            w.write(first);
            w.write(second - first);
            const bool batch_is_out = second >= all.size() - 4;
            BOOST_REQUIRE_EQUAL(w.batches_out, batch_is_out ? 1 : 0);
            BOOST_REQUIRE_EQUAL(w.queue.has_batch(), !batch_is_out);
            BOOST_REQUIRE_EQUAL(w.queue.empty(), second == all.size());
            w.write_all();
            BOOST_REQUIRE_EQUAL(w.written, all);
            BOOST_REQUIRE_EQUAL(w.batches_out, 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(byte_by_byte_gives_the_same_bytes) {
    writer w;
    w.queue.tail().tail() += "ab";
    w.queue.set_batch({{"cd", "ef"}, {"g", ""}});
    w.queue.tail().tail() += "hi";
    while (w.write(1)) {
    }
    BOOST_CHECK_EQUAL(w.written, "abcdefghi");
    BOOST_CHECK_EQUAL(w.batches_out, 1);
}

BOOST_AUTO_TEST_CASE(batch_alone_is_out_with_its_last_byte) {
    writer w;
    w.queue.set_batch({{"abc", ""}});
    w.write(2);
    BOOST_CHECK_EQUAL(w.batches_out, 0);
    w.write(1);
    BOOST_CHECK_EQUAL(w.batches_out, 1);
    BOOST_CHECK(w.queue.empty());
}

BOOST_AUTO_TEST_CASE(more_parts_than_there_is_room_for_come_with_the_next_write) {
    writer w;
    std::vector<std::string> texts;
    std::vector<core::wire_pieces> events;
    std::string all = "answer;";
    for (int i = 0; i < 100; ++i) {
        texts.push_back("event " + std::to_string(i) + ";");
        all += texts.back();
    }
    for (const auto& each : texts) {
        events.push_back({each, {}});
    }
    w.queue.tail().tail() += "answer;";
    w.queue.set_batch(events);
    w.queue.tail().tail() += "late;";
    while (w.write(std::size_t(-1), 7)) {
    }
    BOOST_CHECK_EQUAL(w.written, all + "late;");
    BOOST_CHECK_EQUAL(w.batches_out, 1);
}

BOOST_AUTO_TEST_CASE(answers_queued_behind_a_batch_come_before_the_next_batch) {
    writer w;
    w.queue.set_batch({{"one;", ""}});
    w.queue.tail().tail() += "answer;";
    w.write(4);
    BOOST_CHECK_EQUAL(w.batches_out, 1);
    w.queue.set_batch({{"two;", ""}});
    w.queue.tail().tail() += "last;";
    w.write_all();
    BOOST_CHECK_EQUAL(w.written, "one;answer;two;last;");
    BOOST_CHECK_EQUAL(w.batches_out, 2);
}

BOOST_AUTO_TEST_CASE(random_traffic_comes_out_in_order) {
    std::mt19937 random{7};
    writer w;
    std::string expected;
    std::vector<std::string> texts;  // of the batch that is out
    int batches = 0;
    std::string behind_batch;
    for (int i = 0; i < 20'000; ++i) {
        switch (random() % 4) {
            case 0: {
                const std::string answer(1 + random() % 30, static_cast<char>('a' + i % 26));
                w.queue.tail().tail() += answer;
                expected += answer;
                break;
            }
            case 1:
                if (!w.queue.has_batch()) {
                    texts.clear();
                    for (std::size_t n = 1 + random() % 12; n > 0; --n) {
                        texts.emplace_back(1 + random() % 20, static_cast<char>('A' + i % 26));
                        expected += texts.back();
                    }
                    std::vector<core::wire_pieces> events;
                    for (const auto& each : texts) {
                        const std::string_view view{each};
                        const std::size_t cut = random() % view.size();
                        events.push_back({view.substr(0, cut), view.substr(cut)});
                    }
                    w.queue.set_batch(events);
                    ++batches;
                }
                break;
            default:
                w.write(1 + random() % 60, 1 + random() % 8);
        }
    }
    w.write_all();
    BOOST_CHECK(w.written == expected);
    BOOST_CHECK_EQUAL(w.batches_out, batches);
}

BOOST_AUTO_TEST_CASE(cleared_queue_starts_afresh) {
    writer w;
    w.queue.tail().tail() += "answer;";
    w.queue.set_batch({{"event;", ""}});
    w.queue.tail().tail() += "late;";
    w.write(3);
    w.queue.clear();
    BOOST_CHECK(w.queue.empty());
    BOOST_CHECK(!w.queue.has_batch());
    BOOST_CHECK_EQUAL(w.queue.answer_bytes(), 0U);
    w.written.clear();
    w.queue.tail().tail() += "new;";
    w.write_all();
    BOOST_CHECK_EQUAL(w.written, "new;");
}

BOOST_AUTO_TEST_CASE(memory_of_a_burst_is_given_back) {
    writer w;
    w.queue.tail().tail().assign(1'000'000, 'x');
    w.write_all();
    BOOST_CHECK_LE(w.queue.held_bytes(), 4096U);
}

// The peer reads, but always leaves a byte behind, so that the queue is never empty.
BOOST_AUTO_TEST_CASE(what_is_written_is_not_kept_while_something_is_left) {
    writer w;
    const std::string answer(1000, 'x');
    w.queue.tail().tail() += 'x';
    for (int i = 0; i < 10'000; ++i) {
        w.queue.tail().tail() += answer;
        BOOST_REQUIRE(w.write(answer.size()));
        w.written.clear();
        BOOST_REQUIRE_EQUAL(w.queue.answer_bytes(), 1U);
        BOOST_REQUIRE_LE(w.queue.held_bytes(), std::size_t{256} << 10);
    }
}

BOOST_AUTO_TEST_CASE(end_of_a_large_answer_does_not_keep_its_memory) {
    writer w;
    std::string all(1'000'000, 'x');
    std::generate(all.begin(), all.end(), [i = 0]() mutable { return static_cast<char>('a' + i++ % 26); });
    for (const bool behind_batch : {false, true}) {
        if (behind_batch) {
            w.queue.set_batch({{"e", ""}});
        }
        w.queue.tail().tail() += all;
        w.write((behind_batch ? 1 : 0) + all.size() - 10);
        BOOST_CHECK_LE(w.queue.held_bytes(), 10'000U);
        w.queue.tail().tail() += "more";
        w.write_all();
        BOOST_CHECK(w.written == (behind_batch ? "e" : "") + all + "more");
        w.written.clear();
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server
