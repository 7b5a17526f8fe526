// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "durability.hpp"
#include "session.hpp"

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

/// A bound on bytes that several tables share.
class memory_budget {
public:
    explicit memory_budget(std::size_t limit) noexcept : limit_(limit) {}
    [[nodiscard]] bool fits(std::size_t bytes) const noexcept { return bytes <= limit_ && used_ <= limit_ - bytes; }
    void take(std::size_t bytes) noexcept { used_ += bytes; }
    void give_back(std::size_t bytes) noexcept { used_ -= bytes; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
};

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
/// Results are written to the durable log, if there is one. They are remembered, oldest forgotten first, up to
/// most_results of them, for max_age, within the memory budget. Thread-safety: none (broker's strand).
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
        digest params_digest{};                 // byte for byte
        slot* under_way = nullptr;              // of an emit_and_wait
        std::vector<deferred_handler> asked{};  // of one carried out asynchronously, while it is
        result done{};
        steady_time done_at{};
        std::size_t bytes = 0;
        std::uint64_t position = 0;  // at which the result is durable
    };

    /// Throws std::system_error where the kernel gives no random bytes.
    operation_table(memory_budget& budget, durability& durable);

    /// What is known of `id`; null where nothing is. The error is for an id that was used with another method or other
    /// params.
    [[nodiscard]] std::variant<operation*, protocol::error> find(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, instant now);
    /// Whether anything is known of `id`.
    [[nodiscard]] bool knows(const protocol::uuid& id) const { return by_id_.contains(id); }
    /// Notes that `id` is under way at `where`; it must not be known yet. Lives until finish().
    void begin(const protocol::uuid& id, std::string_view method, std::string_view raw_params, slot& where);
    /// Forgets what begin() noted: whoever repeats it begins anew.
    void abandon(const protocol::uuid& id);
    /// As begin(), for a request that is carried out asynchronously. Whoever repeats it is added to `asked`. Lives
    /// until finish_async().
    void begin_async(
        const protocol::uuid& id, std::string_view method, std::string_view raw_params, deferred_handler first);
    /// Remembers the result of what begin() noted; one that does not fit the budget is not remembered.
    void finish(const protocol::uuid& id, const protocol::wait_result& done, instant now);
    /// Remembers the result, an error not, of what begin_async() noted; gives back who asked for it.
    [[nodiscard]] std::vector<deferred_handler> finish_async(
        const protocol::uuid& id, const deferred_result& done, instant now);
    /// Remembers the result of an operation that was done at once.
    void add(const protocol::uuid& id, std::string_view method, std::string_view raw_params, result done, instant now);

    // --- for the durable log ---

    [[nodiscard]] const digest& seed() const noexcept { return seed_; }
    /// Of the run that is continued; before anything is known.
    void use_seed(const digest& seed) noexcept { seed_ = seed; }
    [[nodiscard]] const digest& digest_of_operation(const protocol::uuid& id) const {
        return by_id_.at(id)->params_digest;
    }
    /// As begin(), of an emit_and_wait of an earlier process.
    void resume(const protocol::uuid& id, const digest& params, slot& where);
    /// Remembers what an earlier process did, `age` ago. Those that it did later come later.
    void restore(const protocol::uuid& id, std::string_view method, const digest& params, result done,
        std::chrono::nanoseconds age, instant now);
    /// Forgets the results that are not committed.
    void take_back();

    /// Makes room for `bytes` by forgetting results, oldest first; false where that was not enough.
    [[nodiscard]] bool make_room(std::size_t bytes);

private:
    using operations = std::list<operation>;

    [[nodiscard]] digest digest_of(std::string_view raw_params) const noexcept;
    operations::iterator insert(const protocol::uuid& id, std::string_view method, const digest& params, slot* where);
    [[nodiscard]] bool keep(operations::iterator which, result done, steady_time done_at);
    void remember(operations::iterator which, result done, instant now);
    void forget_under_way(operations::iterator which);
    void forget_oldest();
    void forget_old(steady_time now);

    memory_budget& budget_;
    durability& durable_;
    digest seed_;
    operations under_way_{};
    operations done_{};  // oldest first
    boost::unordered_flat_map<protocol::uuid, operations::iterator, uuid_hash> by_id_{};
    std::set<std::string, std::less<>> restored_methods_{};  // names of methods of an earlier process
};

}  // namespace hookd::core
