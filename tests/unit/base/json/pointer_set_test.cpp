// SPDX-License-Identifier: BSL-1.0
#include <base/json/pointer.hpp>
#include <base/json/pointer_set.hpp>
#include <base/json/scanner.hpp>
#include <base/json/skipper.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::base {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

// Random JSON texts with what skipping may stumble over, and pointers into them.
class random_json {
public:
    explicit random_json(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_); }

    std::string value(unsigned levels) {
        switch (below(levels == 0 ? 5 : 9)) {
            case 0:
                return "-12.5e+3";
            case 1:
                return "true";
            case 2:
                return "null";
            case 3:
            case 4:
                return string();
            case 5:
            case 6:
                return container('[', ']', levels, false);
            default:
                return container('{', '}', levels, true);
        }
    }

    std::string pointer() {
        static const std::vector<std::string> tokens{"a", "b", "", "0", "1", "2", "10", "~0", "~1", "a~1b", "\u00e9"};
        std::string result;
        for (auto left = below(5); left > 0; --left) {
            result += '/' + tokens[below(tokens.size())];
        }
        return result;
    }

private:
    std::string space() { return below(4) == 0 ? std::string(below(3), ' ') + "\n" : ""; }

    std::string name() {
        static const std::vector<std::string> names{
            "a", "b", "", "0", "1", "~", "/", "a/b", R"(\u0061)", R"(\/)", "\u00e9"};
        return '"' + names[below(names.size())] + '"';
    }

    std::string string() {
        static const std::vector<std::string> pieces{"x", "{", "}", "[", "]", ",", ":", R"(\\)", R"(\")", R"(\u00e9)",
            "\u00e9", "a plain run of more than sixteen bytes"};
        std::string text{'"'};
        for (auto left = below(2) == 0 ? below(4) : below(40); left > 0; --left) {
            text += pieces[below(pieces.size())];
        }
        return text + '"';
    }

    std::string container(char opening, char closing, unsigned levels, bool has_names) {
        std::string text{opening};
        for (auto left = below(6); left > 0; --left) {
            text += space() + (has_names ? name() + space() + ':' + space() : "") + value(levels - 1) + space() +
                    (left > 1 ? "," : "");
        }
        return text + space() + closing;
    }

    std::mt19937 random_;
};

std::optional<std::string_view> found_at(const pointer_set::values& found, pointer_set::place place) {
    const auto at = found.find(place);
    return at == found.end() ? std::nullopt : std::optional{at->second};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pointer_set_suite)

BOOST_AUTO_TEST_CASE(what_is_skipped_is_what_the_scanner_skips) {
    for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
        const std::string text = random_json{seed}.value(6);
        for (const std::string& each : {text, text + std::string(70, ' ') + "]", text + ",1"}) {
            json_scanner scanner{each};
            std::size_t steps = unlimited;
            json_skipper skipper{each, steps};
            BOOST_TEST_REQUIRE(static_cast<const void*>(skipper.skip_value(each.data())) ==
                                   static_cast<const void*>(scanner.skip_value(each.data())),
                "seed " << seed << ": " << each);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_pointer_leads_where_it_leads_by_itself) {
    for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
        random_json random{seed};
        const std::string text = random.value(6);
        std::vector<std::string> pointers(1 + random.below(12));
        std::generate(pointers.begin(), pointers.end(), [&random] { return random.pointer(); });
        pointer_set set;
        std::vector<pointer_set::place> places;
        for (const auto& each : pointers) {
            places.push_back(set.add(each));
        }
        pointer_set::values found;
        std::size_t steps = unlimited;
        BOOST_TEST_REQUIRE(set.look_up(text, steps, found));
        for (std::size_t i = 0; i < pointers.size(); ++i) {
            BOOST_TEST_REQUIRE((found_at(found, places[i]) == find_value(text, pointers[i])),
                "seed " << seed << ": " << pointers[i] << " in " << text);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_pointer_stays_until_it_is_removed_as_often_as_it_was_added) {
    pointer_set set;
    const auto once = set.add("/a");
    const auto again = set.add("/a");
    BOOST_TEST(once == again);
    set.remove(once);
    BOOST_TEST(set.size() == 1U);
    set.remove(again);
    BOOST_CHECK(set.empty());
}

BOOST_AUTO_TEST_CASE(looking_up_gives_up_where_steps_do_not_suffice) {
    std::string text{R"({"a":1)"};
    for (int i = 0; i < 1000; ++i) {
        text += R"(,"b":[[],[{"c":"d"}]])";
    }
    text += "}";
    pointer_set set;
    (void)set.add("/a");
    (void)set.add("/b/1/0/c");
    std::size_t enough = 1'000'000;
    pointer_set::values found;
    BOOST_TEST(set.look_up(text, enough, found));
    const std::size_t needed = 1'000'000 - enough;
    for (std::size_t steps = 1; steps < needed; steps += 1 + needed / 500) {
        std::size_t left = steps;
        pointer_set::values none;
        BOOST_TEST_REQUIRE(!set.look_up(text, left, none));
        BOOST_TEST_REQUIRE(left == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::base
