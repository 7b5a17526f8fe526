// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_strand.hpp"

#include <hookd/server/broker.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <variant>

// How in-process operations complete. On the strand.
namespace hookd::server {

template <class Result>
using completion_of = boost::asio::any_completion_handler<void(boost::system::error_code, Result)>;

template <class Result>
class completed final : public completion_queue::entry {
public:
    completed(completion_of<Result> completion, boost::system::error_code failure, Result result)
        : completion_(std::move(completion)), failure_(failure), result_(std::move(result)) {}
    void call() override { std::move(completion_)(failure_, std::move(result_)); }

private:
    completion_of<Result> completion_;
    boost::system::error_code failure_;
    Result result_;
};

// Calls `completion` later: it must not run within the function that was asked. It runs on its associated executor.
template <class Result>
void complete(
    broker_strand& strand, completion_of<Result> completion, boost::system::error_code failure, Result result) {
    auto& context = strand.context();
    const auto executor = boost::asio::get_associated_executor(completion, context.get_executor());
    const auto* const own = executor.template target<boost::asio::io_context::executor_type>();
    if (own == nullptr || *own != context.get_executor()) {
        boost::asio::post(context, boost::asio::append(std::move(completion), failure, std::move(result)));
    } else if (strand.single_threaded()) {
        strand.completions().push(
            std::make_unique<completed<Result>>(std::move(completion), failure, std::move(result)));
    } else {
        // One hop, and none of what finding the way to another executor costs.
        boost::asio::post(context, [completion = std::move(completion), failure, result = std::move(result)]() mutable {
            std::move(completion)(failure, std::move(result));
        });
    }
}

template <class Result>
void complete(broker_strand& strand, completion_of<Result> completion, std::variant<Result, protocol::error> result) {
    if (auto* const failure = std::get_if<protocol::error>(&result)) {
        complete(strand, std::move(completion), make_error_code(failure->code), Result{});
    } else {
        complete(strand, std::move(completion), boost::system::error_code{}, std::get<Result>(std::move(result)));
    }
}

// The same when what `client` has changed is durable.
template <class Result>
void complete_once_durable(broker_strand& strand, core::client& client, completion_of<Result>&& completion,
    std::variant<Result, protocol::error>&& result) {
    if (strand.state().is_durable()) {
        return complete(strand, std::move(completion), std::move(result));
    }
    strand.state().once_durable(client, [strand = strand.shared_from_this(),
                                            shared = std::make_shared<completion_of<Result>>(std::move(completion)),
                                            result = std::move(result)](const protocol::error* lost) {
        complete(*strand, std::move(*shared), lost != nullptr ? std::variant<Result, protocol::error>{*lost} : result);
    });
}

/// Ends the operation with `fault`, if there is one.
template <class Result>
bool refuse(broker_strand& strand, completion_of<Result>& completion, const std::optional<protocol::error>& fault) {
    if (fault) {
        complete(strand, std::move(completion), make_error_code(fault->code), Result{});
    }
    return fault.has_value();
}

}  // namespace hookd::server
