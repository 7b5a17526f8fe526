// SPDX-License-Identifier: BSL-1.0
#include "hooks/hook_jobs.hpp"

#include <base/posix/unique_fd.hpp>
#include <base/text/shell_word.hpp>
#include <base/text/utf8.hpp>

#include <boost/algorithm/string/join.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace hookd::server {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds between_complaints{1};
constexpr std::size_t shown_outcome_bytes = 200;
constexpr int most_looks = 3;  // at the files of a command that is to be started

// What its trust is, and how to start it where it is trusted. Nothing that goes wrong with the files, for lack of
// memory, too, passes for trust.
std::pair<trust_result, std::optional<launch>> check_and_prepare(
    const registered_hook& hook, const file_stamps& known, private_copies& copies) {
    std::pair<trust_result, std::optional<launch>> result;
    auto& [trust, ready] = result;
    try {
        trust = check_trust(hook, known);
        if (trust.state == protocol::hook_state::ok) {
            ready = prepare_launch(hook, copies, trust);
        }
    } catch (const std::exception& failure) {
        trust.why = std::string{"its files could not be looked at: "} + failure.what();
        ready.reset();
    }
    return result;
}

std::string outcome_of(const protocol::hook_reply& reply) {
    switch (reply.type) {
        case protocol::hook_reply::kind::response:
            return "response";
        case protocol::hook_reply::kind::veto:
            return std::string{"veto: "}.append(base::cut_at_character(reply.text, shown_outcome_bytes));
        case protocol::hook_reply::kind::failed:
            break;
    }
    return std::string{"failed: "}.append(base::cut_at_character(reply.text, shown_outcome_bytes));
}

std::size_t level_of(const hook_job& job) {
    const auto commas = std::count(job.cause.begin(), job.cause.end(), ',');
    return job.cause.empty() ? 0 : std::min(hook_levels - 1, static_cast<std::size_t>(commas) + 1);
}

hosted_hook::lane& lane_of(hosted_hook& hook, const hook_job& job) {
    return (job.is_asked ? hook.asked : hook.told)[level_of(job)];
}

/// Ends a job that no emitter waits for: without a deadline nothing is replied.
void finish_unasked(hook_job& job) {
    job.deadline.reset();
    job.via->finish(job, {});
}

/// A message is one line of UTF-8.
std::string on_one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return text;
}

}  // namespace

hook_jobs::hook_jobs(asio::any_io_executor executor, asio::thread_pool& files,
    protocol::command_environment environment, const settings& limits, logger& log)
    : executor_(std::move(executor)),
      files_(files),
      environment_(std::move(environment)),
      limits_(limits),
      log_(log),
      runner_(executor_) {}

void hook_jobs::add(const std::shared_ptr<hosted_hook>& hook, hook_job job) {
    if (stopped_) {
        return fail(*hook, job, "the daemon is shutting down");
    }
    auto& lane = lane_of(*hook, job);
    lane.waiting.push_back(std::make_shared<hook_job>(std::move(job)));
    start_next(hook, lane);
}

void hook_jobs::note_missed(hosted_hook& hook, std::size_t count) {
    hook.missed += count;
    tell_missed(hook);
}

/// What was too soon after another complaint is told with the hook's next word.
void hook_jobs::tell_missed(hosted_hook& hook) {
    if (hook.missed > hook.missed_told &&
        log_warning(hook, "", "is busy, and has missed " + std::to_string(hook.missed) + " events so far")) {
        hook.missed_told = hook.missed;
    }
}

void hook_jobs::cancel(const std::shared_ptr<hosted_hook>& hook, const uuid& id) {
    const auto is_it = [&id](const std::shared_ptr<hook_job>& each) { return each->id == id; };
    for (auto& lane : hook->asked) {
        if (const auto found = std::find_if(lane.waiting.begin(), lane.waiting.end(), is_it);
            found != lane.waiting.end()) {
            const auto job = *found;
            lane.waiting.erase(found);
            return finish_unasked(*job);
        }
        if (const auto found = std::find_if(lane.running.begin(), lane.running.end(), is_it);
            found != lane.running.end()) {
            (*found)->is_cancelled = true;
            if ((*found)->run) {
                runner_.stop(*(*found)->run);
            }
            return;
        }
    }
}

/// Leaves a job that no emitter waits for, and that has not begun.
void hook_jobs::drop(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job) {
    finish_unasked(*job);
    release(hook, job);
}

void hook_jobs::fail_waiting(hosted_hook& hook, const std::string& why) {
    for (auto* const lanes : {&hook.asked, &hook.told}) {
        for (auto& lane : *lanes) {
            for (const auto& each : std::exchange(lane.waiting, {})) {
                fail(hook, *each, why);
            }
        }
    }
}

void hook_jobs::stop() {
    stopped_ = true;
    runner_.stop();
}

void hook_jobs::start_next(const std::shared_ptr<hosted_hook>& hook, hosted_hook::lane& lane) {
    while (!stopped_ && lane.running.size() < hook->registered.definition.jobs.value_or(limits_.places) &&
           !lane.waiting.empty()) {
        auto job = std::move(lane.waiting.front());
        lane.waiting.pop_front();
        lane.running.push_back(job);
        start(hook, std::move(job));
    }
}

void hook_jobs::start(const std::shared_ptr<hosted_hook>& hook, std::shared_ptr<hook_job> job) {
    if (job->is_cancelled) {
        return drop(hook, job);
    }
    if (job->deadline && *job->deadline <= clock::now()) {
        fail(*hook, *job, "the emitter's time was over before it could start");
        return release(hook, job);
    }
    const auto trust = hook->ready && hook->ready->is_complete() ? check_trust_by_stamps(hook->registered, hook->stamps)
                                                                 : std::nullopt;
    if (!trust) {
        return look_and_start(hook, std::move(job));
    }
    if (trust->state != protocol::hook_state::ok) {
        return fail_to_start(hook, job, trust->why);
    }
    start_ready(hook, std::move(job));
}

void hook_jobs::start_ready(const std::shared_ptr<hosted_hook>& hook, std::shared_ptr<hook_job> job) {
    const auto program = hook->ready->program ? hook->ready->open_program() : nullptr;
    if (hook->ready->program && !program) {
        return look_and_start(hook, std::move(job));
    }
    run(hook, job, program);
}

void hook_jobs::look_and_start(const std::shared_ptr<hosted_hook>& hook, std::shared_ptr<hook_job> job) {
    if (++job->looks > most_looks) {
        return fail_to_start(hook, job,
            "its files change all the time: see who writes to them, then run hookctl trust " +
                base::shell_word(hook->registered.definition.name));
    }
    asio::post(files_, [this, hook, job = std::move(job), started = hook->registered, stamps = hook->stamps]() mutable {
        auto [trust, ready] = check_and_prepare(started, stamps, copies_);
        asio::post(executor_, [this, hook, job = std::move(job), started = std::move(started), trust = std::move(trust),
                                  ready = std::move(ready)]() mutable {
            if (stopped_) {
                return fail(*hook, *job, "the daemon is shutting down");
            }
            if (hook->registered.pins != started.pins ||
                hook->registered.definition.command != started.definition.command) {
                return start(hook, job);  // registered anew meanwhile, or the registry was edited: that is another
                                          // command than the one looked at
            }
            hook->stamps = trust.stamps;
            hook->ready = std::move(ready);
            if (job->is_cancelled) {
                return drop(hook, job);
            }
            if (!hook->ready) {
                return fail_to_start(hook, job, trust.why);
            }
            start_ready(hook, std::move(job));
        });
    });
}

void hook_jobs::fail_to_start(
    const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job, const std::string& why) {
    fail(*hook, *job, why, true);
    release(hook, job);
}

std::vector<std::string> hook_jobs::environment_for(const hosted_hook& hook, const hook_job& job) const {
    std::string id;
    protocol::append_uuid(id, job.id);
    auto result = environment_.for_event({.event = job.event,
        .hook_event_id = id,
        .seq = job.seq,
        .host = job.host,
        .cause = job.cause,
        .payload = job.payload,
        .directory = hook.ready->directory});
    for (const std::string& each : hook.registered.definition.environment) {
        const auto name = each.substr(0, each.find('=') + 1);
        std::erase_if(result, [&name](const std::string& other) { return other.starts_with(name); });
        result.push_back(each);
    }
    return result;
}

void hook_jobs::run(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job,
    const std::shared_ptr<const base::unique_fd>& program) {
    base::command command;
    command.argv = hook->ready->argv;
    command.program = program;
    command.directory = hook->registered.definition.directory;
    command.environment = environment_for(*hook, *job);
    command.input = job->payload;
    clock::duration time =
        hook->registered.definition.timeout.value_or(job->deadline ? protocol::max_timeout : limits_.default_timeout);
    if (job->deadline) {
        time = std::min(time, *job->deadline - clock::now());
    }
    command.timeout = time;
    command.most_open_files = limits_.most_open_files;
    job->run = runner_.start(
        std::move(command),
        [this, hook, job](const base::command_result& result) {
            finish(hook, job, protocol::read_hook_reply(result, hook->registered.definition.name), result);
        },
        [this, hook, job] { release(hook, job); });
    // While it runs the kernel lets no process write to the program: it ran what is there now.
    if (program && !hook->ready->is_unchanged(*program)) {
        job->stopped_why = hook->registered.definition.command.front() +
                           " changed while it was started: run hookctl trust " +
                           base::shell_word(hook->registered.definition.name);
        runner_.stop(*job->run);
    }
}

void hook_jobs::release(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job) {
    auto& lane = lane_of(*hook, *job);
    std::erase(lane.running, job);
    // Later: a start that fails at once leads here from within start_next().
    asio::post(executor_, [this, hook, &lane] { start_next(hook, lane); });
}

void hook_jobs::finish(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job,
    const protocol::hook_reply& reply, const base::command_result& result) {
    using kind = protocol::hook_reply::kind;
    if (!job->stopped_why.empty()) {
        return fail(*hook, *job, job->stopped_why, true);
    }
    ++hook->runs;
    if (result.how == base::command_result::ending::cancelled) {
        hook->last_outcome = "cancelled";
        return finish_unasked(*job);
    }
    hook->times.add(result.elapsed);
    hook->last_outcome = outcome_of(reply);
    tell_missed(*hook);
    // In one line: of two, the second would be one too many for a second.
    std::vector<std::string> complaints;
    if (reply.type == kind::failed) {
        complaints.push_back("failed: " + reply.text);
    }
    complaints.insert(complaints.end(), reply.notes.begin(), reply.notes.end());
    if (reply.type != kind::veto && !result.errors.text.empty()) {
        complaints.push_back(
            std::string{"said: "}.append(base::cut_at_character(result.errors.text, shown_outcome_bytes)));
    }
    if (!complaints.empty()) {
        log_warning(*hook, *job, boost::algorithm::join(complaints, "; "));
    }
    if (reply.type == kind::failed) {
        return job->via->finish(*job, {.failed = reply.text, .insists = reply.not_started});
    }
    auto whole = protocol::whole_response(reply);
    job->via->finish(*job, {.response = std::move(whole)},
        [this, hook, job, first = std::optional(reply)](
            protocol::errc code, const std::string& why) mutable -> server::reply {
            if (const auto refused = std::exchange(first, std::nullopt)) {
                if (auto fallback = protocol::fallback_response(*refused, code)) {
                    return {.response = std::move(*fallback)};
                }
            }
            note_failure(*hook, *job, why);
            return {.failed = why};
        });
}

void hook_jobs::note_failure(hosted_hook& hook, const hook_job& job, const std::string& why) {
    hook.last_outcome = "failed: " + why;
    log_warning(hook, job, hook.last_outcome);
}

void hook_jobs::fail(hosted_hook& hook, const hook_job& job, const std::string& why, bool insists) {
    note_failure(hook, job, why);
    job.via->finish(job, {.failed = why, .insists = insists});
}

void hook_jobs::log_warning(hosted_hook& hook, const hook_job& job, const std::string& problem) {
    log_warning(hook, ", " + job.event + " #" + std::to_string(job.seq), problem);
}

bool hook_jobs::log_warning(hosted_hook& hook, const std::string& about, const std::string& problem) {
    const auto now = clock::now();
    if (now - hook.last_complaint < between_complaints || !log_.wants(log_level::warning)) {
        return false;
    }
    hook.last_complaint = now;
    log_.write(log_level::warning, on_one_line("hook " + hook.registered.definition.name + about + ": " + problem));
    return true;
}

}  // namespace hookd::server
