// SPDX-License-Identifier: BSL-1.0
// The conversations that every client library holds: tests/vectors/conversations.json says what they are made of.

#include "fake_daemon.hpp"

#include "support/raw_json.hpp"
#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <hookd/client.hpp>
#include <hookd/protocol/framing.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace hookd::test {
namespace {

namespace json = boost::json;

const json::array& conversations(std::string_view kind) {
    static const json::value all = json::parse(read_file(source_tree() + "/tests/vectors/conversations.json"));
    return all.at(kind).as_array();
}

std::string text_of(const json::value& value) { return json::value_to<std::string>(value); }

std::string optional_text(const json::object& members, std::string_view name) {
    const auto* found = members.if_contains(name);
    return found == nullptr ? std::string{} : text_of(*found);
}

/// The daemon's part of a conversation.
class scripted_peer {
public:
    explicit scripted_peer(fake_daemon& daemon) : daemon_(daemon) {}

    void take(const json::array& steps) {
        peer_ = daemon_.accept();
        for (const auto& each : steps) {
            take_step(each.as_object());
        }
    }

private:
    void take_step(const json::object& step) {
        if (step.contains("accept")) {
            peer_ = daemon_.accept();
        } else if (step.contains("expect")) {
            request_ = peer_->receive(text_of(step.at("expect")));
            check_request(step);
        } else if (const auto* text = step.if_contains("send")) {
            const auto* chunk = step.if_contains("chunk");
            send(framed(text_of(*text)), chunk == nullptr ? std::string::npos : chunk->to_number<std::size_t>());
        } else if (const auto* texts = step.if_contains("send_together")) {
            std::string frames;
            for (const auto& each : texts->as_array()) {
                frames += framed(text_of(each));
            }
            send(frames, std::string::npos);
        } else if (const auto* bytes = step.if_contains("send_bytes")) {
            send(from_hexadecimal(text_of(*bytes)), std::string::npos);
        } else {
            require(step.contains("close"), "unknown step " + json::serialize(step));
            peer_.reset();
        }
    }

    void check_request(const json::object& step) const {
        const auto params = request_.params.empty() ? json::object{} : json::parse(request_.params).as_object();
        const auto expect = [&](std::string_view kind, const auto& check) {
            if (const auto* members = step.if_contains(kind)) {
                for (const auto& each : members->as_object()) {
                    require(check(each.key(), each.value()),
                        std::string{each.key()} + " is not as expected: " + request_.frame);
                }
            }
        };
        expect("params", [&](std::string_view name, const json::value& value) {
            const auto* sent = params.if_contains(name);
            return sent != nullptr && *sent == value;
        });
        expect("texts", [&](std::string_view name, const json::value& value) {
            return raw_member(request_.params, name) == text_of(value);
        });
        expect("contains", [&](std::string_view name, const json::value& value) {
            return optional_text(params, name).find(text_of(value)) != std::string::npos;
        });
        if (const auto* names = step.if_contains("absent")) {
            for (const auto& each : names->as_array()) {
                require(!params.contains(text_of(each)), text_of(each) + " was not to be sent: " + request_.frame);
            }
        }
    }

    [[nodiscard]] std::string framed(std::string text) const {
        constexpr std::string_view place = "$id";
        if (const auto at = text.find(place); at != std::string::npos) {
            text.replace(at, place.size(), request_.id);
        }
        std::string frame;
        protocol::append_frame(protocol::framing::length_prefix, text, frame);
        return frame;
    }

    static std::string from_hexadecimal(const std::string& digits) {
        std::string bytes;
        for (std::size_t at = 0; at < digits.size(); at += 2) {
            bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
        }
        return bytes;
    }

    void send(std::string_view bytes, std::size_t chunk) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size()))) {
            peer_->send_bytes(bytes.substr(0, chunk));
        }
    }

    fake_daemon& daemon_;
    std::optional<fake_peer> peer_;
    fake_request request_;
};

// --- results --------------------------------------------------------------------------------------------------------

json::object seen(const daemon_info& info) {
    return {{"instance", info.instance}, {"version", info.version}, {"protocol", info.protocol}, {"pid", info.pid}};
}

json::object seen(const emission& done) {
    return {{"hook_event_id", done.hook_event_id}, {"seq", done.seq}, {"subscribers", done.subscribers}};
}

json::object seen(const respond_result& done) { return {{"accepted", done.accepted}, {"reason", done.reason}}; }

json::object seen(const verdict& decided) {
    json::array responders;
    for (const auto& each : decided.responses) {
        responders.emplace_back(each.responder);
    }
    json::array missing;
    for (const auto& each : decided.missing) {
        missing.emplace_back(json::object{{"responder", each.responder}, {"why", each.why}});
    }
    return {{"hook_event_id", decided.hook_event_id},
        {"seq", decided.seq ? json::value(*decided.seq) : json::value(nullptr)},
        {"outcome", to_string(decided.outcome)}, {"abort", decided.abort}, {"proceed", decided.proceed()},
        {"responders", responders}, {"missing", missing}, {"text", decided.text}};
}

std::string payload_of(const json::object& call) {
    return call.contains("payload") ? optional_text(call, "payload") : "{}";
}

std::optional<std::chrono::milliseconds> timeout_of(const json::object& call) {
    const auto* given = call.if_contains("timeout_ms");
    return given == nullptr ? std::nullopt : std::optional{std::chrono::milliseconds{given->to_number<int>()}};
}

wait_options options_of(const json::object& call) {
    wait_options options{.timeout = timeout_of(call), .operation_id = optional_text(call, "operation_id")};
    for (const auto each : {wait_policy::first, wait_policy::veto, wait_policy::all}) {
        if (to_string(each) == optional_text(call, "policy")) {
            options.policy = each;
        }
    }
    if (optional_text(call, "failure_policy") == "closed") {
        options.on_failure = failure_policy::closed;
    }
    if (const auto* require = call.if_contains("require_subscriber")) {
        options.require_subscriber = require->as_bool();
    }
    return options;
}

json::object carry_out(client& caller, const json::object& call) {
    const auto method = text_of(call.at("method"));
    if (method == "ping") {
        return seen(caller.ping());
    }
    if (method == "emit") {
        return seen(caller.emit(
            text_of(call.at("event")), payload_of(call), {.operation_id = optional_text(call, "operation_id")}));
    }
    if (method == "emit_and_wait") {
        return seen(caller.emit_and_wait(text_of(call.at("event")), payload_of(call), options_of(call)));
    }
    if (method == "await_response") {
        return seen(caller.await_response(text_of(call.at("hook_event_id")), timeout_of(call)));
    }
    if (method == "respond") {
        return seen(caller.respond(text_of(call.at("hook_event_id")), respond_with(text_of(call.at("response")))));
    }
    throw std::runtime_error("unknown method " + method);
}

// --- errors and hooks -----------------------------------------------------------------------------------------------

std::string_view name_of(error_kind kind) {
    switch (kind) {
        case error_kind::broken:
            return "broken";
        case error_kind::refused:
            return "refused";
        case error_kind::cancelled:
            return "cancelled";
        default:
            return "another";
    }
}

std::string_view name_of(notice::kind kind) {
    switch (kind) {
        case notice::kind::connected:
            return "connected";
        case notice::kind::disconnected:
            return "disconnected";
        case notice::kind::lagged:
            return "lagged";
        case notice::kind::resume_impossible:
            return "resume_impossible";
        case notice::kind::gap:
            return "gap";
        case notice::kind::missed:
            return "missed";
        case notice::kind::reply_refused:
            return "reply_refused";
        case notice::kind::hook_failed:
            return "hook_failed";
    }
    return "another";
}

void check_error(const json::object& expected, const error& failure) {
    BOOST_TEST(
        name_of(failure.kind()) == text_of(expected.at("kind")), name_of(failure.kind()) << ": " << failure.what());
    if (const auto* code = expected.if_contains("code")) {
        BOOST_TEST(failure.code() == code->to_number<int>());
    }
    if (const auto* data = expected.if_contains("data")) {
        BOOST_TEST(json::parse(failure.data()) == *data);
    }
    BOOST_TEST(std::string_view{failure.what()}.find(optional_text(expected, "says")) != std::string_view::npos);
}

// Runs `part` and checks that it fails as the conversation says, if it does.
void expect_end(const json::object& conversation, const std::function<void()>& part) {
    const auto* expected = conversation.if_contains("error");
    try {
        part();
        BOOST_TEST(expected == nullptr);
    } catch (const error& failure) {
        BOOST_REQUIRE_MESSAGE(expected != nullptr, failure.what());
        check_error(expected->as_object(), failure);
    }
}

reply reply_for(const json::object& what) {
    if (what.contains("raise")) {
        throw std::runtime_error(optional_text(what, "raise"));
    }
    if (what.contains("veto")) {
        return veto(optional_text(what, "veto"));
    }
    if (what.contains("abstain")) {
        return abstain();
    }
    return what.contains("failed") ? failed(optional_text(what, "failed"))
                                   : respond_with(json::serialize(what.at("response")));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(vectors)

BOOST_AUTO_TEST_CASE(each_call_ends_as_it_should) {
    for (const auto& each : conversations("calls")) {
        const auto& conversation = each.as_object();
        BOOST_TEST_CONTEXT(text_of(conversation.at("name"))) {
            fake_daemon daemon;
            scripted_peer peer{daemon};
            fake_script script{[&] { peer.take(conversation.at("steps").as_array()); }};
            expect_end(conversation, [&] {
                client caller{{.path = daemon.path()}};
                const auto result = carry_out(caller, conversation.at("call").as_object());
                for (const auto& expected : conversation.at("result").as_object()) {
                    BOOST_TEST(result.at(expected.key()) == expected.value(), expected.key());
                }
            });
            script.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(each_hook_runner_does_as_it_should) {
    for (const auto& each : conversations("hooks")) {
        const auto& conversation = each.as_object();
        BOOST_TEST_CONTEXT(text_of(conversation.at("name"))) {
            fake_daemon daemon;
            hook_runner hooks{{.name = "guard", .path = daemon.path(), .reconnect_min = std::chrono::milliseconds{1}}};
            for (const auto& pattern : conversation.at("patterns").as_array()) {
                hooks.on(text_of(pattern), [&](const event& what) {
                    return reply_for(conversation.at("replies").at(what.name()).as_object());
                });
            }
            json::array notices;
            hooks.on_notice([&](const notice& told) { notices.emplace_back(name_of(told.type)); });
            scripted_peer peer{daemon};
            fake_script script{[&] {
                peer.take(conversation.at("steps").as_array());
                if (!conversation.contains("error")) {  // which ends it by itself
                    hooks.stop();
                }
            }};
            expect_end(conversation, [&] { hooks.run(); });
            script.finish();
            BOOST_TEST(notices == conversation.at("notices").as_array());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
