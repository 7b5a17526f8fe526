// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "reply_times.hpp"
#include "session.hpp"
#include "where_clause.hpp"

#include <base/json/pointer_set.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::core {

/// A registered hook that is disabled and so has no session.
struct disabled_hook {
    disabled_hook(protocol::hook_definition known, base::pointer_set& pointers)
        : definition(std::move(known)), where(pointers, definition.where) {}

    protocol::hook_definition definition;
    where_clause where;
};

/// What is known of one event name.
struct topic : boost::intrusive::list_base_hook<> {
    std::string name{};
    /// Ascending id; of the time when find() or refresh() was last asked: they may be gone since.
    std::vector<session*> matches{};
    /// Registered hooks that are disabled and would match.
    std::vector<const disabled_hook*> disabled{};
    /// What was last noted of an event of that name: events mostly pass over the same hooks.
    std::shared_ptr<const protocol::passed_over_hooks> passed_over{};
    std::uint64_t as_of = 0;  // topic_table's generation then; 0: no longer right
    std::uint64_t events = 0;
    reply_times times{};
};

/// Who gets which event. Cost follows matches: a name that was seen lately has its sessions at hand, and sessions that
/// don't match it are not looked at. The most_topics most recent names are kept, with their statistics.
///
/// A session that comes or goes only marks what it may match as out of date: it is matched with a name when that is
/// used next. Many that end at once, or one with many globs, so cost little while no client emits.
///
/// Thread-safety: none (broker's strand).
class topic_table {
public:
    static constexpr std::size_t most_topics = 1024;

    /// The topic of `name`, as the most recent one, with the sessions that match it now. Valid until the next call of
    /// find(). May throw std::bad_alloc.
    [[nodiscard]] topic& find(std::string_view name);
    /// The topic where it is known, without making it; null otherwise. Its matches may be out of date.
    [[nodiscard]] topic* peek(std::string_view name);
    /// Brings the matches of a topic up to date. May throw std::bad_alloc.
    void refresh(topic& target) const {
        if (target.as_of != generation_) {
            collect_matches(target);
        }
    }

    /// Who matches `name` now, without noting it as a topic. May throw std::bad_alloc.
    [[nodiscard]] topic look_up(std::string_view name) const;

    /// Like remove(), it leaves the matches of all topics as they are: who iterates over them may call it. May throw
    /// std::bad_alloc. `joined` must not be listed.
    void add(session& joined);
    /// Nothing for one that is not listed.
    void remove(session& left);

    /// Those of the conditions of all sessions and disabled hooks.
    [[nodiscard]] base::pointer_set& pointers() noexcept { return pointers_; }
    [[nodiscard]] const base::pointer_set& pointers() const noexcept { return pointers_; }

    /// Replaces the registered hooks that are disabled.
    void set_disabled(std::vector<protocol::hook_definition> disabled);

    /// Bytes of such patterns that are compared with each name that is new: those of sessions with a glob.
    [[nodiscard]] static std::size_t pattern_bytes(const std::vector<std::string>& patterns);
    /// The same of all sessions that have been added.
    [[nodiscard]] std::size_t pattern_bytes() const noexcept { return pattern_bytes_; }

    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& each : recent_) {
            visit(each);
        }
    }

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    template <class Value>
    using by_name = boost::unordered_flat_map<std::string, Value, text_hash, std::equal_to<>>;

    void collect_matches(topic& target) const;
    void outdate(std::string_view name);
    void forget_oldest();

    base::pointer_set pointers_{};
    by_name<std::unique_ptr<topic>> topics_{};
    boost::intrusive::list<topic> recent_{};  // most recent first
    by_name<std::vector<session*>> exact_{};  // sessions that named it without a glob, ascending id
    std::vector<session*> globbing_{};        // sessions with a glob, ascending id
    std::deque<disabled_hook> disabled_{};
    std::size_t pattern_bytes_ = 0;
    std::uint64_t generation_ = 1;  // grows with each change of globbing_ and disabled_
};

}  // namespace hookd::core
