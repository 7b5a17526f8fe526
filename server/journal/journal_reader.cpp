// SPDX-License-Identifier: BSL-1.0
#include "journal/journal_reader.hpp"

#include "journal/journal_file.hpp"
#include "journal/journal_record.hpp"

#include <hookd/protocol/json_text.hpp>

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
    std::string text(protocol::timestamp_size, ' ');
    protocol::write_timestamp(
        text.data(), std::chrono::system_clock::time_point{std::chrono::nanoseconds{nanoseconds}});
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

/// Appends `,"name":`, or without the comma where it is the first member.
std::string& member(std::string& out, std::string_view name) {
    out += out.back() == '{' ? "\"" : ",\"";
    out += name;
    return out += "\":";
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
    protocol::append_json_string(member(out, name), value);
}

void append_number(std::string& out, std::string_view name, std::int64_t value) {
    member(out, name) += std::to_string(value);
}

/// The value of a member of the params of a `verdict`; `otherwise` where it is not there.
std::string_view value_of(std::string_view verdict, std::string_view name, std::string_view otherwise) {
    if (!verdict.empty()) {
        for (protocol::json_cursor members{verdict}; const auto each = members.next();) {
            if (each->key.equals(name)) {
                return each->value;
            }
        }
    }
    return otherwise;
}

/// The clauses of a search for verdicts; their parameters are numbered as bind() has them.
std::string search_of(const core::history_query& what) {
    std::string sql =
        "SELECT key, emitted_at, verdict, (SELECT instance FROM runs WHERE id = " + run_of_key_sql("key") +
        ") FROM events INDEXED BY ";
    sql += what.vetoed ? "vetoes WHERE vetoed = 1" : "verdicts WHERE vetoed IS NOT NULL";
    sql += " AND key < ?1";
    if (!what.event.empty()) {
        sql += what.event.find_first_of("*?") == std::string::npos ? " AND name = ?2" : " AND name GLOB ?2";
    }
    if (what.since) {
        sql += " AND emitted_at >= ?3";
    }
    if (!what.responder.empty()) {
        sql += " AND instr(responders, ?4) > 0";
    }
    return sql + " ORDER BY key DESC LIMIT ?5";
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
    const core::history_query& what, const protocol::uuid& this_run) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (what.before_seq) {
        const auto run = run_of(what.instance.value_or(this_run));
        if (!run && what.instance) {
            return error{errc::invalid_params, "parameter 'instance': the journal holds nothing of the run " +
                                                   text_of(*what.instance) + ": give the one that the last entry had"};
        }
        before = run ? journal_key(*run, *what.before_seq) : before;
    }
    sqlite::statement query{file_, search_of(what)};
    query.bind(1, before).bind(5, static_cast<std::int64_t>(what.limit) + 1);
    if (!what.event.empty()) {
        query.bind_text(2, what.event);
    }
    if (what.since) {
        query.bind(3, nanoseconds_of(*what.since));
    }
    const std::string responder = "\n" + what.responder + "\n";
    if (!what.responder.empty()) {
        query.bind_text(4, responder);
    }
    std::string out = R"({"verdicts":[)";
    bool more = false;
    for (std::size_t count = 0; query.step(); ++count) {
        const auto verdict = query.text(2);
        if (count == what.limit || (count > 0 && out.size() + verdict.size() > most_answer_bytes)) {
            more = true;
            break;
        }
        out += count > 0 ? "," : "";
        out += verdict.substr(0, verdict.size() - 1);
        append_text(out, "emitted_at", timestamp_of(query.number(1)));
        append_text(out, "instance", text_of(uuid_of(query.text(3))));
        out += '}';
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
            run_of_key_sql("key") + ") FROM events WHERE key = ?1 AND id = ?2"};
    query.bind(1, *key).bind_blob(2, &id, id.size());
    if (!query.step()) {
        return std::nullopt;
    }
    std::string out = "{";
    append_text(out, "hook_event_id", text_of(id));
    append_text(out, "instance", text_of(uuid_of(query.text(14))));
    append_number(out, "seq", static_cast<std::int64_t>(seq_of_key(query.number(0))));
    append_text(out, "event", query.text(1));
    append_text(out, "emitted_at", timestamp_of(query.number(2)));
    member(out, "expects_response") += query.is_null(3) ? "false" : "true";
    if (!query.is_null(3)) {
        append_number(out, "timeout_ms", query.number(3));
    }
    if (!query.text(7).empty()) {
        append_text(out, "cause", query.text(7));
    }
    member(out, "emitter") += '{';
    append_number(out, "pid", query.number(4));
    append_number(out, "uid", query.number(5));
    append_text(out, "program", query.text(6));
    out += '}';
    append_number(out, "payload_bytes", query.number(10));
    if (!query.is_null(13)) {
        member(out, "payload") += query.text(13);
    }
    append_number(out, "subscribers", query.number(8));
    const auto handed = query.text(11);
    member(out, "handed") += "[" + std::string{handed.substr(handed.empty() ? 0 : 1)} + "]";
    const auto verdict = query.text(12);
    member(out, "responses") += value_of(verdict, "responses", "[]");
    member(out, "missing") += value_of(verdict, "missing", "[]");
    if (!query.is_null(9)) {
        append_text(out, "ended", query.text(9));
    }
    member(out, "verdict") += verdict.empty() ? "null" : "{";
    if (!verdict.empty()) {
        for (const std::string_view name : {"outcome", "abort", "payload", "bypassed", "elapsed_ms"}) {
            if (const auto value = value_of(verdict, name, {}); !value.empty()) {
                member(out, name) += value;
            }
        }
        out += '}';
    }
    return out + "}";
}

std::optional<journal_reader::found_event> journal_reader::find(const protocol::uuid& id) {
    const auto key = key_of(id);
    if (!key) {
        return std::nullopt;
    }
    sqlite::statement query{
        file_, "SELECT key, name, emitted_at, timeout_ms, cause, payload, (SELECT instance FROM runs WHERE id = " +
                   run_of_key_sql("key") + ") FROM events WHERE key = ?1 AND id = ?2"};
    query.bind(1, *key).bind_blob(2, &id, id.size());
    if (!query.step()) {
        return std::nullopt;
    }
    found_event found;
    auto& what = found.what;
    what.hook_event_id = id;
    what.instance = uuid_of(query.text(6));
    what.seq = seq_of_key(query.number(0));
    what.event = query.text(1);
    what.emitted_at = std::chrono::system_clock::time_point{std::chrono::nanoseconds{query.number(2)}};
    what.timeout = std::chrono::milliseconds{query.is_null(3) ? 0 : query.number(3)};
    what.cause = query.text(4);
    what.payload = query.text(5);
    found.has_payload = !query.is_null(5);
    return found;
}

}  // namespace hookd::server
