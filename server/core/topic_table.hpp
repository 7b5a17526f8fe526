#pragma once

#include "reply_times.hpp"
#include "session.hpp"

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// What is known of one event name.
struct topic : boost::intrusive::list_base_hook<> {
    std::string name{};
    std::vector<session*> matches{};  // ascending id
    std::uint64_t events = 0;
    reply_times times{};
};

/// Who gets which event. Cost follows matches: a name that was seen lately has its sessions at hand, and sessions that don't match it are
/// not looked at. The most_topics most recent names are kept, with their statistics.
///
/// Thread-safety: none (broker's strand).
class topic_table {
public:
    static constexpr std::size_t most_topics = 1024;

    /// The topic of `name`, as the most recent one. Valid until the next call of find().
    [[nodiscard]] topic& find(std::string_view name);
    /// The same where it is known, without making it; null otherwise.
    [[nodiscard]] topic* peek(std::string_view name);

    void add(session& joined);
    void remove(session& left);

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
    void forget_oldest();

    by_name<std::unique_ptr<topic>> topics_{};
    boost::intrusive::list<topic> recent_{};  // most recent first
    by_name<std::vector<session*>> exact_{};  // sessions that named it without a glob, ascending id
    std::vector<session*> globbing_{};        // sessions with a glob, ascending id
};

}  // namespace hookd::core
