// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/postgres_link.hpp"

#include "cluster/postgres/schema.hpp"
#include "cluster/postgres/statements.hpp"

#include <hookd/protocol/uuid_text.hpp>

#include <boost/uuid/random_generator.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto connect_patience = 3'000ms;  // for each address
constexpr auto silence = 5'000ms;           // a server that takes longer for a statement counts as gone
constexpr auto lasting_trouble_wait = 5'000ms;
constexpr auto place_wait = 50ms;
constexpr auto place_patience = 3'000ms;
constexpr auto tick_interval = 500ms;
constexpr auto longest_beat = 5'000ms;
constexpr auto purge_interval = 10'000ms;
constexpr std::int32_t purge_batch = 20'000;
constexpr auto listening_lag = 2'000ms;

// What a role or a database may have set otherwise. The keep-alive ends a backend whose host is cut off, and with it
// the lock. Plans are made once (planning would take longer than running) and use the keys, however few rows there were
// when they were made.
constexpr const char* session_settings =
    "select set_config(name, value, false) from (values ('statement_timeout', '10s'), "
    "('default_transaction_isolation', 'read committed'),"
    " ('default_transaction_read_only', 'off'), ('jit', 'off'), ('plan_cache_mode', 'force_generic_plan'), "
    "('enable_seqscan', 'off'), ('row_security', 'off'), ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', "
    "'5'),"
    " ('tcp_keepalives_count', '2'), ('tcp_user_timeout', '15s'), ('idle_session_timeout', '0')) as s(name, value)"
    " where exists (select 1 from pg_catalog.pg_settings p where p.name = s.name)";

std::string new_uuid() {
    std::string text;
    protocol::append_uuid(text, boost::uuids::random_generator{}());
    return text;
}

/// "e 12 345": its letter, and up to two numbers.
struct hint {
    explicit hint(const std::string& text) {
        kind = text.empty() ? '\0' : text.front();
        const char* at = text.data() + std::min<std::size_t>(2, text.size());
        const char* const end = text.data() + text.size();
        at = std::from_chars(at, end, first).ptr;
        std::from_chars(at == end ? at : at + 1, end, second);
    }
    char kind;
    std::int64_t first = 0;
    std::int64_t second = 0;
};

bool lacks_rights_or_schema(const std::string& sqlstate) {
    return sqlstate == "42501" || sqlstate == "42883" || sqlstate == "3F000" || sqlstate == "42P01";
}

}  // namespace

postgres_link::postgres_link(boost::asio::io_context& context, link::channel& hookd)
    : context_(context),
      hookd_(hookd),
      retry_timer_(context),
      tick_timer_(context),
      sessions_(hookd),
      outgoing_(hookd),
      incoming_(hookd),
      run_(new_uuid()) {}

postgres_link::~postgres_link() {
    if (connection_) {
        connection_->close();
    }
}

void postgres_link::begin(link::hello greeting) {
    if (!protocol::parse_uuid(greeting.instance)) {
        throw link::malformed_message("cluster.hello: instance is not a UUID");
    }
    greeting_ = std::move(greeting);
    greeting_.lease = std::clamp<link::milliseconds>(greeting_.lease, 1s, 24h);
    schedule_tick();
    connect();
}

void postgres_link::handle(link::session added) {
    if (state_ == link::link_state::up) {
        listen();
    }
    sessions_.add(std::move(added));
}

void postgres_link::handle(link::session_gone removed) { sessions_.remove(removed.number); }

void postgres_link::handle(link::ask question) {
    if (state_ == link::link_state::up) {
        listen();
    }
    outgoing_.add(std::move(question));
}

void postgres_link::handle(link::tell statement) { outgoing_.add(std::move(statement)); }

void postgres_link::handle(link::close_event over) { outgoing_.close(over.id); }

void postgres_link::handle(link::reply answer) { incoming_.add(std::move(answer)); }

void postgres_link::leave(std::function<void()> done) {
    if (state_ != link::link_state::up) {
        return done();
    }
    connection_->execute(statements::leave.name, {}, [done = std::move(done)](const result&) { done(); });
}

// --- down, connecting ---

void postgres_link::connect() {
    report(link::link_state::connecting);
    try {
        auto target = parse_url(greeting_.url);
        resolve(context_.get_executor(), target, [this, target](settings resolved, const std::string& failure) {
            if (!failure.empty()) {
                return fail({failure + ": see the host in the URL file, and the name service", false});
            }
            open(std::move(resolved));
        });
    } catch (const wrong_url& wrong) {
        fail({wrong.what()});
    }
}

void postgres_link::open(settings target) {
    rotate_hosts(target, first_host_);
    connection::handlers handlers;
    handlers.on_notification = [this](const std::string& text) { on_notification(text); };
    handlers.on_lost = [this, attempt = ++attempt_](const std::string& reason) {
        if (attempt == attempt_ && connection_) {
            lose(reason);
        }
    };
    connection_ = std::make_shared<connection>(context_.get_executor(), std::move(handlers));
    connection_->open(target, connect_patience,
        [this, target](const std::optional<connect_failure>& failure) { on_connected(failure, target); });
}

void postgres_link::on_connected(const std::optional<connect_failure>& failure, const settings& target) {
    if (failure) {
        if (failure->silent) {
            ++first_host_;  // so that the next attempt begins with another one
        }
        return fail(judge(*failure, target));
    }
    report(link::link_state::entering);
    connection_->query(inspection_query, when_done(&postgres_link::inspect));
}

// --- entering ---

connection::on_result postgres_link::when_done(step next) {
    return [this, next](const result& outcome) {
        if (outcome.has_failed()) {
            return fail(
                {"PostgreSQL says: " + outcome.message() +
                        (lacks_rights_or_schema(outcome.sqlstate())
                                ? "; the schema is damaged or the role lacks rights: see hookd-postgres --check FILE"
                                : ""),
                    lacks_rights_or_schema(outcome.sqlstate())});
        }
        (this->*next)(outcome);
    };
}

void postgres_link::inspect(const result& outcome) {
    found_.emplace(outcome);
    auto fault = judge_server(*found_, connection_->backend_pid(), connection_->server_version());
    if (!fault) {
        fault = judge_schema(*found_);
    }
    if (!fault && found_->role != greeting_.host && !found_->is_owner) {
        fault = trouble{"the URL's role is \"" + found_->role + "\", and this host is called \"" + greeting_.host +
                        "\"; a host is its role: start hookd with --cluster-host " + found_->role +
                        ", or make a role \"" + greeting_.host + "\""};
    }
    if (fault) {
        return fail(*fault);
    }
    connection_->query("select hookd.schema_version()", [this](const result& version) {
        if (version.has_failed()) {
            return fail({"PostgreSQL says: " + version.message() + ": see hookd-postgres --check FILE"});
        }
        if (const auto wrong = judge_version(*found_, static_cast<int>(version.integer(0, 0)))) {
            return fail(*wrong);
        }
        prepare();
    });
}

void postgres_link::prepare() {
    const auto check = when_done(&postgres_link::prepared);
    connection_->query(session_settings, check);
    for (const auto& each : statements::all) {
        connection_->prepare(each.name, each.text, check);
    }
    enter();
}

void postgres_link::prepared(const result&) {}

void postgres_link::enter() {
    parameters values;
    values.add_text(greeting_.host);
    values.add_uuid(greeting_.instance);
    values.add_uuid(run_);
    values.add(static_cast<std::int32_t>(greeting_.lease.count()));
    connection_->execute(statements::enter.name, values, when_done(&postgres_link::take_place));
}

void postgres_link::take_place(const result& outcome) {
    if (outcome.is_null(0, 0)) {
        return wait_for_place(outcome);
    }
    place_held_since_.reset();
    number_ = static_cast<std::int32_t>(outcome.integer(0, 0));
    new_epoch_ = outcome.uuid(0, 1);
    const bool was_up = !epoch_.empty();
    const bool is_new_epoch = was_up && epoch_ != new_epoch_;
    if (is_new_epoch) {
        gap_ = "PostgreSQL has crashed or failed over and has forgotten events that were under way";
        incoming_.forget();
        outgoing_.forget();
    } else if (was_up && !outcome.boolean(0, 2)) {
        gap_ = "this host was cut off for longer than its lease of " + std::to_string(greeting_.lease.count()) +
               " ms, and other hosts did not count on it";
    } else if (!was_up && outcome.boolean(0, 3)) {
        gap_ = "the link of this host was restarted";
    }
    last_seq_ = outcome.integer(0, 4);
    join(!was_up || is_new_epoch);
}

// Another connection holds this role's place. One of this hookd, or one whose lease is over, is a leftover and is
// ended; else another host uses the role.
void postgres_link::wait_for_place(const result& holder) {
    const auto now = clock::now();
    if (!place_held_since_) {
        place_held_since_ = now;
    }
    const bool is_leftover = holder.uuid(0, 6) == greeting_.instance || holder.integer(0, 8) <= 0;
    if (!is_leftover && now - *place_held_since_ > place_patience) {
        place_held_since_.reset();
        return fail({"another hookd is in the cluster as \"" + greeting_.host + "\" (its run: " + holder.uuid(0, 6) +
                     "): give each host a role and a name of its own (--cluster-host), or end the other one"});
    }
    if (is_leftover) {
        connection_->query(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = session_user and pid <> "
            "pg_backend_pid() and pid = " +
                std::to_string(holder.integer(0, 5)),
            [](const result&) {});
    }
    retry_timer_.expires_after(place_wait);
    retry_timer_.async_wait([this, entering = connection_](boost::system::error_code failure) {
        if (!failure && entering == connection_) {
            enter();
        }
    });
}

// The order matters: first it listens, then it sees how far others have counted, then its sessions become visible. So
// nothing that is meant for these is missed, and nothing of before is taken for new.
void postgres_link::join(bool is_start) {
    is_listening_ = false;
    if (!sessions_.is_empty()) {
        listen();
    }
    read_heads(is_start, [this] {
        if (!sessions_.is_empty()) {
            listen();  // to those that have come since
        }
        sessions_.begin(connection_, [this] { come_up(); });
    });
}

void postgres_link::read_heads(bool is_start, std::function<void()> done) {
    connection_->execute(statements::heads.name, {}, [this, is_start, done = std::move(done)](const result& outcome) {
        if (outcome.has_failed()) {
            return fail({"PostgreSQL says: " + outcome.message(), false});
        }
        for (int row = 0; row < outcome.rows(); ++row) {
            incoming_.on_head(static_cast<std::int32_t>(outcome.integer(row, 0)), outcome.integer(row, 1), is_start);
        }
        if (done) {
            done();
        }
    });
}

void postgres_link::come_up() {
    epoch_ = new_epoch_;
    back_off_.reset();
    report(link::link_state::up);
    if (!sessions_.is_empty()) {
        listen();
    }
    if (!gap_.empty()) {
        hookd_.send(link::gap{std::exchange(gap_, {})});
    }
    next_beat_ = clock::now();
    next_purge_ = clock::now() + purge_interval;
    incoming_.begin(connection_);
    outgoing_.begin(connection_, last_seq_);
}

// --- and back ---

void postgres_link::fail(const trouble& fault) {
    if (fault.lasting) {
        hookd_.send(link::fatal{fault.reason});
    }
    lose(fault.reason);
    if (fault.lasting) {
        retry_after(lasting_trouble_wait);
    }
}

void postgres_link::lose(const std::string& reason) {
    if (connection_) {
        connection_->close();
        connection_.reset();
    }
    is_listening_ = false;
    roster_under_way_ = false;
    sessions_.end();
    incoming_.end();
    outgoing_.end(reason);
    report(link::link_state::down, reason);
    retry_after(back_off_.next());
}

void postgres_link::retry_after(std::chrono::milliseconds wait) {
    retry_timer_.expires_after(wait);
    retry_timer_.async_wait([this](boost::system::error_code failure) {
        if (!failure) {
            connect();
        }
    });
}

void postgres_link::report(link::link_state state, const std::string& reason) {
    state_ = state;
    link::state_report report{state, reason, {}};
    if (connection_ && (state == link::link_state::entering || state == link::link_state::up)) {
        report.engine = connection_->server_name();
    }
    hookd_.send(report);
}

// --- up ---

void postgres_link::listen() {
    heard_until_ = clock::now() + listening_lag;
    if (std::exchange(is_listening_, true)) {
        return;
    }
    connection_->query("listen hookd_" + std::to_string(number_), when_done(&postgres_link::prepared));
    connection_->query("listen hookd", when_done(&postgres_link::prepared));
    roster_wanted_ = true;  // it may have changed unheard
    if (state_ == link::link_state::up) {
        read_heads(true, nullptr);  // while it did not listen, it had no session, and nothing was for it
    }
}

void postgres_link::update_listening() {
    if (!is_listening_ || !sessions_.is_empty() || outgoing_.has_questions()) {
        heard_until_ = clock::now() + listening_lag;
    } else if (clock::now() > heard_until_) {
        is_listening_ = false;
        connection_->query("unlisten *", when_done(&postgres_link::prepared));
    }
}

void postgres_link::on_notification(const std::string& text) {
    const hint found{text};
    switch (found.kind) {
        case 'e':
            return incoming_.on_event(static_cast<std::int32_t>(found.first), found.second);
        case 'r':
            return outgoing_.on_answer(found.first, static_cast<std::int32_t>(found.second));
        case 'c':
            return incoming_.on_ended(static_cast<std::int32_t>(found.first), found.second);
        case 'h':
            roster_wanted_ = true;
            return;
        default:
            return;
    }
}

void postgres_link::schedule_tick() {
    tick_timer_.expires_after(tick_interval);
    tick_timer_.async_wait([this](boost::system::error_code failure) {
        if (!failure) {
            tick();
            schedule_tick();
        }
    });
}

void postgres_link::tick() {
    if (connection_ && state_ != link::link_state::connecting && connection_->waiting() > silence) {
        return lose(
            "PostgreSQL has not answered for " + std::to_string(silence.count()) + " ms: is it stopped or cut off?");
    }
    outgoing_.check();
    incoming_.check();
    if (state_ != link::link_state::up) {
        return;
    }
    update_listening();
    const auto now = clock::now();
    if (now >= next_beat_ && !hookd_.is_silent()) {
        next_beat_ = now + std::min<std::chrono::milliseconds>(greeting_.lease / 3, longest_beat);
        beat();
    }
    if (now >= next_purge_) {
        next_purge_ = now + purge_interval;
        purge();
    }
    if (roster_wanted_) {
        read_roster();
    }
}

void postgres_link::beat() {
    connection_->execute(statements::beat.name, {}, [this](const result& outcome) {
        if (outcome.has_failed()) {
            return lose("this host has lost its place in the cluster: " + outcome.message());
        }
        if (outcome.boolean(0, 0)) {
            hookd_.send(
                link::gap{"this host gave no sign of life for longer than its lease of " +
                          std::to_string(greeting_.lease.count()) + " ms, and other hosts did not count on it"});
        }
    });
    if (is_listening_) {
        read_heads(false, nullptr);
    }
    roster_wanted_ = true;
}

void postgres_link::purge() {
    parameters values;
    values.add(purge_batch);
    connection_->execute(statements::purge.name, values, [this](const result& outcome) {
        if (!outcome.has_failed() && outcome.integer(0, 0) >= purge_batch) {
            purge();
        }
    });
}

void postgres_link::read_roster() {
    if (std::exchange(roster_under_way_, true)) {
        return;
    }
    roster_wanted_ = false;
    connection_->execute(statements::queue_usage.name, {}, [this](const result& outcome) {
        queue_permille_ = outcome.has_failed() ? std::nullopt : std::optional{outcome.integer(0, 0)};
    });
    connection_->execute(statements::roster.name, {}, [this](const result& outcome) {
        roster_under_way_ = false;
        link::hosts_report report{{}, queue_permille_};
        for (int row = 0; !outcome.has_failed() && row < outcome.rows(); ++row) {
            const auto name = outcome.text(row, 0);
            if (report.hosts.empty() || report.hosts.back().name != name) {
                report.hosts.push_back({name, link::milliseconds{outcome.integer(row, 2)}, {}});
            }
            if (!outcome.is_null(row, 3)) {
                report.hosts.back().sessions.push_back(
                    {outcome.text(row, 3), outcome.texts(row, 4), outcome.boolean(row, 5), outcome.integer(row, 6),
                        outcome.text(row, 8), outcome.integer(row, 9), outcome.text(row, 7)});
            }
        }
        hookd_.send(report);
    });
}

}  // namespace hookd::postgres
