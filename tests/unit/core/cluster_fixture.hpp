// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_fixture.hpp"

#include <string>
#include <vector>

namespace hookd::core::test {

inline constexpr auto cluster_scope = protocol::event_scope::cluster;

/// A cluster that notes what it is told, as `ask pre_push veto`, `close`, `announce 1 guard`, `withdraw 1`.
class noting_cluster final : public cluster_port {
public:
    std::vector<std::string> said{};
    protocol::uuid last_asked{};
    std::optional<std::string> down{};  ///< why it cannot ask

    [[nodiscard]] std::optional<std::string> refuse(std::string_view) const override { return std::nullopt; }
    [[nodiscard]] std::optional<std::string> ask(const cluster_event& question) override {
        said.push_back("ask " + std::string{question.name} + " " + std::string{to_string(question.policy)});
        last_asked = question.id;
        return down;
    }
    void close(const protocol::uuid&) override { said.emplace_back("close"); }
    void tell(const cluster_event&, told_handler) override {}
    void announce(const session& session) override {
        said.push_back(
            "announce " + std::to_string(session.id()) + " " + session.name() + (session.decides() ? "" : " observes"));
    }
    void withdraw(std::uint64_t session_id) override { said.push_back("withdraw " + std::to_string(session_id)); }
    [[nodiscard]] bool is_known(std::uint64_t) const override { return true; }
    void when_known(std::uint64_t, std::function<void()>) override {}
    void add_hosts(protocol::cluster_hosts_result&) const override {}
    void add_links(std::vector<protocol::stats_result::cluster_link>& out) const override {
        out.push_back({.engine = "memory", .state = "up"});
    }
    void add_responders(std::string_view, protocol::who_result& out) const override {
        out.responders.push_back({.name = "far", .host = "b"});
    }

    /// What was noted since, joined by `; `.
    [[nodiscard]] std::string take() {
        std::string text;
        for (const auto& each : std::exchange(said, {})) {
            text += (text.empty() ? "" : "; ") + each;
        }
        return text;
    }
};

/// A broker_fixture whose broker, host `a`, is in a cluster.
struct cluster_world : broker_fixture {
    explicit cluster_world(broker_limits limits = {}) : broker_fixture(on_host_a(std::move(limits))) {
        broker.join_cluster(&cluster);
    }

    noting_cluster cluster{};

    wait& ask(client& by, wait_options how = {}) {
        how.scope = cluster_scope;
        return emit_and_wait(by, "e", how);
    }
    /// `host/name`, with `!` behind where it insists.
    void delegate(const std::vector<std::string>& who) {
        std::vector<remote_responder> responders;
        for (const auto& each : who) {
            const auto slash = each.find('/');
            const bool insists = each.back() == '!';
            responders.push_back({each.substr(0, slash),
                each.substr(slash + 1, each.size() - slash - 1 - (insists ? 1 : 0)), insists, 0});
        }
        broker.delegate(cluster.last_asked, responders, now);
        collect();
    }
    bool record_reply(std::string_view host, const remote_answer& answer) {
        const bool taken = broker.record_remote_answer(cluster.last_asked, host, answer, now);
        collect();
        return taken;
    }
    bool reply_from(std::string_view host, const std::string& name, const std::string& response = "{}") {
        remote_answer answer;
        auto& reply = answer.replies.emplace_back();
        reply.response = response;
        reply.responder = name;
        return record_reply(host, answer);
    }
    void fail(const std::string& why) {
        broker.fail_delegation(cluster.last_asked, why, now);
        collect();
    }
    void host_left(std::string_view host) {
        broker.host_left(cluster.last_asked, host, now);
        collect();
    }

private:
    static broker_limits on_host_a(broker_limits limits) {
        limits.host = "a";
        return limits;
    }
};

}  // namespace hookd::core::test
