// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include "cluster/nats/subjects.hpp"
#include "cluster/nats/url.hpp"

#include <stdexcept>
#include <string>

using namespace hookd::nats;

namespace {

std::string refusal_of(const std::string& text) {
    try {
        static_cast<void>(parse_url(text));
    } catch (const std::invalid_argument& fault) {
        return fault.what();
    }
    return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(url_)

BOOST_AUTO_TEST_CASE(all_parts_are_read) {
    const url found = parse_url("tls://ann:s%40cret%3a@one,two:5,[::1]:6/farm_1?tls_ca=/a%20b&tls_cert=c&tls_key=k");
    BOOST_TEST((found.servers == std::vector<server_address>{{"one", 4222}, {"two", 5}, {"::1", 6}}));
    BOOST_TEST(found.who.user == "ann");
    BOOST_TEST(found.who.password == "s@cret:");
    BOOST_TEST(found.needs_tls);
    BOOST_TEST(found.cluster == "farm_1");
    BOOST_TEST(found.tls_ca == "/a b");
    BOOST_TEST(to_text(found.servers[2]) == "[::1]:6");
    const url least = parse_url("nats://token@host/");
    BOOST_TEST(least.who.token == "token");
    BOOST_TEST(least.who.user.empty());
    BOOST_TEST(least.cluster == "default");
    BOOST_TEST(!least.needs_tls);
}

BOOST_AUTO_TEST_CASE(a_typo_is_named_and_a_password_is_not) {
    for (const char* each : {"http://host", "nats://", "nats://host:0", "nats://host:65536", "nats://host:1x",
             "nats://a,,b", "nats://[::1", "nats://[::1]x", "nats://host/a.b", "nats://host?tls=1",
             "nats://host?tls_cert=x", "nats://u:p%4@host", ""}) {
        BOOST_TEST(refusal_of(each) != "accepted", each);
    }
    BOOST_TEST(refusal_of("nats://ann:secret@host:1x").find("secret") == std::string::npos);
    BOOST_TEST(refusal_of("nats://host?creds=/x").find("not supported") != std::string::npos);
    BOOST_TEST(refusal_of("nats://host?nkey=/x").find("nkey") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_host_is_one_token_of_a_subject) {
    BOOST_TEST(to_token("build-1_x") == "build-1_x");
    BOOST_TEST(to_token("a.b c*>=") == "a=2Eb=20c=2A=3E=3D");
    const subjects names{"farm", "a.b"};
    BOOST_TEST(names.ask == "hookd.farm.ask.a=2Eb");
    BOOST_TEST(names.heard[3] == "hookd.farm.to.a=2Eb.*");
    BOOST_TEST(names.to("c") == "hookd.farm.to.c.a=2Eb");
    BOOST_TEST(names.answers_to("c") == "hookd.farm.answer.c.");
    BOOST_TEST(subjects::is_from("hookd.farm.to.c.a=2Eb", "a.b"));
    BOOST_TEST(!subjects::is_from("hookd.farm.to.a=2Eb.c", "a.b"));
}

BOOST_AUTO_TEST_SUITE_END()
