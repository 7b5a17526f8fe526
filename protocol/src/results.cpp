#include <hookd/protocol/methods.hpp>

#include <charconv>
#include <ctime>

namespace hookd::protocol {
namespace {

void append_number(std::string& out, std::uint64_t value) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_boolean(std::string& out, bool value) { out += value ? "true" : "false"; }

// Milliseconds with the fraction that a clock of nanoseconds gives, and no more digits than that.
void append_milliseconds(std::string& out, std::chrono::nanoseconds value) {
    const auto nanoseconds = static_cast<std::uint64_t>(value.count() < 0 ? 0 : value.count());
    append_number(out, nanoseconds / 1'000'000);
    const std::uint64_t fraction = nanoseconds % 1'000'000 / 1'000;
    if (fraction != 0) {
        const char digits[] = {'.', static_cast<char>('0' + fraction / 100), static_cast<char>('0' + fraction / 10 % 10),
                               static_cast<char>('0' + fraction % 10)};
        out.append(digits, sizeof digits);
    }
}

// Fixed, not scientific: people read it, too.
void append_fraction(std::string& out, double value) {
    char digits[340];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3).ptr);
}

/// Writes the members of an object, one after the other.
class object_writer {
public:
    explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }

    /// The text to which the value of `name` is to be appended.
    std::string& member(std::string_view name) {
        if (out_.back() != '{') {
            out_ += ',';
        }
        append_json_string(out_, name);
        out_ += ':';
        return out_;
    }
    void number(std::string_view name, std::uint64_t value) { append_number(member(name), value); }
    void fraction(std::string_view name, std::optional<double> value) {
        if (value) {
            append_fraction(member(name), *value);
        } else {
            member(name) += "null";
        }
    }
    void end() { out_ += '}'; }

private:
    std::string& out_;
};

template <class Enum>
void append_counts(std::string& out, const std::uint64_t* counts, std::size_t first, std::size_t size) {
    object_writer object{out};
    for (std::size_t i = first; i < size; ++i) {
        object.number(to_string(static_cast<Enum>(i)), counts[i]);
    }
    object.end();
}

}  // namespace

std::string_view to_string(wait_policy value) noexcept {
    constexpr std::string_view names[] = {"first", "veto", "all"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(failure_policy value) noexcept { return value == failure_policy::open ? "open" : "closed"; }

std::string_view to_string(outcome value) noexcept {
    constexpr std::string_view names[outcome_count] = {"answered",       "abstained", "timeout", "abandoned",
                                                       "no_subscribers", "shutdown",  "unknown"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(refusal value) noexcept {
    constexpr std::string_view names[refusal_count] = {"", "answered", "expired", "cancelled", "unknown"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(close_reason value) noexcept {
    constexpr std::string_view names[] = {"lagged", "shutdown", "unsubscribed"};
    return names[static_cast<std::size_t>(value)];
}

void append_json(std::string& out, const ping_result& result) {
    out += R"({"instance":")";
    append_uuid(out, result.instance);
    out += R"(","version":)";
    append_json_string(out, result.version);
    out += R"(,"protocol":)";
    append_number(out, static_cast<std::uint64_t>(version));
    out += R"(,"pid":)";
    append_number(out, static_cast<std::uint64_t>(result.pid));
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
    out += R"({"hook_event_id":)";
    append_json_string(out, result.hook_event_id);
    out += R"(,"seq":)";
    if (result.seq) {
        append_number(out, *result.seq);
    } else {
        out += "null";
    }
    out += R"(,"outcome":")";
    out += to_string(result.outcome);
    out += R"(","abort":")";
    out += result.abort;
    out += R"(","responses":[)";
    bool first = true;
    for (const auto& each : result.responses) {
        out += first ? R"({"response":)" : R"(,{"response":)";
        first = false;
        out += each.response;
        out += R"(,"responder":)";
        append_json_string(out, each.responder);
        out += R"(,"elapsed_ms":)";
        append_milliseconds(out, each.elapsed);
        out += '}';
    }
    out += R"(],"missing":[)";
    first = true;
    for (const auto& each : result.missing) {
        out += first ? R"({"responder":)" : R"(,{"responder":)";
        first = false;
        append_json_string(out, each.responder);
        out += R"(,"why":)";
        append_json_string(out, each.why);
        out += '}';
    }
    out += "]}";
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

void append_json(std::string& out, const stats_result& result) {
    object_writer document{out};
    document.fraction("uptime_s", result.uptime_s);
    document.number("connections", result.connections);
    document.number("subscribers", result.subscribers);
    document.number("waiting", result.waiting);
    document.number("head_seq", result.head_seq);
    document.number("retained_events", result.retained_events);
    document.number("retained_bytes", result.retained_bytes);
    object_writer totals{document.member("totals")};
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
    object_writer events{document.member("events")};
    for (const auto& each : result.events) {
        object_writer times{events.member(each.name)};
        times.number("count", each.count);
        times.fraction("p50_ms", each.p50_ms);
        times.fraction("p90_ms", each.p90_ms);
        times.fraction("p99_ms", each.p99_ms);
        times.fraction("max_ms", each.max_ms);
        times.end();
    }
    events.end();
    document.member("sessions") += '[';
    for (const auto& each : result.sessions) {
        out += out.back() == '[' ? "" : ",";
        object_writer session{out};
        append_json_string(session.member("name"), each.name);
        session.number("pid", static_cast<std::uint64_t>(each.pid));
        session.number("uid", each.uid);
        session.number("queued", each.queued);
        append_boolean(session.member("lagged"), each.lagged);
        session.end();
    }
    out += ']';
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

void append_event_head(std::string& out, const event_fields& fields) {
    out += R"({"jsonrpc":"2.0","method":"event","params":{"seq":)";
    append_number(out, fields.seq);
    out += R"(,"hook_event_id":")";
    append_uuid(out, fields.hook_event_id);
    out += R"(","event":")";
    out += fields.event;  // an event name needs no escape
    out += R"(","emitted_at":")";
    append_timestamp(out, fields.emitted_at);
    out += R"(","expects_response":)";
    append_boolean(out, fields.expects_response);
    if (fields.timeout) {
        out += R"(,"timeout_ms":)";
        append_number(out, static_cast<std::uint64_t>(fields.timeout->count()));
    }
    out += R"(,"payload":)";
}

void append_closed(std::string& out, close_reason reason, std::uint64_t last_seq) {
    out += R"({"jsonrpc":"2.0","method":"closed","params":{"reason":")";
    out += to_string(reason);
    out += R"(","last_seq":)";
    append_number(out, last_seq);
    out += "}}";
}

void append_timestamp(std::string& out, std::chrono::system_clock::time_point when) {
    using namespace std::chrono;
    const auto day = floor<days>(when);
    const year_month_day date{day};
    const auto since = duration_cast<nanoseconds>(when - day).count();
    // All parts have a fixed width, so each digit has its place.
    char text[] = "0000-00-00T00:00:00.000000000Z";
    const auto put = [&text](std::size_t at, std::size_t width, std::uint64_t value) {
        for (std::size_t i = width; i-- > 0; value /= 10) {
            text[at + i] = static_cast<char>('0' + value % 10);
        }
    };
    const auto nanosecond = static_cast<std::uint64_t>(since);
    const std::uint64_t second = nanosecond / 1'000'000'000;
    put(0, 4, static_cast<std::uint64_t>(static_cast<int>(date.year())));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, second / 3600);
    put(14, 2, second / 60 % 60);
    put(17, 2, second % 60);
    put(20, 9, nanosecond % 1'000'000'000);
    out.append(text, sizeof text - 1);
}

}  // namespace hookd::protocol
