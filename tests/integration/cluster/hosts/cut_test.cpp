// SPDX-License-Identifier: BSL-1.0
// A host whose connection to the engine ends behind some byte of its way into the cluster, or of a question.
#include "cutting_relay.hpp"
#include "engines.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <tuple>

using namespace hookd::test;

namespace {

using namespace std::chrono_literals;
using engines = std::tuple<on_postgres, on_nats>;
using way = cutting_relay::way;

constexpr std::size_t cuts = 9;

/// The hook `gate` of a host, as a user has it: it subscribes again by itself. It vetoes with "not here".
class vetoing_gate {
public:
    explicit vetoing_gate(clustered_host& host)
        : hookctl_({hookctl_binary(), "--socket", host.daemon().socket_path(), "on", "--scope", "cluster", "--name",
              "gate", "pre_deploy", "--", "sh", "-c", "echo not here >&2; exit 1"}) {}
    ~vetoing_gate() { hookctl_.signal(SIGTERM); }
    vetoing_gate(const vetoing_gate&) = delete;
    vetoing_gate& operator=(const vetoing_gate&) = delete;

private:
    child_process hookctl_;
};

/// Fires an event on that host that must not proceed without b's gate. Whether the gate was heard; if not, the verdict
/// has come in time all the same, and says no.
bool hears_the_gate(clustered_host& host) {
    auto emitter = host.daemon().connect();
    const auto begun = std::chrono::steady_clock::now();
    const auto verdict =
        emitter.response_to(host.ask(emitter, "pre_deploy", R"("timeout_ms":5000,"require":["b/gate"])"));
    BOOST_TEST((std::chrono::steady_clock::now() - begun < 8s), verdict.text);
    const auto abort = verdict.string("/result/abort");
    BOOST_TEST(abort != "", verdict.text);
    return abort == "not here";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cut, *boost::unit_test::precondition(with_both_engines))

BOOST_AUTO_TEST_CASE_TEMPLATE(wherever_a_hosts_connection_ends_no_veto_is_lost_and_it_comes_back, Engine, engines) {
    Engine engine;
    cutting_relay relay{engine.port()};
    const url_file file_a{engine.url_of("a")};
    const url_file file_b{engine.url_through(relay.port(), "b")};
    clustered_host a{"a", {file_a.path()}};
    a.await_up();
    for (const auto direction : {way::to_engine, way::from_engine}) {
        // b's way into the cluster, and questions until its gate is heard (again).
        const auto join_and_ask = [&](bool is_cut) {
            clustered_host b{"b", {file_b.path()}};
            b.await_up();
            const vetoing_gate gate{b};
            eventually("b's gate is heard", [&] { return hears_the_gate(a) && relay.has_cut() == is_cut; });
            return relay.passed(direction);
        };
        relay.cut_after(direction, std::size_t{1} << 40);
        const auto whole = join_and_ask(false);
        for (std::size_t each = 0; each < cuts; ++each) {
            relay.cut_after(direction, whole * each / cuts);
            join_and_ask(true);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
