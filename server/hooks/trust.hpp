// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>
#include <hookd/server/hook_methods.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

/// Trust on first use: a registered command runs only as long as its program, and each file that it was given in an
/// argument (base::file_names_in()), are those that were there when it was registered, and no argument names a file
/// that was not there then.
namespace hookd::server {

/// One file as it was trusted.
struct file_pin {
    std::string path{};
    std::string sha256{};  ///< of its content, in hex; empty: there was no regular file
    friend bool operator==(const file_pin&, const file_pin&) = default;
};

/// A registered hook as it is kept.
struct registered_hook {
    hook_definition definition{};
    std::vector<file_pin> pins{};  ///< the program's first
    bool enabled = true;
};

/// What tells that a file is still the same without reading it.
struct file_stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// The stamp of an open file; nothing where the descriptor is none.
[[nodiscard]] std::optional<file_stamp> stamp_of_file(int descriptor) noexcept;

/// A file that has been read, and whether its content was the right one.
struct read_file_stamp {
    file_stamp stamp{};
    bool is_right = false;
};

/// For each pin what is known of its file; nothing where that has to be read.
using file_stamps = std::vector<std::optional<read_file_stamp>>;

struct trust_result {
    protocol::hook_state state = protocol::hook_state::ok;
    std::string why{};  ///< where it is not ok: a sentence that says what to do
    file_stamps stamps{};
};

/// Reads the files of `command`, which may take as long as the disk does. Throws std::runtime_error where one cannot be
/// read. `before`: the command's pins so far. A file among them that is not there now keeps a pin, which says so: the
/// hook runs only once that file is back and trusted.
[[nodiscard]] std::vector<file_pin> pin_files(
    const std::vector<std::string>& command, const std::vector<file_pin>& before = {});

/// Whether that argument names the file of `pin`, which then stands at its end.
[[nodiscard]] bool names_file(std::string_view word, const file_pin& pin) noexcept;

/// Copies the content of a file to a descriptor. Returns the SHA-256, in hex, of what was copied; empty where no
/// regular file is there. Throws std::runtime_error.
[[nodiscard]] std::string copy_file(const std::string& path, int target);

/// Whether the files are those that were trusted, read where the stamps in `known` don't tell.
[[nodiscard]] trust_result check_trust(const registered_hook& hook, const file_stamps& known);

/// The same without reading any; nothing where one has to be read.
[[nodiscard]] std::optional<trust_result> check_trust_by_stamps(const registered_hook& hook, const file_stamps& known);

}  // namespace hookd::server
