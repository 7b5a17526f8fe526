// SPDX-License-Identifier: BSL-1.0
#include "cluster/messages.hpp"

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/message.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace hookd::cluster {

namespace {

using protocol::json_cursor;
using protocol::json_kind;
using protocol::json_member;

constexpr std::array<std::string_view, 4> state_names{"down", "connecting", "entering", "up"};
constexpr std::size_t most_answer_bytes = std::size_t{16} << 20;
constexpr std::size_t most_reason_bytes = 1024;

// --- reading ---

[[noreturn]] void refuse(std::string_view method, std::string_view member) {
    throw bad_message(std::string{method} + ": the member '" + std::string{member} + "' is absent or not valid");
}

/// The members of an object, by name. Unknown ones are ignored.
class members {
public:
    members(std::string_view of, std::string_view object) : of_(of), object_(object) {
        if (protocol::kind_of(object) != json_kind::object) {
            refuse(of, "params");
        }
    }

    /// Empty where it is absent or null.
    [[nodiscard]] std::string_view find(std::string_view name) const {
        for (json_cursor each{object_}; const auto member = each.next();) {
            if (member->key.equals(name) && protocol::kind_of(member->value) != json_kind::null) {
                return member->value;
            }
        }
        return {};
    }
    [[nodiscard]] std::string_view required(std::string_view name, json_kind kind) const {
        const auto value = find(name);
        if (value.empty() || protocol::kind_of(value) != kind) {
            refuse(of_, name);
        }
        return value;
    }
    [[nodiscard]] std::string text(std::string_view name) const { return decoded(required(name, json_kind::string)); }
    [[nodiscard]] std::string optional_text(std::string_view name) const {
        return find(name).empty() ? std::string{} : text(name);
    }
    /// Texts for people, which are bounded.
    [[nodiscard]] std::string reason(std::string_view name) const {
        return optional_text(name).substr(0, most_reason_bytes);
    }
    [[nodiscard]] uuid id(std::string_view name) const {
        const auto found = protocol::parse_uuid(text(name));
        if (!found) {
            refuse(of_, name);
        }
        return *found;
    }
    [[nodiscard]] std::string host(std::string_view name) const {
        auto found = text(name);
        if (!protocol::is_host_name(found)) {
            refuse(of_, name);
        }
        return found;
    }
    template <class Number>
    [[nodiscard]] Number number(std::string_view name) const {
        const auto value = required(name, json_kind::number);
        Number result{};
        const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), result);
        if (failure != std::errc{} || end != value.data() + value.size()) {
            refuse(of_, name);
        }
        return result;
    }
    template <class Number>
    [[nodiscard]] Number number_or(std::string_view name, Number standard) const {
        return find(name).empty() ? standard : number<Number>(name);
    }
    [[nodiscard]] bool flag(std::string_view name) const { return find(name) == "true"; }
    template <class Visit>
    void each_of(std::string_view name, Visit visit) const {
        for (json_cursor elements{required(name, json_kind::array)}; const auto element = elements.next();) {
            visit(element->value);
        }
    }
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
        std::vector<std::string> all;
        each_of(name, [&](std::string_view element) {
            if (protocol::kind_of(element) != json_kind::string) {
                refuse(of_, name);
            }
            all.push_back(decoded(element));
        });
        return all;
    }

private:
    static std::string decoded(std::string_view string) {
        return protocol::json_string{string.substr(1, string.size() - 2)}.decode();
    }

    std::string_view of_;
    std::string_view object_;
};

protocol::failure_policy on_failure_of(const members& about) {
    return about.optional_text("on_failure") == to_string(protocol::failure_policy::closed)
               ? protocol::failure_policy::closed
               : protocol::failure_policy::open;
}

state_message read_state(const members& params) {
    const auto name = params.text("state");
    const auto known = std::find(state_names.begin(), state_names.end(), name);
    if (known == state_names.end()) {
        refuse("cluster.state", "state");
    }
    return {static_cast<link_state>(known - state_names.begin()), params.reason("reason"), params.reason("engine")};
}

visible_host read_host(std::string_view text) {
    const members about{"cluster.hosts", text};
    visible_host host{about.host("host"), std::chrono::milliseconds{about.number_or<std::int64_t>("lease_ms", 0)}, {}};
    about.each_of("sessions", [&host](std::string_view element) {
        const members session{"cluster.hosts", element};
        host.sessions.push_back({.name = session.text("name"),
            .uid = session.number_or<std::uint32_t>("uid", 0),
            .responds = session.flag("responds"),
            .events = session.texts("events"),
            .on_failure = on_failure_of(session),
            .order = session.number_or<std::int64_t>("order", 0),
            .registered = session.optional_text("kind") == "registered"});
    });
    return host;
}

hosts_message read_hosts(const members& params) {
    hosts_message result;
    params.each_of("hosts", [&result](std::string_view element) { result.hosts.push_back(read_host(element)); });
    return result;
}

asked_message read_asked(const members& params) {
    asked_message result{params.id("hook_event_id"), {}};
    params.each_of("hosts", [&result](std::string_view element) {
        const members host{"cluster.asked", element};
        const auto name = host.host("host");
        host.each_of("responders", [&](std::string_view one) {
            const members responder{"cluster.asked", one};
            result.responders.push_back({.host = name,
                .name = responder.text("name"),
                .insists = on_failure_of(responder) == protocol::failure_policy::closed,
                .order = responder.number_or<std::int64_t>("order", 0)});
        });
    });
    return result;
}

told_message read_told(const members& params) {
    told_message result{params.number<std::uint64_t>("request"), std::nullopt};
    if (!params.find("failed").empty()) {
        result.failed = params.reason("failed");
    }
    return result;
}

// `2026-11-23T12:58:36.123456789Z`, of the fraction as many digits as there are, up to nine.
std::chrono::system_clock::time_point read_time(const std::string& text) {
    using namespace std::chrono;
    const auto part = [&text](std::size_t at, std::size_t digits) {
        int value = 0;
        const char* const begin = text.data() + at;
        if (at + digits > text.size() || std::from_chars(begin, begin + digits, value).ptr != begin + digits) {
            refuse("cluster.event", "emitted_at");
        }
        return value;
    };
    const year_month_day date{
        year{part(0, 4)}, month{static_cast<unsigned>(part(5, 2))}, day{static_cast<unsigned>(part(8, 2))}};
    if (!date.ok()) {
        refuse("cluster.event", "emitted_at");
    }
    auto when = sys_days{date} + hours{part(11, 2)} + minutes{part(14, 2)} + seconds{part(17, 2)} + nanoseconds{0};
    if (text.size() > 19 && text[19] == '.') {
        const auto digits =
            std::min<std::size_t>(std::min(text.find_first_not_of("0123456789", 20), text.size()) - 20, 9);
        auto fraction = part(20, digits);
        for (std::size_t each = digits; each < 9; ++each) {
            fraction *= 10;
        }
        when += nanoseconds{fraction};
    }
    return time_point_cast<system_clock::duration>(when);
}

void read_content(const members& params, event_message& result) {
    result.event = params.text("event");
    if (!protocol::is_event_name(result.event)) {
        refuse("cluster.event", "event");
    }
    result.payload = params.find("payload").empty() ? std::string_view{"null"} : params.find("payload");
    result.cause = params.optional_text("cause");
    result.emitted_at = read_time(params.text("emitted_at"));
    if (result.timeout) {
        const auto policy = params.text("policy");
        for (const auto each : {protocol::wait_policy::veto, protocol::wait_policy::all}) {
            result.policy = policy == to_string(each) ? each : result.policy;
        }
    }
}

// What the helper adds must be right; the rest is another host's, whose faults are not the helper's.
event_message read_event(const members& params) {
    event_message result;
    result.host = params.host("host");
    result.id = params.id("hook_event_id");
    if (!params.find("timeout_ms").empty()) {
        const auto left = params.number<std::int64_t>("timeout_ms");
        result.timeout =
            std::clamp(std::chrono::milliseconds{left}, std::chrono::milliseconds{1}, protocol::max_timeout);
    }
    try {
        read_content(params, result);
    } catch (const bad_message& wrong) {
        result.fault = wrong.what();
    }
    return result;
}

core::remote_answer read_answer(std::string_view text) {
    const members result{"cluster.settled", text};
    core::remote_answer answer;
    result.each_of("replies", [&answer](std::string_view element) {
        const members about{"cluster.settled", element};
        auto& reply = answer.replies.emplace_back();
        reply.response = about.required("response", json_kind::object);
        reply.responder = about.text("responder");
        reply.uid = about.number_or<std::uint32_t>("uid", 0);
        reply.elapsed = std::chrono::nanoseconds{about.number_or<std::int64_t>("elapsed_ns", 0)};
    });
    result.each_of("missing", [&answer](std::string_view element) {
        const members about{"cluster.settled", element};
        answer.missing.push_back(
            {.responder = about.text("responder"), .why = about.text("why"), .insists = about.flag("insists")});
    });
    answer.silent.abstained = result.texts("abstained");
    answer.silent.passed = result.texts("passed");
    answer.failed = result.optional_text("failed");
    return answer;
}

// An answer that cannot be read is that host's failure, as no answer is.
settled_message read_settled(const members& params) {
    settled_message result{params.host("host"), params.id("hook_event_id"), {}};
    try {
        result.answer = read_answer(params.required("result", json_kind::object));
    } catch (const bad_message& wrong) {
        result.answer.failed = std::string{"its answer cannot be read: "} + wrong.what();
    }
    return result;
}

// --- writing ---

/// A notification in a frame, member by member.
class frame_writer {
public:
    explicit frame_writer(std::string_view method) : frame_(protocol::framing::length_prefix, out_) {
        out_ += R"({"jsonrpc":"2.0","method":"cluster.)";
        out_ += method;
        out_ += R"(","params":{)";
    }

    std::string& raw(std::string_view name) {
        out_ += out_.back() == '{' ? "\"" : ",\"";
        out_ += name;
        out_ += "\":";
        return out_;
    }
    frame_writer& text(std::string_view name, std::string_view value) {
        protocol::append_json_string(raw(name), value);
        return *this;
    }
    template <class Number>
    frame_writer& number(std::string_view name, Number value) {
        raw(name) += std::to_string(value);
        return *this;
    }
    frame_writer& id(const uuid& value) {
        raw("hook_event_id") += '"';
        protocol::append_uuid(out_, value);
        out_ += '"';
        return *this;
    }
    frame_writer& flag(std::string_view name, bool value) {
        raw(name) += value ? "true" : "false";
        return *this;
    }
    frame_writer& event(const core::cluster_event& what) {
        id(what.id).text("event", what.name);
        raw("payload") += what.payload;
        if (!what.cause.empty()) {
            text("cause", what.cause);
        }
        std::array<char, protocol::timestamp_size> when;
        protocol::write_timestamp(when.data(), what.emitted_at);
        return text("emitted_at", {when.data(), when.size()});
    }
    std::string finish() {
        out_ += "}}";
        frame_.close();
        return std::move(out_);
    }

private:
    std::string out_{};
    protocol::open_frame frame_;
};

void append_replies(std::string& out, const core::remote_answer& answer) {
    out += R"("replies":[)";
    for (const auto& each : answer.replies) {
        out += out.back() == '[' ? R"({"response":)" : R"(,{"response":)";
        out += each.text();
        out += R"(,"responder":)";
        protocol::append_json_string(out, each.responder);
        out +=
            R"(,"uid":)" + std::to_string(each.uid) + R"(,"elapsed_ns":)" + std::to_string(each.elapsed.count()) + "}";
    }
    out += ']';
}

void append_missing(std::string& out, const core::remote_answer& answer) {
    out += R"("missing":[)";
    for (const auto& each : answer.missing) {
        out += out.back() == '[' ? R"({"responder":)" : R"(,{"responder":)";
        protocol::append_json_string(out, each.responder);
        out += R"(,"why":)";
        protocol::append_json_string(out, each.why);
        out += each.insists ? R"(,"insists":true})" : "}";
    }
    out += ']';
}

std::string answer_text(const core::remote_answer& answer) {
    std::string out = "{";
    append_replies(out, answer);
    out += ',';
    append_missing(out, answer);
    out += R"(,"abstained":)";
    protocol::append_strings(out, answer.silent.abstained);
    out += R"(,"passed":)";
    protocol::append_strings(out, answer.silent.passed);
    if (!answer.failed.empty()) {
        out += R"(,"failed":)";
        protocol::append_json_string(out, answer.failed);
    }
    return out += '}';
}

/// What is left of answers that no helper could carry: vetoes with their reasons.
core::remote_answer with_verdicts_alone(core::remote_answer answer) {
    for (auto& each : answer.replies) {
        protocol::respond_params said{.response = each.text()};
        const bool vetoes = !protocol::check_reply(said) && !said.abort.raw.empty();
        const std::string reason{
            said.abort.raw.size() <= most_reason_bytes ? said.abort.raw : "the reason is too long for the cluster"};
        each.passed_on = {};
        each.response = vetoes ? R"({"abort":")" + reason + "\"}" : "{}";
    }
    return answer;
}

std::string reply_with(std::string_view origin, const uuid& id, bool decides, const std::string& result) {
    frame_writer frame{"reply"};
    frame.text("origin", origin).id(id).flag("decides", decides);
    frame.raw("result") += result;
    return frame.finish();
}

}  // namespace

std::string_view to_string(link_state value) noexcept { return state_names[static_cast<std::size_t>(value)]; }

incoming read(std::string_view frame) {
    protocol::message message;
    protocol::read_message(frame, message);
    if (message.type != protocol::message::kind::request) {
        throw bad_message("it is not a JSON-RPC notification: " + message.failure.message);
    }
    const auto& call = message.single;
    const auto method = call.method.decode();
    const members params{method, call.params.empty() ? std::string_view{"{}"} : call.params};
    if (method == "cluster.state") {
        return read_state(params);
    }
    if (method == "cluster.pong") {
        return pong_message{};
    }
    if (method == "cluster.hosts") {
        return read_hosts(params);
    }
    if (method == "cluster.session_ready") {
        return session_ready_message{params.number<std::uint64_t>("session")};
    }
    if (method == "cluster.asked") {
        return read_asked(params);
    }
    if (method == "cluster.ask_failed") {
        return ask_failed_message{params.id("hook_event_id"), params.reason("reason")};
    }
    if (method == "cluster.told") {
        return read_told(params);
    }
    if (method == "cluster.event") {
        return read_event(params);
    }
    if (method == "cluster.cancel") {
        return cancel_message{params.id("hook_event_id")};
    }
    if (method == "cluster.settled") {
        return read_settled(params);
    }
    if (method == "cluster.host_left") {
        return host_left_message{params.host("host"), params.reason("why")};
    }
    if (method == "cluster.gap") {
        return gap_message{params.reason("reason")};
    }
    if (method == "cluster.fatal") {
        return fatal_message{params.reason("reason")};
    }
    throw bad_message("there is no message '" + method.substr(0, 64) + "'");
}

std::string hello_frame(const hello& what) {
    std::string instance;
    protocol::append_uuid(instance, what.instance);
    return frame_writer{"hello"}
        .number("protocol", protocol_version)
        .text("url", what.url)
        .text("host", what.host)
        .text("instance", instance)
        .number("lease_ms", what.lease.count())
        .finish();
}

std::string ping_frame() { return frame_writer{"ping"}.finish(); }

std::string session_frame(std::uint64_t number, const visible_session& what) {
    frame_writer frame{"session"};
    frame.number("session", number).text("name", what.name).number("uid", what.uid).flag("responds", what.responds);
    protocol::append_strings(frame.raw("events"), what.events);
    return frame.text("on_failure", to_string(what.on_failure))
        .number("order", what.order)
        .text("kind", what.registered ? "registered" : "session")
        .finish();
}

std::string session_gone_frame(std::uint64_t number) {
    return frame_writer{"session_gone"}.number("session", number).finish();
}

std::string ask_frame(const core::cluster_event& question) {
    return frame_writer{"ask"}
        .event(question)
        .number("timeout_ms", question.timeout.count())
        .text("policy", to_string(question.policy))
        .finish();
}

std::string tell_frame(std::uint64_t request, const core::cluster_event& what) {
    return frame_writer{"tell"}.number("request", request).event(what).finish();
}

std::string close_frame(const uuid& id) { return frame_writer{"close"}.id(id).finish(); }

std::string reply_frame(std::string_view origin, const uuid& id, bool decides, const core::remote_answer& answer) {
    constexpr std::size_t prefix_bytes = 4;
    const auto text = answer_text(answer);
    if (text.size() <= most_answer_bytes) {
        auto frame = reply_with(origin, id, decides, text);
        if (!protocol::find_json_fault(std::string_view{frame}.substr(prefix_bytes))) {
            return frame;
        }
    }
    return reply_with(origin, id, decides, answer_text(with_verdicts_alone(answer)));
}

}  // namespace hookd::cluster
