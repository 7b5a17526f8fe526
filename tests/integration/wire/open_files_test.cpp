// SPDX-License-Identifier: BSL-1.0
// Descriptors: hooks start with the limit that hookd found, as long as that is enough for the daemon itself.
#include "support/json_access.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace hookd::test;

namespace {

/// What a registered hook says that its limit is.
std::string limit_of_a_hook(wire_client& peer) {
    return text_at(peer.result("emit_and_wait", R"({"event":"limit"})"), "/abort");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(open_files_suite)

BOOST_AUTO_TEST_CASE(hooks_have_the_limit_that_hookd_found_though_many_connect) {
    temp_directory directory;
    const auto path = directory / "s";
    child_process daemon({"bash", "-c", "ulimit -Sn 256; ulimit -Hn 4000; exec \"$0\" \"$@\"", hookd_binary(),
        "--socket", path, "--registry", directory / "registry.json", "--max-connections", "1000"});
    wait_until_it_accepts(daemon, path);
    wire_client peer{path};
    peer.result("register_hook",
        R"({"name":"limit","events":["limit"],"command":["/bin/bash","-c","cat >/dev/null; ulimit -Sn >&2; exit 1"]})");
    BOOST_TEST(limit_of_a_hook(peer) == "256");
    std::vector<wire_client> many;
    for (int i = 0; i < 400; ++i) {
        many.emplace_back(path);
        subscribe(many.back(), "never");
    }
    daemon.wait_for_err("raised the limit of open files to 4000");
    BOOST_TEST(limit_of_a_hook(peer) == "256");
    daemon.signal(SIGTERM);
    BOOST_TEST(daemon.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
