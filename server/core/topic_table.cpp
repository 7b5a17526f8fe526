// SPDX-License-Identifier: BSL-1.0
#include "topic_table.hpp"

#include <base/text/glob.hpp>

#include <algorithm>
#include <utility>

namespace hookd::core {
namespace {

void erase_one(std::vector<session*>& sessions, const session& gone) {
    const auto at = std::lower_bound(sessions.begin(), sessions.end(), gone.id(),
        [](const session* each, std::uint64_t id) { return each->id() < id; });
    if (at != sessions.end() && (*at)->id() == gone.id()) {
        sessions.erase(at);
    }
}

// Ids ascend, so a new session goes last; only one whose patterns have changed goes in between.
void insert_once(std::vector<session*>& sessions, session& joined) {
    const auto at = sessions.empty() || sessions.back()->id() < joined.id()
                        ? sessions.end()
                        : std::lower_bound(sessions.begin(), sessions.end(), joined.id(),
                              [](const session* each, std::uint64_t id) { return each->id() < id; });
    if (at == sessions.end() || *at != &joined) {
        sessions.insert(at, &joined);
    }
}

bool matches_any(const std::vector<std::string>& patterns, base::glob_subject& event_name) noexcept {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                   [&event_name](const std::string& pattern) { return event_name.matches(pattern); });
}

}  // namespace

bool session::matches(base::glob_subject& event_name) const noexcept { return matches_any(patterns_, event_name); }

topic* topic_table::peek(std::string_view name) {
    const auto at = topics_.find(name);
    return at == topics_.end() ? nullptr : at->second.get();
}

topic& topic_table::find(std::string_view name) {
    if (!recent_.empty() && recent_.front().name == name) {
        refresh(recent_.front());
        return recent_.front();
    }
    if (topic* const known = peek(name)) {
        recent_.erase(recent_.iterator_to(*known));
        recent_.push_front(*known);
        refresh(*known);
        return *known;
    }
    if (topics_.size() == most_topics) {
        forget_oldest();
    }
    auto made = std::make_unique<topic>();
    made->name = name;
    collect_matches(*made);
    topic& result = *made;
    topics_.emplace(std::string{name}, std::move(made));
    recent_.push_front(result);
    return result;
}

void topic_table::forget_oldest() {
    topic& oldest = recent_.back();
    recent_.pop_back();
    const std::string name = std::move(oldest.name);
    topics_.erase(name);
}

void topic_table::collect_matches(topic& target) const {
    target.matches.clear();
    if (const auto exact = exact_.find(target.name); exact != exact_.end()) {
        target.matches = exact->second;
    }
    const auto named = static_cast<std::ptrdiff_t>(target.matches.size());
    base::glob_subject name{target.name};
    for (session* const each : globbing_) {
        if (each->matches(name)) {
            target.matches.push_back(each);
        }
    }
    const auto by_id = [](const session* a, const session* b) { return a->id() < b->id(); };
    std::inplace_merge(target.matches.begin(), target.matches.begin() + named, target.matches.end(), by_id);
    target.matches.erase(std::unique(target.matches.begin(), target.matches.end()), target.matches.end());
    target.disabled.clear();
    for (const auto& each : disabled_) {
        if (matches_any(each.definition.events, name)) {
            target.disabled.push_back(&each);
        }
    }
    target.as_of = generation_;
}

topic topic_table::look_up(std::string_view name) const {
    topic found;
    found.name = name;
    collect_matches(found);
    return found;
}

void topic_table::outdate(std::string_view name) {
    if (topic* const known = peek(name)) {
        known->as_of = 0;
    }
}

void topic_table::set_disabled(std::vector<protocol::hook_definition> disabled) {
    std::deque<disabled_hook> next;
    for (auto& each : disabled) {
        next.emplace_back(std::move(each), pointers_);
    }
    const auto count = [](const std::deque<disabled_hook>& hooks) {
        std::size_t bytes = 0;
        for (const auto& each : hooks) {
            bytes += pattern_bytes(each.definition.events);
        }
        return bytes;
    };
    pattern_bytes_ += count(next);
    pattern_bytes_ -= count(disabled_);
    disabled_.swap(next);
    ++generation_;
}

std::size_t topic_table::pattern_bytes(const std::vector<std::string>& patterns) {
    if (std::none_of(patterns.begin(), patterns.end(), base::is_glob)) {
        return 0;
    }
    std::size_t bytes = 0;
    for (const auto& each : patterns) {
        bytes += each.size();
    }
    return bytes;
}

void topic_table::add(session& joined) {
    const auto& patterns = joined.patterns();
    topic_listing& listing = joined.listing();
    listing.is_listed_ = true;
    listing.pattern_bytes_ = pattern_bytes(patterns);
    listing.has_globs_ = patterns.empty() || std::any_of(patterns.begin(), patterns.end(), base::is_glob);
    pattern_bytes_ += listing.pattern_bytes_;
    for (const auto& pattern : patterns) {
        if (!base::is_glob(pattern)) {
            insert_once(exact_[pattern], joined);
            outdate(pattern);
        }
    }
    if (listing.has_globs_) {
        insert_once(globbing_, joined);
        ++generation_;
    }
}

void topic_table::remove(session& left) {
    const topic_listing listing = std::exchange(left.listing(), {});
    if (!listing.is_listed_) {
        return;
    }
    pattern_bytes_ -= listing.pattern_bytes_;
    for (const auto& pattern : left.patterns()) {
        if (const auto exact = exact_.find(pattern); exact != exact_.end()) {
            erase_one(exact->second, left);
            if (exact->second.empty()) {
                exact_.erase(exact);
            }
        }
        outdate(pattern);
    }
    if (listing.has_globs_) {
        erase_one(globbing_, left);
        ++generation_;
    }
}

}  // namespace hookd::core
