// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/asks.hpp"

#include "cluster/nats/json_fields.hpp"

#include <base/json/text.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace hookd::nats {
void asks::open(const std::string& id, std::string event, const std::vector<sender>& hosts, time_point now) {
    question& opened = open_[id];
    opened.event = std::move(event);
    opened.asked_at = now;
    for (const sender& each : hosts) {
        opened.targets.push_back({each, stage::asked, {}, std::nullopt});
    }
    report_if_complete(id, opened);
    drop_if_over(id);
}

void asks::on_none(const message& answer) {
    target* const host = find(answer.id, answer.from);
    if (host == nullptr) {
        return;
    }
    question& asked = open_[answer.id];
    if (host->at == stage::presumed) {
        settle(asked, *host, {answer.from.host, answer.id, link::result_without_answer()});  // they have left
    } else if (host->at == stage::asked) {
        host->at = stage::none;
        report_if_complete(answer.id, asked);
    }
    drop_if_over(answer.id);
}

bool asks::on_has(const message& answer) {
    target* const host = find(answer.id, answer.from);
    if (host == nullptr || (host->at != stage::asked && host->at != stage::presumed)) {
        return false;
    }
    if (std::exchange(host->at, stage::has) == stage::asked) {
        host->responders = read_responders(answer.responders);
        report_if_complete(answer.id, open_[answer.id]);
    }
    return true;
}

void asks::on_settled(const message& answer) {
    if (!answer.responders.empty() && !on_has(answer)) {
        return;
    }
    target* const host = find(answer.id, answer.from);
    if (host == nullptr || host->at != stage::has) {
        return;
    }
    question& asked = open_[answer.id];
    if (answer.decides && !asked.is_reported) {
        report(answer.id, asked);
    }
    settle(asked, *host, {answer.from.host, answer.id, std::string{answer.result}});
    drop_if_over(answer.id);
}

void asks::on_gone(const presence& gone) {
    std::vector<std::string> concerned;
    for (const auto& [id, asked] : open_) {
        if (find(id, gone.who) != nullptr) {
            concerned.push_back(id);
        }
    }
    for (const std::string& id : concerned) {
        lose(open_[id], *find(id, gone.who), id, gone);
        drop_if_over(id);
    }
}

void asks::lose(question& asked, target& host, const std::string& id, const presence& gone) {
    const bool is_silent = host.at == stage::asked;
    if (is_silent) {
        host.responders = audience_of(gone.sessions, asked.event).responders;
    }
    if (is_silent && host.responders.empty()) {
        host.at = stage::gone;
    } else if (owes(host)) {
        settle(asked, host, {host.who.host, id, link::result_without_answer()});
    }
    report_if_complete(id, asked);
}

void asks::presume(time_point since,
    const std::function<std::vector<link::responder>(const sender&, const std::string& event)>& shown) {
    std::vector<std::string> concerned;
    for (auto& [id, asked] : open_) {
        if (asked.asked_at > since || asked.is_reported) {
            continue;
        }
        concerned.push_back(id);
        for (target& each : asked.targets) {
            if (each.at == stage::asked) {
                each.responders = shown(each.who, asked.event);
                each.at = each.responders.empty() ? stage::doubtful : stage::presumed;
            }
        }
    }
    for (const std::string& id : concerned) {
        report_if_complete(id, open_[id]);
        drop_if_over(id);
    }
}

std::vector<sender> asks::close(const std::string& id) {
    std::vector<sender> at_work;
    if (const auto found = open_.find(id); found != open_.end()) {
        for (const target& each : found->second.targets) {
            if (owes(each) || each.at == stage::doubtful) {
                at_work.push_back(each.who);
            }
        }
        open_.erase(found);
    }
    return at_work;
}

std::vector<std::string> asks::silent_since(time_point since) const {
    std::set<std::string> silent;
    for (const auto& [id, asked] : open_) {
        if (asked.asked_at > since) {
            continue;
        }
        for (const target& each : asked.targets) {
            if (owes(each)) {
                silent.insert(each.who.host);
            }
        }
    }
    return {silent.begin(), silent.end()};
}

asks::target* asks::find(const std::string& id, const sender& entry) {
    const auto found = open_.find(id);
    if (found == open_.end()) {
        return nullptr;
    }
    auto& targets = found->second.targets;
    const auto host =
        std::find_if(targets.begin(), targets.end(), [&entry](const target& each) { return each.who == entry; });
    return host == targets.end() ? nullptr : &*host;
}

bool asks::owes(const target& each) noexcept {
    return each.at == stage::asked || each.at == stage::presumed || each.at == stage::has;
}

void asks::drop_if_over(const std::string& id) {
    const auto found = open_.find(id);
    if (found != open_.end() && found->second.is_reported &&
        std::none_of(found->second.targets.begin(), found->second.targets.end(), owes)) {
        open_.erase(found);
    }
}

void asks::settle(question& asked, target& host, link::settled verdict) {
    host.at = stage::settled;
    if (asked.is_reported) {
        out_(std::move(verdict));
    } else {
        host.held = std::move(verdict);
    }
}

void asks::report_if_complete(const std::string& id, question& asked) {
    const bool is_complete = std::none_of(
        asked.targets.begin(), asked.targets.end(), [](const target& each) { return each.at == stage::asked; });
    if (is_complete && !asked.is_reported) {
        report(id, asked);
    }
}

void asks::report(const std::string& id, question& asked) {
    asked.is_reported = true;
    link::asked summary{id, {}};
    for (const target& each : asked.targets) {
        if (each.at == stage::has || each.at == stage::presumed || each.at == stage::settled) {
            summary.hosts.push_back({each.who.host, each.responders});
        }
    }
    out_(summary);
    for (target& each : asked.targets) {
        if (each.held) {
            out_(*std::exchange(each.held, std::nullopt));
        }
    }
}

std::string to_text(const std::vector<link::responder>& responders) {
    std::string text = "[";
    for (const auto& each : responders) {
        text += text.size() > 1 ? "," : "";
        link::append_responder(text, each);
    }
    return text + "]";
}

std::vector<link::responder> read_responders(std::string_view array) {
    std::vector<link::responder> found;
    for (base::json_cursor elements{array}; const auto each = elements.next();) {
        if (const auto fields = json_fields::read(each->value)) {
            found.push_back({fields->text("name"), fields->text("on_failure"), fields->signed_number("order")});
        }
    }
    return found;
}

}  // namespace hookd::nats
