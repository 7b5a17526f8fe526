// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "durable_log.hpp"
#include "operation_table.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The bytes of the records of a durable log: numbers of fixed size, least significant byte first; texts after their
/// length. Keys are numbers, most significant byte first, so that they sort, and the 16 bytes of a UUID. Times are
/// those of the wall clock.
///
/// Each decode_ function throws durable_damage if the record is not one that encode() makes. Views in its result are of
/// the record.
namespace hookd::core {

/// The durable log holds a record that this version of hookd does not write.
class durable_damage : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

using wall_time = std::chrono::system_clock::time_point;

[[nodiscard]] std::string key_of(std::uint64_t number);
[[nodiscard]] std::string key_of(const protocol::uuid& id);
[[nodiscard]] std::string key_of(const protocol::uuid& id, std::uint32_t number);

/// What a restart continues.
struct durable_run {
    protocol::uuid instance{};
    operation_table::digest seed{};
};
[[nodiscard]] std::string encode(const durable_run& run);
[[nodiscard]] durable_run decode_run(std::string_view record);

[[nodiscard]] std::string encode_number(std::uint64_t number);
[[nodiscard]] std::uint64_t decode_number(std::string_view record);

struct durable_event {
    protocol::event_fields fields{};
    std::string_view payload{};
};
[[nodiscard]] std::string encode(const event& event);
[[nodiscard]] durable_event decode_event(std::string_view record);

/// A slot, without what has been said to it.
struct durable_wait {
    struct responder {
        std::string_view name{};
        std::int64_t order = 0;
        bool insists = false;
        bool is_waited_for = false;  ///< else it had lagged
    };
    protocol::uuid id{};
    std::uint64_t seq = 0;
    std::string_view event_name{};
    std::uint32_t uid = 0;  ///< of the user who is charged for it
    bool is_named = false;
    wall_time emitted{};
    wall_time due{};
    bool reserved = false;
    protocol::wait_policy policy = protocol::wait_policy::first;
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    std::vector<std::string_view> require{};
    std::optional<protocol::uuid> operation{};
    operation_table::digest digest{};  ///< of the operation's params
    bool is_chain = false;
    std::string_view payload{};  ///< of a chain: the one that a reply put in place of the event's; empty: none did
    bool asks_cluster = false;
    std::vector<responder> responders{};
};
[[nodiscard]] std::string encode(const durable_wait& wait);
[[nodiscard]] durable_wait decode_wait(std::string_view record);

/// What a responder said.
struct durable_reply {
    enum class kind : std::uint8_t { replied, abstained, failed };

    protocol::uuid id{};  ///< of the event
    kind is = kind::replied;
    std::optional<std::uint32_t> nth{};  ///< which one of the wait's responders of that name; absent: none of them
    std::string_view name{};
    std::string_view host{};  ///< empty: this one
    std::uint32_t uid = 0;
    std::int64_t order = 0;
    bool insists = false;
    std::chrono::nanoseconds elapsed{};
    std::string_view text{};   ///< the reply, or why it failed
    std::string_view abort{};  ///< as slot::abort
};
[[nodiscard]] std::string encode(const durable_reply& reply);
[[nodiscard]] durable_reply decode_reply(std::string_view record);

/// A remembered result.
struct durable_operation {
    protocol::uuid id{};
    std::string_view method{};
    operation_table::digest digest{};
    wall_time done_at{};
    operation_table::result done{};
};
[[nodiscard]] std::string encode(const durable_operation& operation);
[[nodiscard]] durable_operation decode_operation(std::string_view record);

}  // namespace hookd::core
