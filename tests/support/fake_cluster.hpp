// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "temp_directory.hpp"
#include "test_daemon.hpp"

#include <base/posix/unique_fd.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace hookd::test {

/// The other end of a daemon's link to its cluster: a test plays the helper program (server/cluster/README.md has the
/// messages). A thread answers its pings, unless told otherwise.
class fake_link {
public:
    /// `socket`: connected to what hookd started.
    explicit fake_link(base::unique_fd socket);
    ~fake_link();
    fake_link(const fake_link&) = delete;
    fake_link& operator=(const fake_link&) = delete;

    /// The next message `cluster.METHOD`; others are kept. Throws where none comes.
    wire_message next(std::string_view method);
    /// How many of them have come and not been taken.
    [[nodiscard]] std::size_t waiting(std::string_view method);
    void send(std::string_view method, std::string_view params);
    void send_raw(std::string_view bytes);
    /// Takes the daemon's hello and says that the link is up.
    wire_message come_up();
    /// Takes a question, and says who has to answer it: `{"host":"b","responders":[…]}`, separated by commas. Returns
    /// its id.
    std::string take_question(std::string_view hosts);
    void settle(std::string_view host, std::string_view id, std::string_view replies,
        std::string_view more = R"("missing":[],"abstained":[],"passed":[])");

    /// Answers no ping any more.
    void fall_silent();
    /// Reads nothing any more, but says all the same that it lives.
    void stop_reading();
    void hang_up();
    /// Waits until the daemon has ended the link.
    void wait_until_ended();

private:
    void run();

    wire_client peer_;
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::deque<wire_message> messages_{};
    bool answers_pings_ = true;
    bool reads_ = true;
    bool ended_ = false;
    std::thread reader_{};
};

/// What a daemon needs to be in a cluster that a test plays.
class fake_cluster {
public:
    fake_cluster();

    /// Of a daemon that is host `a`; `events`: as in `events=…`, or empty.
    [[nodiscard]] std::vector<std::string> arguments(const std::string& events = {}) const;
    [[nodiscard]] spawn_options environment() const;
    /// The link of a daemon that has begun.
    [[nodiscard]] std::unique_ptr<fake_link> accept();
    [[nodiscard]] std::string url_file() const { return directory_ / "url"; }
    [[nodiscard]] const temp_directory& directory() const noexcept { return directory_; }

private:
    temp_directory directory_{};
    base::unique_fd listener_{};
};

}  // namespace hookd::test
