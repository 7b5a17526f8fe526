// SPDX-License-Identifier: BSL-1.0
#include "event_line.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/git/exec.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/stop_watcher.hpp"
#include "serve_events.hpp"

#include <base/exec/command_runner.hpp>
#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <hookd/hook_runner.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/hook_reply.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

namespace asio = boost::asio;

namespace {

// How long the emitter still waits; nothing if it does not wait.
std::optional<std::chrono::steady_clock::duration> time_left(const event& question) {
    return question.deadline() ? std::optional(*question.deadline() - std::chrono::steady_clock::now()) : std::nullopt;
}

std::size_t most_jobs(const on_arguments& arguments) { return static_cast<std::size_t>(arguments.jobs.value_or(1)); }

reply response_of(const protocol::hook_reply& read) {
    return respond_with(protocol::whole_response(read)).or_else([read](const error& refusal) -> std::optional<reply> {
        auto fallback = protocol::fallback_response(read, static_cast<protocol::errc>(refusal.code()));
        return fallback ? std::optional(respond_with(std::move(*fallback))) : std::nullopt;
    });
}

/// What is printed about an event that was dealt with, if anything.
enum class reporting : unsigned char { none, people, json };

reporting reporting_for(const invocation& call) {
    // Into a pipe nothing, unless it is asked for: a reader that forgets to read would hold up every hook.
    if (call.json) {
        return reporting::json;
    }
    return ::isatty(STDOUT_FILENO) != 0 ? reporting::people : reporting::none;
}

/// Runs the command for each event that it is given and answers: so many at a time for events that an emitter waits
/// for, and as many for all others, which so never take a place of the former. All on the thread that runs `io`.
class event_commands {
public:
    event_commands(asio::io_context& io, const invocation& call, const on_arguments& arguments)
        : arguments_(arguments),
          argv_(arguments.git ? git_exec_command(arguments.argv) : arguments.argv),
          timeout_(call.timeout),
          reporting_(reporting_for(call)),
          environment_(hook_environment_for(call, arguments.environment)),
          runner_(io.get_executor()) {}

    /// The caller bounds how many events wait here: no more than it has given out answers for.
    void add(event received, answer reply_to) {
        if (stopped_) {
            return;  // the answer, unused, becomes "failed"
        }
        auto& its_lane = lane_of(received);
        its_lane.waiting.push_back({std::move(received), std::move(reply_to)});
        start_next(its_lane);
    }

    /// No emitter waits for that event any longer: its command is stopped as at its time-out, or does not start.
    void cancel(const std::string& hook_event_id) {
        std::erase_if(asked_.waiting, [&](const job& each) { return each.received.hook_event_id() == hook_event_id; });
        if (const auto running = runs_.find(hook_event_id); running != runs_.end()) {
            runner_.stop(running->second);
        }
    }

    /// Starts nothing more, and stops the commands that run. Events that wait are answered as failed.
    void stop() {
        stopped_ = true;
        asked_.waiting.clear();
        told_.waiting.clear();
        runner_.stop();
    }

    /// The same at the first call; from the second on what runs is killed.
    void stop_or_kill() {
        if (std::exchange(told_to_stop_, true)) {
            runner_.kill();
        }
        stop();
    }

    /// Whether something that was to be printed could not be written.
    [[nodiscard]] bool output_lost() const noexcept { return output_lost_; }

private:
    struct job {
        event received;
        answer reply_to;
    };

    struct lane {
        std::deque<job> waiting{};
        std::size_t running = 0;
    };
    [[nodiscard]] lane& lane_of(const event& received) noexcept { return received.expects_response() ? asked_ : told_; }

    void start_next(lane& own_lane) {
        while (own_lane.running < most_jobs(arguments_) && !own_lane.waiting.empty()) {
            auto next = std::move(own_lane.waiting.front());
            own_lane.waiting.pop_front();
            start(own_lane, std::move(next));
        }
    }

    void start(lane& own_lane, job next) {
        const auto left = time_left(next.received);
        if (left && *left <= left->zero()) {
            finish(next,
                {.type = protocol::hook_reply::kind::failed,
                    .text = "the emitter's time was over before it could start"},
                {});
            return;
        }
        base::command command;
        command.argv = argv_;
        command.environment = variables_for(environment_, next.received);
        command.input = next.received.payload();
        command.timeout = left;
        if (timeout_) {
            command.timeout = std::min<std::chrono::steady_clock::duration>(*timeout_, left.value_or(*timeout_));
        }

        ++own_lane.running;
        const auto shared = std::make_shared<job>(std::move(next));
        runs_[shared->received.hook_event_id()] = runner_.start(
            std::move(command),
            [this, shared](const base::command_result& result) {
                runs_.erase(shared->received.hook_event_id());
                finish(*shared, protocol::read_hook_reply(result, arguments_.name), result);
            },
            [this, &own_lane] {
                --own_lane.running;
                start_next(own_lane);
            });
    }

    void finish(const job& done, const protocol::hook_reply& answer, const base::command_result& result) {
        using kind = protocol::hook_reply::kind;
        switch (answer.type) {
            case kind::response:
            case kind::veto:
                done.reply_to(response_of(answer));
                break;
            case kind::failed:
                done.reply_to(failed(answer.text));
                break;
        }
        // A veto's reason is told to the emitter; whatever else the command says on its standard error is for whoever
        // runs it.
        if (answer.type != kind::veto && !result.errors.text.empty()) {
            print_reason(std::string_view(result.errors.text).substr(0, result.errors.text.find_last_not_of('\n') + 1));
        }
        const auto about =
            arguments_.name + ", " + done.received.name() + " #" + std::to_string(done.received.seq()) + ": ";
        for (const auto& note : answer.notes) {
            report_error(about + note);
        }
        if (result.how == base::command_result::ending::cancelled) {
            report_error(about + answer.text);
        } else if (answer.type == kind::failed) {
            report_error(about + "the hook failed: " + answer.text);
        }
        report(done.received, answer, result);
    }

    void report(const event& received, const protocol::hook_reply& answer, const base::command_result& result) {
        constexpr std::array<std::string_view, 3> names{"response", "veto", "failed"};
        const auto name = names[static_cast<std::size_t>(answer.type)];
        const auto elapsed_ms = std::to_string(std::chrono::round<std::chrono::milliseconds>(result.elapsed).count());
        std::string line;
        if (reporting_ == reporting::json) {
            base::object_writer report;
            report.number("seq", received.seq())
                .text("hook_event_id", received.hook_event_id())
                .text("event", received.name());
            if (answer.type == protocol::hook_reply::kind::response) {
                report.raw(name, json_output(one_line(answer.text)));
            } else {
                report.text(name, answer.text);
            }
            line = report.raw("elapsed_ms", elapsed_ms).finish();
        } else if (reporting_ == reporting::people) {
            const bool fine = answer.type == protocol::hook_reply::kind::response;
            line = event_head(received, colour_);
            line.append(fine ? colour_.green() : colour_.red()).append(name).append(colour_.plain());
            line += " " + harmless(answer.text) + "  ";
            line.append(colour_.dim()).append(elapsed_ms).append(" ms").append(colour_.plain());
        } else {
            return;
        }
        try {
            print(line += '\n');
        } catch (const std::system_error& failure) {
            report_error(failure.what());  // a guard stays, although what it prints is lost
            output_lost_ = true;
        }
    }

    const on_arguments& arguments_;
    std::vector<std::string> argv_;
    std::optional<std::chrono::milliseconds> timeout_;
    reporting reporting_;
    palette colour_{};
    protocol::command_environment environment_;
    base::command_runner runner_;
    std::map<std::string, base::command_runner::run_id> runs_{};  ///< by the id of the event
    lane asked_{};
    lane told_{};
    bool output_lost_ = false;
    bool stopped_ = false;
    bool told_to_stop_ = false;
};

}  // namespace

int run_on(const invocation& call, const on_arguments& arguments) {
    std::signal(
        SIGCHLD, SIG_DFL);  // the parent process may have ignored it, and then no exit status would ever be known

    auto options = hook_options_for(call, arguments.name, arguments.as_responder, arguments.repository);
    options.answer_timeout = default_answer_timeout;  // --timeout limits a command
    options.max_unanswered = most_jobs(arguments);
    options.may_miss_events = true;  // no question waits behind a flood of other events
    hook_runner events(options);
    asio::io_context io(1);
    event_commands commands(io, call, arguments);

    // A guard stays although its output has no reader.
    const stop_watcher watcher(stop_watcher::output::does_not_matter, [&] {
        events.stop();
        asio::post(io, [&commands] { commands.stop_or_kill(); });
    });
    for (const auto& pattern : arguments.patterns) {
        events.on(pattern, [&](event received, answer reply_to) {
            asio::post(io, [&commands, received = std::move(received), reply_to = std::move(reply_to)]() mutable {
                commands.add(std::move(received), std::move(reply_to));
            });
        });
    }
    events.on_cancelled([&](const ended_wait& ended) {
        // When the emitter's time is over, so is the command's.
        if (ended.reason != to_string(protocol::refusal::expired)) {
            asio::post(io, [&commands, id = ended.hook_event_id] { commands.cancel(id); });
        }
    });
    events.on_notice(print_notice);

    // The connection is served, and replies leave, while commands start and end here, until the last one is reaped.
    serve_events(events, io, [&commands] { commands.stop(); });
    return commands.output_lost() ? exit_status::broken : exit_status::done;
}

}  // namespace hookd::hookctl
