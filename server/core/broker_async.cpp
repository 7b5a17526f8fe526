// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <memory>
#include <utility>

// Requests that are carried out asynchronously: their answers in flight, and the retries that join them.
namespace hookd::core {

using protocol::error;

broker::result_or_error<deferred_handler> broker::defer(client& client, deferred_handler handler) const {
    auto& account = client.account();
    if (auto failure = budgets_.refuse_in_flight(account)) {
        return std::move(*failure);
    }
    auto answer = std::make_shared<in_flight_answer>(account.shared_in_flight());
    return deferred_handler{[answer = std::move(answer), handler = std::move(handler)](const deferred_result& result) {
        answer->release();
        handler(result);
    }};
}

broker::async_start broker::begin_async(client& client, const protocol::uuid& operation, std::string_view method,
    std::string_view raw_params, deferred_handler handler, instant now) {
    auto known = operations_.find(operation, method, raw_params, now);
    if (auto* const failure = std::get_if<error>(&known)) {
        return std::move(*failure);
    }
    auto* const found = std::get<operation_table::operation*>(known);
    if (found != nullptr && found->handlers.empty()) {
        if (const auto* const done = std::get_if<protocol::emit_result>(&found->done)) {
            std::string text;
            append_json(text, *done);
            return text;
        }
        return std::get<std::string>(found->done);
    }
    auto deferred = defer(client, std::move(handler));
    if (auto* const failure = std::get_if<error>(&deferred)) {
        return std::move(*failure);
    }
    if (found != nullptr) {
        found->handlers.push_back(std::get<deferred_handler>(std::move(deferred)));
        return pending{};
    }
    operations_.begin_async(operation, method, raw_params, std::get<deferred_handler>(std::move(deferred)));
    return new_operation{};
}

void broker::finish_async(const protocol::uuid& operation, const deferred_result& result, instant now) {
    auto handlers = operations_.finish_async(operation, result, now);
    once_durable([handlers = std::move(handlers), result](const error* lost) {
        for (const auto& each : handlers) {
            each(lost != nullptr ? deferred_result{*lost} : result);
        }
    });
}

}  // namespace hookd::core
