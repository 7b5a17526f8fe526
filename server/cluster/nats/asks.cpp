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

void asks::on_none(const message& what) {
    target* const by = find(what.id, what.from);
    if (by == nullptr) {
        return;
    }
    question& which = open_[what.id];
    if (by->at == stage::presumed) {
        settle(which, *by, {what.from.host, what.id, link::result_without_answer()});  // they have left
    } else if (by->at == stage::asked) {
        by->at = stage::none;
        report_if_complete(what.id, which);
    }
    drop_if_over(what.id);
}

bool asks::on_has(const message& what) {
    target* const by = find(what.id, what.from);
    if (by == nullptr || (by->at != stage::asked && by->at != stage::presumed)) {
        return false;
    }
    if (std::exchange(by->at, stage::has) == stage::asked) {
        by->responders = read_responders(what.responders);
        report_if_complete(what.id, open_[what.id]);
    }
    return true;
}

void asks::on_settled(const message& what) {
    if (!what.responders.empty() && !on_has(what)) {
        return;
    }
    target* const by = find(what.id, what.from);
    if (by == nullptr || by->at != stage::has) {
        return;
    }
    question& which = open_[what.id];
    if (what.decides && !which.is_reported) {
        report(what.id, which);
    }
    settle(which, *by, {what.from.host, what.id, std::string{what.result}});
    drop_if_over(what.id);
}

void asks::on_gone(const presence& gone) {
    std::vector<std::string> concerned;
    for (const auto& [id, which] : open_) {
        if (find(id, gone.who) != nullptr) {
            concerned.push_back(id);
        }
    }
    for (const std::string& id : concerned) {
        lose(open_[id], *find(id, gone.who), id, gone);
        drop_if_over(id);
    }
}

void asks::lose(question& which, target& by, const std::string& id, const presence& gone) {
    const bool is_silent = by.at == stage::asked;
    if (is_silent) {
        by.responders = audience_of(gone.sessions, which.event).responders;
    }
    if (is_silent && by.responders.empty()) {
        by.at = stage::gone;
    } else if (owes(by)) {
        settle(which, by, {by.who.host, id, link::result_without_answer()});
    }
    report_if_complete(id, which);
}

void asks::presume(time_point since,
    const std::function<std::vector<link::responder>(const sender&, const std::string& event)>& shown) {
    std::vector<std::string> concerned;
    for (auto& [id, which] : open_) {
        if (which.asked_at > since || which.is_reported) {
            continue;
        }
        concerned.push_back(id);
        for (target& each : which.targets) {
            if (each.at == stage::asked) {
                each.responders = shown(each.who, which.event);
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
    for (const auto& [id, which] : open_) {
        if (which.asked_at > since) {
            continue;
        }
        for (const target& each : which.targets) {
            if (owes(each)) {
                silent.insert(each.who.host);
            }
        }
    }
    return {silent.begin(), silent.end()};
}

asks::target* asks::find(const std::string& id, const sender& who) {
    const auto found = open_.find(id);
    if (found == open_.end()) {
        return nullptr;
    }
    auto& targets = found->second.targets;
    const auto by =
        std::find_if(targets.begin(), targets.end(), [&who](const target& each) { return each.who == who; });
    return by == targets.end() ? nullptr : &*by;
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

void asks::settle(question& which, target& by, link::settled verdict) {
    by.at = stage::settled;
    if (which.is_reported) {
        out_(std::move(verdict));
    } else {
        by.held = std::move(verdict);
    }
}

void asks::report_if_complete(const std::string& id, question& which) {
    const bool is_complete = std::none_of(
        which.targets.begin(), which.targets.end(), [](const target& each) { return each.at == stage::asked; });
    if (is_complete && !which.is_reported) {
        report(id, which);
    }
}

void asks::report(const std::string& id, question& which) {
    which.is_reported = true;
    link::asked summary{id, {}};
    for (const target& each : which.targets) {
        if (each.at == stage::has || each.at == stage::presumed || each.at == stage::settled) {
            summary.hosts.push_back({each.who.host, each.responders});
        }
    }
    out_(summary);
    for (target& each : which.targets) {
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
