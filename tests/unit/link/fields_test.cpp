// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/fields.hpp"
#include "cluster/link/frame.hpp"

#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace hookd::link;
using hookd::test::nested_arrays;

namespace {

std::string object_of(std::size_t members) {
    hookd::base::object_writer out;
    for (std::size_t i = 0; i < members; ++i) {
        out.number("m" + std::to_string(i), i);
    }
    return out.finish();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(link_fields)

BOOST_AUTO_TEST_CASE(members_are_found_by_name_and_the_first_counts) {
    const std::string text = R"({"a": 1 ,"b":[2, 3],"a":4,"":"","\u0063":null})";
    const auto found = member_index::read(text);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->find("a") == "1");
    BOOST_TEST(found->find("b") == "[2, 3]");
    BOOST_TEST(found->find("") == R"("")");
    BOOST_TEST(found->find("c") == "null");
    BOOST_TEST(found->find("d") == "");
    BOOST_TEST(member_index::read("{}").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_one_object_or_has_too_many_members_is_refused) {
    for (const char* const wrong : {"", "[]", "1", " {}", "{} {}", "{", R"({"a"})", R"({"a":1,})", R"({"a":01})"}) {
        BOOST_TEST(!member_index::read(wrong), wrong);
    }
    BOOST_TEST(member_index::read(object_of(member_index::capacity - 1)).has_value());
    BOOST_TEST(member_index::read(object_of(member_index::capacity)).has_value());
    BOOST_TEST(!member_index::read(object_of(member_index::capacity + 1)));
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded) {
    const auto holding = [](std::size_t levels) { return R"({"a":)" + nested_arrays(levels) + "}"; };
    BOOST_TEST(member_index::read(holding(9), 10).has_value());
    BOOST_TEST(!member_index::read(holding(10), 10));
}

BOOST_AUTO_TEST_CASE(a_member_of_the_wrong_type_is_named) {
    const fields params{R"({"text":"\u00e9","big":4294967296,"no":null,"list":["x",1],"flag":true})"};
    BOOST_TEST(params.text("text") == "\xc3\xa9");
    BOOST_TEST(params.number<std::int64_t>("big") == 4'294'967'296);
    BOOST_CHECK_THROW((void)params.number<std::uint32_t>("big"), malformed_message);
    BOOST_CHECK_THROW((void)params.text("no"), malformed_message);
    BOOST_CHECK_THROW((void)params.texts("list"), malformed_message);
    BOOST_TEST(params.raw("no") == "null");
    BOOST_TEST(params.text_or_empty("no") == "");
    BOOST_TEST(params.number_or<int>("no", 7) == 7);
    BOOST_TEST(params.boolean("flag"));
    BOOST_TEST(!params.boolean_or_false("absent"));
    try {
        (void)params.text("flag");
        BOOST_ERROR("a boolean is not a text");
    } catch (const malformed_message& fault) {
        BOOST_TEST(fault.what() == "flag is of the wrong type");
    }
}

BOOST_AUTO_TEST_CASE(a_notification_is_read_in_one_pass) {
    const notification received{
        R"({"jsonrpc":"2.0","method":"x","params":{"a":{"b":[1]},"c":2,"c":3},"params":{"c":4}})"};
    BOOST_TEST(received.method() == "x");
    BOOST_TEST(received.params().raw("a") == R"({"b":[1]})");
    BOOST_TEST(received.params().number<int>("c") == 2);
    BOOST_TEST(notification{R"({"method":"y"})"}.params().find("c") == "");
    BOOST_TEST(notification{R"({"params":null,"method":"z"})"}.method() == "z");
    for (const char* const wrong :
        {"", "[]", "{", R"({"method":"x","params":{"a":1})", R"({"method":"x","params":{"a"}})",
            R"({"method":"x","params":{"a":1}}})", R"({"method":"x","params":[]})", R"({"method":"x","params":1})"}) {
        BOOST_CHECK_THROW(notification{wrong}, malformed_message);
    }
    const auto with_params = [](const std::string& params) { return R"({"method":"x","params":)" + params + "}"; };
    BOOST_TEST(notification{with_params(object_of(member_index::capacity))}.params().number<int>("m31") == 31);
    BOOST_CHECK_THROW(notification{with_params(object_of(member_index::capacity + 1))}, malformed_message);
    const auto holding = [&](std::size_t levels) { return with_params(R"({"a":)" + nested_arrays(levels) + "}"); };
    const auto deepest = hookd::base::max_json_depth - 2;
    BOOST_TEST(notification{holding(deepest)}.params().raw("a") == nested_arrays(deepest));
    BOOST_CHECK_THROW(notification{holding(deepest + 1)}, malformed_message);
}

BOOST_AUTO_TEST_CASE(a_notification_is_written_as_one_frame) {
    auto params = begin_notification("x");
    params.text("a", "\"\n").optional_text("b", "").optional_raw("c", "").flag("d", false);
    params.array("e", std::vector<int>{1, 2}, [](std::string& out, int each) { out += std::to_string(each); });
    const auto frame = frame_of(params);
    BOOST_TEST(body_of(frame) == R"({"jsonrpc":"2.0","method":"cluster.x","params":{"a":"\"\n","d":false,"e":[1,2]}})");
    BOOST_TEST(static_cast<std::size_t>(frame[3]) == frame.size() - 4);
    BOOST_TEST(body_of(frame_of(begin_notification("y"))) == R"({"jsonrpc":"2.0","method":"cluster.y","params":{}})");
}

BOOST_AUTO_TEST_SUITE_END()
