// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace hookd::base {

/// Whose a file must be so that its content counts.
enum class file_trust : std::uint8_t {
    anyone,   ///< whoever's it is
    guarded,  ///< of this user or root, and no other user may write to it
    secret,   ///< the same, and no other user may read it either
};

/// What read_file() accepts.
struct read_rules {
    std::size_t max_bytes = 0;
    file_trust trust = file_trust::anyone;
    /// Absent: a regular file only. Else a pipe or a device, too, which may be silent for that long at a time.
    std::optional<std::chrono::milliseconds> stream_silence{};
};

/// Why a file was not read. what() is a clause that can follow the file's name and a colon: `it is not a regular file`.
class read_error : public std::runtime_error {
public:
    enum class reason : std::uint8_t {
        absent,       ///< no such file or directory
        unreadable,   ///< the system refuses; what() is its message
        not_regular,  ///< neither a regular file nor, where the rules have stream_silence, a stream
        foreign,      ///< it belongs to another user
        writable,     ///< other users may write to it
        readable,     ///< it is to be secret, and other users may read or write it
        too_long,     ///< it has more than read_rules::max_bytes
        silent,       ///< a stream from which nothing comes
        drained,      ///< a pipe that ended without a byte: it was read before
    };

    read_error(reason why, const std::string& clause) : std::runtime_error(clause), reason_(why) {}
    [[nodiscard]] reason why() const noexcept { return reason_; }

private:
    reason reason_;
};

/// All of a file, of at most `rules.max_bytes`. Follows symbolic links, never waits for the other end of a pipe to be
/// opened, and checks the very file that it then reads. Whether another user could replace the file is for check_file()
/// to say (safe_directory.hpp).
///
/// Throws read_error. Thread-safety: none needed. Blocks as long as the disk, or rules.stream_silence, takes.
[[nodiscard]] std::string read_file(const std::filesystem::path& path, const read_rules& rules);

/// All that can be read from a descriptor that blocks, of at most `max_bytes`. Throws read_error (unreadable,
/// too_long).
[[nodiscard]] std::string read_to_end(int fd, std::size_t max_bytes);

/// The first `max_bytes` of a regular file, or all of a shorter one; nothing if it can't be read.
[[nodiscard]] std::optional<std::string> read_front(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace hookd::base
