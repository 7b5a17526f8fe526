// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/console_session.hpp"

#include <utility>

namespace hookd::postgres {
namespace {

constexpr std::chrono::milliseconds console_patience{5'000};
constexpr std::chrono::milliseconds lookup_patience{30'000};
constexpr std::chrono::milliseconds statement_patience{30'000};

}  // namespace

console_session::console_session(const settings& target) {
    settings resolved;
    std::string failure;
    bool done = false;
    resolve(context_.get_executor(), target, [&](settings found, const std::string& reason) {
        resolved = std::move(found);
        failure = reason;
        done = true;
    });
    run_until(done, lookup_patience);
    if (!failure.empty()) {
        throw console_failure(failure + ": see the host in the URL file");
    }
    connection::handlers handlers;
    handlers.on_notification = [this](const std::string& payload) { heard_ = payload; };
    handlers.on_lost = [this](const std::string& reason) { lost_ = reason; };
    connection_ = std::make_shared<connection>(context_.get_executor(), std::move(handlers));
    std::optional<connect_failure> reason;
    done = false;
    connection_->open(resolved, console_patience, [&](const std::optional<connect_failure>& found) {
        reason = found;
        done = true;
    });
    run_until(done, lookup_patience);
    if (reason) {
        throw console_failure(judge(*reason, target).reason, reason->sqlstate);
    }
}

console_session::~console_session() {
    if (connection_) {
        connection_->close();
    }
}

result console_session::query(const std::string& text) {
    // The result lives only as long as the handler's call, so it is taken over there.
    std::shared_ptr<result> outcome;
    bool done = false;
    connection_->query(text, [&](result& found) {
        outcome = std::make_shared<result>(std::move(found));
        done = true;
    });
    run_until(done, statement_patience);
    if (outcome->has_failed()) {
        throw console_failure("PostgreSQL says: " + outcome->message(), outcome->sqlstate());
    }
    return std::move(*outcome);
}

bool console_session::hears(const std::string& payload, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (heard_ != payload && lost_.empty() && std::chrono::steady_clock::now() < end) {
        context_.restart();
        context_.run_one_until(end);
    }
    return heard_ == payload;
}

void console_session::run_until(const bool& done, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done) {
        context_.restart();
        context_.run_one_until(end);
        if (!lost_.empty()) {
            throw console_failure(lost_);
        }
        if (std::chrono::steady_clock::now() >= end) {
            throw console_failure("no answer within " + std::to_string(patience.count() / 1000) + " s");
        }
    }
}

}  // namespace hookd::postgres
