// SPDX-License-Identifier: BSL-1.0
#include "resume.hpp"

#include <algorithm>
#include <utility>

namespace hookd::server::rpc {

using protocol::error;

bool is_before_retained(const broker_service& broker, core::client& client, const protocol::subscribe_params& params) {
    return params.after_seq && broker.journal() != nullptr && broker.state().needs_journal(client, params, {});
}

void find_missed(const std::shared_ptr<broker_service>& broker, const std::shared_ptr<resume_request>& request,
    std::function<core::client*()> client, std::function<void()> done) {
    auto& [params, missed] = *request;
    core::client* const subscriber = client();
    if (subscriber == nullptr) {
        return;
    }
    if (!broker->state().needs_journal(*subscriber, params, missed)) {
        return done();
    }
    const auto after_seq = std::max(params.after_seq.value_or(0), missed.through_seq);
    broker->journal()->events_between(after_seq, broker->state().oldest_retained_seq(),
        [broker, request, client = std::move(client), done = std::move(done)](
            std::variant<std::vector<core::journalled_event>, error> found) {
            auto events = std::holds_alternative<error>(found)
                              ? std::vector<core::journalled_event>{}
                              : std::get<std::vector<core::journalled_event>>(std::move(found));
            broker->submit([broker, request, client, done, events = std::move(events)]() mutable {
                if (core::client* const resuming = client()) {
                    broker->state().collect_missed(*resuming, request->params, std::move(events), request->missed);
                    find_missed(broker, request, client, done);
                }
            });
        });
}

}  // namespace hookd::server::rpc
