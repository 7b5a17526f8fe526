// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>

#include <boost/asio/io_context.hpp>

#include <utility>

namespace hookd::hookctl {

/// Runs a program and waits for it. A failure to start it is a result.
[[nodiscard]] inline base::command_result run_to_end(base::command request) {
    base::command_result result;
    boost::asio::io_context io;
    base::command_runner runner(io.get_executor());
    runner.start(
        std::move(request), [&result](base::command_result done) { result = std::move(done); }, [] {});
    io.run();
    return result;
}

}  // namespace hookd::hookctl
