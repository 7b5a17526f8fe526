// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/hooks/command_runner.hpp>

#include <boost/asio/io_context.hpp>

#include <utility>

namespace hookd::hookctl {

/// Runs a program and waits for it. A failure to start it is a result.
[[nodiscard]] inline hooks::command_result run_to_end(hooks::command what) {
    hooks::command_result result;
    boost::asio::io_context io;
    hooks::command_runner runner(io.get_executor());
    runner.start(
        std::move(what), [&result](hooks::command_result done) { result = std::move(done); }, [] {});
    io.run();
    return result;
}

}  // namespace hookd::hookctl
