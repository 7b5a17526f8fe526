// SPDX-License-Identifier: BSL-1.0
#include "catalog/schema.hpp"

#include "support/text.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>

namespace {

using namespace hookd::catalogs;
using hookd::test::mentions;

/// `POINTER RULE` of the violation; empty where there is none.
std::string fault_of(const std::string& text, const std::string& value) {
    const auto wrong = schema{text}.check(value);
    return wrong ? wrong->pointer + " " + wrong->rule : "";
}

/// `POINTER: REASON` of what is wrong with a schema; empty where nothing is.
std::string refused(const std::string& text) {
    try {
        (void)schema{text};
        return {};
    } catch (const invalid_schema& wrong) {
        return wrong.pointer() + ": " + wrong.what();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_suite)

BOOST_AUTO_TEST_CASE(every_keyword_of_draft_7_is_checked) {
    struct row {
        const char* schema;
        const char* good;
        const char* bad;
        const char* fault;
    };
    const row rows[] = {
        {R"({"type":"integer"})", "1.0", "1.5", " type"},
        {R"({"type":"integer"})", "123456789012345678901234567890", "\"1\"", " type"},
        {R"({"type":["string","null"]})", "null", "true", " type"},
        {R"({"type":"number"})", "1e400", "[]", " type"},
        {R"({"enum":["a",1,{"b":[2.0]}]})", R"({"b":[2]})", R"({"b":[3]})", " enum"},
        {R"({"const":"a"})", R"("\u0061")", R"("b")", " const"},
        {R"({"maximum":9007199254740993})", "9007199254740993", "9007199254740994", " maximum"},
        {R"({"exclusiveMaximum":3})", "2.999", "3", " exclusiveMaximum"},
        {R"({"minimum":-1})", "-1", "-1.0001", " minimum"},
        {R"({"exclusiveMinimum":0})", "1e-300", "0", " exclusiveMinimum"},
        {R"({"multipleOf":0.01})", "0.07", "0.075", " multipleOf"},
        {R"({"minLength":2})", R"("äö")", R"("ä")", " minLength"},
        {R"({"maxLength":2})", R"("äö")", R"("äöü")", " maxLength"},
        {R"({"pattern":"^a+$"})", R"("aa")", R"("ab")", " pattern"},
        {R"({"items":{"type":"string"}})", R"(["a"])", R"(["a",1])", "/1 type"},
        {R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a"])", R"(["a",1])", "/1 false"},
        {R"({"items":[{"type":"string"}],"additionalItems":{"type":"null"}})", R"(["a",null])", R"(["a",null,1])",
            "/2 type"},
        {R"({"contains":{"const":1}})", "[0,1.0]", "[0,2]", " contains"},
        {R"({"minItems":1})", "[0]", "[]", " minItems"},
        {R"({"maxItems":1})", "[0]", "[0,0]", " maxItems"},
        {R"({"uniqueItems":true})", R"([1,"1",[1],{"a":1}])", R"([{"a":1,"b":2},{"b":2,"a":1.0}])", " uniqueItems"},
        {R"({"required":["a"]})", R"({"\u0061":1})", R"({"b":1})", " required"},
        {R"({"minProperties":1})", R"({"a":1})", "{}", " minProperties"},
        {R"({"maxProperties":1})", R"({"a":1,"a":2})", R"({"a":1,"b":2})", " maxProperties"},
        {R"({"properties":{"a":{"type":"string"}}})", R"({"b":1})", R"({"a":1})", "/a type"},
        {R"({"patternProperties":{"^x":{"type":"null"}},"additionalProperties":false})", R"({"x1":null})",
            R"({"y":null})", "/y additionalProperties"},
        {R"({"patternProperties":{"^x":{"type":"null"}}})", R"({"y":1})", R"({"x/~":1})", "/x~1~0 type"},
        {R"({"additionalProperties":{"type":"null"},"properties":{"a":true}})", R"({"a":1,"b":null})", R"({"b":1})",
            "/b type"},
        {R"({"propertyNames":{"maxLength":1}})", R"({"a":1})", R"({"ab":1})", "/ab maxLength"},
        {R"({"dependencies":{"a":["b"]}})", R"({"a":1,"b":1})", R"({"a":1})", " dependencies"},
        {R"({"dependencies":{"a":{"required":["c"]}}})", R"({"b":1})", R"({"a":1})", " required"},
        {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "1.5", "3", " maximum"},
        {R"({"anyOf":[{"type":"null"},{"minimum":5}]})", "6", "4", " anyOf"},
        {R"({"oneOf":[{"minimum":1},{"maximum":2}]})", "3", "1.5", " oneOf"},
        {R"({"not":{"type":"null"}})", "1", "null", " not"},
        {R"({"if":{"type":"string"},"then":{"minLength":1},"else":{"type":"null"}})", "null", R"("")", " minLength"},
        {R"({"definitions":{"t":{"items":{"$ref":"#/definitions/t"},"type":"array"}},"$ref":"#/definitions/t"})",
            "[[],[[]]]", "[[],[[1]]]", "/1/0/0 type"},
        {R"({"properties":{"a/b":{"$ref":"#/properties/c%25d"},"c%d":{"type":"null"}}})", R"({"a/b":null})",
            R"({"a/b":1})", "/a~1b type"},
        {"false", nullptr, "1", " false"},
        {R"({"properties":{"a":false}})", "{}", R"({"a":1})", "/a false"},
    };
    for (const auto& each : rows) {
        if (each.good != nullptr) {
            BOOST_TEST(fault_of(each.schema, each.good).empty(), each.schema << " on " << each.good);
        }
        BOOST_TEST(fault_of(each.schema, each.bad) == each.fault, each.schema << " on " << each.bad);
    }
}

BOOST_AUTO_TEST_CASE(a_referenced_schema_with_property_names_is_not_taken_for_these) {
    const std::string text =
        R"({"definitions":{"t":{"type":"object","propertyNames":{"pattern":"^a"}}},"items":{"$ref":"#/definitions/t"}})";
    BOOST_TEST(fault_of(text, R"([{"a1":1}])").empty());
    BOOST_TEST(fault_of(text, R"([{"b":1}])") == "/0/b pattern");
}

BOOST_AUTO_TEST_CASE(each_value_of_a_repeated_name_must_match) {
    const std::string text = R"({"properties":{"a":{"type":"string"}}})";
    BOOST_TEST(fault_of(text, R"({"a":1,"a":"x"})") == "/a type");
    BOOST_TEST(fault_of(text, R"({"a":"x","\u0061":1})") == "/a type");
}

BOOST_AUTO_TEST_CASE(format_and_unknown_keywords_are_not_checked) {
    BOOST_TEST(fault_of(R"({"format":"date","x-unit":"m","examples":[1]})", R"("no date")").empty());
}

BOOST_AUTO_TEST_CASE(a_name_with_a_zero_byte_is_a_name) {
    BOOST_TEST(fault_of(R"({"properties":{"a\u0000b":{"type":"null"}}})", R"({"a":1,"a\u0000b":null})").empty());
    BOOST_TEST(fault_of(R"({"required":["a\u0000b"]})", R"({"a":1})") == " required");
}

BOOST_AUTO_TEST_CASE(a_reference_goes_by_the_base_that_id_sets) {
    const std::string text = R"({"$id":"http://example.org/root.json","definitions":{
        "a":{"$id":"a.json","definitions":{"t":{"type":"null"}},"items":{"$ref":"#/definitions/t"}},
        "b":{"$id":"#named","type":"boolean"}},
        "properties":{"x":{"$ref":"a.json"},"y":{"$ref":"a.json#/definitions/t"},"z":{"$ref":"#named"}}})";
    BOOST_TEST(fault_of(text, R"({"x":[null],"y":null,"z":true})").empty());
    BOOST_TEST(fault_of(text, R"({"x":[1]})") == "/x/0 type");
    BOOST_TEST(fault_of(text, R"({"y":1})") == "/y type");
    BOOST_TEST(fault_of(text, R"({"z":1})") == "/z type");
}

BOOST_AUTO_TEST_CASE(the_meta_schema_may_be_referred_to) {
    const std::string text = R"({"$ref":"http://json-schema.org/draft-07/schema#"})";
    BOOST_TEST(fault_of(text, R"({"type":"null","items":[{"minLength":1}]})").empty());
    BOOST_TEST(fault_of(text, R"({"items":{"minLength":-1}})") == "/items/minLength minimum");
}

BOOST_AUTO_TEST_CASE(tens_of_thousands_of_subschemas_are_fine) {
    std::string text = R"({"properties":{)";
    for (int i = 0; i < 20'000; ++i) {
        text += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + R"(":{"type":"null"})";
    }
    const schema compiled{text + "}}"};
    BOOST_TEST(!compiled.check(R"({"n19999":null})").has_value());
    BOOST_TEST(compiled.check(R"({"n19999":1})").has_value());
}

BOOST_AUTO_TEST_CASE(a_schema_that_allows_everything_says_so) {
    BOOST_TEST(schema{"{}"}.allows_everything());
    BOOST_TEST(schema{"true"}.allows_everything());
    BOOST_TEST(schema{R"({"description":"anything"})"}.allows_everything());
    BOOST_TEST(!schema{R"({"type":"object"})"}.allows_everything());
    BOOST_TEST(!schema{"false"}.allows_everything());
    BOOST_TEST(!schema{R"({"$ref":"#/definitions/a","definitions":{"a":{"type":"null"}}})"}.allows_everything());
}

BOOST_AUTO_TEST_CASE(what_is_no_schema_is_refused_with_the_place) {
    struct row {
        const char* schema;
        const char* place;
        const char* part;
    };
    const row rows[] = {
        {"1", ":", "an object or a boolean"},
        {R"({"type":"strin"})", "/type:", "must be one of"},
        {R"({"properties":{"a":{"minLength":-1}}})", "/properties/a/minLength:", "at least 0"},
        {R"({"required":"a"})", "/required:", "an array"},
        {R"({"required":["a","a"]})", "/required:", "twice"},
        {R"({"items":[{"maximum":"1"}]})", "/items/0/maximum:", "a number"},
        {R"({"multipleOf":0})", "/multipleOf:", "more than 0"},
        {R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "/$schema:", "draft-07"},
        {R"({"pattern":"("})", "/pattern:", "( has no )"},
        {R"x({"patternProperties":{"a(?=b)":{}}})x", "/patternProperties/a(?=b):", "look-ahead"},
        {R"({"$ref":"http://example.org/schema.json"})", "/$ref:", "nothing is fetched"},
        {R"({"$ref":"file:///etc/passwd"})", "/$ref:", "nothing is fetched"},
        {R"({"items":{"$ref":"#/definitions/none"}})", "/items/$ref:", "no schema at"},
        {R"({"$ref":"#"})", "/$ref:", "without end"},
        {R"({"definitions":{"a":{"anyOf":[{"$ref":"#/definitions/b"}]},"b":{"not":{"$ref":"#/definitions/a"}}}})",
            "/definitions/a", "without end"},
        {R"({"$ref":"other.json#/payload_schema"})", "/$ref:", "no file \"other.json\""},
        {R"({"$ref":"../other.json"})", "/$ref:", "nothing is fetched"},
        {R"({"$ref":"a b"})", "/$ref:", "not a URI reference"},
        {R"({"requird":["a"]})", "/requird:", "did you mean \"required\"?"},
        {R"({"items":{"minLenght":1}})", "/items/minLenght:", "did you mean \"minLength\"?"},
        {R"({"prefixItems":[]})", "/prefixItems:", "a later draft"},
        {R"({"divisibleBy":2})", "/divisibleBy:", "an earlier draft"},
        {R"({"properties":{"a":{"dependentRequired":{}}}})",
            "/properties/a/dependentRequired:", "\"dependencies\" instead"},
    };
    for (const auto& each : rows) {
        const auto why = refused(each.schema);
        BOOST_TEST(why.starts_with(each.place), each.schema << " gave " << why);
        BOOST_TEST(mentions(why, each.part), each.schema << " gave " << why);
    }
}

BOOST_AUTO_TEST_CASE(a_schema_without_bounds_is_refused) {
    std::string chain = R"({"definitions":{)";
    for (int i = 0; i < 40; ++i) {
        chain +=
            "\"d" + std::to_string(i) + R"(":{"allOf":[{"$ref":"#/definitions/d)" + std::to_string(i + 1) + "\"}]},";
    }
    BOOST_TEST(mentions(refused(chain + R"("d40":{}}})"), "more than 32 schemas"));
    const std::string many(std::size_t{4} << 20, ' ');
    BOOST_TEST(mentions(refused("{" + many + "}"), "more than 4 MiB"));
}

BOOST_AUTO_TEST_CASE(a_check_that_takes_too_long_is_given_up) {
    const auto gives_up = [](const std::string& text, const std::string& value) {
        const auto wrong = schema{text}.check(value);
        return wrong && wrong->rule.empty() && mentions(wrong->detail, "steps");
    };
    // Each level asks again and again.
    std::string doubling = R"({"definitions":{"d0":{"type":"null"})";
    for (int i = 0; i < 14; ++i) {
        const auto before = R"({"$ref":"#/definitions/d)" + std::to_string(i) + "\"}";
        doubling += ",\"d" + std::to_string(i + 1) + R"(":{"anyOf":[)" + before + "," + before + "," + before + "," +
                    before + "]}";
    }
    BOOST_TEST(gives_up(doubling + R"(},"$ref":"#/definitions/d14"})", "1"));
    BOOST_TEST(gives_up(doubling + R"(},"items":{"$ref":"#/definitions/d14"}})", "[1]" + std::string(1'000'000, ' ')));
    // A text is read once for each level of it.
    std::string ones = "1";
    for (int i = 0; i < 500'000; ++i) {
        ones += ",1";
    }
    BOOST_TEST(gives_up(R"({"enum":[1]})", std::string(100, '[') + ones + std::string(100, ']')));
    // Names that no member has are looked for all the same.
    std::string names = "\"a\"";
    for (int i = 0; i < 10'000; ++i) {
        names += ",\"n" + std::to_string(i) + "\"";
    }
    std::string objects = "{}";
    for (int i = 0; i < 1000; ++i) {
        objects += ",{}";
    }
    BOOST_TEST(gives_up(R"({"items":{"dependencies":{"x":[)" + names + "]}}}", "[" + objects + "]"));
}

BOOST_AUTO_TEST_CASE(a_long_value_may_take_more_steps_than_a_short_one) {
    std::string zeros = "[0";
    for (int i = 0; i < 1'100'000; ++i) {
        zeros += ",0";
    }
    BOOST_TEST(fault_of(R"({"items":{"type":"integer"}})", zeros + "]") == "");
    BOOST_TEST(fault_of(R"({"items":{"minimum":0},"minItems":1})", zeros + ",-1]") == "/1100001 minimum");
    BOOST_TEST(fault_of(R"({"items":[{"type":"null"}],"additionalItems":{"minimum":0}})",
                   "[null" + zeros.substr(2) + ",-1]") == "/1100001 minimum");
    std::string names = "{";
    for (int i = 0; i < 400'000; ++i) {
        names += "\"" + std::to_string(i) + "\":0,";
    }
    BOOST_TEST(fault_of(R"({"required":["a"],"additionalProperties":{"minimum":0}})", names + "\"\\u0061\":-1}") ==
               "/a minimum");
}

BOOST_AUTO_TEST_CASE(a_fault_has_the_values_as_the_schema_writes_them) {
    const auto detail = [](const std::string& text) { return schema{text}.check("0.25").value().detail; };
    BOOST_TEST(detail(R"({"enum":[10, 2.50, "\u00e4 b", {"b" : [1,
        20]}]})") == R"(must be one of 10, 2.50, "\u00e4 b", {"b":[1,20]})");
    BOOST_TEST(detail(R"({"const":"a \" b\\"})") == R"(must be "a \" b\\")");
    BOOST_TEST(detail(R"({"multipleOf":1.5})") == "must be a multiple of 1.5");
    BOOST_TEST(detail(R"({"minimum":100})") == "must be at least 100");
    BOOST_TEST(detail(R"({"exclusiveMinimum":1e1})") == "must be more than 1e1");
    BOOST_TEST(detail(R"({"maximum":-10})") == "must be at most -10");
    BOOST_TEST(detail(R"({"exclusiveMaximum":0.0})") == "must be less than 0.0");
    BOOST_TEST(detail(R"({"minimum":1)" + std::string(100, '0') + "}") == "must be at least …");
}

BOOST_AUTO_TEST_CASE(a_fault_is_told_in_a_sentence_not_in_a_page) {
    const std::string expression = "^x{3}" + std::string(1000, 'z') + "$";
    const auto wrong = schema{R"({"pattern":")" + expression + "\"}"}.check("\"\"");
    BOOST_REQUIRE(wrong.has_value());
    BOOST_TEST(wrong->detail.size() < 300U);
    BOOST_TEST(mentions(wrong->detail, "^x{3}zzz"));
    // Whole characters only.
    std::string name = "a";
    for (int i = 0; i < 100; ++i) {
        name += "\u00e4";
    }
    BOOST_TEST(schema{R"({"required":[")" + name + "\"]}"}.check("{}")->detail.ends_with("\u00e4…\""));
}

BOOST_AUTO_TEST_CASE(a_value_nested_as_deep_as_may_be_is_checked) {
    const std::string text = R"({"type":"array","items":{"$ref":"#"}})";
    const auto deep = std::string(126, '[') + std::string(126, ']');
    BOOST_TEST(fault_of(text, deep).empty());
    BOOST_TEST(fault_of(text, std::string(126, '[') + "1" + std::string(126, ']')).size() ==
               126 * 2 + std::string{" type"}.size());
}

BOOST_AUTO_TEST_CASE(a_check_ends_at_its_limit_or_when_it_is_given_up) {
    const schema wanted{R"({"items":{"type":"integer","minimum":0}})"};
    std::string value = "[0";
    for (int i = 0; i < 2000; ++i) {
        value += ",1";
    }
    value += ",-1]";
    hookd::server::check_limit few{};
    few.steps = 1000;
    BOOST_TEST(wanted.check(value, few).has_value());
    BOOST_TEST(few.is_exceeded);
    hookd::server::check_limit enough{};
    enough.steps = 100'000;
    BOOST_TEST(wanted.check(value, enough)->pointer == "/2001");
    BOOST_TEST(!enough.is_exceeded);
    const std::atomic<bool> given_up{true};
    hookd::server::check_limit cancelled{};
    cancelled.is_cancelled = &given_up;
    BOOST_TEST(wanted.check(value, cancelled)->pointer == "");
    BOOST_TEST(!cancelled.is_exceeded);
}

BOOST_AUTO_TEST_SUITE_END()
