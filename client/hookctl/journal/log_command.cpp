// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/on/event_line.hpp"
#include "hookctl/on/serve_events.hpp"
#include "hookctl/terminal/line_writer.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/stop_watcher.hpp"
#include "hookctl/terminal/wrapped_text.hpp"
#include "verdict_line.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <base/json/value_view.hpp>
#include <base/text/timestamp.hpp>
#include <hookd/error.hpp>
#include <hookd/hook_runner.hpp>
#include <hookd/protocol/errc.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

std::string timestamp_of(std::chrono::system_clock::time_point time) {
    std::string text(base::timestamp_size, ' ');
    base::write_timestamp(text.data(), time);
    return text;
}

/// The params of `history`: the page that comes after `last`, which is the last entry of the page before; empty: the
/// first.
std::string page_params(const log_arguments& wanted, std::size_t limit, const std::string& last) {
    base::object_writer params;
    if (!wanted.event.empty()) {
        params.text("event", wanted.event);
    }
    if (!wanted.hook.empty()) {
        params.text("responder", wanted.hook);
    }
    if (wanted.vetoed) {
        params.flag("vetoed", true);
    }
    if (wanted.since) {
        params.text("since", timestamp_of(*wanted.since));
    }
    if (!last.empty()) {
        params.raw("before_seq", base::value_view(last)["seq"]).raw("instance", base::value_view(last)["instance"]);
    }
    return params.raw("limit", std::to_string(limit)).finish();
}

/// What the journal holds, newest first: all since a time, else the last ones.
std::vector<std::string> read_history(const invocation& call, const log_arguments& wanted) {
    auto daemon = connect_for(call);
    const auto timeout = call.timeout.value_or(default_answer_timeout);
    const std::size_t limit = wanted.since ? protocol::max_history : protocol::default_history;
    std::vector<std::string> entries;
    for (bool more = true; more;) {
        const auto answer = daemon.call(protocol::history_params::method,
            page_params(wanted, limit, entries.empty() ? "" : entries.back()), timeout);
        const auto before = entries.size();
        for (const auto each : base::value_view(answer)["verdicts"].elements()) {
            entries.emplace_back(each);
        }
        more = base::value_view(answer)["more"] == "true" && entries.size() > before &&
               (wanted.since || entries.size() < limit);
    }
    return entries;
}

std::string text_for(std::string_view entry, bool for_programs, const palette& colour) {
    return (for_programs ? json_output(one_line(entry)) : verdict_text(entry, output_columns(), colour)) + '\n';
}

/// The ids that were printed lately: a verdict that is both in the journal and reported live is printed once.
class printed_ids {
public:
    /// False if it was there already.
    bool add(std::string id) {
        if (!known_.insert(id).second) {
            return false;
        }
        oldest_.push_back(std::move(id));
        if (oldest_.size() > most) {
            known_.erase(oldest_.front());
            oldest_.pop_front();
        }
        return true;
    }

private:
    static constexpr std::size_t most = 16'384;
    std::unordered_set<std::string> known_{};
    std::deque<std::string> oldest_{};
};

/// The verdict stream: first what the journal holds, then each verdict as it is reported; after a break of the
/// connection, those of the meantime.
class follower {
public:
    follower(const invocation& call, const log_arguments& wanted)
        : call_(call),
          wanted_(wanted),
          for_programs_(writes_for_programs(call.json)),
          verdicts_(options_of(call)),
          watcher_(stop_watcher::output::matters, [this] { verdicts_.stop(); }),
          out_(watcher_.stopped_fd()) {}

    void run() {
        verdicts_.on_notice([this](const notice& reported) {
            print_notice(reported);
            if (reported.type == notice::kind::connected) {
                catch_up();
            }
        });
        verdicts_.on_verdict([this](const verdict_notice& decided) { on_verdict(decided); });
        verdicts_.listen(wanted_.event.empty() ? "*" : wanted_.event, [](const event&) {});
        verdicts_.run();
    }

private:
    static hook_runner_options options_of(const invocation& call) {
        auto options = runner_options_for(call);
        options.as_responder.asked_only = true;
        return options;
    }

    void catch_up() {
        std::vector<std::string> entries;
        try {
            entries = read_history(call_, wanted_);
        } catch (const error& failure) {
            if (failure.kind() != error_kind::refused || std::exchange(has_no_journal_, true)) {
                return;  // the runner connects again
            }
            report_error(std::string{failure.what()} + "; only new verdicts are shown");
        }
        std::for_each(entries.rbegin(), entries.rend(), [this](const std::string& each) { show(each); });
        wanted_.since = std::chrono::system_clock::now() - overlap;
    }

    void on_verdict(const verdict_notice& decided) {
        const bool is_hook = [&] {
            const auto& result = decided.how;
            return wanted_.hook.empty() ||
                   std::any_of(result.responses.begin(), result.responses.end(),
                       [this](const auto& each) { return each.responder == wanted_.hook; }) ||
                   std::any_of(result.missing.begin(), result.missing.end(),
                       [this](const auto& each) { return each.responder == wanted_.hook; });
        }();
        if (is_hook && (!wanted_.vetoed || !decided.how.abort.empty())) {
            const auto emitted = std::chrono::system_clock::now() -
                                 std::chrono::duration_cast<std::chrono::system_clock::duration>(decided.elapsed);
            std::string entry{base::trimmed_json(decided.how.text)};
            entry.pop_back();
            show(entry + R"(,"emitted_at":")" + timestamp_of(emitted) + "\"}");
        }
    }

    void show(const std::string& entry) {
        if (!over_ && printed_.add(base::value_view(entry)["hook_event_id"].string()) &&
            !out_.write(text_for(entry, for_programs_, colour_))) {
            over_ = true;
            verdicts_.stop();
        }
    }

    /// Of what is asked for again after a break: the journal's times are the daemon's.
    static constexpr std::chrono::minutes overlap{1};

    const invocation& call_;
    log_arguments wanted_;
    bool for_programs_;
    hook_runner verdicts_;
    stop_watcher watcher_;
    line_writer out_;
    palette colour_{};
    printed_ids printed_{};
    bool has_no_journal_ = false;
    bool over_ = false;
};

}  // namespace

int run_log(const invocation& call, const log_arguments& arguments) {
    if (arguments.follow) {
        follower{call, arguments}.run();
        return exit_status::done;
    }
    const auto entries = read_history(call, arguments);
    const bool for_programs = writes_for_programs(call.json);
    const palette colour;
    std::string text;
    std::for_each(entries.rbegin(), entries.rend(),
        [&](const std::string& each) { text += text_for(each, for_programs, colour); });
    if (text.empty() && !for_programs) {
        text = "no verdict yet that matches: the journal has one for each event that an emitter waited for\n";
    }
    print(text);
    return exit_status::done;
}

}  // namespace hookd::hookctl
