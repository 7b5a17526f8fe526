// SPDX-License-Identifier: BSL-1.0
#include "net/buffer_pool.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace hookd::server {
namespace {

buffer buffer_of(std::size_t bytes) { return buffer::of(bytes); }

}  // namespace

BOOST_AUTO_TEST_SUITE(buffer_pools)

BOOST_AUTO_TEST_CASE(buffer_that_was_given_back_is_lent_again) {
    buffer_pool pool;
    buffer first = pool.take();
    BOOST_CHECK_GE(first.capacity, buffer_pool::usual_bytes);
    const char* const memory = first.bytes.get();
    pool.give_back(std::move(first));
    BOOST_CHECK_EQUAL(static_cast<const void*>(pool.take().bytes.get()), static_cast<const void*>(memory));
}

BOOST_AUTO_TEST_CASE(buffer_that_grows_keeps_what_is_in_it) {
    buffer grown = buffer::of(1000);
    std::memset(grown.bytes.get(), 'a', grown.capacity);
    for (const std::size_t capacity : {std::size_t{2000}, std::size_t{5} << 20, std::size_t{11} << 20}) {
        grown.grow(capacity);
        BOOST_TEST(grown.capacity == capacity);
        BOOST_TEST(std::count(grown.bytes.get(), grown.bytes.get() + 1000, 'a') == 1000);
        std::memset(grown.bytes.get(), 'a', capacity);
    }
}

BOOST_AUTO_TEST_CASE(buffers_that_are_out_are_different_ones) {
    buffer_pool pool;
    std::vector<buffer> out;
    std::set<const void*> seen;
    for (int i = 0; i < 20; ++i) {
        out.push_back(pool.take());
        BOOST_CHECK(seen.insert(out.back().bytes.get()).second);
    }
}

BOOST_AUTO_TEST_CASE(only_a_few_are_kept) {
    buffer_pool pool;
    for (std::size_t i = 0; i < 20; ++i) {
        pool.give_back(buffer_of(buffer_pool::usual_bytes + 1 + i));  // none is kept before one was lent
    }
    BOOST_CHECK_EQUAL(pool.take().capacity, buffer_pool::usual_bytes);
    for (std::size_t i = 0; i < 20; ++i) {
        pool.give_back(buffer_of(buffer_pool::usual_bytes + 1));
    }
    std::size_t kept = 0;
    while (pool.take().capacity > buffer_pool::usual_bytes) {
        ++kept;
    }
    BOOST_CHECK_EQUAL(kept, 8U);
}

BOOST_AUTO_TEST_CASE(only_a_few_megabytes_are_kept) {
    buffer_pool pool;
    pool.give_back(pool.take());
    pool.give_back(buffer_of(std::size_t{16} << 20));
    BOOST_CHECK_EQUAL(pool.take().capacity, buffer_pool::usual_bytes);
    pool.give_back(buffer_of(std::size_t{5} << 20));
    pool.give_back(buffer_of(std::size_t{5} << 20));
    BOOST_CHECK_EQUAL(pool.take().capacity, std::size_t{5} << 20);
    BOOST_CHECK_EQUAL(pool.take().capacity, buffer_pool::usual_bytes);
}

BOOST_AUTO_TEST_CASE(empty_buffer_is_not_kept) {
    buffer_pool pool;
    pool.give_back(pool.take());
    pool.give_back({});
    BOOST_CHECK_GE(pool.take().capacity, buffer_pool::usual_bytes);
    BOOST_CHECK_GE(pool.take().capacity, buffer_pool::usual_bytes);
}

BOOST_AUTO_TEST_CASE(threads_never_share_a_buffer) {
    buffer_pool pool;
    std::atomic<int> foreign{0};  // bytes
    std::vector<std::thread> threads;
    for (int id = 1; id <= 4; ++id) {
        threads.emplace_back([&pool, &foreign, id] {
            for (int round = 0; round < 2000; ++round) {
                buffer mine = pool.take();
                std::memset(mine.bytes.get(), id, 64);
                for (int i = 0; i < 64; ++i) {
                    foreign += mine.bytes.get()[i] != id ? 1 : 0;
                }
                pool.give_back(std::move(mine));
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    BOOST_CHECK_EQUAL(foreign.load(), 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server
