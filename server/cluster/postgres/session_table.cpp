// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/session_table.hpp"

#include "cluster/postgres/statements.hpp"

#include <utility>

namespace hookd::postgres {
namespace {

bool are_equal(const link::session& a, const link::session& b) {
    return a.name == b.name && a.uid == b.uid && a.kind == b.kind && a.responds == b.responds && a.events == b.events &&
           a.on_failure == b.on_failure && a.order == b.order;
}

/// Lists as the functions of the schema take them: an element a line.
std::string joined(const std::vector<std::string>& globs, std::string (*convert)(const std::string&)) {
    std::string lines;
    for (const auto& each : globs) {
        lines += (lines.empty() ? "" : "\n") + convert(each);
    }
    return lines;
}

std::string unchanged(const std::string& glob) { return glob; }

}  // namespace

std::string like_pattern(const std::string& glob) {
    std::string pattern;
    for (const char each : glob) {
        if (each == '%' || each == '_' || each == '\\') {
            pattern += '\\';
        }
        pattern += each == '*' ? '%' : each == '?' ? '_' : each;
    }
    return pattern;
}

void session_table::add(link::session added) {
    const auto number = added.number;
    auto& known = sessions_[number];
    if (known.state != visibility::none && are_equal(known.session, added)) {
        if (known.state == visibility::committed) {
            hookd_.send(link::session_ready{number});
        }
        return;
    }
    known = {std::move(added), visibility::none};
    changed_.insert(number);
    send();
}

void session_table::remove(std::int64_t number) {
    changed_.erase(number);
    if (sessions_.erase(number) > 0) {
        removed_.push_back(number);
        send();
    }
}

void session_table::begin(std::shared_ptr<connection> entered, std::function<void()> done) {
    connection_ = std::move(entered);
    changed_.clear();
    for (const auto& [number, known] : sessions_) {
        changed_.insert(number);
    }
    removed_.clear();
    present(true, std::move(done));
}

void session_table::end() {
    connection_.reset();
    sending_ = false;
    for (auto& [number, known] : sessions_) {
        known.state = visibility::none;
    }
}

void session_table::send() {
    if (!connection_ || sending_) {
        return;
    }
    if (!removed_.empty()) {
        return withdraw();
    }
    if (!changed_.empty()) {
        present(false, nullptr);
    }
}

void session_table::present(bool whole, std::function<void()> done) {
    std::vector<std::int64_t> numbers{changed_.begin(), changed_.end()};
    changed_.clear();
    std::vector<std::string> names;
    std::vector<std::int64_t> uids;
    std::vector<std::string> kinds;
    std::vector<bool> responds;
    std::vector<std::string> on_failures;
    std::vector<std::int64_t> orders;
    std::vector<std::string> globs;
    std::vector<std::string> patterns;
    for (const auto number : numbers) {
        auto& known = sessions_.at(number);
        known.state = visibility::sent;
        names.push_back(known.session.name);
        uids.push_back(known.session.uid);
        kinds.push_back(known.session.kind);
        responds.push_back(known.session.responds);
        on_failures.push_back(known.session.on_failure);
        orders.push_back(known.session.order);
        globs.push_back(joined(known.session.events, &unchanged));
        patterns.push_back(joined(known.session.events, &like_pattern));
    }
    parameters values;
    values.add_bigints(numbers);
    values.add_texts(names);
    values.add_bigints(uids);
    values.add_texts(kinds);
    values.add_booleans(responds);
    values.add_texts(on_failures);
    values.add_bigints(orders);
    values.add_texts(globs);
    values.add_texts(patterns);
    values.add(whole);
    sending_ = true;
    connection_->execute(statements::present.name, values,
        [this, numbers = std::move(numbers), done = std::move(done)](const result& outcome) {
            sending_ = false;
            if (outcome.has_failed()) {
                return connection_->abandon("sessions cannot be made visible to other hosts: " + outcome.message());
            }
            for (const auto number : numbers) {
                const auto known = sessions_.find(number);
                if (known != sessions_.end() && known->second.state == visibility::sent) {
                    known->second.state = visibility::committed;
                    hookd_.send(link::session_ready{number});
                }
            }
            if (done) {
                done();
            }
            send();
        });
}

void session_table::withdraw() {
    parameters values;
    values.add_bigints(std::exchange(removed_, {}));
    sending_ = true;
    connection_->execute(statements::absent.name, values, [this](const result&) {
        sending_ = false;
        send();
    });
}

}  // namespace hookd::postgres
