// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/error.hpp>
#include <hookd/event.hpp>
#include <hookd/reply.hpp>
#include <hookd/requests.hpp>
#include <hookd/verdict.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hookd {

namespace detail {
class hook_session;
}

struct hook_runner_options {
    /// What logs, stats and verdicts call this subscriber: 1 to 128 printable characters. Empty: `pid N`.
    std::string name{};
    /// Which events its hooks get beyond their names, and what their replies are worth.
    responder_options as_responder{};
    /// The daemon's socket; empty means default_socket_path().
    std::string path{};
    /// As client_options::daemon_user.
    std::string daemon_user{};
    /// Where to continue; absent means with the next event. Where that is impossible a notice says so
    /// (notice::kind::resume_impossible), and the run starts with the next event.
    std::optional<resume_point> resume_from{};
    /// Whether run() waits for a daemon that is not there when it starts, instead of throwing no_daemon.
    bool wait_for_daemon = false;
    /// How long a daemon that is there when run() starts may take to accept the subscription, after which run() throws
    /// timed_out. Later, and with wait_for_daemon, its answer is waited for without limit.
    std::chrono::milliseconds answer_timeout{30'000};
    /// Events handed to hooks that answer later, and not yet answered: at most that many that an emitter waits for, and
    /// that many others. An event past that is not handed out, but those of the other kind are. Of what is not handed
    /// out 4 MiB of either kind are read ahead; the daemon keeps the rest (up to its capacity, past which the session
    /// is closed as lagged).
    std::size_t max_unanswered = 64;
    /// Past these 4 MiB, whether events that no emitter waits for are missed (notice::kind::missed) instead of keeping
    /// back all that comes behind them, questions included. Not where there are listeners.
    bool may_miss_events = false;
    /// Pauses between attempts to connect: doubled after each failure from the first to the last, each cut at random by
    /// up to a half.
    std::chrono::milliseconds reconnect_min{50};
    std::chrono::milliseconds reconnect_max{5'000};
    /// How long run() stays after stop() for events that are not answered yet.
    std::chrono::milliseconds drain_timeout{2'000};
};

/// Something that a person who watches a hook_runner may want to know.
struct notice {
    enum class kind : std::uint8_t {
        connected,          ///< subscribed, for the first time or again; `session` is set
        disconnected,       ///< the connection broke or the daemon stopped: it is tried again, with pauses
        lagged,             ///< the daemon closed the session because it lagged behind: it is resumed at once
        gap,                ///< events of the cluster's other hosts may have been missed: it continues at once
        resume_impossible,  ///< events may have been missed (-32005): it continues with the next event
        missed,             ///< events were missed, as hook_runner_options::may_miss_events allows
        reply_refused,      ///< the daemon did not accept a reply: it came too late, or it is not valid
        hook_failed,        ///< a hook threw, or dropped its hookd::answer
    };
    kind type;
    /// A sentence, without a line end.
    std::string message;
    /// With connected only.
    std::optional<subscription> session{};
};

/// Answers one event, now or later, from any thread. Copies answer the same event; the first call counts, later ones do
/// nothing. When the last copy is destroyed unused, the event is answered as failed, so no emitter waits for nothing.
/// May outlive its hook_runner: it then does nothing.
class answer {
public:
    /// Never blocks, never throws but std::bad_alloc. Does nothing for an event that expects no response, or once run()
    /// has returned.
    void operator()(reply value) const;

private:
    friend class detail::hook_session;
    class state;
    explicit answer(std::shared_ptr<state> shared) noexcept : state_(std::move(shared)) {}
    std::shared_ptr<state> state_;
};

/// Subscribes, hands events to hooks and listeners, sends the replies; reconnects and resumes by itself.
///
///     hookd::hook_runner hooks{{.name = "no-friday-push"}};
///     hooks.on("pre_push", [](const hookd::event& e) -> hookd::reply {
///         if (e.json().at("branch") == "main") return hookd::veto("main is closed on Fridays");
///         return hookd::proceed();
///     });
///     hooks.run();
///
/// Events come in the order of their numbers, each once within a run() whatever the connection does; only where hooks
/// that answer later keep back events that an emitter waits for, or others (hook_runner_options::max_unanswered), do
/// those of the other kind overtake. A pattern is a name or a glob
/// (`*` any run, `?` one character); at most 256 different ones. Each event goes to every listener that matches, in the
/// order of registration, then to the first hook that matches. A runner that has listeners only is an observer: no
/// emitter waits for it. One that has both abstains from events that match no hook.
///
/// Thread-safety: everything is called, and calls back, on the thread that is in run(), save stop() and hookd::answer.
/// A hook or listener that blocks delays those after it; the daemon then queues.
/// Lifetime: not to be destroyed while run() is executing.
class hook_runner {
public:
    using hook = std::function<reply(const event&)>;
    using later_hook = std::function<void(event, answer)>;
    using listener = std::function<void(const event&)>;

    explicit hook_runner(hook_runner_options options = {});
    hook_runner(const hook_runner&) = delete;
    hook_runner& operator=(const hook_runner&) = delete;
    ~hook_runner();

    /// A hook that returns its reply, which is on its way before the next event is handed out. An exception becomes
    /// failed(what()). What it returns for an event that expects no response is dropped.
    /// Handlers are registered before run(), not during it. A pattern that is none makes run() throw: the daemon
    /// refuses it.
    hook_runner& on(std::string pattern, hook handler);

    /// A hook that answers later: it returns at once and calls its hookd::answer when it knows.
    hook_runner& on(std::string pattern, later_hook handler);

    /// Sees events and answers none. An exception ends run(), which throws it.
    hook_runner& listen(std::string pattern, listener handler);

    /// Called when a wait ends while a hook of this runner has the event and has not answered, so that it can stop. An
    /// exception ends run(), which throws it.
    hook_runner& on_cancelled(std::function<void(const ended_wait&)> handler);

    /// Called with the verdict on each event that matches a hook or a listener, when it is there. An exception ends
    /// run(), which throws it.
    hook_runner& on_verdict(std::function<void(const verdict_notice&)> handler);

    /// Called with what happens to the connection. An exception ends run(), which throws it.
    hook_runner& on_notice(std::function<void(const notice&)> handler);

    /// Connects, subscribes and serves until stop(). May be called again afterwards; continues from position() then.
    ///
    /// Throws error: invalid_argument where nothing was registered; no_daemon where no process is there at the start,
    /// unreachable or untrusted where the process there can't or must not be talked to, and timed_out where it does not
    /// answer within answer_timeout (none of them with wait_for_daemon); refused where the daemon rejects the
    /// subscription for good (not allowed, invalid name or pattern), at any time, or for whatever reason at the start.
    void run();

    /// Ends run(): no further event is handed out, events handed out are answered within drain_timeout, replies are
    /// sent, then it returns. Where run() is not executing, the next one returns at once. Thread-safety: from any
    /// thread, from a hook, and from a signal handler (async-signal-safe).
    void stop() noexcept;

    /// Where a later run, of this program or another, has to resume: before the first event not handed out, else after
    /// the last (or the start of the session). hook_runner_options::resume_from before the first session. To be called
    /// on the thread of run(), or while that is not executing.
    [[nodiscard]] std::optional<resume_point> position() const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace hookd
