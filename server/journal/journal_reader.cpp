// SPDX-License-Identifier: BSL-1.0
#include "journal/journal_reader.hpp"

#include "journal/journal_file.hpp"
#include "journal/journal_record.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/timestamp.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::server {
namespace {

using protocol::errc;
using protocol::error;

std::string timestamp_of(std::int64_t nanoseconds) {
    std::string text(base::timestamp_size, ' ');
    base::write_timestamp(text.data(), std::chrono::system_clock::time_point{std::chrono::nanoseconds{nanoseconds}});
    return text;
}

protocol::uuid uuid_of(std::string_view bytes) {
    protocol::uuid id{};
    std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), id.size()), id.begin());
    return id;
}

std::string text_of(const protocol::uuid& id) {
    std::string text;
    protocol::append_uuid(text, id);
    return text;
}

/// Whether it pages without saying of which run: beyond this one the numbers begin anew, so that it would never end.
bool is_of_this_run(const core::history_query& query) { return query.before_seq && !query.instance; }

/// The clauses of a search for verdicts; their parameters are numbered as bind() has them.
std::string search_of(const core::history_query& query) {
    std::string sql =
        "SELECT key, emitted_at, verdict, (SELECT instance FROM runs WHERE id = " + run_of_key_sql("key") +
        ") FROM events INDEXED BY ";
    sql += query.vetoed ? "vetoes WHERE vetoed = 1" : "verdicts WHERE vetoed IS NOT NULL";
    sql += " AND key < ?1";
    if (is_of_this_run(query)) {
        sql += " AND key >= ?6";
    }
    if (!query.event.empty()) {
        sql += query.event.find_first_of("*?") == std::string::npos ? " AND name = ?2" : " AND name GLOB ?2";
    }
    if (query.since) {
        sql += " AND emitted_at >= ?3";
    }
    if (!query.responder.empty()) {
        sql += " AND instr(responders, ?4) > 0";
    }
    return sql + " ORDER BY key DESC LIMIT ?5";
}

const std::string select_events =
    "SELECT key, id, name, emitted_at, timeout_ms, cause, host, masked, payload FROM events WHERE ";

/// The row of select_events that `query` is at.
core::journalled_event event_of(const sqlite::statement& query) {
    core::journalled_event event{.hook_event_id = uuid_of(query.text(1)),
        .seq = seq_of_key(query.number(0)),
        .event = std::string{query.text(2)},
        .is_masked = query.number(7) != 0,
        .cause = std::string{query.text(5)},
        .host = std::string{query.text(6)},
        .emitted_at = std::chrono::system_clock::time_point{std::chrono::nanoseconds{query.number(3)}}};
    if (!query.is_null(4)) {
        event.timeout = std::chrono::milliseconds{query.number(4)};
    }
    if (!query.is_null(8)) {
        event.payload = query.text(8);
    }
    return event;
}

}  // namespace

journal_reader::journal_reader(sqlite::database& file) : file_(file) {
    file_.wait_for_others(patience_with_others);
    file_.run("PRAGMA query_only = ON");
}

std::optional<std::int64_t> journal_reader::run_of(const protocol::uuid& instance) {
    sqlite::statement query{file_, "SELECT id FROM runs WHERE instance = ?1"};
    query.bind_blob(1, &instance, instance.size());
    return query.step() ? std::optional{query.number(0)} : std::nullopt;
}

std::variant<std::string, error> journal_reader::history(
    const core::history_query& query, const protocol::uuid& this_run) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    std::int64_t first = before;
    if (query.before_seq) {
        const auto run = run_of(query.instance.value_or(this_run));
        if (!run && query.instance) {
            return error{errc::invalid_params, "parameter 'instance': the journal holds nothing of the run " +
                                                   text_of(*query.instance) + ": give the one that the last entry had"};
        }
        before = run ? journal_key(*run, *query.before_seq) : before;
        first = run ? journal_key(*run, 0) : first;
    }
    sqlite::statement search{file_, search_of(query)};
    search.bind(1, before).bind(5, static_cast<std::int64_t>(query.limit) + 1);
    if (!query.event.empty()) {
        search.bind_text(2, query.event);
    }
    if (is_of_this_run(query)) {
        search.bind(6, first);
    }
    if (query.since) {
        search.bind(3, nanoseconds_of(*query.since));
    }
    const std::string responder = "\n" + query.responder + "\n";
    if (!query.responder.empty()) {
        search.bind_text(4, responder);
    }
    std::string out = R"({"verdicts":[)";
    bool more = false;
    for (std::size_t count = 0; search.step(); ++count) {
        const auto verdict = search.text(2);
        if (count == query.limit || (count > 0 && out.size() + verdict.size() > most_answer_bytes)) {
            more = true;
            break;
        }
        out += count > 0 ? "," : "";
        const auto more_of_it = base::object_writer{}
                                    .text("emitted_at", timestamp_of(search.number(1)))
                                    .text("instance", text_of(uuid_of(search.text(3))))
                                    .finish();
        out.append(verdict.substr(0, verdict.size() - 1)).append(",").append(more_of_it, 1);
    }
    return out + (more ? R"(],"more":true})" : R"(],"more":false})");
}

// Newest first, since that is what is asked for mostly.
std::optional<std::int64_t> journal_reader::key_of(const protocol::uuid& id) {
    sqlite::statement query{file_,
        "SELECT substr(events, instr(events, ?1) + 16, 16) FROM ids WHERE instr(events, ?1) > 0 ORDER BY key DESC "
        "LIMIT "
        "1"};
    query.bind_blob(1, &id, id.size());
    if (!query.step()) {
        return std::nullopt;
    }
    std::int64_t key = 0;
    const auto digits = query.text(0);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), key, 16);
    return read.ec == std::errc{} ? std::optional{key} : std::nullopt;
}

std::optional<std::string> journal_reader::trace(const protocol::uuid& id) {
    const auto key = key_of(id);
    if (!key) {
        return std::nullopt;
    }
    sqlite::statement query{file_,
        "SELECT key, name, emitted_at, timeout_ms, pid, uid, program, cause, subscribers, ended, payload_bytes, "
        "handed, verdict, "
        "payload, (SELECT instance FROM runs WHERE id = " +
            run_of_key_sql("key") + "), shadows, passed_over FROM events WHERE key = ?1 AND id = ?2"};
    query.bind(1, *key).bind_blob(2, &id, id.size());
    if (!query.step()) {
        return std::nullopt;
    }
    base::object_writer out;
    out.text("hook_event_id", text_of(id)).text("instance", text_of(uuid_of(query.text(14))));
    out.number("seq", seq_of_key(query.number(0)));
    out.text("event", query.text(1)).text("emitted_at", timestamp_of(query.number(2)));
    out.flag("expects_response", !query.is_null(3));
    if (!query.is_null(3)) {
        out.number("timeout_ms", query.number(3));
    }
    out.optional_text("cause", query.text(7));
    base::object_writer emitter{out.member("emitter")};
    emitter.number("pid", query.number(4)).number("uid", query.number(5)).text("program", query.text(6)).end();
    out.number("payload_bytes", query.number(10));
    if (!query.is_null(13)) {
        out.raw("payload", query.text(13));
    }
    out.number("subscribers", query.number(8));
    const auto handed = query.text(11);
    out.raw("handed", "[" + std::string{handed.substr(handed.empty() ? 0 : 1)} + "]");
    const base::value_view verdict{query.text(12)};
    for (const std::string_view name : {"responses", "missing"}) {
        const auto list = verdict[name];
        out.raw(name, list.empty() ? "[]" : list.text());
    }
    if (const auto shadows = query.text(15); !shadows.empty()) {
        out.raw("shadows", "[" + std::string{shadows.substr(1)} + "]");
    }
    const base::value_view passed_over{verdict["passed_over"].empty() ? query.text(16) : verdict.text()};
    for (const std::string_view name : {"passed_over", "passed_over_total"}) {
        out.optional_raw(name, passed_over[name]);
    }
    if (!query.is_null(9)) {
        out.text("ended", query.text(9));
    }
    if (verdict.empty()) {
        return out.raw("verdict", "null").finish();
    }
    base::object_writer ending{out.member("verdict")};
    for (const std::string_view name : {"outcome", "abort", "payload", "bypassed", "elapsed_ms"}) {
        ending.optional_raw(name, verdict[name]);
    }
    ending.end();
    return out.finish();
}

std::optional<core::journalled_event> journal_reader::find(const protocol::uuid& id) {
    const auto key = key_of(id);
    if (!key) {
        return std::nullopt;
    }
    sqlite::statement query{file_, select_events + "key = ?1 AND id = ?2"};
    query.bind(1, *key).bind_blob(2, &id, id.size());
    return query.step() ? std::optional{event_of(query)} : std::nullopt;
}

std::vector<core::journalled_event> journal_reader::events_between(
    const protocol::uuid& instance, std::uint64_t after_seq, std::uint64_t before_seq) {
    std::vector<core::journalled_event> found;
    const auto run = run_of(instance);
    if (!run) {
        return found;
    }
    sqlite::statement query{file_, select_events + "key > ?1 AND key < ?2 ORDER BY key LIMIT ?3"};
    query.bind(1, journal_key(*run, after_seq)).bind(2, journal_key(*run, before_seq));
    query.bind(3, static_cast<std::int64_t>(most_events_at_once));
    for (std::size_t bytes = 0; bytes < most_answer_bytes && query.step();) {
        auto next = event_of(query);
        if (next.seq != after_seq + found.size() + 1) {
            break;
        }
        bytes += next.payload ? next.payload->size() : 0;
        found.push_back(std::move(next));
    }
    return found;
}

}  // namespace hookd::server
