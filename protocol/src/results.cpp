// SPDX-License-Identifier: BSL-1.0
#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/text/timestamp.hpp>
#include <hookd/protocol/methods.hpp>

#include <array>
#include <charconv>
#include <cstring>

namespace hookd::protocol {
namespace {

constexpr std::size_t most_digits = 20;

char* write_number(char* out, std::uint64_t value) noexcept { return std::to_chars(out, out + most_digits, value).ptr; }

std::size_t digits_of(std::uint64_t value) noexcept {
    std::size_t digits = 1;
    for (std::uint64_t next = 10; value >= next && digits < most_digits; next *= 10) {
        ++digits;
    }
    return digits;
}

char* write_text(char* out, std::string_view text) noexcept {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

constexpr std::string_view text_of(bool value) noexcept { return value ? "true" : "false"; }

void append_number(std::string& out, std::uint64_t value) {
    char digits[most_digits];
    out.append(digits, write_number(digits, value));
}

void append_boolean(std::string& out, bool value) { out += text_of(value); }

// Milliseconds with the fraction that a clock of nanoseconds gives, and no more digits than that.
void append_milliseconds(std::string& out, std::chrono::nanoseconds value) {
    const auto nanoseconds = static_cast<std::uint64_t>(value.count() < 0 ? 0 : value.count());
    append_number(out, nanoseconds / 1'000'000);
    const std::uint64_t fraction = nanoseconds % 1'000'000 / 1'000;
    if (fraction != 0) {
        const char digits[] = {'.', static_cast<char>('0' + fraction / 100),
            static_cast<char>('0' + fraction / 10 % 10), static_cast<char>('0' + fraction % 10)};
        out.append(digits, sizeof digits);
    }
}

// Fixed, not scientific: people read it, too.
void append_fraction(std::string& out, double value) {
    char digits[340];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3).ptr);
}

void append_fraction_or_null(std::string& out, std::optional<double> value) {
    if (value) {
        append_fraction(out, *value);
    } else {
        out += "null";
    }
}

// `null` where there is none.
void append_histogram(std::string& out, const std::optional<time_histogram>& times) {
    if (!times) {
        out += "null";
        return;
    }
    base::object_writer members{out};
    members.number("count", times->count);
    append_fraction_or_null(members.member("sum_ms"), times->sum_ms);
    members.member("buckets") += '[';
    for (std::size_t i = 0; i < times->buckets.size(); ++i) {
        out += i == 0 ? "" : ",";
        append_number(out, times->buckets[i]);
    }
    out += ']';
    members.end();
}

template <class Times>
void append_times(base::object_writer& out, const Times& times) {
    append_fraction_or_null(out.member("p50_ms"), times.p50_ms);
    append_fraction_or_null(out.member("p90_ms"), times.p90_ms);
    append_fraction_or_null(out.member("p99_ms"), times.p99_ms);
    append_fraction_or_null(out.member("max_ms"), times.max_ms);
    append_histogram(out.member("histogram"), times.histogram);
}

// `null` where there is none.
void append_bypass(std::string& out, const std::optional<bypass_info>& bypass) {
    if (!bypass) {
        out += "null";
        return;
    }
    base::object_writer members{out};
    members.texts("events", bypass->events);
    members.text("reason", bypass->reason);
    members.number("uid", bypass->uid);
    members.number("left_ms", static_cast<std::uint64_t>(bypass->left.count()));
    members.end();
}

// The notification `event`, piece by piece.
constexpr std::string_view before_seq = R"({"jsonrpc":"2.0","method":"event","params":{"seq":)";
constexpr std::string_view before_id = R"(,"hook_event_id":")";
constexpr std::string_view before_name = R"(","event":")";
constexpr std::string_view before_time = R"(","emitted_at":")";
constexpr std::string_view before_expects = R"(","expects_response":)";
constexpr std::string_view before_timeout = R"(,"timeout_ms":)";
constexpr std::string_view before_cause = R"(,"cause":")";
constexpr std::string_view before_host = R"(,"host":")";
constexpr std::string_view replayed_text = R"(,"replayed":true)";
constexpr std::string_view before_payload = R"(,"payload":)";

void append_host(std::string& out, std::string_view host) {
    if (!host.empty()) {
        out += before_host;
        out += host;  // a host's name needs no escape
        out += '"';
    }
}

void append_text_or_null(std::string& out, std::string_view value) {
    if (value.empty()) {
        out += "null";
    } else {
        base::append_json_string(out, value);
    }
}

// The members that the result of a wait and the notification `verdict` share, after `hook_event_id`.
void append_how_it_ended(std::string& out, const wait_result& result) {
    out += R"("outcome":")";
    out += to_string(result.outcome);
    out += R"(","abort":")";
    out += result.abort;
    out += R"(","responses":[)";
    bool first = true;
    for (const auto& each : result.responses) {
        out += first ? R"({"response":)" : R"(,{"response":)";
        first = false;
        out += each.text();
        out += R"(,"responder":)";
        base::append_json_string(out, each.responder);
        out += R"(,"uid":)";
        append_number(out, each.uid);
        out += R"(,"elapsed_ms":)";
        append_milliseconds(out, each.elapsed);
        append_host(out, each.host);
        out += '}';
    }
    out += R"(],"missing":[)";
    first = true;
    for (const auto& each : result.missing) {
        out += first ? R"({"responder":)" : R"(,{"responder":)";
        first = false;
        base::append_json_string(out, each.responder);
        out += R"(,"why":)";
        base::append_json_string(out, each.why);
        append_host(out, each.host);
        out += '}';
    }
    out += ']';
    if (!result.payload.empty()) {
        out += R"(,"payload":)";
        out += result.payload;
    }
    if (!result.bypassed.empty()) {
        out += R"(,"bypassed":)";
        base::append_json_string(out, result.bypassed);
    }
}

// Replies may be large: their memory is taken once.
void reserve_for(std::string& out, const wait_result& result) {
    constexpr std::size_t around_each = 512;
    std::size_t bytes = around_each + result.abort.size() + result.payload.size();
    for (const auto& each : result.responses) {
        bytes += each.text().size() + around_each;
    }
    if (bytes > out.capacity() - out.size()) {
        out.reserve(out.size() + bytes);
    }
}

void append_variables(std::string& out, const std::vector<std::string>& variables) {
    base::object_writer object{out};
    for (const std::string_view each : variables) {
        const auto equals = each.find('=');
        base::append_json_string(object.member(each.substr(0, equals)), each.substr(equals + 1));
    }
    object.end();
}

void append_conditions(std::string& out, const std::vector<payload_condition>& conditions) {
    base::object_writer object{out};
    for (const auto& each : conditions) {
        object.text(each.pointer, each.glob);
    }
    object.end();
}

// As register_hook takes it.
void append_definition(base::object_writer& out, const hook_definition& hook, bool shows_command) {
    out.text("name", hook.name);
    if (shows_command) {
        out.texts("command", hook.command);
    }
    out.texts("events", hook.events);
    out.raw("timeout_ms", hook.timeout ? std::to_string(hook.timeout->count()) : "null");
    out.raw("jobs", hook.jobs ? std::to_string(*hook.jobs) : "null");
    append_text_or_null(out.member("cwd"), hook.directory);
    if (shows_command) {
        append_variables(out.member("env"), hook.environment);
    }
    append_conditions(out.member("where"), hook.where);
    out.flag("asked_only", hook.asked_only);
    out.text("on_failure", to_string(hook.on_failure));
    out.number("order", hook.order);
    out.flag("shadow", hook.shadow);
    out.text("scope", to_string(hook.scope));
}

void append_link(base::object_writer& out, const stats_result::cluster_link& link) {
    append_text_or_null(out.member("engine"), link.engine);
    out.text("state", link.state);
    out.texts("events", link.events);
    out.number("hosts", link.hosts);
    out.number("asked", link.asked);
    out.number("answered", link.answered);
    out.number("failed", link.failed);
    out.number("gaps", link.gaps);
    out.number("reconnects", link.reconnects);
    append_fraction_or_null(out.member("queue_usage"), link.queue_usage);
    base::object_writer times{out.member("ask_ms")};
    append_times(times, link);
    times.end();
}

// The first link's figures are those of the cluster; where there are several, all of them stand in `links`.
void append_clusters(base::object_writer& document, const std::vector<stats_result::cluster_link>& links) {
    auto& out = document.member("cluster");
    base::object_writer cluster{out};
    append_link(cluster, links.front());
    if (links.size() > 1) {
        cluster.member("links") += '[';
        for (const auto& each : links) {
            out += out.back() == '[' ? "" : ",";
            base::object_writer one{out};
            append_link(one, each);
            one.end();
        }
        out += ']';
    }
    cluster.end();
}

template <class Enum>
void append_counts(std::string& out, const std::uint64_t* counts, std::size_t first, std::size_t size) {
    base::object_writer object{out};
    for (std::size_t i = first; i < size; ++i) {
        object.number(to_string(static_cast<Enum>(i)), counts[i]);
    }
    object.end();
}

}  // namespace

std::string_view to_string(wait_policy value) noexcept {
    constexpr std::string_view names[] = {"first", "veto", "all", "chain"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(failure_policy value) noexcept { return value == failure_policy::open ? "open" : "closed"; }

std::string_view to_string(outcome value) noexcept {
    constexpr std::string_view names[outcome_count] = {
        "answered", "abstained", "timeout", "abandoned", "no_subscribers", "shutdown", "unknown", "cancelled"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(refusal value) noexcept {
    constexpr std::string_view names[refusal_count] = {"", "answered", "expired", "cancelled", "unknown"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(hook_state value) noexcept {
    constexpr std::string_view names[] = {"ok", "untrusted", "missing", "inactive", "disabled"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(event_scope value) noexcept { return value == event_scope::local ? "local" : "cluster"; }

hook_definition register_hook_params::definition() const {
    auto result = hook;
    result.name = name.view();
    result.on_failure = on_failure.value_or(failure_policy::open);
    result.scope = scope.value_or(event_scope::local);
    return result;
}

std::string_view to_string(close_reason value) noexcept {
    constexpr std::string_view names[] = {"lagged", "shutdown", "unsubscribed", "gap"};
    return names[static_cast<std::size_t>(value)];
}

void append_json(std::string& out, const ping_result& result) {
    out += R"({"instance":")";
    append_uuid(out, result.instance);
    out += R"(","version":)";
    base::append_json_string(out, result.version);
    out += R"(,"protocol":)";
    append_number(out, static_cast<std::uint64_t>(version));
    out += R"(,"pid":)";
    append_number(out, static_cast<std::uint64_t>(result.pid));
    append_host(out, result.host);
    out += '}';
}

void append_json(std::string& out, const emit_result& result) {
    out += R"({"hook_event_id":")";
    append_uuid(out, result.hook_event_id);
    out += R"(","seq":)";
    append_number(out, result.seq);
    out += R"(,"subscribers":)";
    append_number(out, result.subscribers);
    out += '}';
}

void append_json(std::string& out, const wait_result& result) {
    reserve_for(out, result);
    out += R"({"hook_event_id":)";
    base::append_json_string(out, result.hook_event_id);
    out += R"(,"seq":)";
    if (result.seq) {
        append_number(out, *result.seq);
    } else {
        out += "null";
    }
    out += ',';
    append_how_it_ended(out, result);
    out += '}';
}

void append_json(std::string& out, const subscribe_result& result) {
    out += R"({"instance":")";
    append_uuid(out, result.instance);
    out += R"(","head_seq":)";
    append_number(out, result.head_seq);
    out += R"(,"resumed":)";
    append_boolean(out, result.resumed);
    out += '}';
}

void append_json(std::string& out, const unsubscribe_result& result) {
    out += R"({"unsubscribed":)";
    append_boolean(out, result.unsubscribed);
    out += '}';
}

void append_json(std::string& out, const respond_result& result) {
    out += R"({"accepted":)";
    append_boolean(out, result.accepted());
    out += R"(,"reason":)";
    if (result.accepted()) {
        out += "null";
    } else {
        out += '"';
        out += to_string(result.reason);
        out += '"';
    }
    out += '}';
}

void append_json(std::string& out, const who_result& result) {
    base::object_writer document{out};
    document.member("responders") += '[';
    for (const auto& each : result.responders) {
        out += out.back() == '[' ? "" : ",";
        base::object_writer one{out};
        one.text("name", each.name);
        if (each.pid != 0) {
            one.number("pid", static_cast<std::uint64_t>(each.pid));
        }
        one.number("uid", each.uid);
        one.text("kind", each.registered ? "registered" : "session");
        one.text("on_failure", to_string(each.on_failure));
        one.number("order", each.order);
        if (!each.host.empty()) {
            one.text("host", each.host);
        }
        one.text("state", each.state);
        one.end();
    }
    out += ']';
    document.number("observers", result.observers);
    document.texts("require", result.require);
    document.texts("absent", result.absent);
    document.text("policy", to_string(result.policy));
    document.text("failure_policy", to_string(result.on_failure));
    document.number("timeout_ms", static_cast<std::uint64_t>(result.timeout.count()));
    document.end();
}

void append_json(std::string& out, const hook_definition& hook) {
    base::object_writer members{out};
    append_definition(members, hook, true);
    members.end();
}

void append_json(std::string& out, const hook_info& result) {
    base::object_writer hook{out};
    append_definition(hook, result.what, result.shows_command);
    hook.flag("enabled", result.enabled);
    hook.flag("kept", result.kept);
    hook.text("trust", to_string(result.trust));
    hook.text("state", to_string(result.state));
    append_text_or_null(hook.member("why"), result.why);
    hook.number("runs", result.runs);
    append_text_or_null(hook.member("last_outcome"), result.last_outcome);
    append_fraction_or_null(hook.member("p50_ms"), result.p50_ms);
    append_fraction_or_null(hook.member("p99_ms"), result.p99_ms);
    hook.end();
}

void append_json(std::string& out, const deregister_hook_result& result) {
    out += R"({"deleted":)";
    append_boolean(out, result.deleted);
    out += '}';
}

void append_json(std::string& out, const list_hooks_result& result) {
    out += R"({"hooks":[)";
    for (const auto& each : result.hooks) {
        out += out.back() == '[' ? "" : ",";
        append_json(out, each);
    }
    out += "]}";
}

void append_json(std::string& out, const cluster_hosts_result& result) {
    out += R"({"hosts":[)";
    for (const auto& each : result.hosts) {
        out += out.back() == '[' ? "" : ",";
        base::object_writer host{out};
        host.text("host", each.name);
        host.text("state", each.state);
        host.number("lease_ms", static_cast<std::uint64_t>(each.lease.count()));
        host.member("hooks") += '[';
        for (const auto& hook : each.hooks) {
            out += out.back() == '[' ? "" : ",";
            base::object_writer one{out};
            one.text("name", hook.name);
            one.texts("events", hook.events);
            one.flag("responds", hook.responds);
            one.end();
        }
        out += ']';
        host.end();
    }
    out += "]}";
}

void append_json(std::string& out, const bypass_result& result) {
    base::object_writer document{out};
    append_bypass(document.member("bypass"), result.bypass);
    append_bypass(document.member("ended"), result.ended);
    document.end();
}

void append_json(std::string& out, const stats_result& result) {
    base::object_writer document{out};
    document.text("host", result.host);
    append_fraction_or_null(document.member("uptime_s"), result.uptime_s);
    document.number("connections", result.connections);
    document.number("subscribers", result.subscribers);
    document.number("waiting", result.waiting);
    document.number("head_seq", result.head_seq);
    document.number("retained_events", result.retained_events);
    document.number("retained_bytes", result.retained_bytes);
    base::object_writer totals{document.member("totals")};
    totals.number("events", result.events_total);
    totals.number("deliveries", result.deliveries);
    totals.number("accepted", result.accepted);
    append_counts<refusal>(totals.member("refused"), result.refused, 1, refusal_count);
    append_counts<outcome>(totals.member("outcomes"), result.outcomes, 0, outcome_count);
    totals.number("lagged", result.lagged);
    totals.number("protocol_errors", result.protocol_errors);
    totals.number("bytes_in", result.bytes_in);
    totals.number("bytes_out", result.bytes_out);
    totals.end();
    base::object_writer verdicts{document.member("verdicts")};
    verdicts.number("proceeded", result.proceeded);
    verdicts.number("vetoed", result.vetoed);
    verdicts.number("failed_closed", result.failed_closed);
    verdicts.number("bypassed", result.bypassed);
    verdicts.end();
    append_bypass(document.member("bypass"), result.bypass);
    document.member("histogram_ms") += '[';
    for (const auto bound : reply_time_bounds) {
        out += out.back() == '[' ? "" : ",";
        append_milliseconds(out, bound);
    }
    out += ']';
    base::object_writer events{document.member("events")};
    for (const auto& each : result.events) {
        base::object_writer times{events.member(each.name)};
        times.number("count", each.count);
        append_times(times, each);
        times.end();
    }
    events.end();
    base::object_writer hooks{document.member("hooks")};
    for (const auto& each : result.hooks) {
        base::object_writer hook{hooks.member(each.name)};
        hook.number("asked", each.asked);
        hook.number("replied", each.replied);
        hook.number("vetoed", each.vetoed);
        hook.number("failed", each.failed);
        hook.number("lagged", each.lagged);
        if (each.enabled) {
            hook.flag("enabled", *each.enabled);
        }
        append_times(hook, each);
        hook.end();
    }
    hooks.end();
    base::object_writer journal{document.member("journal")};
    append_text_or_null(journal.member("file"), result.journal.file);
    journal.number("bytes", result.journal.bytes);
    journal.number("events", result.journal.events);
    journal.number("dropped", result.journal.dropped);
    journal.end();
    document.member("sessions") += '[';
    for (const auto& each : result.sessions) {
        out += out.back() == '[' ? "" : ",";
        base::object_writer session{out};
        session.text("name", each.name);
        session.number("pid", static_cast<std::uint64_t>(each.pid));
        session.number("uid", each.uid);
        session.number("queued", each.queued);
        session.flag("lagged", each.lagged);
        session.end();
    }
    out += ']';
    if (!result.clusters.empty()) {
        append_clusters(document, result.clusters);
    }
    document.end();
}

void append_json(std::string& out, const replay_result& result) {
    base::object_writer document{out};
    if (!result.response.empty()) {
        document.member("response") += result.response;
    } else if (!result.failed.empty()) {
        document.text("failed", result.failed);
    }
    append_milliseconds(document.member("elapsed_ms"), result.elapsed);
    document.end();
}

std::string resume_data(const uuid& instance, std::uint64_t oldest_seq, std::uint64_t head_seq) {
    std::string out = R"({"instance":")";
    append_uuid(out, instance);
    out += R"(","oldest_seq":)";
    append_number(out, oldest_seq);
    out += R"(,"head_seq":)";
    append_number(out, head_seq);
    out += '}';
    return out;
}

event_head measure_event_head(const event_fields& fields) noexcept {
    event_head result;
    result.name_offset =
        before_seq.size() + digits_of(fields.seq) + before_id.size() + uuid_text_size + before_name.size();
    result.size = result.name_offset + fields.event.size() + before_time.size() + base::timestamp_size +
                  before_expects.size() + text_of(fields.expects_response).size() + before_payload.size();
    if (fields.timeout) {
        result.size += before_timeout.size() + digits_of(static_cast<std::uint64_t>(fields.timeout->count()));
    }
    if (!fields.cause.empty()) {
        result.cause_offset = result.size - before_payload.size() + before_cause.size();
        result.size += before_cause.size() + fields.cause.size() + 1;
    }
    if (!fields.host.empty()) {
        result.host_offset = result.size - before_payload.size() + before_host.size();
        result.size += before_host.size() + fields.host.size() + 1;
    }
    result.size += fields.replayed ? replayed_text.size() : 0;
    return result;
}

char* write_event_head(char* out, const event_fields& fields) noexcept {
    out = write_text(out, before_seq);
    out = write_number(out, fields.seq);
    out = write_text(out, before_id);
    out = write_uuid(out, fields.hook_event_id);
    out = write_text(out, before_name);
    out = write_text(out, fields.event);  // an event name needs no escape
    out = write_text(out, before_time);
    out = base::write_timestamp(out, fields.emitted_at);
    out = write_text(out, before_expects);
    out = write_text(out, text_of(fields.expects_response));
    if (fields.timeout) {
        out = write_text(out, before_timeout);
        out = write_number(out, static_cast<std::uint64_t>(fields.timeout->count()));
    }
    if (!fields.cause.empty()) {
        out = write_text(out, before_cause);
        out = write_text(out, fields.cause);  // names and commas need no escape either
        out = write_text(out, "\"");
    }
    if (!fields.host.empty()) {
        out = write_text(out, before_host);
        out = write_text(out, fields.host);
        out = write_text(out, "\"");
    }
    if (fields.replayed) {
        out = write_text(out, replayed_text);
    }
    return write_text(out, before_payload);
}

void append_closed(std::string& out, close_reason reason, std::uint64_t last_seq) {
    out += R"({"jsonrpc":"2.0","method":"closed","params":{"reason":")";
    out += to_string(reason);
    out += R"(","last_seq":)";
    append_number(out, last_seq);
    out += "}}";
}

void append_cancelled(std::string& out, const uuid& hook_event_id, refusal reason) {
    out += R"({"jsonrpc":"2.0","method":"cancelled","params":{"hook_event_id":")";
    append_uuid(out, hook_event_id);
    out += R"(","reason":")";
    out += to_string(reason);
    out += R"("}})";
}

void append_verdict(
    std::string& out, std::string_view event, const wait_result& verdict, std::chrono::nanoseconds elapsed) {
    reserve_for(out, verdict);
    out += verdict_head;
    out += R"({"seq":)";
    append_number(out, verdict.seq.value_or(0));
    out += R"(,"hook_event_id":)";
    base::append_json_string(out, verdict.hook_event_id);
    out += R"(,"event":)";
    base::append_json_string(out, event);
    out += ',';
    append_how_it_ended(out, verdict);
    out += R"(,"elapsed_ms":)";
    append_milliseconds(out, elapsed);
    out += "}}";
}

}  // namespace hookd::protocol
