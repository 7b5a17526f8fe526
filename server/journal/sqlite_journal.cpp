// SPDX-License-Identifier: BSL-1.0
#include "journal/sqlite_journal.hpp"

#include "journal/journal_reader.hpp"
#include "journal/journal_writer.hpp"
#include "journal/record_queue.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/signals_held_back.hpp>
#include <base/text/counted.hpp>
#include <base/text/shell_word.hpp>
#include <base/text/utf8.hpp>

#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

// [broker's strand] record made, queued -> [writer's thread] gathered, one transaction -> file
// [broker's strand] question queued     -> [reader's thread] what was recorded before is written, then asked -> handler
//
// A file that cannot be written is lost records and a warning, and is tried again with the next batch; one that is gone
// is made again.

namespace hookd::server {
namespace {

using namespace std::chrono_literals;
using protocol::errc;
using protocol::error;

constexpr std::size_t most_queued_bytes = std::size_t{16} << 20;
constexpr std::size_t most_questions = 256;   // that wait for the reader's thread
constexpr std::size_t longest_reason = 1024;  // of an abort that is larger than the journal keeps
constexpr auto between_tries_to_open = 5s;
constexpr auto between_warnings = 60s;
constexpr std::chrono::milliseconds between_retentions = 1s;
constexpr std::chrono::milliseconds while_idle = 60s;  // the same where nothing happens
constexpr int niceness = 10;
constexpr auto patience_of_reader = 2s;  // with the writer

/// As an `abort` is kept: the inside of a JSON string.
std::string shortened(std::string_view abort) {
    if (abort.size() <= longest_reason) {
        return std::string{abort};
    }
    std::string quoted;
    base::append_json_string(
        quoted, std::string{base::cut_at_character(base::json_string{abort}.decode(), longest_reason)} + "…");
    return quoted.substr(1, quoted.size() - 2);
}

/// Of a reply that is larger than the journal keeps.
std::string abort_alone(std::string_view reply) {
    const auto abort = base::value_view{reply}["abort"].as_token();
    return abort ? R"({"abort":")" + shortened(abort->raw) + "\"}" : "{}";
}

bool is_large(const protocol::wait_result& verdict, std::size_t most) {
    return verdict.abort.size() > most || verdict.payload.size() > most ||
           std::any_of(verdict.responses.begin(), verdict.responses.end(),
               [most](const auto& each) { return each.text().size() > most; });
}

/// Without what is larger than the journal keeps.
protocol::wait_result reduced(const protocol::wait_result& verdict, std::size_t most) {
    auto result = verdict;
    for (auto& each : result.responses) {
        if (each.text().size() > most) {
            each.omitted_bytes = each.text().size();
            each.response = abort_alone(each.text());
            each.passed_on = {};
        }
    }
    if (result.abort.size() > most) {
        result.abort = shortened(result.abort);
    }
    if (result.payload.size() > most) {
        result.payload.clear();
    }
    return result;
}

std::string notification_of(
    std::string_view event_name, const protocol::wait_result& verdict, std::chrono::nanoseconds elapsed) {
    std::string text;
    protocol::append_verdict(text, event_name, verdict, elapsed);
    return text;
}

/// How many events are in them, or have their verdict in them.
std::size_t count_events(const std::vector<journal_record>& records) {
    std::unordered_set<std::uint64_t> events;
    for (const auto& each : records) {
        if (const auto* const event = std::get_if<event_record>(&each)) {
            events.insert(event->seq);
        } else if (const auto* const verdict = std::get_if<verdict_record>(&each)) {
            events.insert(verdict->seq);
        }
    }
    return events.size();
}

}  // namespace

class sqlite_journal::implementation {
public:
    implementation(const journal_options& options, logger& log) : options_(options), log_(log) { open(); }

    ~implementation() {
        queue_.close();
        {
            const std::lock_guard lock{questions_mutex_};
            closed_ = true;
            questions_.clear();
            if (asked_ != nullptr) {
                ::sqlite3_interrupt(asked_->handle());
            }
        }
        question_came_.notify_one();
    }

    void begin(const protocol::uuid& instance) {
        instance_ = instance;
        if (opened_) {
            try {
                use(std::move(*opened_));
            } catch (const sqlite::error& failure) {
                warn(failure.what());
            }
            opened_.reset();
        }
        const base::signals_held_back during_start;
        writer_thread_ = std::jthread{[this] { write_all(); }};
        reader_thread_ = std::jthread{[this] { answer_all(); }};
    }

    [[nodiscard]] const protocol::uuid& instance() const noexcept { return instance_; }
    [[nodiscard]] const journal_options& options() const noexcept { return options_; }

    [[nodiscard]] protocol::stats_result::journal_figures figures() const {
        const std::lock_guard lock{failure_mutex_};
        return {options_.file.string(), bytes_.load(std::memory_order_relaxed), events_.load(std::memory_order_relaxed),
            dropped_.load(std::memory_order_acquire), failure_};
    }

    /// `make` makes the record and calls the function that it gets with it. What is lost is counted where `counts`.
    template <class Make>
    void record(record_queue::importance class_of_record, bool counts, Make make) noexcept {
        bool kept = false;
        try {
            make([&](const journal_record& made) { kept = queue_.push(made, class_of_record); });
        } catch (const std::bad_alloc&) {  // it is lost
        }
        dropped_.fetch_add(!kept && counts ? 1 : 0, std::memory_order_relaxed);
    }

    void release(std::uint64_t seq) noexcept {
        try {
            queue_.release(seq);
        } catch (const std::bad_alloc&) {  // they are lost
        }
    }
    void drop_held() noexcept { queue_.drop_held(); }

    /// `question` is asked of a reader; what it gives, or why there is nothing, goes to `done`.
    template <class Result, class Question>
    void ask(handler<Result> done, Question question) {
        auto work = [this, done, question = std::move(question)](
                        const std::string& failure) { done(answer<Result>(question, failure)); };
        {
            const std::lock_guard lock{questions_mutex_};
            if (questions_.size() < most_questions) {
                questions_.push_back({queue_.last_number(), std::move(work)});
                question_came_.notify_one();
                return;
            }
        }
        done(protocol::limit_error(
            "journal", most_questions, "as many questions about the journal wait as may: retry later"));
    }

    [[nodiscard]] error unknown(const protocol::uuid& id) const {
        std::string text;
        protocol::append_uuid(text, id);
        return {errc::invalid_params,
            "parameter 'hook_event_id': the journal " + options_.file.string() + " holds no event " + text};
    }

private:
    struct waiting_question {
        std::uint64_t number = 0;  // what was recorded up to it is to be found
        std::function<void(const std::string&)> work{};
    };

    // --- the writer's thread; open(), use() and warn() before it begins, too ---

    void open() {
        try {
            opened_.emplace(open_journal_file(options_.file));
        } catch (const sqlite::error& failure) {
            warn(failure.what());
        }
    }

    void use(sqlite::database file) {
        identity_ = file_identity::of(options_.file);
        writer_.emplace(std::move(file), options_, instance_);
        note_figures();
    }

    void write_all() {
        // Where processors are short, events go before their journal.
        (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
        record_batch batch;
        while (queue_.take(batch, batch.empty() ? while_idle : between_retentions)) {
            write(batch.records());
        }
        writer_.reset();
    }

    // None, where nothing has happened for a while: what is too old or too much goes all the same.
    void write(const std::vector<journal_record>& records) {
        if (records.empty() && (!writer_ || !failure_.empty())) {
            return;
        }
        try {
            make_ready();
            if (!records.empty()) {
                writer_->write(records);
            }
            retain();
            note_figures();
            note_success();
        } catch (const std::runtime_error& failure) {  // sqlite::error, journal_error
            warn(failure.what());                      // first: whoever sees the count finds the reason
            dropped_.fetch_add(count_events(records), std::memory_order_release);
        }
    }

    void make_ready() {
        if (writer_ && file_identity::of(options_.file) != identity_) {
            writer_.reset();  // somebody has moved it away, or removed it
        }
        if (!writer_) {
            const auto now = std::chrono::steady_clock::now();
            if (now < next_try_) {
                throw sqlite::error(failure_, SQLITE_CANTOPEN);
            }
            next_try_ = now + between_tries_to_open;
            use(open_journal_file(options_.file));
            next_try_ = {};
        }
        if (writer_->is_blocked()) {
            throw sqlite::error(
                options_.file.string() +
                    ": another program reads it and does not come to an end, and its write-ahead log is full: "
                    "close what has it open",
                SQLITE_BUSY);
        }
    }

    void retain() {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_retention_) {
            next_retention_ = now + between_retentions;
            writer_->retain(std::chrono::system_clock::now());
        }
    }

    void note_figures() {
        events_.store(writer_->events(), std::memory_order_relaxed);
        bytes_.store(writer_->used_bytes(), std::memory_order_relaxed);
    }

    void note_success() {
        if (!failure_.empty()) {
            next_warning_ = {};
            set_failure({});
            log_.write(log_level::info, "the journal " + options_.file.string() + " is written again; " +
                                            base::counted(dropped_.load(std::memory_order_relaxed), "event") +
                                            " dropped since the start");
        }
    }

    void warn(const std::string& why) {
        set_failure(why);
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_warning_) {
            next_warning_ = now + between_warnings;
            log_.write(
                log_level::warning, "the journal cannot be written, and what happens meanwhile is not in it: " + why);
        }
    }

    void set_failure(const std::string& why) {
        const std::lock_guard lock{failure_mutex_};
        failure_ = why;
    }

    // --- the reader's thread ---

    void answer_all() {
        while (const auto next = next_question()) {
            queue_.wait_until_written(next->number, patience_of_reader);
            std::string failure;
            std::optional<sqlite::database> file;
            try {
                file.emplace(options_.file);
            } catch (const sqlite::error& unreadable) {
                failure = unreadable.what();
            }
            set_asked(file ? &*file : nullptr);
            next->work(failure);
            set_asked(nullptr);
        }
    }

    [[nodiscard]] std::optional<waiting_question> next_question() {
        std::unique_lock lock{questions_mutex_};
        question_came_.wait(lock, [this] { return closed_ || !questions_.empty(); });
        if (closed_) {
            return std::nullopt;
        }
        auto next = std::move(questions_.front());
        questions_.pop_front();
        return next;
    }

    void set_asked(sqlite::database* file) {
        const std::lock_guard lock{questions_mutex_};
        asked_ = file;
    }

    // SQLite's words for a file that cannot be opened say neither why nor what to do.
    [[nodiscard]] std::string reason_of(const sqlite::error& unreadable) const {
        std::string reason = unreadable.what();
        if (unreadable.primary_code() == SQLITE_CANTOPEN) {
            const auto directory = options_.file.parent_path();
            if (::access(options_.file.c_str(), R_OK | W_OK) != 0 || ::access(directory.c_str(), W_OK | X_OK) != 0) {
                reason +=
                    " (" + std::generic_category().message(errno) + ": SQLite writes to it, and beside it, to read)";
            }
            const auto file = base::shell_word(options_.file.string());
            reason += "; look at the file and its disk: ls -l " + file + "; df -h " + file;
        }
        return reason;
    }

    template <class Result, class Question>
    std::variant<Result, error> answer(const Question& question, const std::string& failure) {
        try {
            if (asked_ == nullptr) {
                throw sqlite::error(failure, SQLITE_CANTOPEN);
            }
            journal_reader reader{*asked_};
            return question(reader);
        } catch (const sqlite::error& unreadable) {
            return error{errc::internal_error, "the journal cannot be read: " + reason_of(unreadable)};
        }
    }

    const journal_options options_;
    logger& log_;
    protocol::uuid instance_{};
    record_queue queue_{most_queued_bytes};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> events_{0};
    std::atomic<std::uint64_t> dropped_{0};

    mutable std::mutex failure_mutex_{};
    std::string failure_{};  // why it cannot be written at the moment; empty: it can. Written by the writer's thread

    // the writer's thread
    std::optional<sqlite::database> opened_{};  // until begin()
    std::optional<journal_writer> writer_{};    // nothing while the file cannot be opened
    file_identity identity_{};
    std::chrono::steady_clock::time_point next_try_{};  // after a failure to open it
    std::chrono::steady_clock::time_point next_warning_{};
    std::chrono::steady_clock::time_point next_retention_{};

    std::mutex questions_mutex_{};
    std::condition_variable question_came_{};
    std::deque<waiting_question> questions_{};
    sqlite::database* asked_ = nullptr;
    bool closed_ = false;

    // Last: they end before what they use.
    std::jthread writer_thread_{};
    std::jthread reader_thread_{};
};

sqlite_journal::sqlite_journal(const journal_options& options, logger& log)
    : implementation_(std::make_unique<implementation>(options, log)) {}

sqlite_journal::~sqlite_journal() = default;

void sqlite_journal::begin(const protocol::uuid& instance) { implementation_->begin(instance); }

protocol::stats_result::journal_figures sqlite_journal::figures() const { return implementation_->figures(); }

void sqlite_journal::history(core::history_query query, handler<std::string> done) {
    implementation_->ask<std::string>(
        std::move(done), [query = std::move(query), self = implementation_.get()](
                             journal_reader& reader) { return reader.history(query, self->instance()); });
}

void sqlite_journal::trace(const protocol::uuid& hook_event_id, handler<std::string> done) {
    implementation_->ask<std::string>(
        std::move(done), [id = hook_event_id, self = implementation_.get()](journal_reader& reader) {
            auto found = reader.trace(id);
            return found ? std::variant<std::string, error>{std::move(*found)} : self->unknown(id);
        });
}

void sqlite_journal::find(const protocol::uuid& hook_event_id, handler<core::journalled_event> done) {
    implementation_->ask<core::journalled_event>(std::move(done),
        [id = hook_event_id, self = implementation_.get()](
            journal_reader& reader) -> std::variant<core::journalled_event, error> {
            auto found = reader.find(id);
            if (!found) {
                return self->unknown(id);
            }
            if (!found->payload) {
                return error{errc::invalid_params,
                    "parameter 'hook_event_id': the journal does not hold that event's payload, which is larger than " +
                        std::to_string(self->options().payload_bytes) + " bytes: raise --journal-payload"};
            }
            return std::move(*found);
        });
}

void sqlite_journal::events_between(
    std::uint64_t after_seq, std::uint64_t before_seq, handler<std::vector<core::journalled_event>> done) {
    implementation_->ask<std::vector<core::journalled_event>>(std::move(done),
        [after_seq, before_seq, self = implementation_.get()](
            journal_reader& reader) -> std::variant<std::vector<core::journalled_event>, error> {
            return reader.events_between(self->instance(), after_seq, before_seq);
        });
}

// `complete` adds what the event itself does not say.
template <class Complete>
void sqlite_journal::record_event(
    const core::event& event, const core::secret_filter* secrets, Complete complete) noexcept {
    using importance = record_queue::importance;
    const std::size_t most = implementation_->options().payload_bytes;
    implementation_->record(event.expects_response() ? importance::asked : importance::told, true, [&](auto push) {
        event_record record{.seq = event.seq(),
            .id = event.id(),
            .name = event.name(),
            .emitted_at = nanoseconds_of(event.emitted_at()),
            .cause = event.cause(),
            .host = event.host(),
            .payload_bytes = event.payload().size()};
        complete(record);
        if (event.expects_response()) {
            record.timeout_ms = event.timeout().count();
        }
        std::optional<std::string> hidden;
        if (event.payload().size() <= most) {
            if (secrets != nullptr) {
                hidden = secrets->payload(event.name(), event.payload());
            }
            record.masked = hidden.has_value();
            record.payload = hidden ? std::string_view{*hidden} : event.payload();
        }
        push(record);
    });
}

void sqlite_journal::event_published(const core::event& published, const core::peer& emitter, std::size_t subscribers,
    const protocol::passed_over_hooks* passed_over, const core::secret_filter* secrets) noexcept {
    std::string passed;
    record_event(published, secrets, [&](event_record& record) {
        if (passed_over != nullptr) {
            protocol::append_json(passed, *passed_over);
            record.passed_over = passed;
        }
        record.pid = emitter.pid;
        record.uid = emitter.uid;
        record.program = emitter.program;
        record.subscribers = subscribers;
    });
}

void sqlite_journal::event_restored(const core::event& restored, std::uint32_t uid, std::size_t responders,
    const core::secret_filter* secrets) noexcept {
    record_event(restored, secrets, [&](event_record& record) {
        record.uid = uid;
        record.subscribers = responders;
        record.restored = true;
    });
}

void sqlite_journal::event_delivered(
    const core::event& delivered, std::string_view session_name, bool is_asked) noexcept {
    using importance = record_queue::importance;
    const auto after = nanoseconds_of(std::chrono::system_clock::now()) - nanoseconds_of(delivered.emitted_at());
    implementation_->record(delivered.expects_response() ? importance::asked : importance::told, false, [&](auto push) {
        push(hand_out_record{delivered.seq(), session_name, is_asked, std::max<std::int64_t>(after, 0)});
    });
}

void sqlite_journal::wait_ended(
    std::string_view event_name, const protocol::wait_result& verdict, std::chrono::nanoseconds elapsed) noexcept {
    const std::size_t most = implementation_->options().payload_bytes;
    implementation_->record(record_queue::importance::verdict, true, [&](auto push) {
        const auto notification = is_large(verdict, most) ? notification_of(event_name, reduced(verdict, most), elapsed)
                                                          : notification_of(event_name, verdict, elapsed);
        push(verdict_record{verdict.seq.value_or(0), notification, !verdict.abort.empty()});
    });
}

void sqlite_journal::wait_given_up(std::uint64_t seq, protocol::refusal why) noexcept {
    implementation_->record(record_queue::importance::verdict, false, [&](auto push) {
        push(given_up_record{seq, protocol::to_string(why)});
    });
}

void sqlite_journal::shadow_replied(const core::shadow_reply& reply) noexcept {
    const std::size_t most = implementation_->options().payload_bytes;
    implementation_->record(record_queue::importance::asked, false, [&](auto push) {
        base::object_writer document;
        document.text("responder", reply.responder);
        if (!reply.failed.empty()) {
            document.text("failed", reply.failed);
        } else if (reply.response.size() > most) {
            document.raw("response", abort_alone(reply.response)).number("response_bytes", reply.response.size());
        } else {
            document.raw("response", reply.response);
        }
        const auto text = document.finish();
        push(shadow_record{reply.seq, text, reply.elapsed.count()});
    });
}

void sqlite_journal::events_committed(std::uint64_t seq) noexcept { implementation_->release(seq); }

void sqlite_journal::events_refused() noexcept { implementation_->drop_held(); }

}  // namespace hookd::server
