// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/command_environment.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <unistd.h>

namespace {

using namespace hookd::protocol;
using variables = std::set<std::string>;

constexpr std::array<const char*, 16> parent{"PATH=/bin", "HOME=/root", "LANG=C", "USER=ann", "TMPDIR=/tmp",
    "SECRET_TOKEN=x", "TERM=xterm", "HOOK_COLOUR=red", "HOOK_EVENT=old", "HOOK_CAUSE=old", "HOOKD_SOCKET=/old",
    "PATHS=/x", "HOOK_SEQ=1", "HOOK_HOST=old", "HOOK_DIR=/old", nullptr};

variables of(const command_environment& environment) {
    const auto all =
        environment.for_event({.event = "pre_push", .hook_event_id = "id", .seq = 7, .host = "far", .cause = "a,b"});
    variables result(all.begin(), all.end());
    BOOST_TEST(result.size() == all.size());
    return result;
}

const variables usual{"PATH=/bin", "HOME=/root", "LANG=C", "USER=ann", "TMPDIR=/tmp", "HOOK_COLOUR=red",
    "HOOKD_SOCKET=/run/hookd.sock", "HOOK_EVENT=pre_push", "HOOK_EVENT_ID=id", "HOOK_SEQ=7", "HOOK_HOST=far",
    "HOOK_CAUSE=a,b,pre_push"};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_environment_suite)

BOOST_AUTO_TEST_CASE(only_what_is_listed_is_passed_on_and_the_event_is_described) {
    const command_environment environment(parent.data(), "/run/hookd.sock");
    BOOST_TEST(of(environment) == usual, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_event_that_nothing_led_to_is_the_whole_cause_of_what_follows) {
    const command_environment environment(parent.data(), "/run/hookd.sock");
    const auto all = environment.for_event({.event = "pre_push", .hook_event_id = "id", .seq = 7});
    BOOST_TEST(std::count(all.begin(), all.end(), "HOOK_CAUSE=pre_push") == 1);
}

BOOST_AUTO_TEST_CASE(an_event_of_gits_is_a_cause_with_its_place) {
    const command_environment environment(parent.data(), "/run/hookd.sock");
    const auto cause = [&](std::string_view event, std::string_view payload) {
        const auto all =
            environment.for_event({.event = event, .hook_event_id = "id", .seq = 7, .cause = "a", .payload = payload});
        return *std::find_if(
            all.begin(), all.end(), [](const std::string& each) { return each.starts_with("HOOK_CAUSE="); });
    };
    BOOST_TEST(cause("git.update", R"({"git_dir":"/d\u00e9p\u00f4t, 1%/.git"})") ==
               "HOOK_CAUSE=a,git.update@/d%C3%A9p%C3%B4t%2C%201%25/.git");
    BOOST_TEST(cause("git.update", "{}") == "HOOK_CAUSE=a,git.update");
    BOOST_TEST(cause("git.update", R"({"git_dir":")" + std::string(5000, 'x') + "\"}") == "HOOK_CAUSE=a,git.update");
    BOOST_TEST(cause("build", R"({"git_dir":"/x"})") == "HOOK_CAUSE=a,build");
}

BOOST_AUTO_TEST_CASE(an_event_of_this_machine_names_it_and_a_script_is_told_where_it_lies) {
    const command_environment environment(parent.data(), "/run/hookd.sock");
    const auto all =
        environment.for_event({.event = "pre_push", .hook_event_id = "id", .seq = 7, .directory = "/repo/hooks"});
    std::array<char, 256> host{};
    BOOST_REQUIRE(::gethostname(host.data(), host.size()) == 0);
    BOOST_TEST(std::count(all.begin(), all.end(), std::string("HOOK_HOST=") + host.data()) == 1);
    BOOST_TEST(std::count(all.begin(), all.end(), "HOOK_DIR=/repo/hooks") == 1);
}

BOOST_AUTO_TEST_CASE(further_variables_are_passed_by_name_or_with_a_value) {
    command_environment environment(parent.data(), "/run/hookd.sock");
    environment.add("SECRET_TOKEN", parent.data());
    environment.add("NOT_SET", parent.data());
    environment.add("LANG=de=AT", parent.data());
    environment.add("EMPTY=", parent.data());
    auto wanted = usual;
    wanted.erase("LANG=C");
    wanted.insert({"SECRET_TOKEN=x", "LANG=de=AT", "EMPTY="});
    BOOST_TEST(of(environment) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
