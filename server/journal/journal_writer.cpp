// SPDX-License-Identifier: BSL-1.0
#include "journal/journal_writer.hpp"

#include "journal/journal_file.hpp"

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/number.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace hookd::server {
namespace {

constexpr int rows_a_step = 512;       // that are taken out in one transaction
constexpr int pages_that_wait = 1000;  // in the write-ahead log before they are taken up into the file
constexpr std::int64_t least_log_bytes = std::int64_t{16} << 20;
constexpr int pages_given_back = 256;  // to the file system at a time

constexpr std::string_view row_sql =
    " INTO events(key, id, name, emitted_at, timeout_ms, pid, uid, program, cause, subscribers, "
    "vetoed, "
    "responders, ended, masked, "
    "payload_bytes, handed, verdict, payload, host, shadows, passed_over) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
    "?10, ?11, ?12, "
    "?13, "
    "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

// Of an event that is in the file already.
constexpr std::string_view update_sql =
    "UPDATE events SET handed = handed || ?2, vetoed = coalesce(?3, vetoed), responders = coalesce(?4, responders), "
    "ended = coalesce(?5, ended), "
    "verdict = coalesce(?6, verdict), shadows = shadows || ?7 WHERE key = ?1";

constexpr std::string_view remove_sql =
    "DELETE FROM events WHERE key IN (SELECT key FROM events ORDER BY key LIMIT ?1) AND emitted_at < ?2";

// How many of the oldest events take that many bytes, about.
constexpr std::string_view count_oldest_sql =
    "SELECT count(*) FROM (SELECT sum(300 + iif(payload IS NULL, 0, payload_bytes)) OVER (ORDER BY key) AS bytes "
    "FROM (SELECT key, payload, payload_bytes FROM events ORDER BY key LIMIT ?1)) WHERE bytes <= ?2";

// All rows whose events are older than the oldest one that is left: those before the row that it is in.
constexpr const char* remove_ids_sql =
    "DELETE FROM ids WHERE key < (SELECT max(key) FROM ids WHERE key <= coalesce((SELECT min(key) FROM events), "
    "9223372036854775807))";

void append_hand_out(std::string& out, const hand_out_record& handed) {
    out += R"(,{"to":)";
    base::append_json_string(out, handed.session_name);
    out.append(R"(,"asked":)").append(handed.is_asked ? "true" : "false").append(R"(,"after_ms":)");
    base::append_milliseconds(out, std::chrono::nanoseconds(handed.after_ns));
    out += '}';
}

void append_shadow(std::string& out, const shadow_record& reply) {
    out.append(",").append(reply.reply, 0, reply.reply.size() - 1).append(R"(,"elapsed_ms":)");
    base::append_milliseconds(out, std::chrono::nanoseconds(reply.after_ns));
    out += '}';
}

void bind_optional(sqlite::statement& insertion, int index, bool is_there, std::string_view value) {
    if (is_there) {
        insertion.bind_text(index, value);
    } else {
        insertion.bind_null(index);
    }
}

void append_id(std::string& ids, const protocol::uuid& id, std::int64_t key) {
    ids.append(reinterpret_cast<const char*>(id.data), id.size());
    for (int shift = 60; shift >= 0; shift -= 4) {
        ids += "0123456789abcdef"[(key >> shift) & 0xf];
    }
}

std::string_view params_of(std::string_view params) {
    params.remove_prefix(protocol::verdict_head.size());
    params.remove_suffix(1);
    return params;
}

/// Each name in lines of its own, so that one is found whole.
std::string names_in(std::string_view verdict) {
    std::string names = "\n";
    for (const auto& member : base::value_view(verdict).members()) {
        if (!member.key.equals("responses") && !member.key.equals("missing")) {
            continue;
        }
        for (const auto& element : base::value_view(member.value).elements()) {
            names.append(element["responder"].string()).append("\n");
        }
    }
    return names;
}

}  // namespace

journal_writer::journal_writer(sqlite::database file, const journal_options& options, const protocol::uuid& instance)
    : file_(std::move(file)),
      options_(options),
      instance_(instance),
      insert_(file_, "INSERT OR REPLACE" + std::string{row_sql}),
      insert_missing_(file_, "INSERT OR IGNORE" + std::string{row_sql}),
      update_(file_, update_sql),
      count_(file_, "UPDATE totals SET events = max(events + ?1, 0) RETURNING events"),
      note_ids_(file_, "INSERT OR REPLACE INTO ids(key, events) VALUES(?1, ?2)"),
      remove_(file_, remove_sql),
      events_(file_.number("SELECT events FROM totals")),
      page_bytes_(file_.number("PRAGMA page_size")) {
    // In place of SQLite's own: the log is taken up after a batch, and not within one.
    ::sqlite3_wal_hook(
        file_.handle(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<journal_writer*>(self)->log_pages_ = pages;
            return SQLITE_OK;
        },
        this);
}

std::int64_t journal_writer::run_number() {
    if (run_ == 0) {
        sqlite::statement add{
            file_, "INSERT INTO runs(instance, started_at) VALUES(?1, ?2) ON CONFLICT(instance) DO NOTHING"};
        add.bind_blob(1, &instance_, instance_.size()).bind(2, nanoseconds_of(std::chrono::system_clock::now())).run();
        sqlite::statement find{file_, "SELECT id FROM runs WHERE instance = ?1"};
        find.bind_blob(1, &instance_, instance_.size());
        return find.step() ? find.number(0) : 0;
    }
    return run_;
}

std::size_t journal_writer::write(const std::vector<journal_record>& records) {
    boost::unordered_flat_map<std::uint64_t, row> rows;
    std::vector<std::uint64_t> order;
    const auto row_of = [&](std::uint64_t seq) -> row& {
        const auto [at, is_new] = rows.try_emplace(seq);
        if (is_new) {
            order.push_back(seq);
        }
        return at->second;
    };
    std::size_t inserted = 0;
    for (const auto& each : records) {
        if (const auto* const event = std::get_if<event_record>(&each)) {
            row_of(event->seq).event = event;
        } else if (const auto* const handed = std::get_if<hand_out_record>(&each)) {
            append_hand_out(row_of(handed->seq).handed, *handed);
        } else if (const auto* const verdict = std::get_if<verdict_record>(&each)) {
            auto& written = row_of(verdict->seq);
            written.verdict = params_of(verdict->notification);
            written.responders = names_in(written.verdict);
            written.vetoed = verdict->vetoed;
        } else if (const auto* const shadow = std::get_if<shadow_record>(&each)) {
            append_shadow(row_of(shadow->seq).shadows, *shadow);
        } else {
            const auto& given_up = std::get<given_up_record>(each);
            row_of(given_up.seq).ended = given_up.why;
        }
    }
    sqlite::transaction all{file_};
    const auto run = run_number();
    std::string ids;
    std::int64_t first_key = 0;
    for (const auto seq : order) {
        const row& written = rows.at(seq);
        if (written.event != nullptr && insert(run, written)) {
            ++inserted;
            const auto key = journal_key(run, seq);
            first_key = ids.empty() ? key : first_key;
            append_id(ids, written.event->id, key);
        } else {
            update(run, seq, written);
        }
    }
    count_.bind(1, static_cast<std::int64_t>(inserted));
    if (!ids.empty()) {
        note_ids_.bind(1, first_key).bind_blob(2, ids.data(), ids.size()).run();
    }
    const auto total = count_.step() ? count_.number(0) : 0;
    count_.reset();
    all.commit();
    run_ = run;
    events_ = total;
    take_up_log();
    return inserted;
}

void journal_writer::bind_outcome(
    sqlite::statement& insertion, const row& written, int vetoed, int responders, int ended, int verdict) {
    const bool has_verdict = !written.verdict.empty();
    if (has_verdict) {
        insertion.bind(vetoed, written.vetoed ? 1 : 0);
    } else {
        insertion.bind_null(vetoed);
    }
    bind_optional(insertion, responders, has_verdict, written.responders);
    bind_optional(insertion, ended, !written.ended.empty(), written.ended);
    bind_optional(insertion, verdict, has_verdict, written.verdict);
}

bool journal_writer::insert(std::int64_t run, const row& written) {
    const auto& event = *written.event;
    auto& insert = event.restored ? insert_missing_ : insert_;
    insert.bind(1, journal_key(run, event.seq))
        .bind_blob(2, &event.id, event.id.size())
        .bind_text(3, event.name)
        .bind(4, event.emitted_at)
        .bind(6, event.pid)
        .bind(7, event.uid)
        .bind_text(8, event.program)
        .bind_text(9, event.cause)
        .bind(10, static_cast<std::int64_t>(event.subscribers))
        .bind(14, event.masked ? 1 : 0)
        .bind(15, static_cast<std::int64_t>(event.payload_bytes))
        .bind_text(16, written.handed)
        .bind_text(19, event.host)
        .bind_text(20, written.shadows)
        .bind_text(21, event.passed_over);
    if (event.timeout_ms) {
        insert.bind(5, *event.timeout_ms);
    } else {
        insert.bind_null(5);
    }
    bind_outcome(insert, written, 11, 12, 13, 17);
    bind_optional(insert, 18, event.payload.has_value(), event.payload ? *event.payload : std::string_view{});
    insert.run();
    return file_.changes() > 0;
}

void journal_writer::update(std::int64_t run, std::uint64_t seq, const row& written) {
    update_.bind(1, journal_key(run, seq)).bind_text(2, written.handed).bind_text(7, written.shadows);
    bind_outcome(update_, written, 3, 4, 5, 6);
    update_.run();
}

std::int64_t journal_writer::count_oldest(std::int64_t bytes) {
    sqlite::statement query{file_, count_oldest_sql};
    query.bind(1, rows_a_step).bind(2, bytes);
    return query.step() ? std::max<std::int64_t>(query.number(0), 1) : 1;
}

std::int64_t journal_writer::remove_oldest(std::int64_t most_rows, std::int64_t emitted_before) {
    sqlite::transaction all{file_};
    remove_.bind(1, most_rows).bind(2, emitted_before).run();
    const auto removed = file_.changes();
    if (removed > 0) {
        count_.bind(1, -removed);
        events_ = count_.step() ? count_.number(0) : 0;
        count_.reset();
        file_.run(("DELETE FROM runs WHERE id < (SELECT " + run_of_key_sql("min(key)") + " FROM events)").c_str());
        file_.run(remove_ids_sql);
    }
    all.commit();
    return removed;
}

void journal_writer::retain(std::chrono::system_clock::time_point now) {
    (void)remove_oldest(rows_a_step, nanoseconds_of(now - options_.days));
    const auto most = static_cast<std::int64_t>(options_.bytes);
    for (auto used = static_cast<std::int64_t>(used_bytes()); used > most;
         used = static_cast<std::int64_t>(used_bytes())) {
        if (remove_oldest(count_oldest(used - most), std::numeric_limits<std::int64_t>::max()) == 0) {
            break;
        }
        take_up_log();
    }
    if (file_.number("PRAGMA page_count") * page_bytes_ > most) {
        file_.run(("PRAGMA incremental_vacuum(" + std::to_string(pages_given_back) + ")").c_str());
    }
    take_up_log();
}

std::uint64_t journal_writer::used_bytes() {
    return static_cast<std::uint64_t>(
        (file_.number("PRAGMA page_count") - file_.number("PRAGMA freelist_count")) * page_bytes_);
}

void journal_writer::take_up_log() {
    if (log_pages_ < next_take_up_) {
        return;
    }
    int in_log = 0;
    int taken = 0;
    // What a reader still needs stays; where nobody reads, the next transaction begins at the log's front again.
    (void)::sqlite3_wal_checkpoint_v2(file_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &taken);
    next_take_up_ = taken == in_log ? pages_that_wait : log_pages_ + pages_that_wait;
}

bool journal_writer::is_blocked() {
    const auto most = std::max(static_cast<std::int64_t>(options_.bytes) / 4, least_log_bytes);
    if (log_pages_ * page_bytes_ <= most) {
        return false;
    }
    // A reader that comes to its end soon is not worth a wait of seconds, nor is one that does not.
    file_.wait_for_others(std::chrono::milliseconds{50});
    const int restarted =
        ::sqlite3_wal_checkpoint_v2(file_.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    file_.wait_for_others(patience_with_others);
    if (restarted != SQLITE_OK) {
        return true;
    }
    log_pages_ = 0;
    next_take_up_ = pages_that_wait;
    return false;
}

}  // namespace hookd::server
