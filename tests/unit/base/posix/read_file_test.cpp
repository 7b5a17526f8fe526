// SPDX-License-Identifier: BSL-1.0
#include <base/posix/read_file.hpp>
#include <base/posix/unique_fd.hpp>

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace hookd::base;
using namespace std::chrono_literals;
using hookd::test::write_file;
using reason = read_error::reason;

std::function<bool(const read_error&)> is(reason expected, const std::string& clause) {
    return [=](const read_error& failure) {
        BOOST_TEST(failure.what() == clause);
        return failure.why() == expected;
    };
}

struct directory_with_file : hookd::test::temp_directory {
    std::string file = path() + "/file";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(read_file_suite, directory_with_file)

BOOST_AUTO_TEST_CASE(a_file_is_read_up_to_its_limit_and_no_further) {
    for (const std::size_t size : {0U, 1U, 16383U, 16384U, 16385U, 100'000U}) {
        const std::string text(size, 'x');
        write_file(file, text);
        BOOST_TEST(read_file(file, {.max_bytes = size}) == text);
        BOOST_TEST(read_file(file, {.max_bytes = size + 1}) == text);
        if (size > 0) {
            BOOST_CHECK_EXCEPTION((void)read_file(file, {.max_bytes = size - 1}), read_error,
                [](const read_error& failure) { return failure.why() == reason::too_long; });
        }
    }
    write_file(file, std::string(1025, 'x'));
    BOOST_CHECK_EXCEPTION(
        (void)read_file(file, {.max_bytes = 1024}), read_error, is(reason::too_long, "it is longer than 1 KiB"));
}

BOOST_AUTO_TEST_CASE(what_is_absent_or_no_file_is_refused_by_name) {
    BOOST_CHECK_EXCEPTION((void)read_file(path() + "/none", {.max_bytes = 9}), read_error,
        is(reason::absent, "No such file or directory"));
    write_file(file, "x");
    BOOST_CHECK_EXCEPTION(
        (void)read_file(file + "/below", {.max_bytes = 9}), read_error, is(reason::absent, "Not a directory"));
    BOOST_CHECK_EXCEPTION(
        (void)read_file(path(), {.max_bytes = 9}), read_error, is(reason::not_regular, "it is a directory"));
}

BOOST_AUTO_TEST_CASE(a_pipe_is_never_waited_for_unless_the_rules_say_so) {
    BOOST_REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    BOOST_CHECK_EXCEPTION(
        (void)read_file(file, {.max_bytes = 9}), read_error, is(reason::not_regular, "it is not a regular file"));
    BOOST_TEST(!read_front(file, 9));
    BOOST_CHECK_EXCEPTION((void)read_file(file, {.max_bytes = 9, .stream_silence = 10ms}), read_error,
        is(reason::silent, "it is a pipe from which nothing comes"));
}

BOOST_AUTO_TEST_CASE(a_pipe_that_is_fed_is_read_to_its_end) {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd reader{ends[0]};
    unique_fd writer{ends[1]};
    BOOST_REQUIRE(::write(writer.get(), "text", 4) == 4);
    writer.reset();
    BOOST_TEST(
        read_file("/proc/self/fd/" + std::to_string(reader.get()), {.max_bytes = 4, .stream_silence = 1min}) == "text");
    BOOST_CHECK_EXCEPTION(
        (void)read_file("/proc/self/fd/" + std::to_string(reader.get()), {.max_bytes = 4, .stream_silence = 1min}),
        read_error, is(reason::drained, "it is a pipe with nothing left in it"));
}

BOOST_AUTO_TEST_CASE(a_guarded_file_is_writable_by_its_owner_alone_and_a_secret_one_readable) {
    write_file(file, "x");
    const auto read = [this](mode_t mode, file_trust trust) {
        BOOST_REQUIRE(::chmod(file.c_str(), mode) == 0);
        return read_file(file, {.max_bytes = 9, .trust = trust});
    };
    BOOST_TEST(read(0666, file_trust::anyone) == "x");
    BOOST_TEST(read(0644, file_trust::guarded) == "x");
    BOOST_TEST(read(0600, file_trust::secret) == "x");
    const auto writable = is(reason::writable, "other users may write to it");
    BOOST_CHECK_EXCEPTION((void)read(0620, file_trust::guarded), read_error, writable);
    BOOST_CHECK_EXCEPTION((void)read(0602, file_trust::guarded), read_error, writable);
    const auto readable = is(reason::readable, "other users may read or write it");
    BOOST_CHECK_EXCEPTION((void)read(0602, file_trust::secret), read_error, readable);
    BOOST_CHECK_EXCEPTION((void)read(0640, file_trust::secret), read_error, readable);
}

BOOST_AUTO_TEST_CASE(another_users_file_is_not_trusted) {
    if (::geteuid() != 0) {
        return;  // only root can give a file away
    }
    write_file(file, "x");
    BOOST_REQUIRE(::chown(file.c_str(), 12345, static_cast<gid_t>(-1)) == 0);
    BOOST_TEST(read_file(file, {.max_bytes = 9}) == "x");
    BOOST_CHECK_EXCEPTION((void)read_file(file, {.max_bytes = 9, .trust = file_trust::guarded}), read_error,
        is(reason::foreign, "it belongs to user 12345, who could change it"));
}

BOOST_AUTO_TEST_CASE(the_front_of_a_file_is_as_long_as_there_is) {
    write_file(file, "abcdef");
    BOOST_TEST(read_front(file, 3).value() == "abc");
    BOOST_TEST(read_front(file, 6).value() == "abcdef");
    BOOST_TEST(read_front(file, 100).value() == "abcdef");
    BOOST_TEST(read_front(file, 0).value().empty());
    BOOST_TEST(!read_front(path() + "/none", 3));
    BOOST_TEST(!read_front(path(), 3));
}

BOOST_AUTO_TEST_CASE(a_file_that_tells_no_size_is_read_too) {
    const auto whole = read_front("/proc/self/status", 100'000).value();
    BOOST_TEST(whole.starts_with("Name:"));
    BOOST_TEST(whole.size() > 100U);
    BOOST_TEST(read_front("/proc/self/status", 7).value() == whole.substr(0, 7));
    BOOST_TEST(read_front("/proc/self/smaps", 1'000'000).value().size() > 4096U);
}

// A second read gives nothing, wherever the first has ended (proc_dointvec() in the kernel).
BOOST_AUTO_TEST_CASE(a_number_of_the_kernel_is_read_whole) {
    std::ifstream plain("/proc/sys/kernel/pid_max");
    std::string number;
    BOOST_REQUIRE(std::getline(plain, number));
    BOOST_TEST(number.size() > 1U);
    BOOST_TEST(read_front("/proc/sys/kernel/pid_max", 100).value() == number + "\n");
}

BOOST_AUTO_TEST_SUITE_END()
