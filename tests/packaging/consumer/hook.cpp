// SPDX-License-Identifier: BSL-1.0
// A hook in another process: vetoes one push, which ends it.

#include <hookd/client.hpp>

#include <iostream>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: hook SOCKET\n";
        return 2;
    }
    try {
        hookd::hook_runner hooks{{.name = "consumer", .path = argv[1]}};
        hooks.on("pre_push", [&hooks](const hookd::event& push) {
            hooks.stop();
            return push.json().at("branch") == "main" ? hookd::veto("main is closed") : hookd::proceed();
        });
        hooks.run();
    } catch (const hookd::error& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
    return 0;
}
