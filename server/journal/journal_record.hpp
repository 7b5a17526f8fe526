// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/uuid_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

/// What is written to the journal, as it waits for its turn. Texts belong to whoever made the record, then to the
/// record_batch that it is in.
namespace hookd::server {

/// Since 1970, as the journal keeps times.
[[nodiscard]] inline std::int64_t nanoseconds_of(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

struct event_record {
    std::uint64_t seq = 0;
    protocol::uuid id{};
    std::string_view name{};
    std::int64_t emitted_at = 0;               ///< nanoseconds since 1970
    std::optional<std::int64_t> timeout_ms{};  ///< absent: it was told, nobody waited
    std::int64_t pid = 0;
    std::uint32_t uid = 0;
    std::string_view program{};
    std::string_view cause{};
    std::string_view host{};         ///< that it comes from; empty: this one
    std::string_view passed_over{};  ///< JSON, as protocol::passed_over_hooks is written; empty: none
    std::size_t subscribers = 0;
    bool masked = false;                        ///< a secret was taken out of the payload
    std::size_t payload_bytes = 0;              ///< as it was emitted
    std::optional<std::string_view> payload{};  ///< absent: larger than the journal keeps
    bool restored = false;  ///< an earlier process has recorded it, and may have lost that: is not to
                            ///< replace what the journal holds

    template <class Self, class Visit>
    static void for_each_text(Self& self, Visit& visit) {
        visit(self.name);
        visit(self.program);
        visit(self.cause);
        visit(self.host);
        visit(self.passed_over);
        if (self.payload) {
            visit(*self.payload);
        }
    }
};

struct hand_out_record {
    std::uint64_t seq = 0;
    std::string_view session_name{};
    bool is_asked = false;      ///< a client waits for its reply
    std::int64_t after_ns = 0;  ///< since the event was emitted

    template <class Self, class Visit>
    static void for_each_text(Self& self, Visit& visit) {
        visit(self.session_name);
    }
};

struct verdict_record {
    std::uint64_t seq = 0;
    std::string_view notification{};  ///< `verdict`, JSON, whole: what else is wanted of it is taken out by the thread
                                      ///< that writes it
    bool vetoed = false;              ///< the operation was stopped

    template <class Self, class Visit>
    static void for_each_text(Self& self, Visit& visit) {
        visit(self.notification);
    }
};

struct given_up_record {
    std::uint64_t seq = 0;
    std::string_view why{};  ///< static

    template <class Self, class Visit>
    static void for_each_text(Self&, Visit&) {}
};

struct shadow_record {
    std::uint64_t seq = 0;
    std::string_view reply{};  ///< JSON, as `trace` has it, but for its time
    std::int64_t after_ns = 0;

    template <class Self, class Visit>
    static void for_each_text(Self& self, Visit& visit) {
        visit(self.reply);
    }
};

using journal_record = std::variant<event_record, hand_out_record, verdict_record, given_up_record, shadow_record>;

/// Of the event that it is about.
[[nodiscard]] inline std::uint64_t seq_of(const journal_record& record) noexcept {
    return std::visit([](const auto& each) { return each.seq; }, record);
}

/// Calls `visit` with each text that must live as long as the record.
template <class Record, class Visit>
void for_each_text(Record& record, Visit visit) {
    std::visit([&visit](auto& each) { std::remove_cvref_t<decltype(each)>::for_each_text(each, visit); }, record);
}

/// Of all of them.
[[nodiscard]] inline std::size_t text_bytes_of(const journal_record& record) noexcept {
    std::size_t bytes = 0;
    for_each_text(record, [&bytes](std::string_view text) { bytes += text.size(); });
    return bytes;
}

}  // namespace hookd::server
