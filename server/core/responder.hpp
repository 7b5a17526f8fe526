// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "responder_records.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

class session;
class slot;

/// One responder that a slot waits or waited for.
struct responder {
    enum class state : std::uint8_t {
        waiting,
        replied,
        abstained,
        failed,
        left,
        lagged,
        passed,  ///< in a chain: the payload of its turn did not meet its conditions
    };

    std::uint64_t session_id = 0;
    core::session* session = nullptr;  ///< only while waiting
    std::shared_ptr<responder_record> record{};
    std::int64_t order = 0;
    std::uint64_t place = not_queued;  ///< of the event in its client's queue: how many were queued for it before
    std::uint32_t index = 0;           ///< in the expected replies of its session
    state is = state::waiting;
    bool insists = false;         ///< if it is missing, the operation does not proceed
    std::uint8_t host_bytes = 0;  ///< of one on another host, whose record is called `host/name`: those of `host/`

    static constexpr std::uint64_t not_queued = std::uint64_t(-1);  ///< its turn in a chain has not come
    /// In place of a session's id, above all of these: of those on other hosts, ascending, and of the one that stands
    /// for them.
    static constexpr std::uint64_t first_remote_id = std::uint64_t{1} << 63;
    static constexpr std::uint64_t cluster_id = std::uint64_t(-1);

    [[nodiscard]] const std::string& name() const noexcept { return record->name; }
    [[nodiscard]] bool is_remote() const noexcept { return host_bytes != 0; }
    [[nodiscard]] bool is_of(std::string_view other_host) const noexcept { return is_remote() && host() == other_host; }
    /// Without its host.
    [[nodiscard]] std::string_view own_name() const noexcept {
        return std::string_view{record->name}.substr(host_bytes);
    }
    /// Empty: this one.
    [[nodiscard]] std::string_view host() const noexcept {
        return {record->name.data(), is_remote() ? host_bytes - std::size_t{1} : 0};
    }
    /// Whether it stands for the hosts that the cluster has yet to name.
    [[nodiscard]] bool is_cluster() const noexcept { return session_id == cluster_id; }
    [[nodiscard]] bool is_waiting() const noexcept { return is == state::waiting; }
    [[nodiscard]] bool is_asked() const noexcept { return place != not_queued; }
    [[nodiscard]] bool has_spoken() const noexcept { return is == state::replied || is == state::abstained; }
    [[nodiscard]] bool is_lost() const noexcept {
        return is == state::failed || is == state::left || is == state::lagged;
    }
    /// Whether `required` means it: `name` is one of any host, `host/name` that host's.
    [[nodiscard]] bool is_called(std::string_view required) const noexcept {
        return name() == required || (is_remote() && own_name() == required);
    }
};

/// A slot that waits for a session's reply: where in the slot.
struct expected_reply {
    core::slot* slot = nullptr;
    std::uint32_t responder = 0;
};

/// The replies that slots wait for from one session. Only waits change it.
class expected_replies {
public:
    [[nodiscard]] std::size_t size() const noexcept { return replies_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return replies_.capacity(); }

private:
    friend class waits;

    std::vector<expected_reply> replies_{};
};

}  // namespace hookd::core
