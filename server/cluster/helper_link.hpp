// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/helper_process.hpp"

#include <hookd/server/broker.hpp>
#include <hookd/server/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::cluster {

/// What hears from a helper; on the broker's strand, in a turn.
class helper_observer {
public:
    /// The helper runs; what is sent now is the first that it reads. Throws std::runtime_error where it is not to run.
    virtual void on_started() = 0;
    /// `frame` is valid during the call. Throws hookd::link::malformed_message.
    virtual void on_frame(std::string_view frame) = 0;
    /// Each second while the helper runs. Why it is to be ended; empty: it is not.
    [[nodiscard]] virtual std::string on_tick(std::chrono::steady_clock::time_point now) = 0;
    /// The helper is gone. It is started again by itself.
    virtual void on_lost(const std::string& reason) = 0;

protected:
    ~helper_observer() = default;
};

/// A helper program that is started, watched and started again: its bytes, and nothing of what they mean.
///
///     stopped --start()--> running --ended, garbage, silence, lag, tick says so--> waiting --back-off--> running ...
///                             \-------------- stop() -------------------------------/--> stopped
///
/// A helper that says nothing for 5 s although it was pinged each second is ended, and so is one for which more than 64
/// MiB wait. The back-off is 100 ms, doubled to 5 s, and 100 ms again once a helper has run for 10 s.
///
/// Thread-safety: all on the broker's strand but the constructor. Lifetime: shared, by its pending operations, too;
/// what it was given must outlive stop().
class helper_link : public std::enable_shared_from_this<helper_link> {
public:
    static constexpr std::size_t most_queued_bytes = std::size_t{64} << 20;
    static constexpr std::chrono::seconds longest_silence{5};

    /// Finds the program anew at each start; throws std::runtime_error.
    using program_finder = std::function<std::filesystem::path()>;

    helper_link(boost::asio::io_context& context, server::broker& events, server::logger& log,
        helper_observer& observer, program_finder program);

    void start();
    /// No call of the observer follows. The helper is ended; it has a second to leave the cluster.
    void stop();
    /// Sends `frame` once the work that is under way on the strand is done, in one write with all that is sent until
    /// then.
    void send(std::string frame);

private:
    /// One run of the helper. What is pending for one that is over ends with its descriptors.
    struct run;

    void launch();
    void lose(const std::string& reason);
    void read_more();
    void read_input();
    [[nodiscard]] bool read_frames();
    void write_later();
    void write_some();
    [[nodiscard]] bool write_pieces();
    void read_errors();
    void log_errors();
    void say_line(std::string_view line);
    void tick();
    template <class Method>
    void on_strand(const std::weak_ptr<run>& expected, Method method);

    boost::asio::io_context& context_;
    server::broker& events_;
    server::logger& log_;
    helper_observer* observer_;
    program_finder program_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<run> run_{};  // null while none runs
    std::chrono::milliseconds pause_{0};
    bool stopped_ = true;
};

}  // namespace hookd::cluster
