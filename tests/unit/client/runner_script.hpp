// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fake_daemon.hpp"

#include <hookd/client.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace hookd::test {

/// What a runner told, in order.
struct notices {
    std::vector<notice> told;

    void watch(hook_runner& runner) {
        runner.on_notice([this](const notice& what) { told.push_back(what); });
    }
    [[nodiscard]] std::vector<notice::kind> kinds() const {
        std::vector<notice::kind> out;
        for (const auto& each : told) {
            out.push_back(each.type);
        }
        return out;
    }
};

/// Connects again almost at once.
[[nodiscard]] inline hook_runner_options options_of(const fake_daemon& daemon) {
    return {.path = daemon.path(),
        .reconnect_min = std::chrono::milliseconds{1},
        .reconnect_max = std::chrono::milliseconds{20}};
}

/// The daemon's part beside a run(), which is stopped where that part fails: it would go on for ever.
class script_beside : public fake_script {
public:
    script_beside(hook_runner& runner, std::function<void()> part)
        : fake_script([&runner, part = std::move(part)] {
              try {
                  part();
              } catch (...) {
                  runner.stop();
                  throw;
              }
          }) {}
};

[[nodiscard]] inline error failure_of_run(hook_runner& runner) {
    return failure_of([&runner] { runner.run(); });
}

}  // namespace hookd::test
