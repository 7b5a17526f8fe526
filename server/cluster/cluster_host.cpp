// SPDX-License-Identifier: BSL-1.0
#include "cluster/cluster_host.hpp"

#include "cluster/membership.hpp"
#include "core/broker.hpp"

#include <base/text/glob.hpp>
#include <hookd/server/options.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace hookd::cluster {

namespace {

visible_session describe(const core::session& session) {
    const auto& client = session.client();
    return {.name = session.name(),
        .uid = client.peer().uid,
        .responds = session.decides() && !client.is_half_closed(),
        .events = session.patterns().empty() ? std::vector<std::string>{"*"} : session.patterns(),
        .on_failure = session.insists() ? protocol::failure_policy::closed : protocol::failure_policy::open,
        .order = session.order(),
        .registered = client.options().may_use_set_aside_names};
}

void add_hooks(protocol::cluster_hosts_result::host& host, const visible_session& session) {
    host.hooks.push_back({session.name, session.events, session.responds});
}

bool matches(const visible_session& session, std::string_view event) {
    return std::any_of(session.events.begin(), session.events.end(),
        [event](const std::string& pattern) { return base::glob_matches(pattern, event); });
}

}  // namespace

class cluster_host::implementation final : public core::cluster_port,
                                           public std::enable_shared_from_this<cluster_host::implementation> {
public:
    implementation(boost::asio::io_context& context, server::broker& events, const cluster_options& options,
        const std::string& host, server::logger& log)
        : events_(events), host_(host), lease_(options.lease) {
        for (const auto& each : options.memberships) {
            clusters_.push_back(std::make_unique<membership>(membership::surroundings{context, events, log, announced_,
                                                                 [this] { answer_known(); }, host, options.lease},
                each));
        }
    }

    void start() {
        events_.run([self = shared_from_this()](core::broker& state, const core::instant&) {
            state.join_cluster(self.get());
            for (const auto& each : self->clusters_) {
                each->start();
            }
        });
    }

    void shut_down() {
        events_.run([self = shared_from_this()](core::broker&, const core::instant&) {
            for (const auto& each : self->clusters_) {
                each->stop();
            }
        });
    }

    // --- core::cluster_port ---

    [[nodiscard]] std::optional<std::string> refuse(std::string_view event) const override {
        return of(event) != nullptr ? std::nullopt
                                    : std::optional{"no cluster of this host takes the event " + std::string{event} +
                                                    " (--cluster FILE,events=...)"};
    }

    [[nodiscard]] std::optional<std::string> ask(const core::cluster_event& question) override {
        auto* const cluster = of(question.name);
        return cluster != nullptr ? cluster->ask(question) : refuse(question.name);
    }

    void close(const protocol::uuid& id) override {
        for (const auto& each : clusters_) {
            each->close(id);
        }
    }

    void tell(const core::cluster_event& event, told_handler on_told) override {
        of(event.name)->tell(event, std::move(on_told));
    }

    void announce(const core::session& session) override {
        const auto& description = announced_[session.id()] = describe(session);
        for (const auto& each : clusters_) {
            each->announce(session.id(), description);
        }
    }

    void withdraw(std::uint64_t session_id) override {
        if (announced_.erase(session_id) == 0) {
            return;
        }
        for (const auto& each : clusters_) {
            each->withdraw(session_id);
        }
        answer_known();
    }

    [[nodiscard]] bool is_known(std::uint64_t session_id) const override {
        return std::all_of(
            clusters_.begin(), clusters_.end(), [session_id](const auto& each) { return each->is_known(session_id); });
    }

    void when_known(std::uint64_t session_id, std::function<void()> on_known) override {
        waiting_.emplace_back(session_id, std::move(on_known));
    }

    void add_hosts(protocol::cluster_hosts_result& out) const override {
        auto& own = out.hosts.emplace_back();
        own.name = host_;
        own.lease = lease_;
        own.state = to_string(best_state());
        for (const auto& [id, session] : announced_) {
            add_hooks(own, session);
        }
        for (const auto& cluster : clusters_) {
            for (const auto& host : cluster->hosts()) {
                add_host(out, host);
            }
        }
    }

    void add_links(std::vector<protocol::stats_result::cluster_link>& out) const override {
        for (const auto& each : clusters_) {
            out.push_back(each->stats());
        }
    }

    void add_responders(std::string_view event, protocol::who_result& out) const override {
        const auto* const cluster = of(event);
        if (cluster == nullptr) {
            return;
        }
        for (const auto& host : cluster->hosts()) {
            for (const auto& session : host.sessions) {
                if (matches(session, event)) {
                    add_responder(host.name, session, out);
                }
            }
        }
    }

private:
    [[nodiscard]] membership* of(std::string_view event) const {
        const auto found =
            std::find_if(clusters_.begin(), clusters_.end(), [event](const auto& each) { return each->takes(event); });
        return found == clusters_.end() ? nullptr : found->get();
    }

    static void add_responder(const std::string& host, const visible_session& session, protocol::who_result& out) {
        if (!session.responds) {
            ++out.observers;
            return;
        }
        out.responders.push_back({.name = session.name,
            .uid = session.uid,
            .registered = session.registered,
            .on_failure = session.on_failure,
            .order = session.order,
            .host = host});
    }

    [[nodiscard]] link_state best_state() const {
        auto best = link_state::down;
        for (const auto& each : clusters_) {
            best = std::max(best, each->state());
        }
        return best;
    }

    static void add_host(protocol::cluster_hosts_result& out, const visible_host& host) {
        auto& other = out.hosts.emplace_back();
        other.name = host.name;
        other.lease = host.lease;
        other.state = to_string(link_state::up);
        for (const auto& session : host.sessions) {
            add_hooks(other, session);
        }
    }

    // Later: those who are told may be in the middle of what made it known.
    void answer_known() {
        if (waiting_.empty() || std::exchange(answers_later_, true)) {
            return;
        }
        events_.run_later([self = shared_from_this()](core::broker&, const core::instant&) {
            self->answers_later_ = false;
            std::vector<std::function<void()>> known;
            std::erase_if(self->waiting_, [&](auto& each) {
                const bool is_known = !self->announced_.contains(each.first) || self->is_known(each.first);
                if (is_known) {
                    known.push_back(std::move(each.second));
                }
                return is_known;
            });
            for (const auto& then : known) {
                then();
            }
        });
    }

    server::broker& events_;
    std::string host_;
    std::chrono::milliseconds lease_;
    membership::sessions announced_{};
    std::vector<std::unique_ptr<membership>> clusters_{};
    std::vector<std::pair<std::uint64_t, std::function<void()>>> waiting_{};
    bool answers_later_ = false;
};

cluster_host::cluster_host(boost::asio::io_context& context, server::broker& events, const cluster_options& options,
    const std::string& host, server::logger& log)
    : implementation_(std::make_shared<implementation>(context, events, options, host, log)) {}

cluster_host::~cluster_host() = default;

void cluster_host::start() { implementation_->start(); }

void cluster_host::shut_down() { implementation_->shut_down(); }

}  // namespace hookd::cluster
