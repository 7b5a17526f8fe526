// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include "cluster/nats/commands.hpp"
#include "cluster/nats/parser.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace hookd::nats;

namespace {

const std::string everything =
    "INFO {\"server_id\":\"x\",\"max_payload\":1048576}\r\n"
    "+OK\r\n"
    "PING\r\n"
    "MSG a.b 7 5\r\nhello\r\n"
    "MSG a.b 7 to.me 0\r\n\r\n"
    "HMSG a.b 18446744073709551615 to.me 22 24\r\nNATS/1.0 503\r\nA: b\r\n\r\nxy\r\n"
    "MSG\ta\t1  \t12\r\nline\r\nline\r\n\r\n"
    "pong\r\n"
    "-ERR 'Slow Consumer'\r\n";

std::string described(const operation& each) {
    const std::string text = std::to_string(static_cast<int>(each.type)) + "|" + std::string{each.text};
    return text + "|" + std::string{each.subject} + "|" + std::to_string(each.subscription) + "|" +
           std::string{each.reply} + "|" + std::string{each.headers} + "|" + std::string{each.payload};
}

/// All operations of `stream`, of which `chunk` bytes arrive at a time after the first `head`; a failure as the last.
std::vector<std::string> parsed(std::string_view stream, std::size_t head, std::size_t chunk) {
    std::vector<std::string> found;
    parser reader;
    std::size_t taken = 0;
    for (std::size_t arrived = head;; arrived = std::min(arrived + chunk, stream.size())) {
        for (;;) {
            const std::string exact{stream.substr(taken, arrived - taken)};  // what has not arrived is not there
            const parse_result step = reader.next(exact);
            if (step.status == parse_status::failed) {
                found.push_back("failed: " + step.failure);
                return found;
            }
            if (step.status == parse_status::need_more) {
                break;
            }
            found.push_back(described(step.parsed));
            taken += step.consumed;
        }
        if (arrived == stream.size()) {
            return found;
        }
    }
}

std::string failure_of(std::string_view stream) {
    const auto found = parsed(stream, stream.size(), 1);
    return !found.empty() && found.back().starts_with("failed: ") ? found.back() : "no failure";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parser_)

BOOST_AUTO_TEST_CASE(every_operation_is_read) {
    const std::vector<std::string> expected{
        "0|{\"server_id\":\"x\",\"max_payload\":1048576}||0|||",
        "4|||0|||",
        "2|||0|||",
        "1||a.b|7|||hello",
        "1||a.b|7|to.me||",
        "1||a.b|18446744073709551615|to.me|NATS/1.0 503\r\nA: b\r\n\r\n|xy",
        "1||a|1|||line\r\nline\r\n",
        "3|||0|||",
        "5|Slow Consumer||0|||",
    };
    BOOST_TEST(parsed(everything, everything.size(), 1) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_is_the_same_wherever_the_input_is_cut) {
    const auto expected = parsed(everything, everything.size(), 1);
    for (std::size_t cut = 0; cut < everything.size(); ++cut) {
        BOOST_TEST((parsed(everything, cut, everything.size()) == expected), "cut at " << cut);
    }
    BOOST_TEST((parsed(everything, 0, 1) == expected));
}

BOOST_AUTO_TEST_CASE(what_is_not_nats_fails_and_stays_failed) {
    BOOST_TEST(failure_of("HTTP/1.1 400 Bad Request\r\n").find("HTTP/1.1") != std::string::npos);
    for (const char* each : {"\r\n", "MSG a 1\r\n", "MSG a x 1\r\n", "MSG a 1 r s 1\r\n", "MSG a 1 -1\r\n",
             "HMSG a 1 2\r\n", "HMSG a 1 5 4\r\nabcd\r\n", "MSG a 1 99999999999999999999999\r\n",
             "MSG a 1 2\r\nabc\r\n", "MSG a 1 2\r\nab\n\n"}) {
        BOOST_TEST(failure_of(each) != "no failure", each);
    }
    parser reader;
    BOOST_TEST((reader.next("nonsense\r\n").status == parse_status::failed));
    BOOST_TEST((reader.next("PING\r\n").status == parse_status::failed));
}

BOOST_AUTO_TEST_CASE(lines_and_messages_are_bounded) {
    const auto info_of = [](std::size_t bytes) { return "INFO " + std::string(bytes - 7, 'x') + "\r\n"; };
    BOOST_TEST(failure_of(info_of(max_line_bytes)) == "no failure");
    BOOST_TEST(failure_of(info_of(max_line_bytes + 1)) != "no failure");
    BOOST_TEST(failure_of(std::string(max_line_bytes + 1, 'x')) != "no failure");  // before its end has come
    parser at_limit;
    BOOST_TEST(
        (at_limit.next("MSG a 1 " + std::to_string(max_message_bytes) + "\r\n").status == parse_status::need_more));
    parser above;
    BOOST_TEST(
        (above.next("MSG a 1 " + std::to_string(max_message_bytes + 1) + "\r\n").status == parse_status::failed));
}

BOOST_AUTO_TEST_CASE(a_status_is_read_from_headers) {
    BOOST_TEST(status_of("NATS/1.0 503\r\n\r\n") == no_responders);
    BOOST_TEST(status_of("NATS/1.0 404 No Messages\r\nA: b\r\n\r\n") == 404);
    BOOST_TEST(status_of("NATS/1.0\r\nA: 503\r\n\r\n") == 0);
    BOOST_TEST(status_of("NATS/1.0 5x3\r\n\r\n") == 0);
    BOOST_TEST(status_of("") == 0);
}

BOOST_AUTO_TEST_CASE(commands_are_written_as_a_server_reads_them) {
    std::string out;
    append_publish(out, "a.b", "to.me", "A: b\r\n", "xy");
    append_publish(out, "a", {}, {}, {});
    append_subscribe(out, "a.*", 7);
    BOOST_TEST(out == "HPUB a.b to.me 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nxy\r\nPUB a 0\r\n\r\nSUB a.* 7\r\n");
    out.clear();
    append_connect(out, {"ann", "pa\"ss", {}}, "hookd x");
    BOOST_TEST(out.starts_with("CONNECT {"));
    BOOST_TEST(out.find(R"("user":"ann","pass":"pa\"ss"})") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
