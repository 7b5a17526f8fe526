// SPDX-License-Identifier: BSL-1.0
// Whom a client takes for its daemon, and what it makes of a socket that it can't use.

#include "daemon_owner.hpp"
#include "fake_daemon.hpp"
#include "runner_script.hpp"

#include "support/preconditions.hpp"

#include <base/posix/unique_fd.hpp>
#include <hookd/async_client.hpp>
#include <hookd/client.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::test {
namespace {

using namespace std::chrono_literals;
using detail::is_trusted_owner;

constexpr uid_t other_user = 61666;

// Fills the queue of connections that nobody accepts.
std::vector<base::unique_fd> fill_queue(const std::string& path) {
    std::vector<base::unique_fd> waiting;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    for (;;) {
        base::unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            require(errno == EAGAIN, "the queue did not fill");
            return waiting;
        }
        waiting.push_back(std::move(fd));
    }
}

// No descriptor is to be had while this lives.
class no_descriptors {
public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        auto none = before_;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;

private:
    rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(daemon_owner)

BOOST_AUTO_TEST_CASE(the_own_user_root_and_the_one_that_was_named_are_trusted_and_nobody_else) {
    BOOST_TEST(is_trusted_owner(1000, 1000, {}, false));
    BOOST_TEST(is_trusted_owner(0, 1000, {}, false));
    BOOST_TEST(is_trusted_owner(7, 1000, 7, false));
    BOOST_TEST(!is_trusted_owner(7, 1000, {}, false));
    BOOST_TEST(!is_trusted_owner(7, 1000, 8, false));
    BOOST_TEST(!is_trusted_owner(1000, 0, {}, false));
}

BOOST_AUTO_TEST_CASE(the_number_of_those_who_have_none_is_nobodys) {
    BOOST_TEST(!is_trusted_owner(65534, 65534, {}, true));
    BOOST_TEST(!is_trusted_owner(65534, 1000, 65534, true));
}

BOOST_AUTO_TEST_CASE(the_daemons_user_is_named_by_name_or_number_or_by_the_environment) {
    BOOST_TEST((detail::named_daemon_user("root") == 0U));
    BOOST_TEST((detail::named_daemon_user("61666") == 61666U));
    BOOST_TEST(!detail::named_daemon_user("").has_value());
    ::setenv("HOOKD_DAEMON_USER", "7", 1);
    BOOST_TEST((detail::named_daemon_user("") == 7U));
    BOOST_TEST((detail::named_daemon_user("8") == 8U));
    ::unsetenv("HOOKD_DAEMON_USER");
    for (const std::string unknown : {"no-such-user", "4294967295", "-1", "1000x"}) {
        const auto failure = failure_of([&] { (void)detail::named_daemon_user(unknown); });
        BOOST_TEST((failure.kind() == error_kind::invalid_argument));
        BOOST_TEST(contains(failure.what(), unknown));
    }
}

BOOST_AUTO_TEST_CASE(another_users_socket_gets_no_byte, *boost::unit_test::precondition(as_root)) {
    fake_daemon daemon;
    daemon.listen_as(other_user);
    const auto is_told = [&](const error& failure) {
        BOOST_TEST((failure.kind() == error_kind::untrusted));
        BOOST_TEST(contains(failure.what(), daemon.path()));
        BOOST_TEST(contains(failure.what(), "--daemon-user 61666"));
        daemon.accept().expect_end();
    };
    is_told(failure_of([&] { client{{.path = daemon.path()}}; }));

    boost::asio::io_context io;
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    auto emitted = caller.async_emit("x", "{}", boost::asio::use_future);
    caller.close();
    io.run();
    is_told(failure_of([&] { emitted.get(); }));

    hook_runner hooks{options_of(daemon)};
    hooks.on("x", [](const event&) { return proceed(); });
    is_told(failure_of_run(hooks));
}

BOOST_AUTO_TEST_CASE(another_users_daemon_is_talked_to_where_it_is_named, *boost::unit_test::precondition(as_root)) {
    fake_daemon daemon;
    daemon.listen_as(other_user);
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.result(peer.receive("ping"), R"({"instance":"theirs"})");
    }};
    client caller{{.path = daemon.path(), .daemon_user = "61666"}};
    BOOST_TEST(caller.ping().instance == "theirs");
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_runner_outlasts_a_stranger_on_its_daemons_path, *boost::unit_test::precondition(as_root)) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    hooks.on("x", [](const event&) { return proceed(); });
    notices heard;
    heard.watch(hooks);
    script_beside script{hooks, [&] {
                             {
                                 auto peer = daemon.accept();
                                 peer.open_session(0);
                                 daemon.listen_as(other_user);
                             }
                             daemon.accept().expect_end();
                             daemon.accept().expect_end();
                             daemon.listen();
                             auto peer = daemon.accept();
                             peer.open_session(0, "run-2");
                             hooks.stop();
                             peer.expect_end();
                         }};
    hooks.run();
    script.finish();
    // Lost, then told once that somebody else is there, then connected again.
    BOOST_REQUIRE(heard.told.size() >= 4U);
    BOOST_TEST((heard.told[1].type == notice::kind::disconnected));
    BOOST_TEST((heard.told[2].type == notice::kind::disconnected));
    BOOST_TEST(contains(heard.told[2].message, "user 61666"));
    BOOST_TEST((heard.told.back().type == notice::kind::connected));
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_a_daemon_that_refuses_and_not_an_absent_one) {
    fake_daemon daemon;
    const auto waiting = fill_queue(daemon.path());
    const auto failure = failure_of([&] { client{{.path = daemon.path(), .connect_timeout = 5ms}}; });
    BOOST_TEST((failure.kind() == error_kind::unreachable));
    BOOST_TEST(contains(failure.what(), daemon.path()));
}

BOOST_AUTO_TEST_CASE(a_lack_of_descriptors_says_nothing_about_the_daemon) {
    const fake_daemon daemon;
    const auto failure = [&] {
        const no_descriptors lack;
        return failure_of([&] { client{{.path = daemon.path()}}; });
    }();
    BOOST_TEST((failure.kind() == error_kind::unreachable));
    BOOST_TEST(contains(failure.what(), "descriptor"));
}

BOOST_AUTO_TEST_CASE(
    a_socket_that_may_not_be_opened_is_a_daemon_that_refuses, *boost::unit_test::precondition(as_root)) {
    fake_daemon daemon;
    BOOST_REQUIRE(::seteuid(other_user) == 0);
    const auto failure = failure_of([&] { client{{.path = daemon.path()}}; });
    BOOST_REQUIRE(::seteuid(0) == 0);
    BOOST_TEST((failure.kind() == error_kind::unreachable));
    BOOST_TEST(contains(failure.what(), "--allow-user"));
}

BOOST_AUTO_TEST_CASE(a_socket_of_another_type_is_no_absent_daemon) {
    const temp_directory directory;
    const auto path = directory / "s";
    const base::unique_fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    BOOST_REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    BOOST_TEST((failure_of([&] { client{{.path = path}}; }).kind() == error_kind::unreachable));
}

BOOST_AUTO_TEST_CASE(a_name_with_an_at_sign_is_a_socket_in_the_abstract_namespace) {
    const auto name = "@hookd-client-test-" + std::to_string(::getpid());
    BOOST_TEST((failure_of([&] { client{{.path = name}}; }).kind() == error_kind::no_daemon));

    const base::unique_fd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    BOOST_REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(::listen(listener.get(), 1) == 0);
    fake_script script{[&] {
        fake_peer peer{base::unique_fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)}};
        peer.result(peer.receive("ping"), R"({"instance":"abstract"})");
    }};
    client caller{{.path = name}};
    BOOST_TEST(caller.ping().instance == "abstract");
    script.finish();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
