// SPDX-License-Identifier: BSL-1.0
#include "app/spdlog_logger.hpp"

#include "support/deadline.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

using namespace hookd::server;
using hookd::base::unique_fd;
using hookd::test::deadline;

namespace {

/// Standard error as a caller may have set it up: two ends of a pipe or of a socket pair.
struct channel {
    unique_fd reader{};
    unique_fd writer{};

    static channel pipe() {
        std::array<int, 2> ends{};
        check(::pipe2(ends.data(), O_CLOEXEC));
        return {unique_fd{ends[0]}, unique_fd{ends[1]}};
    }
    static channel sockets() {
        std::array<int, 2> ends{};
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
        return {unique_fd{ends[0]}, unique_fd{ends[1]}};
    }

    std::string read_some() const {
        std::string text(65'536, '\0');
        const auto length = ::read(reader.get(), text.data(), text.size());
        check(static_cast<int>(std::min<ssize_t>(length, 0)));
        text.resize(static_cast<std::size_t>(length));
        return text;
    }

    /// All up to the end; the writer is closed first.
    std::string read_all() {
        writer.reset();
        std::string all;
        for (std::string some = read_some(); !some.empty(); some = read_some()) {
            all += some;
        }
        return all;
    }

private:
    static void check(int result) {
        if (result < 0) {
            throw std::system_error(errno, std::generic_category(), "channel");
        }
    }
};

/// What a logger writes until it is destroyed.
template <class Use>
std::string logged(log_level level, log_format format, Use use) {
    auto to = channel::pipe();
    {
        spdlog_logger log{to.writer.get(), level, format};
        use(log);
    }
    return to.read_all();
}

std::vector<std::string> whole_lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = text.find('\n', begin);
        BOOST_TEST_REQUIRE(end != std::string::npos);  // no torn line
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

bool is_time(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(),
        [](char c, char model) { return model == '0' ? c >= '0' && c <= '9' : c == model; });
}

/// A line of text less its time; fails the test where that is none.
std::string after_time(const std::string& line) {
    const auto end = std::min(line.find(' '), line.size());
    BOOST_TEST(is_time(std::string_view{line}.substr(0, end)), line);
    return line.substr(std::min(end + 1, line.size()));
}

/// The number in a line "N messages dropped...", else 0.
int drops_told(const std::string& line) {
    const auto text = after_time(line);
    const std::string before = "warning ";
    return text.starts_with(before) && text.find(" messages dropped") != std::string::npos
               ? std::stoi(text.substr(before.size()))
               : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spdlog_logger_test)

BOOST_AUTO_TEST_CASE(text_is_one_line_with_time_level_and_message) {
    const auto lines = whole_lines_of(logged(log_level::debug, log_format::text, [](spdlog_logger& log) {
        log.write(log_level::debug, "one");
        log.write(log_level::info, "two {} %v");
        log.write(log_level::warning, "three");
        log.write(log_level::error, "four\nfive\x7f");
        log.write(log_level::error,
            "\"six\" \\ \xc2\x9b"
            "31m \xc3\xa9 \xff");  // CSI as one character; a letter; no UTF-8
        log.write(log_level::error,
            "\xe2\x80\xae"
            "7\xe2\x82\xac");  // from right to left; a sign of three bytes
    }));
    BOOST_TEST_REQUIRE(lines.size() == 6u);
    BOOST_TEST(after_time(lines[5]) == "error \\u202e7\xe2\x82\xac");
    BOOST_TEST(after_time(lines[4]) == "error \"six\" \\ \\u009b31m \xc3\xa9 \xef\xbf\xbd");
    BOOST_TEST(after_time(lines[0]) == "debug one");
    BOOST_TEST(after_time(lines[1]) == "info two {} %v");
    BOOST_TEST(after_time(lines[2]) == "warning three");
    BOOST_TEST(after_time(lines[3]) == R"(error four\u000afive\u007f)");
}

BOOST_AUTO_TEST_CASE(json_is_one_object_a_line) {
    const std::string message = "a \"quoted\" \\ line\nbreak \x01 and \xc3\xa9";
    const auto lines = whole_lines_of(logged(log_level::info, log_format::json, [&](spdlog_logger& log) {
        log.write(log_level::warning, message);
        log.write(log_level::info, "");
        log.write(log_level::info, "\xc2\x9b\xff\xc3");
    }));
    BOOST_TEST_REQUIRE(lines.size() == 3u);
    BOOST_TEST(boost::json::parse(lines[2]).as_object().at("msg").as_string() == "\xc2\x9b\xef\xbf\xbd\xef\xbf\xbd");
    BOOST_TEST(lines[2].find('\x9b') == std::string::npos);
    const auto first = boost::json::parse(lines[0]).as_object();
    BOOST_TEST(first.size() == 3u);
    BOOST_TEST(first.at("msg").as_string() == message);
    BOOST_TEST(first.at("level").as_string() == "warning");
    BOOST_TEST(is_time(std::string_view{first.at("ts").as_string()}));
    BOOST_TEST(boost::json::parse(lines[1]).at("msg").as_string() == "");
}

BOOST_AUTO_TEST_CASE(level_holds_back_what_is_below_it_and_can_change) {
    const auto lines = whole_lines_of(logged(log_level::warning, log_format::text, [](spdlog_logger& log) {
        BOOST_TEST(!log.wants(log_level::info));
        BOOST_TEST(log.wants(log_level::warning));
        log.write(log_level::info, "hidden");
        log.write(log_level::error, "shown");
        log.set_level(log_level::debug);
        BOOST_TEST(log.wants(log_level::debug));
        log.write(log_level::debug, "shown, too");
    }));
    BOOST_TEST_REQUIRE(lines.size() == 2u);
    BOOST_TEST(lines[0].ends_with("error shown"));
    BOOST_TEST(lines[1].ends_with("debug shown, too"));
}

BOOST_AUTO_TEST_CASE(reader_that_is_stuck_costs_messages_and_never_time_and_they_are_counted) {
    for (auto make : {&channel::pipe, &channel::sockets}) {
        auto to = make();
        constexpr int written = 20'000;  // a pipe holds some 500 of these lines, the queue as many
        auto log = std::make_unique<spdlog_logger>(to.writer.get(), log_level::info, log_format::text);
        const std::string message(100, 'x');
        for (int each = 0; each < written; ++each) {
            log->write(log_level::info, message);  // hangs here, were it to wait
        }
        BOOST_TEST((::fcntl(to.writer.get(), F_GETFL) & O_NONBLOCK) == 0);  // shared with others, so left as it was

        // Once somebody reads again, it says how many are missing. One that is written now comes after that.
        log->write(log_level::info, "last");
        std::string text;
        for (const deadline limit; text.find(" last\n") == std::string::npos && !limit.passed();) {
            text += to.read_some();
        }
        log.reset();
        text += to.read_all();
        int received = 0;
        int dropped = 0;
        for (const auto& line : whole_lines_of(text)) {
            dropped += drops_told(line);
            received += line.ends_with(message) ? 1 : 0;
        }
        BOOST_TEST(dropped > 0);
        BOOST_TEST(received + dropped == written);
    }
}

BOOST_AUTO_TEST_CASE(end_waits_for_a_stuck_reader_only_so_long) {
    for (auto make : {&channel::pipe, &channel::sockets}) {
        auto to = make();
        auto log = std::make_unique<spdlog_logger>(to.writer.get(), log_level::info, log_format::text);
        const std::string message(1000, 'x');
        for (int each = 0; each < 2'000; ++each) {
            log->write(log_level::info, message);
        }
        const deadline limit;
        log.reset();
        BOOST_TEST(!limit.passed());
    }
}

BOOST_AUTO_TEST_CASE(end_writes_all_that_waits) {
    const auto text = logged(log_level::info, log_format::text, [](spdlog_logger& log) {
        for (int each = 0; each < 300; ++each) {
            log.write(
                log_level::info, std::string(100, 'x'));  // less than a pipe holds, so that it depends on no reader
        }
    });
    BOOST_TEST(whole_lines_of(text).size() == 300u);
}

BOOST_AUTO_TEST_CASE(reader_that_is_gone_does_no_harm) {
    auto to = channel::sockets();
    to.reader.reset();
    spdlog_logger log{to.writer.get(), log_level::info, log_format::text};
    for (int each = 0; each < 1'000; ++each) {
        log.write(log_level::info, "to nobody");
    }
    BOOST_TEST(log.wants(log_level::info));
}

BOOST_AUTO_TEST_CASE(full_disk_costs_messages_and_no_time) {
    const unique_fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    BOOST_TEST_REQUIRE(full.get() >= 0);
    spdlog_logger log{full.get(), log_level::info, log_format::text};
    for (int each = 0; each < 1'000; ++each) {
        log.write(log_level::info, "there is no room for this");
    }
    BOOST_TEST(log.wants(log_level::info));
}

BOOST_AUTO_TEST_CASE(several_threads_write_whole_lines) {
    const auto lines = whole_lines_of(logged(log_level::info, log_format::json, [](spdlog_logger& log) {
        std::vector<std::jthread> writers;
        for (int each = 0; each < 4; ++each) {
            writers.emplace_back([&log, each] {
                for (std::size_t length = 1; length <= 60; ++length) {
                    log.write(log_level::info, std::string(length, static_cast<char>('a' + each)));
                }
            });
        }
    }));
    BOOST_TEST(lines.size() == 240u);
    for (const auto& line : lines) {
        const auto value = boost::json::parse(line);
        const auto& text = value.at("msg").as_string();
        BOOST_TEST((!text.empty() && text == std::string(text.size(), text.front())));
    }
}

BOOST_AUTO_TEST_SUITE_END()
