// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/channel.hpp"
#include "cluster/link/back_off.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace hookd::link;
using hookd::base::unique_fd;

namespace {

struct channel_fixture {
    boost::asio::io_context context{1};
    unique_fd hookd{};
    std::vector<std::string> frames{};
    std::optional<std::string> ended{};
    std::optional<channel> link{};

    channel_fixture() {
        int ends[2];
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        hookd = unique_fd{ends[0]};
        link.emplace(
            context.get_executor(), ends[1], [this](std::string_view frame) { frames.emplace_back(frame); },
            [this](const std::string& reason) { ended = reason; });
        link->start();
    }

    void write(const std::string& bytes) {
        BOOST_REQUIRE(::write(hookd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    }
    void run() {
        context.restart();
        context.poll();
    }
};

const std::string two_bytes{"\0\0\0\2", 4};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channels, channel_fixture)

BOOST_AUTO_TEST_CASE(frames_arrive_whole_however_they_are_cut) {
    write(two_bytes + "{}" + two_bytes.substr(0, 3));
    run();
    BOOST_TEST(frames.size() == 1U);
    write(two_bytes.substr(3) + "[");
    run();
    BOOST_TEST(frames.size() == 1U);
    write("]");
    run();
    BOOST_REQUIRE(frames.size() == 2U);
    BOOST_TEST(frames[0] == "{}");
    BOOST_TEST(frames[1] == "[]");
}

BOOST_AUTO_TEST_CASE(hookds_end_is_an_end_without_a_reason) {
    hookd.reset();
    run();
    BOOST_REQUIRE(ended);
    BOOST_TEST(ended->empty());
}

BOOST_AUTO_TEST_CASE(a_frame_that_cannot_be_is_an_end_with_one) {
    write(std::string{"\xff\xff\xff\xff", 4});
    run();
    BOOST_REQUIRE(ended);
    BOOST_TEST(ended->find("hookd sent a frame that cannot be read") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_sent_arrives_whole_however_slowly_hookd_reads) {
    std::string sent;
    for (int i = 0; i < 200; ++i) {
        const host_left report{"h" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 211, 'x')};
        link->send(report);
        sent += encode(report);
    }
    std::string taken;
    std::string piece(9'973, '\0');
    while (taken.size() < sent.size()) {
        run();
        const auto got = ::recv(hookd.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        BOOST_REQUIRE(got > 0);
        taken.append(piece, 0, static_cast<std::size_t>(got));
    }
    BOOST_TEST((taken == sent));
}

BOOST_AUTO_TEST_CASE(what_hookd_does_not_read_is_bounded) {
    const host_left report{"h", std::string(1 << 20, 'x')};
    bool drained = false;
    for (int i = 0; i < 20; ++i) {
        link->send(report);
    }
    run();
    BOOST_TEST(link->is_congested());
    link->when_drained([&] { drained = true; });
    std::string taken(1 << 20, '\0');
    while (link->is_congested()) {
        BOOST_REQUIRE(::read(hookd.get(), taken.data(), taken.size()) > 0);
        run();
    }
    BOOST_TEST(drained);
    BOOST_TEST(!ended);
    for (int i = 0; i < 70; ++i) {
        link->send(report);
    }
    run();
    BOOST_REQUIRE(ended);
    BOOST_TEST(ended->find("more than 64 MiB") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(a_back_off_doubles_from_50_ms_to_5_s_and_begins_anew) {
    back_off waits;
    double base = 50;
    for (int i = 0; i < 12; ++i) {
        const auto wait = static_cast<double>(waits.next().count());
        BOOST_TEST(wait >= base * 0.75 - 1);
        BOOST_TEST(wait <= base * 1.25 + 1);
        base = std::min(2 * base, 5'000.0);
    }
    waits.reset();
    BOOST_TEST(waits.next().count() <= 63);
}
