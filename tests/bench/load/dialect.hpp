// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "link.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::bench {

/// One whole message from a broker.
struct frame {
    enum class kind { event, answer, other };
    kind type = kind::other;
    std::size_t size = 0;         ///< with its framing
    std::string_view body{};      ///< without it
    std::string_view reply_to{};  ///< of an event, after read(): what the answer must name
    std::string_view payload{};   ///< after read(): begins with the payload, or with the answer's
};

/// What a connection is there for.
enum class role { emitter, asker, hook, listener };

/// A client's connection, or its two: some brokers want one to listen and one to talk.
struct client_ends {
    link in;
    std::optional<link> separate_out{};

    [[nodiscard]] link& out() noexcept { return separate_out ? *separate_out : in; }
};

/// How one kind of broker is talked to, with as little work as it allows. Everything else about a client is the same
/// for all.
class dialect {
public:
    dialect() = default;
    dialect(const dialect&) = delete;
    dialect& operator=(const dialect&) = delete;
    virtual ~dialect() = default;

    /// Connects and says what a client of that role must say first; returns once the broker has confirmed it. A hook
    /// and a listener then get the events of `topic`.
    [[nodiscard]] virtual client_ends open(const std::string& address, role as, std::string_view topic) = 0;

    /// An event on `event_topic` that nobody answers; one that a hook is to answer; the answer.
    virtual void append_event(std::string& out, std::string_view payload) = 0;
    /// Whether the broker replies to each event: whoever emits has to read that, too.
    [[nodiscard]] virtual bool confirms_events() const { return false; }
    virtual void append_question(std::string& out, std::string_view payload) = 0;
    virtual void append_answer(std::string& out, const frame& question, std::string_view payload) = 0;

    /// Finds the first whole frame in `bytes` and its kind; false where there is none yet. Nothing ends within the
    /// first `seen` bytes.
    [[nodiscard]] virtual bool next(std::string_view bytes, std::size_t seen, frame& out) = 0;
    /// Finds what else a trip needs of an event or an answer. False where it is not what was expected.
    [[nodiscard]] virtual bool read(frame& which) = 0;
};

inline constexpr std::string_view event_topic = "bench_event";

/// `name`: floor, hookd, hookd_request (hooks respond with requests), hookd_line, hookd_cluster (scope cluster, all
/// hooks are heard), redis, redis_quiet, nats, dbus. Throws std::runtime_error for another.
[[nodiscard]] std::unique_ptr<dialect> make_dialect(std::string_view name);

[[nodiscard]] std::unique_ptr<dialect> make_floor_dialect();
enum class hookd_framing { native, line };
[[nodiscard]] std::unique_ptr<dialect> make_hookd_dialect(
    hookd_framing framing, bool respond_with_requests, bool spans_cluster = false);
[[nodiscard]] std::unique_ptr<dialect> make_redis_dialect(bool quiet);
[[nodiscard]] std::unique_ptr<dialect> make_nats_dialect();
[[nodiscard]] std::unique_ptr<dialect> make_dbus_dialect();

/// Reads until there is a whole frame. The caller consumes it.
void await_frame(dialect& speech, link& from, frame& out);

}  // namespace hookd::bench
