// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "durability.hpp"
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
#include <set>
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
/// Results are remembered, oldest forgotten first, up to most_results of them, for max_age, within the memory budget;
/// those that are remembered are durable. Thread-safety: none (broker's strand). Lifetime: `budget` and `durable` must
/// outlive it.
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
        std::uint64_t position = 0;  // at which the result is durable
        bool is_lost = false;        // its record was not written: the next request that repeats it writes it again
    };

    /// Throws std::system_error where the kernel gives no random bytes.
    operation_table(memory_budget& budget, durability& durable);

    /// What is known of `id`; null where nothing is. The error is for an id that was used with another method or other
    /// params.
    [[nodiscard]] std::variant<operation*, protocol::error> find(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, instant now);
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
    void finish(const protocol::uuid& id, const protocol::wait_result& done, instant now);
    /// Remembers the result, an error not, of what begin_async() noted; gives back who asked for it.
    [[nodiscard]] std::vector<deferred_handler> finish_async(
        const protocol::uuid& id, const deferred_result& done, instant now);
    /// Remembers the result of an operation that was done at once.
    void add(const protocol::uuid& id, std::string_view method, std::string_view raw_params, result done, instant now);

    // --- what a restart continues ---

    /// With what digests begin: those of one run are compared with each other.
    [[nodiscard]] const digest& seed() const noexcept { return seed_; }
    /// That of the run that is continued; before anything is known.
    void use_seed(const digest& seed) noexcept { seed_ = seed; }
    /// Of the params of an operation that is known.
    [[nodiscard]] const digest& digest_of_operation(const protocol::uuid& id) const {
        return by_id_.at(id)->params_digest;
    }
    /// As begin(), of an emit_and_wait of an earlier process.
    void resume(const protocol::uuid& id, const digest& params, slot& opened) {
        insert(id, protocol::emit_and_wait_params::method, params, &opened);
    }
    /// Remembers what an earlier process did, `age` ago. Those that it did later are restored later.
    void restore(const protocol::uuid& id, std::string_view method, const digest& params, result done,
        std::chrono::nanoseconds age, instant now);
    /// Forgets the results that are not committed, but for those of operations that were done all the same: a request
    /// that repeats one of those gets the result once that is committed.
    void take_back();

    /// Makes room for `bytes` by forgetting results, oldest first; false where that was not enough.
    [[nodiscard]] bool make_room(std::size_t bytes);

private:
    using operations = std::list<operation>;

    [[nodiscard]] digest digest_of(std::string_view raw_params) const noexcept;
    operations::iterator insert(const protocol::uuid& id, std::string_view method, const digest& params, slot* opened);
    [[nodiscard]] bool keep(operations::iterator entry, result done, steady_time done_at);
    void remember(operations::iterator entry, result done, instant now);
    void write_again(operation& lost, instant now);
    [[nodiscard]] bool was_never_done(const operation& lost) const noexcept;
    // Remembers what `copy` gives; where there is no memory for that, nothing.
    template <class Copy>
    void remember_copy(operations::iterator entry, Copy copy, instant now) noexcept;
    void forget_under_way(operations::iterator entry);
    void forget_oldest();
    void forget_old(steady_time now);

    memory_budget& budget_;
    durability& durable_;
    digest seed_;
    operations under_way_{};
    operations done_{};  // oldest first
    boost::unordered_flat_map<protocol::uuid, operations::iterator, uuid_hash> by_id_{};
    std::set<std::string, std::less<>> restored_methods_{};  // names that results of earlier processes refer to
};

}  // namespace hookd::core
