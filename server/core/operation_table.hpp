// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "instant.hpp"
#include "memory_budget.hpp"

#include <hookd/protocol/methods.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hookd::core {

class slot;

struct uuid_hash {
    std::size_t operator()(const protocol::uuid& id) const noexcept;
};

/// What a request that is carried out asynchronously came to: its result as JSON, or why there is none.
using deferred_result = std::variant<std::string, protocol::error>;
/// Called once, on the broker's strand.
using deferred_handler = std::function<void(const deferred_result&)>;

/// Requests that carried an operation_id: those under way, so that a retry joins them, and the results of those that
/// are done, so that a retry gets them again.
///
/// Results are remembered, oldest forgotten first, up to most_results of them, for max_age, within the memory budget.
/// Thread-safety: none (broker's strand).
class operation_table {
public:
    static constexpr std::size_t most_results = 4096;
    static constexpr std::chrono::minutes max_age{10};

    /// Stands for params: keeping the bytes themselves would let retries hold 16 MiB each.
    using digest = std::array<std::uint64_t, 2>;
    using result = std::variant<std::monostate, protocol::emit_result, protocol::wait_result, std::string>;

    struct operation {
        protocol::uuid id{};
        std::string_view method{};
        digest params_digest{};                    // byte for byte
        slot* under_way = nullptr;                 // of an emit_and_wait
        std::vector<deferred_handler> handlers{};  // of one carried out asynchronously, while it is
        result done{};
        steady_time done_at{};
        std::size_t bytes = 0;
    };

    /// Throws std::system_error where the kernel gives no random bytes.
    explicit operation_table(memory_budget& budget);

    /// What is known of `id`; null where nothing is. The error is for an id that was used with another method or other
    /// params.
    [[nodiscard]] std::variant<operation*, protocol::error> find(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, steady_time now);
    /// Whether anything is known of `id`.
    [[nodiscard]] bool knows(const protocol::uuid& id) const { return by_id_.contains(id); }
    /// Notes that `id` is under way, and waits for `opened`; it must not be known yet. Lives until finish().
    void begin(const protocol::uuid& id, std::string_view method, std::string_view raw_params, slot& opened);
    /// Forgets what begin() noted: a request that repeats it begins anew.
    void abandon(const protocol::uuid& id);
    /// As begin(), for a request that is carried out asynchronously. A request that repeats it is added to `handlers`.
    /// Lives until finish_async().
    void begin_async(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, deferred_handler first);
    /// Remembers the result of what begin() noted; one that does not fit the budget, or for which there is no memory,
    /// is not remembered. Never throws.
    void finish(const protocol::uuid& id, const protocol::wait_result& done, steady_time now);
    /// Remembers the result, an error not, of what begin_async() noted; gives back who asked for it.
    [[nodiscard]] std::vector<deferred_handler> finish_async(
        const protocol::uuid& id, const deferred_result& done, steady_time now);
    /// Remembers the result of an operation that was done at once.
    void add(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, result done, steady_time now);

    /// Makes room for `bytes` by forgetting results, oldest first; false where that was not enough.
    [[nodiscard]] bool make_room(std::size_t bytes);

private:
    using operations = std::list<operation>;

    [[nodiscard]] digest digest_of(std::string_view raw_params) const noexcept;
    operations::iterator insert(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, slot* opened);
    void remember(operations::iterator entry, result done, steady_time now);
    // Remembers what `copy` gives; where there is no memory for that, nothing.
    template <class Copy>
    void remember_copy(operations::iterator entry, Copy copy, steady_time now) noexcept;
    void forget_under_way(operations::iterator entry);
    void forget_oldest();
    void forget_old(steady_time now);

    memory_budget& budget_;
    digest seed_;
    operations under_way_{};
    operations done_{};  // oldest first
    boost::unordered_flat_map<protocol::uuid, operations::iterator, uuid_hash> by_id_{};
};

}  // namespace hookd::core
