// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include "cluster/nats/asks.hpp"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

using namespace hookd::nats;
namespace links = hookd::link;
using namespace std::chrono_literals;

namespace {

const asks::time_point start{};

struct fixture {
    std::vector<std::string> heard{};
    asks open{[this](const report& what) { heard.push_back(described(what)); }};

    static std::string described(const report& what) {
        if (const auto* asked = std::get_if<links::asked>(&what)) {
            std::string text = "asked";
            for (const auto& host : asked->hosts) {
                text += " " + host.name;
                for (const auto& each : host.responders) {
                    text += "/" + each.name;
                }
            }
            return text;
        }
        const auto& settled = std::get<links::settled>(what);
        return "settled " + settled.host + " " +
               (settled.result_json == links::result_without_answer() ? "left" : settled.result_json);
    }

    [[nodiscard]] std::vector<std::string> take() { return std::exchange(heard, {}); }

    static message from(const std::string& host, message::kind type) {
        message what;
        what.type = type;
        what.from = {host, "1"};
        what.id = "id";
        what.responders = R"([{"name":"x","on_failure":"open","order":-2}])";
        what.result = "{1}";
        if (type == message::kind::settled) {
            what.responders = {};
        }
        return what;
    }
    bool has(const std::string& host) { return open.on_has(from(host, message::kind::has)); }
    void none(const std::string& host) { open.on_none(from(host, message::kind::none)); }
    void settled(const std::string& host, bool decides = false) {
        message what = from(host, message::kind::settled);
        what.decides = decides;
        open.on_settled(what);
    }
    void settled_at_once(const std::string& host, bool decides = false) {
        message what = from(host, message::kind::has);
        what.type = message::kind::settled;
        what.decides = decides;
        open.on_settled(what);
    }
    void ask(const std::vector<std::string>& hosts) {
        std::vector<sender> all;
        for (const auto& each : hosts) {
            all.push_back({each, "1"});
        }
        open.open("id", "build", all, start);
    }
};

using heard_list = std::vector<std::string>;

const std::vector<links::host_session> shows_x{{"x", {"build"}, true, 0, "open", 0, "session"}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(asks_, fixture)

BOOST_AUTO_TEST_CASE(nobody_to_ask_is_told_at_once) {
    ask({});
    BOOST_TEST((take() == heard_list{"asked"}));
    BOOST_TEST(open.size() == 0U);
}

BOOST_AUTO_TEST_CASE(all_must_have_said_something) {
    ask({"b", "c", "d"});
    BOOST_TEST(has("b"));
    none("c");
    settled("b");
    BOOST_TEST(take().empty());
    BOOST_TEST(has("d"));
    BOOST_TEST((take() == heard_list{"asked b/x d/x", "settled b {1}"}));
    settled("d");
    settled("d");  // once
    BOOST_TEST((take() == heard_list{"settled d {1}"}));
    BOOST_TEST(open.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_verdict_that_decides_does_not_wait) {
    ask({"b", "c"});
    BOOST_TEST(has("b"));
    settled("b", true);
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b {1}"}));
    BOOST_TEST(has("c"));
    BOOST_TEST(take().empty());
    BOOST_TEST(open.close("id").size() == 1U);  // c still works on it
    BOOST_TEST(!has("c"));
    settled("c");
    BOOST_TEST(take().empty());
}

BOOST_AUTO_TEST_CASE(a_host_that_goes_is_not_waited_for) {
    ask({"b", "c"});
    open.on_gone({{"c", "0"}, {}, shows_x});  // another entry of it
    BOOST_TEST(has("b"));
    BOOST_TEST(take().empty());
    open.on_gone({{"c", "1"}, {}, {}});
    BOOST_TEST((take() == heard_list{"asked b/x"}));
    open.on_gone({{"b", "1"}, {}, {}});
    BOOST_TEST((take() == heard_list{"settled b left"}));
    BOOST_TEST(open.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_host_that_goes_without_a_word_counts_as_the_hooks_that_it_had_shown) {
    ask({"b", "c"});
    none("c");
    open.on_gone({{"b", "1"}, {}, shows_x});
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b left"}));
    BOOST_TEST(open.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_verdict_that_comes_first_says_who_answers) {
    ask({"b", "c"});
    settled_at_once("b");
    BOOST_TEST(take().empty());
    none("c");
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b {1}"}));
    settled_at_once("b");  // once
    BOOST_TEST(take().empty());
    BOOST_TEST(open.size() == 0U);
    ask({"b", "c"});
    settled_at_once("b", true);
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b {1}"}));
    settled_at_once("c");
    BOOST_TEST((take() == heard_list{"settled c {1}"}));
    BOOST_TEST(open.size() == 0U);
    ask({"b"});
    settled("b");  // of a host that has said nothing of its responders
    BOOST_TEST(take().empty());
}

BOOST_AUTO_TEST_CASE(a_host_that_goes_before_all_have_answered_is_asked_and_missing) {
    ask({"b", "c"});
    BOOST_TEST(has("b"));
    open.on_gone({{"b", "1"}, {}, {}});
    BOOST_TEST(take().empty());
    none("c");
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b left"}));
}

BOOST_AUTO_TEST_CASE(a_silent_host_is_taken_for_what_it_has_shown) {
    const auto shown = [](const sender& who, const std::string& event) {
        return who.host == "b" && event == "build" ? std::vector<links::responder>{{"x", "open", 0}}
                                                   : std::vector<links::responder>{};
    };
    ask({"b", "c", "d"});
    none("d");
    open.presume(start - 1ms, shown);
    BOOST_TEST(take().empty());
    open.presume(start, shown);
    BOOST_TEST((take() == heard_list{"asked b/x"}));
    BOOST_TEST(!has("c"));  // too late
    BOOST_TEST(has("b"));
    settled("b");
    BOOST_TEST((take() == heard_list{"settled b {1}"}));
    ask({"b"});
    open.presume(start, shown);
    none("b");
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b left"}));
    ask({"b"});
    open.presume(start, shown);
    open.on_gone({{"b", "1"}, {}, {}});
    BOOST_TEST((take() == heard_list{"asked b/x", "settled b left"}));
    BOOST_TEST(open.size() == 0U);
}

BOOST_AUTO_TEST_CASE(whoever_owes_something_is_silent) {
    ask({"b", "c", "d"});
    none("c");
    BOOST_TEST(has("d"));
    BOOST_TEST(open.silent_since(start - 1ms).empty());
    BOOST_TEST((open.silent_since(start) == heard_list{"b", "d"}));
    const auto at_work = open.close("id");
    BOOST_TEST(at_work.size() == 2U);
    BOOST_TEST(open.close("id").empty());
}

BOOST_AUTO_TEST_SUITE_END()
