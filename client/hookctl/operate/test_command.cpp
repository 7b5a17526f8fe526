// SPDX-License-Identifier: BSL-1.0
#include "finding.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/emit/schema_sample.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/exec/command_runner.hpp>
#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/quantity.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/hook_reply.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using reply_kind = protocol::hook_reply::kind;

constexpr std::chrono::milliseconds default_run_time{30'000};  ///< as an emitter gives it that does not say
constexpr std::chrono::milliseconds before_sigterm{250};
constexpr std::chrono::milliseconds short_time{300};
constexpr std::size_t large_input_bytes = std::size_t{1} << 20;

/// How a trial went.
struct trial {
    base::command_result result{};
    std::chrono::milliseconds until_gone{};  ///< from when the command was told to stop, or ended, until nothing of its
                                             ///< process group was left
};

/// What the daemon's catalog has of the event.
class event_schemas {
public:
    event_schemas(const invocation& call, const std::string& event) : call_(call), event_(event) {
        try {
            answer_ = ask(base::object_writer().text("event", event_).finish());
        } catch (const error&) {
            answer_.clear();  // there is no daemon, or no such event in its catalog
        }
    }

    [[nodiscard]] bool empty() const noexcept { return answer_.empty(); }
    [[nodiscard]] base::value_view payload_schema() const {
        return base::value_view(answer_)["schemas"].element(0)["payload_schema"];
    }

    /// Why the daemon would refuse a `payload`, or a `response`, which is JSON; nothing if it would take it.
    [[nodiscard]] std::optional<error> refusal_of(std::string_view member, const std::string& text) const {
        if (empty()) {
            return std::nullopt;
        }
        try {
            (void)ask(base::object_writer().text("event", event_).raw(member, text).finish());
            return std::nullopt;
        } catch (const error& refused) {
            if (refused.kind() != error_kind::refused) {
                throw;
            }
            return refused;
        }
    }

private:
    [[nodiscard]] std::string ask(const std::string& params) const {
        return connect_for(call_, default_answer_timeout)
            .call(protocol::schema_params::method, params, default_answer_timeout);
    }

    const invocation& call_;
    const std::string& event_;
    std::string answer_{};
};

/// Runs one hook command again and again, as the daemon would.
class hook_trials {
public:
    hook_trials(const invocation& call, const test_arguments& arguments, const event_schemas& schemas)
        : arguments_(arguments),
          schemas_(schemas),
          timeout_(call.timeout.value_or(default_run_time)),
          environment_(environ, absolute_socket(call.socket.empty() ? default_socket_path() : call.socket)) {}

    /// `stop_after`: stopped by SIGTERM then, if it still runs.
    [[nodiscard]] trial run(std::string input, std::chrono::milliseconds timeout,
        std::optional<std::chrono::milliseconds> stop_after = {}) const {
        base::command command;
        command.argv = arguments_.argv;
        command.environment = environment_.for_event({.event = arguments_.event, .hook_event_id = sample_id, .seq = 1});
        command.input = std::move(input);
        command.timeout = timeout;
        trial done;
        asio::io_context io;
        base::command_runner runner(io.get_executor());
        asio::steady_timer stopper(io);
        std::chrono::steady_clock::time_point told;
        runner.start(
            std::move(command),
            [&](base::command_result result) {
                told = std::chrono::steady_clock::now();
                done.result = std::move(result);
            },
            [&] {
                done.until_gone =
                    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - told);
                stopper.cancel();
            });
        if (stop_after) {
            stopper.expires_after(*stop_after);
            stopper.async_wait([&runner](boost::system::error_code cancelled) {
                if (!cancelled) {
                    runner.stop();
                }
            });
        }
        io.run();
        return done;
    }

    /// Its reply to one input.
    [[nodiscard]] finding answers(std::string subject, const std::string& input) const {
        const auto done = run(input, timeout_);
        auto reply = protocol::read_hook_reply(done.result, "it");
        if (reply.type != reply_kind::failed) {
            hold_against_schema(reply);
        }
        const auto elapsed =
            " (" + base::describe_duration(std::chrono::duration_cast<std::chrono::milliseconds>(done.result.elapsed)) +
            ")";
        switch (reply.type) {
            case reply_kind::response:
                return {std::move(subject), true, "replies " + one_line(protocol::whole_response(reply)) + elapsed};
            case reply_kind::veto:
                return {std::move(subject), true, "vetoes: " + reply.text + elapsed};
            case reply_kind::failed:
                break;
        }
        return {std::move(subject), false, "the hook failed: " + reply.text + elapsed};
    }

    /// Whether it lets itself be stopped.
    [[nodiscard]] static finding stops(std::string subject, const trial& done) {
        const auto ending = done.result.how;
        if (ending == base::command_result::ending::not_started) {
            return {std::move(subject), false, "could not start"};
        }
        if (ending != base::command_result::ending::stopped && ending != base::command_result::ending::timed_out) {
            return {std::move(subject), true, "had already ended"};
        }
        if (done.until_gone < base::kill_delay) {
            return {std::move(subject), true, "is gone within " + base::describe_duration(done.until_gone + 1ms)};
        }
        return {std::move(subject), false,
            "it, or a child of its, ignored SIGTERM and had to be killed after 1 s: let it end at SIGTERM"};
    }

    [[nodiscard]] finding stops_at_sigterm(const std::string& input) const {
        return stops("SIGTERM", run(input, timeout_, before_sigterm));
    }
    [[nodiscard]] finding stops_at_time_out(const std::string& input) const {
        return stops("time-out", run(input, short_time));
    }

private:
    /// A reply that the daemon would refuse, whole and without its note, is none.
    void hold_against_schema(protocol::hook_reply& reply) const {
        auto refused = schemas_.refusal_of("response", protocol::whole_response(reply));
        if (!refused) {
            return;
        }
        const auto fallback = protocol::fallback_response(reply, static_cast<protocol::errc>(refused->code()));
        if (!fallback) {
            reply = {.type = reply_kind::failed, .text = reason_of(*refused, protocol::schema_params::method)};
        } else if (const auto again = schemas_.refusal_of("response", *fallback)) {
            reply = {.type = reply_kind::failed, .text = reason_of(*again, protocol::schema_params::method)};
        }
    }

    static constexpr std::string_view sample_id = "00000000-0000-4000-8000-000000000000";

    const test_arguments& arguments_;
    const event_schemas& schemas_;
    std::chrono::milliseconds timeout_;
    protocol::command_environment environment_;
};

/// The payload: the one given; else made from the event's schema; else an empty object.
std::string payload_for(const test_arguments& arguments, const event_schemas& schemas) {
    if (arguments.payload) {
        auto payload = read_json_argument("PAYLOAD", *arguments.payload);
        if (const auto refused = schemas.refusal_of("payload", payload)) {
            report_error("no emitter could send this payload: " + reason_of(*refused, protocol::schema_params::method));
        }
        return payload;
    }
    if (schemas.empty()) {
        return "{}";
    }
    auto sample = sample_of_schema(schemas.payload_schema());
    for (const auto& each : sample.doubts) {
        report_error("the sample may not match the schema of " + arguments.event + ", at " + each);
    }
    return std::move(sample.json);
}

}  // namespace

int run_test(const invocation& call, const test_arguments& arguments) {
    const event_schemas schemas(call, arguments.event);
    const auto payload = payload_for(arguments, schemas);
    const hook_trials hook(call, arguments, schemas);
    const findings all{
        hook.answers("reply", payload),
        hook.answers("no input", {}),
        hook.answers("1 MiB of input", R"({"padding":")" + std::string(large_input_bytes, 'x') + R"("})"),
        hook.stops_at_sigterm(payload),
        hook.stops_at_time_out(payload),
    };
    return print_findings(all, call.json) ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
