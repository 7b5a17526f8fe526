// SPDX-License-Identifier: BSL-1.0
#include "catalog/uri.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace {

using namespace hookd::catalogs;

std::string resolved(std::string_view base, std::string_view reference) {
    const auto result = resolve(parse_uri_reference(base).value(), parse_uri_reference(reference).value());
    const auto part = [](std::string_view before, const std::optional<std::string>& text) {
        return text ? std::string{before} + *text : std::string{};
    };
    return result.scheme.value_or("") + ":" + part("//", result.authority) + result.path + part("?", result.query) +
           part("#", result.fragment);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(uris)

// RFC 3986, section 5.4.
BOOST_AUTO_TEST_CASE(the_examples_of_the_standard_are_resolved_as_it_says) {
    struct row {
        const char* reference;
        const char* wanted;
    };
    const row rows[] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"http:g", "http:g"},
    };
    for (const auto& [reference, wanted] : rows) {
        BOOST_TEST_CONTEXT(reference) { BOOST_TEST(resolved("http://a/b/c/d;p?q", reference) == wanted); }
    }
}

BOOST_AUTO_TEST_CASE(a_reference_is_taken_apart) {
    const auto all = parse_uri_reference("HTTP://u:p%40@[::1]:80/a/b?c/?#d?").value();
    BOOST_TEST(all.scheme.value() == "http");
    BOOST_TEST(all.authority.value() == "u:p%40@[::1]:80");
    BOOST_TEST(all.path == "/a/b");
    BOOST_TEST(all.query.value() == "c/?");
    BOOST_TEST(all.fragment.value() == "d?");
    const auto bare = parse_uri_reference("urn:").value();
    BOOST_TEST(bare.scheme.value() == "urn");
    BOOST_TEST(!bare.authority);
    BOOST_TEST(bare.path == "");
    BOOST_TEST(parse_uri_reference("//").value().authority.value() == "");
    BOOST_TEST(parse_uri_reference("#").value().fragment.value() == "");
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_base_that_has_no_path_are_kept) {
    BOOST_TEST(resolved("http://a", "g") == "http://a/g");
    BOOST_TEST(resolved("urn:", "g") == "urn:g");
    BOOST_TEST(resolved("catalog:///a.json?payload_schema", "#x") == "catalog:///a.json?payload_schema#x");
    BOOST_TEST(resolved("catalog:///a.json?payload_schema", "b.json") == "catalog:///b.json");
}

BOOST_AUTO_TEST_CASE(what_is_no_reference_is_refused) {
    for (const std::string_view text : {"a b", "1a:b", ":b", "a\\b", "A:\\\\", "%", "%4", "%4g", "a#b#c", "ä", "[::1]",
             "//[::1", "//[]", "//[::1]a", "//[%41]", "//a:b", "//a@b@c", "//a:1:2", "a[", "?[", "#\"", "<a>"}) {
        BOOST_TEST_CONTEXT(text) { BOOST_TEST(!parse_uri_reference(text).has_value()); }
    }
}

BOOST_AUTO_TEST_CASE(a_file_name_becomes_a_path_and_a_path_a_file_name) {
    BOOST_TEST(encode_path("a b%?#.json") == "a%20b%25%3F%23.json");
    BOOST_TEST(encode_path("ä") == "%C3%A4");
    BOOST_TEST(decode_percent("a%20b%25%3f%23%c3%A4") == "a b%?#ä");
    BOOST_TEST(decode_percent("%4%%zz") == "%4%%zz");
}

BOOST_AUTO_TEST_SUITE_END()
