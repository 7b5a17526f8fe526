// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/process.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

namespace hookd::test {

/// The path of nats-server: the variable HOOKD_TEST_NATS_SERVER, else where Debian's package puts it; empty where there
/// is none.
[[nodiscard]] std::string nats_server_binary();

/// For boost::unit_test::precondition.
[[nodiscard]] boost::test_tools::assertion_result has_nats_server(boost::unit_test::test_unit_id);

/// A nats-server of the test's own, on a loopback port, with what it stores in a directory of its own. Ready for
/// connections once constructed.
class nats_server {
public:
    /// `more`: further lines of its configuration. `has_jetstream`: otherwise it is switched off.
    explicit nats_server(std::string more = {}, bool has_jetstream = true);

    /// nats://127.0.0.1:PORT, with what else a URL has before and after it.
    [[nodiscard]] std::string url(const std::string& user = {}, const std::string& behind = {}) const;
    [[nodiscard]] const std::string& port() const noexcept { return port_; }
    /// What the server says to a client of that user that sends `bytes`, up to the answer to a PING that follows.
    [[nodiscard]] std::string answer_to(const std::string& user, const std::string& password, const std::string& bytes);
    [[nodiscard]] child_process& process() { return *process_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_.path(); }

    /// SIGKILL, if it runs.
    void kill();
    /// On the same port and directory as before, after kill().
    void start();
    /// The same with nothing in the directory.
    void start_empty();

private:
    void run(const std::string& port);

    temp_directory directory_{};
    std::string port_{};
    std::unique_ptr<child_process> process_{};
};

}  // namespace hookd::test
