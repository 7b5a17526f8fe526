// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The numbers of the wire contract (protocol/PROTOCOL.md, "Limits"). Those that a user may configure are
/// defaults here; the others are fixed.
namespace hookd::protocol {

/// Version of the wire contract, as `ping` reports it.
inline constexpr int version = 1;

/// Bytes of JSON in one frame that the daemon reads, unless configured.
inline constexpr std::size_t default_max_frame_bytes = std::size_t{16} * 1024 * 1024;

/// Upper bound of the above. The native framing relies on it: a length of at most 0x08000000 keeps the first
/// byte of a length prefix in 0x00..0x08, which is how the framing is detected.
inline constexpr std::size_t max_max_frame_bytes = std::size_t{128} * 1024 * 1024;

/// Bytes of one LSP-style header block, its final blank line included.
inline constexpr std::size_t max_header_bytes = 8192;

/// Nesting of arrays and objects in one frame, the envelope included.
inline constexpr std::size_t max_depth = 128;

/// Elements of one JSON-RPC batch.
inline constexpr std::size_t max_batch = 1000;

/// Patterns of one `subscribe`.
inline constexpr std::size_t max_patterns = 256;

/// Characters of an event name or a pattern.
inline constexpr std::size_t max_event_name = 128;

/// Characters of a subscriber's name.
inline constexpr std::size_t max_subscriber_name = 128;

/// Characters of a host's name in a cluster.
inline constexpr std::size_t max_host_name = 64;

/// An `order`, either way from 0: 2^53 - 1, since every JSON reader has numbers exactly up to there.
inline constexpr std::int64_t max_order = 9007199254740991;

/// Names of a `require`.
inline constexpr std::size_t max_required = 16;

/// Conditions of a `where`; bytes of a pointer and of a glob in it.
inline constexpr std::size_t max_conditions = 16;
inline constexpr std::size_t max_pointer = 256;
inline constexpr std::size_t max_condition_glob = 1024;

/// Names of a `cause`: so many events may lead to one another.
inline constexpr std::size_t max_cause = 8;
/// Bytes of the place of each, as it is written there.
inline constexpr std::size_t max_cause_place = 4096;

/// Verdicts of one `history`.
inline constexpr std::size_t default_history = 100;
inline constexpr std::size_t max_history = 1000;

/// Registered hooks of one daemon.
inline constexpr std::size_t max_hooks = 1024;

/// Words of a registered hook's command, and their bytes in all.
inline constexpr std::size_t max_command_words = 1024;
inline constexpr std::size_t max_command_bytes = std::size_t{64} * 1024;

/// Commands of a registered hook at a time; variables of its `env`, which have max_command_bytes in all; bytes of its
/// `cwd`.
inline constexpr std::size_t max_jobs = 1024;
inline constexpr std::size_t max_variables = 256;
inline constexpr std::size_t max_path = 4096;

/// Longest `timeout_ms` and `reserve_ms`.
inline constexpr std::chrono::milliseconds max_timeout{86'400'000};

/// Longest `for_ms` of a `bypass`, and bytes of its `reason`.
inline constexpr std::chrono::milliseconds max_bypass{86'400'000};
inline constexpr std::size_t max_bypass_reason = 1024;

/// `timeout_ms` where a request gives none, unless configured.
inline constexpr std::chrono::milliseconds default_timeout{30'000};

}  // namespace hookd::protocol
