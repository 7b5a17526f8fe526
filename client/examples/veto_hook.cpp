// SPDX-License-Identifier: BSL-1.0
// A hook: nobody pushes to main. Run it beside a daemon, then: hookctl emit --wait pre_push '{"branch":"main"}'

#include <hookd/client.hpp>

#include <iostream>

int main() {
    hookd::hook_runner hooks{{.name = "no-push-to-main"}};
    hooks.on("pre_push", [](const hookd::event& push) -> hookd::reply {
        if (push.json().at("branch") == "main") {
            return hookd::veto("main is closed: open a merge request");
        }
        return hookd::proceed();
    });
    hooks.on_notice([](const hookd::notice& notice) { std::cerr << notice.message << '\n'; });
    try {
        hooks.run();
    } catch (const hookd::error& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
    return 0;
}
