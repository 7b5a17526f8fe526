// SPDX-License-Identifier: BSL-1.0
// hookctl ask: a person is the hook. One question is on the terminal at a time, the others wait:
//
//     waiting --(none is shown)--> shown --(a line is typed)--> answered
//        |                           |
//        +---------------------------+--(the wait is over: `cancelled`)--> withdrawn
//
// What was typed before a question was shown answers nothing: it may have been meant for another.
#include "event_line.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_program.hpp"
#include "hookctl/daemon/daemon_user.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_layout.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/stop_watcher.hpp"
#include "serve_events.hpp"

#include <base/exec/command_runner.hpp>
#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>
#include <hookd/hook_runner.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <termios.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_questions = 1024;
constexpr std::size_t most_payload_lines = 200;
constexpr std::size_t longest_line = 4096;  // as much as a terminal gives at once
constexpr std::chrono::seconds longest_notification{60};

/// The person's name for verdicts and logs.
std::string user_name() {
    if (auto name = environment_variable("USER"); protocol::is_subscriber_name(name)) {
        return name;
    }
    const auto number = std::to_string(::geteuid());
    auto name = account_name_of(number);
    return protocol::is_subscriber_name(name) ? name : "user " + number;
}

std::string_view without_blanks(std::string_view text) {
    const auto first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/// What a typed line answers; nothing for a blank one.
std::optional<reply> answer_in(std::string_view line, const std::string& user) {
    const auto word = without_blanks(line);
    if (word.empty()) {
        return std::nullopt;
    }
    const auto is = [word](std::string_view answer) { return boost::algorithm::iequals(word, answer); };
    if (is("y") || is("yes")) {
        return proceed();
    }
    if (is("n") || is("no")) {
        return veto(user + " said no");
    }
    return veto(word.starts_with("n ") ? without_blanks(word.substr(2)) : word);
}

/// Why a question goes that was not answered here.
std::string_view why_withdrawn(const std::string& reason) {
    if (reason == to_string(protocol::refusal::answered)) {
        return "decided by another answer";
    }
    return reason == to_string(protocol::refusal::expired) ? "it timed out" : "its emitter no longer waits";
}

/// The questions, on the thread that runs `io`.
class question_desk {
public:
    question_desk(asio::io_context& io, const invocation& call, const ask_arguments& arguments, std::string name)
        : name_(std::move(name)),
          notify_(arguments.notify),
          environment_(hook_environment_for(call)),
          runner_(io.get_executor()),
          keyboard_(io, ::dup(STDIN_FILENO)) {}

    /// Begins to read what is typed. Calls `on_end` once nothing more can be.
    void start(std::function<void()> on_end) {
        if (on_end_) {
            return;  // the daemon is back
        }
        on_end_ = std::move(on_end);
        print("Waiting for questions. Answer y, n, or why not; Ctrl-C ends.\n");
        read_next_line();
    }

    void add(event received, answer reply_to) {
        if (stopped_) {
            return;
        }
        questions_.push_back({std::move(received), std::move(reply_to)});
        notify(questions_.back().received);
        if (questions_.size() == 1) {
            show();
        }
    }

    void withdraw(const ended_wait& ended) {
        const auto found = find(ended.hook_event_id);
        if (found == questions_.end()) {
            return;
        }
        print("\n" + std::string(colour_.dim()) + "#" + std::to_string(found->received.seq()) + ": " +
              std::string(why_withdrawn(ended.reason)) + std::string(colour_.plain()) + "\n");
        remove(found);
    }

    /// The rest stays unanswered.
    void stop() {
        stopped_ = true;
        if (on_end_) {
            print("\n");  // the cursor is behind the prompt, or behind ^C
        }
        questions_.clear();
        runner_.kill();
        keyboard_.close();
    }

private:
    struct question {
        event received;
        answer reply_to;
    };
    using position = std::deque<question>::iterator;

    void show() {
        ::tcflush(STDIN_FILENO, TCIFLUSH);
        if (questions_.empty()) {
            return;
        }
        const auto& asked = questions_.front().received;
        std::string text = "\a\n" + event_head(asked, colour_);
        if (asked.timeout()) {
            text.append(colour_.yellow())
                .append("waits ")
                .append(base::describe_duration(*asked.timeout()))
                .append(colour_.plain());
        }
        text += '\n';
        const auto lines = laid_out(asked.payload());
        for (std::size_t i = 0; i < std::min(lines.size(), most_payload_lines); ++i) {
            text += "  " + lines[i] + '\n';
        }
        if (lines.size() > most_payload_lines) {
            text += "  \xe2\x80\xa6 " + base::counted(lines.size() - most_payload_lines, "more line") + "\n";
        }
        print(text + prompt());
    }

    /// What precedes the answer to the question that is shown.
    [[nodiscard]] std::string prompt() const {
        const auto waiting = questions_.size() - 1;
        return std::string(colour_.bold()) + "y, n, or why not" + std::string(colour_.plain()) +
               (waiting == 0 ? "" : " (" + std::to_string(waiting) + " more)") + ": ";
    }

    /// Shows the next question if this one was shown; else the prompt again, and what is being typed stays.
    void remove(const position& done) {
        const bool was_shown = done == questions_.begin();
        questions_.erase(done);
        if (was_shown) {
            show();
        } else {
            print(prompt());
        }
    }

    [[nodiscard]] position find(std::string_view hook_event_id) {
        return std::find_if(questions_.begin(), questions_.end(),
            [hook_event_id](const question& each) { return each.received.hook_event_id() == hook_event_id; });
    }

    void read_next_line() {
        keyboard_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code failure) {
            if (!failure) {
                read_line();
            }
        });
    }

    void read_line() {
        std::string line(longest_line, '\0');
        const auto count = ::read(keyboard_.native_handle(), line.data(), line.size());
        if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) {
            on_end_();
            return;
        }
        if (count > 0) {
            take_line(std::string_view(line).substr(0, static_cast<std::size_t>(count)));
        }
        read_next_line();
    }

    void take_line(std::string_view line) {
        if (questions_.empty()) {
            return;
        }
        if (const auto reply = answer_in(line, name_)) {
            settle(questions_.begin(), *reply);
        } else {
            print(prompt());
        }
    }

    void settle(const position& asked, const reply& given_reply) {
        asked->reply_to(given_reply);
        remove(asked);
    }

    /// Has the user's command say that there is a question. What it prints as a JSON object is the answer.
    void notify(const event& asked) {
        if (notify_.empty()) {
            return;
        }
        base::command command;
        command.argv = {"/bin/sh", "-c", notify_};
        command.environment = variables_for(environment_, asked);
        for (char** each = environ; *each != nullptr; ++each) {
            if (!std::string_view(*each).starts_with("HOOK")) {
                command.environment.emplace_back(*each);  // what reaches a desktop or a phone is in it
            }
        }
        command.input = asked.payload();
        command.timeout = asked.timeout().value_or(longest_notification);
        runner_.start(
            std::move(command),
            [this, id = asked.hook_event_id()](const base::command_result& done) { take_notification(id, done); },
            [] {});
    }

    void take_notification(const std::string& id, const base::command_result& done) {
        if (done.how == base::command_result::ending::not_started ||
            (done.how == base::command_result::ending::exited && done.code != 0)) {
            report_error("--notify: " + notify_ + " exited " + std::to_string(done.code) + ": " +
                         done.errors.text.substr(0, done.errors.text.find('\n')));
            return;
        }
        const auto asked = find(id);
        const auto word = without_blanks(done.output.text);
        if (asked == questions_.end() || !word.starts_with('{') || done.how != base::command_result::ending::exited) {
            return;
        }
        try {
            const auto answer = respond_with(std::string(word));
            print("\n" + std::string(colour_.dim()) + "#" + std::to_string(asked->received.seq()) +
                  ": answered by --notify" + std::string(colour_.plain()) + "\n");
            settle(asked, answer);
        } catch (const error& fault) {
            report_error("--notify: " + std::string(fault.what()));
        }
    }

    std::string name_;
    std::string notify_;
    palette colour_{};
    std::deque<question> questions_{};  ///< the first is shown
    protocol::command_environment environment_;
    base::command_runner runner_;
    asio::posix::stream_descriptor keyboard_;
    std::function<void()> on_end_{};
    bool stopped_ = false;
};

hook_runner_options options_for(const invocation& call, const ask_arguments& arguments, const std::string& name) {
    auto options = hook_options_for(call, name, arguments.as_responder, arguments.repository);
    options.as_responder.asked_only = true;
    options.max_unanswered = most_questions;
    options.drain_timeout = std::chrono::milliseconds::zero();
    return options;
}

}  // namespace

int run_ask(const invocation& call, const ask_arguments& arguments) {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
        throw usage_error(
            "ask needs a terminal with a person at it: type hookctl ask in one, or have a program answer: hookctl on "
            "PATTERN -- CMD");
    }
    std::signal(SIGCHLD, SIG_DFL);
    const auto name = arguments.name.empty() ? user_name() : arguments.name;
    hook_runner events(options_for(call, arguments, name));
    asio::io_context io(1);
    question_desk desk(io, call, arguments, name);
    const stop_watcher watcher(stop_watcher::output::does_not_matter, [&events] { events.stop(); });
    for (const auto& pattern : arguments.patterns) {
        events.on(pattern, [&](event question, answer reply_to) {
            asio::post(io, [&desk, question = std::move(question), reply_to = std::move(reply_to)]() mutable {
                desk.add(std::move(question), std::move(reply_to));
            });
        });
    }
    events.on_cancelled([&](const ended_wait& ended) { asio::post(io, [&desk, ended] { desk.withdraw(ended); }); });
    events.on_notice([&](const notice& reported) {
        if (reported.type == notice::kind::connected) {
            asio::post(io, [&desk, &events] { desk.start([&events] { events.stop(); }); });
        }
        // The desk has reported a question that was not answered in time.
        if (reported.type != notice::kind::hook_failed && reported.type != notice::kind::reply_refused) {
            print_notice(reported);
        }
    });
    serve_events(events, io, [&desk] { desk.stop(); });
    return exit_status::done;
}

}  // namespace hookd::hookctl
