// SPDX-License-Identifier: BSL-1.0
#include "operation_table.hpp"

#include "durable_codec.hpp"
#include "id_source.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace hookd::core {
namespace {

// One of the two hashes: each word is mixed in by a multiplication with an odd number and a shift, operation two states
// that differ stay different under. With numbers of their own, the two don't fall for the same pair of texts.
template <std::uint64_t Factor, unsigned Shift>
std::uint64_t mixed(std::uint64_t state, std::uint64_t word) noexcept {
    state = (state ^ word) * Factor;
    return state ^ (state >> Shift);
}

std::size_t bytes_of(const operation_table::result& result) {
    if (const auto* const text = std::get_if<std::string>(&result)) {
        return text->size();
    }
    const auto* const waited = std::get_if<protocol::wait_result>(&result);
    if (waited == nullptr) {
        return 0;
    }
    std::size_t bytes = waited->abort.size();
    for (const auto& each : waited->responses) {
        bytes += sizeof each + each.text().size() + each.responder.size();
    }
    for (const auto& each : waited->missing) {
        bytes += sizeof each + each.responder.size() + each.why.size();
    }
    return bytes;
}

std::string encoded(const operation_table::operation& entry, const operation_table::result& done, wall_time done_at) {
    return encode(
        {.id = entry.id, .method = entry.method, .digest = entry.params_digest, .done_at = done_at, .done = done});
}

// Of this run, so that no peer can prepare texts that collide.
operation_table::digest random_seed() { return std::bit_cast<operation_table::digest>(id_source{}.next()); }

}  // namespace

operation_table::operation_table(memory_budget& budget, durability& durable)
    : budget_(budget), durable_(durable), seed_(random_seed()) {}

std::size_t uuid_hash::operator()(const protocol::uuid& id) const noexcept {
    // Ids are random, so any of their bytes are a hash; operation ids are a peer's choice, but then so are its
    // collisions.
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, id.data, sizeof low);
    std::memcpy(&high, id.data + 8, sizeof high);
    return static_cast<std::size_t>(low ^ (high * 0x9e3779b97f4a7c15U));
}

// Several GB/s: up to 16 MiB are hashed while all others wait. A peer that makes two requests collide gets the answer
// to the other one, operation was the same author's: what accidents can't do is enough.
operation_table::digest operation_table::digest_of(std::string_view raw_params) const noexcept {
    const auto mix = [](digest& digest_value, std::uint64_t word) {
        digest_value[0] = mixed<0x9e3779b97f4a7c15U, 32>(digest_value[0], word);
        digest_value[1] = mixed<0xd6e8feb86659fd93U, 29>(digest_value[1], word);
    };
    digest made = seed_;
    mix(made, raw_params.size());
    std::uint64_t word = 0;
    for (; raw_params.size() >= sizeof word; raw_params.remove_prefix(sizeof word)) {
        std::memcpy(&word, raw_params.data(), sizeof word);
        mix(made, word);
    }
    word = 0;
    std::copy(raw_params.begin(), raw_params.end(), reinterpret_cast<char*>(&word));
    mix(made, word);
    return made;
}

std::variant<operation_table::operation*, protocol::error> operation_table::find(
    const protocol::uuid& id, std::string_view method, std::string_view raw_params, instant now) {
    forget_old(now.steady);
    const auto at = by_id_.find(id);
    if (at == by_id_.end()) {
        return nullptr;
    }
    operation& known = *at->second;
    if (known.method != method || known.params_digest != digest_of(raw_params)) {
        return protocol::error{protocol::errc::invalid_params,
            "parameter 'operation_id' was used for another request: a retry repeats method and params byte for "
            "byte, anything else takes a new id"};
    }
    if (known.is_lost) [[unlikely]] {
        write_again(known, now);
    }
    return &known;
}

operation_table::operations::iterator operation_table::insert(
    const protocol::uuid& id, std::string_view method, const digest& params, slot* opened) {
    operations made;
    made.push_back({.id = id, .method = method, .params_digest = params, .under_way = opened});
    const auto entry = by_id_.emplace(id, made.begin()).first->second;
    under_way_.splice(under_way_.end(), made);
    return entry;
}

void operation_table::begin(
    const protocol::uuid& id, std::string_view method, std::string_view raw_params, slot& opened) {
    insert(id, method, digest_of(raw_params), &opened);
}

void operation_table::begin_async(
    const protocol::uuid& id, std::string_view method, std::string_view raw_params, deferred_handler first) {
    insert(id, method, digest_of(raw_params), nullptr)->handlers.push_back(std::move(first));
}

template <class Copy>
void operation_table::remember_copy(operations::iterator entry, Copy copy, instant now) noexcept {
    try {
        remember(entry, copy(), now);
    } catch (const std::bad_alloc&) {
        forget_under_way(entry);
    }
}

void operation_table::finish(const protocol::uuid& id, const protocol::wait_result& done, instant now) {
    remember_copy(
        by_id_.at(id),
        [&done] {
            protocol::wait_result kept = done;
            kept.keep();
            return kept;
        },
        now);
}

std::vector<deferred_handler> operation_table::finish_async(
    const protocol::uuid& id, const deferred_result& done, instant now) {
    const auto entry = by_id_.at(id);
    auto handlers = std::exchange(entry->handlers, {});
    if (const auto* const text = std::get_if<std::string>(&done)) {
        remember_copy(
            entry, [text] { return *text; }, now);
    } else {
        forget_under_way(entry);
    }
    return handlers;
}

void operation_table::add(
    const protocol::uuid& id, std::string_view method, std::string_view raw_params, result done, instant now) {
    remember(insert(id, method, digest_of(raw_params), nullptr), std::move(done), now);
}

void operation_table::remember(operations::iterator entry, result done, instant now) {
    if (!durable_.is_on()) {
        (void)keep(entry, std::move(done), now.steady);
        return;
    }
    durable_change record{durable_kind::operation, key_of(entry->id), encoded(*entry, done, now.wall)};
    durable_.make_room();
    if (keep(entry, std::move(done), now.steady)) {
        durable_.add(std::move(record));
        done_.back().position = durable_.position();
    }
}

void operation_table::restore(const protocol::uuid& id, std::string_view method, const digest& params, result done,
    std::chrono::nanoseconds age, instant now) {
    const auto name = restored_methods_.emplace(method).first;
    (void)keep(insert(id, *name, params, nullptr), std::move(done), now.steady - age);
}

// Its event was refused with its record.
bool operation_table::was_never_done(const operation& lost) const noexcept {
    if (const auto* const emitted = std::get_if<protocol::emit_result>(&lost.done)) {
        return emitted->seq > durable_.committed_seq();
    }
    const auto* const waited = std::get_if<protocol::wait_result>(&lost.done);
    return waited != nullptr && waited->seq > durable_.committed_seq();
}

void operation_table::take_back() {
    for (auto each = done_.begin(); each != done_.end();) {
        const bool is_lost = !durable_.is_committed(each->position);
        if (is_lost && was_never_done(*each)) {
            budget_.give_back(each->bytes);
            by_id_.erase(each->id);
            each = done_.erase(each);
        } else {
            each->is_lost = each->is_lost || is_lost;
            ++each;
        }
    }
}

void operation_table::write_again(operation& lost, instant now) {
    const auto age = std::chrono::duration_cast<wall_time::duration>(now.steady - lost.done_at);
    durable_.put(durable_kind::operation, key_of(lost.id), encoded(lost, lost.done, now.wall - age));
    lost.position = durable_.position();
    lost.is_lost = false;
}

// False if it does not fit the budget: then it is not remembered.
bool operation_table::keep(operations::iterator entry, result done, steady_time done_at) {
    const std::size_t bytes = sizeof(operation_table::operation) + bytes_of(done);
    if (!make_room(bytes)) {
        forget_under_way(entry);
        return false;
    }
    if (done_.size() == most_results) {
        forget_oldest();
    }
    budget_.take(bytes);
    entry->under_way = nullptr;
    entry->done = std::move(done);
    entry->done_at = done_at;
    entry->bytes = bytes;
    done_.splice(done_.end(), under_way_, entry);
    return true;
}

void operation_table::abandon(const protocol::uuid& id) { forget_under_way(by_id_.at(id)); }

void operation_table::forget_under_way(operations::iterator entry) {
    by_id_.erase(entry->id);
    under_way_.erase(entry);
}

bool operation_table::make_room(std::size_t bytes) {
    while (!budget_.fits(bytes) && !done_.empty()) {
        forget_oldest();
    }
    return budget_.fits(bytes);
}

void operation_table::forget_oldest() {
    if (durable_.is_on()) {
        durable_.erase(durable_kind::operation, key_of(done_.front().id));
    }
    budget_.give_back(done_.front().bytes);
    by_id_.erase(done_.front().id);
    done_.pop_front();
}

void operation_table::forget_old(steady_time now) {
    while (!done_.empty() && now - done_.front().done_at >= max_age) {
        forget_oldest();
    }
}

}  // namespace hookd::core
