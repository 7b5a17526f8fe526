// SPDX-License-Identifier: BSL-1.0
#include "hooks/trust.hpp"

#include <base/exec/resolved_command.hpp>
#include <base/posix/descriptor_io.hpp>
#include <base/posix/unique_fd.hpp>
#include <base/text/shell_word.hpp>

#include <fcntl.h>
#include <sha2.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace hookd::server {
namespace {

// About a second's reading: it holds up the files of other hooks, and the daemon's end.
constexpr std::size_t most_pinned_bytes = std::size_t{256} << 20;

std::int64_t nanoseconds_of(const timespec& time) noexcept {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

file_stamp stamp_of(const struct stat& found) noexcept {
    return {found.st_dev, found.st_ino, found.st_size, nanoseconds_of(found.st_mtim), nanoseconds_of(found.st_ctim)};
}

/// A file that is changed twice within one tick of the kernel's clock has the same times after both: the stamp of one
/// that has just been changed tells nothing yet.
bool tells_later_changes(const file_stamp& stamp) {
    constexpr std::int64_t longer_than_a_tick_ns = 100'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds_of(now) - stamp.changed_ns > longer_than_a_tick_ns;
}

struct content {
    std::string sha256{};  // empty: no regular file is there
    std::optional<file_stamp> stamp{};
};

[[noreturn]] void fail(const std::string& path, int error) {
    throw std::runtime_error(path + " cannot be read: " + std::generic_category().message(error));
}

[[noreturn]] void fail_as_too_large(const std::string& path) {
    throw std::runtime_error(
        path + " has more than 256 MiB, which would take too long to check: give a script that uses it");
}

/// To a private copy.
void write_copy(int target, std::string_view bytes) try {
    base::write_all(target, bytes);
} catch (const std::system_error& failure) {
    throw std::runtime_error(
        "no private copy could be made: " + failure.code().message() + " (TMPDIR of hookd says where)");
}

std::size_t read_piece(int file, const std::string& path, std::array<char, std::size_t{64} * 1024>& piece) try {
    return base::read_some(file, piece.data(), piece.size());
} catch (const std::system_error& failure) {
    fail(path, failure.code().value());
}

/// `copy`: where what is read is written; -1: nowhere.
content read_content(const std::string& path, int copy = -1) {
    const base::unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return {};
        }
        fail(path, errno);
    }
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) {
        fail(path, errno);
    }
    if (!S_ISREG(found.st_mode)) {
        return {};
    }
    if (static_cast<std::size_t>(found.st_size) > most_pinned_bytes) {
        fail_as_too_large(path);
    }
    content result;
    if (const auto stamp = stamp_of(found); tells_later_changes(stamp)) {
        result.stamp = stamp;
    }
    SHA2_CTX state;
    ::SHA256Init(&state);
    std::array<char, std::size_t{64} * 1024> piece;
    std::size_t size = 0;
    while (const auto count = read_piece(file.get(), path, piece)) {
        size += count;
        if (size > most_pinned_bytes) {
            fail_as_too_large(path);  // it grows while it is read
        }
        ::SHA256Update(&state, reinterpret_cast<const unsigned char*>(piece.data()), count);
        if (copy >= 0) {
            write_copy(copy, {piece.data(), count});
        }
    }
    std::array<char, SHA256_DIGEST_STRING_LENGTH> text{};
    ::SHA256End(&state, text.data());
    result.sha256 = text.data();
    return result;
}

/// Whether the pins are of this command: somebody may have edited the registry.
bool are_of(const std::vector<file_pin>& pins, const std::vector<std::string>& command) {
    auto word = command.begin();
    for (const auto& pin : pins) {
        word = std::find_if(word, command.end(), [&pin](const std::string& each) { return names_file(each, pin); });
        if (word == command.end()) {
            return false;
        }
        ++word;
    }
    return !pins.empty() && pins.front().path == command.front();
}

bool is_regular_file(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

bool has_pin(const std::vector<file_pin>& pins, std::string_view path) {
    return std::any_of(pins.begin(), pins.end(), [&path](const file_pin& pin) { return pin.path == path; });
}

/// What to type once a file has changed and was looked at. A hook file of a repository (hookctl(1), sync) says what all
/// its hooks are.
std::string advice_for(const registered_hook& hook) {
    const auto is_hook_file = [](const file_pin& pin) {
        return pin.path.ends_with("/.hookd.toml") || pin.path.ends_with("/.hookd.local.toml");
    };
    return std::any_of(hook.pins.begin(), hook.pins.end(), is_hook_file)
               ? ": run hookctl sync"
               : ": run hookctl trust " + base::shell_word(hook.definition.name);
}

/// One look at a hook's command. What is found first decides.
class trust_check {
public:
    trust_check(const registered_hook& hook, const file_stamps& known) : hook_(hook), known_(known) {}

    /// Nothing if a file has to be read, and `may_read` says no.
    [[nodiscard]] std::optional<trust_result> run(bool may_read) {
        if (!are_of(hook_.pins, hook_.definition.command)) {
            judge(protocol::hook_state::untrusted, "its command is another than the one that was registered" + advice_);
        }
        look_for_new_files();
        for (std::size_t i = 0; i < hook_.pins.size(); ++i) {
            if (!check_pin(i, may_read)) {
                return std::nullopt;
            }
        }
        return std::move(result_);
    }

private:
    void judge(protocol::hook_state state, std::string problem) {
        if (result_.state == protocol::hook_state::ok) {
            result_.state = state;
            result_.why = std::move(problem);
        }
    }

    /// Whatever is in them: a script for an interpreter looks like any other file. A relative word counts from where
    /// the command runs.
    void look_for_new_files() {
        const auto& command = hook_.definition.command;
        const auto& directory = hook_.definition.directory;
        for (auto word = std::next(command.begin()); word != command.end(); ++word) {
            for (const auto name : base::file_names_in(*word)) {
                const bool is_from_directory = !name.starts_with('/') && !directory.empty();
                const auto path = (is_from_directory ? directory + "/" : std::string{}).append(name);
                if (!name.empty() && !has_pin(hook_.pins, name) && is_regular_file(path)) {
                    judge_new_file(name);
                }
            }
        }
    }

    void judge_new_file(std::string_view name) {
        judge(protocol::hook_state::untrusted, std::string{name} + " was not there when it was registered" + advice_);
    }

    /// False: its file has to be read.
    [[nodiscard]] bool check_pin(std::size_t index, bool may_read) {
        const auto& pin = hook_.pins[index];
        const bool is_program = index == 0;
        auto& stamp = result_.stamps.emplace_back();
        struct stat found {};
        if (pin.path.front() != '/' || ::stat(pin.path.c_str(), &found) != 0) {
            const int failure = pin.path.front() != '/' ? ENOENT : errno;
            judge(protocol::hook_state::missing,
                (is_program ? "could not start " : "a file of its command is missing: ") + pin.path + ": " +
                    std::generic_category().message(failure) + ": put it back, and if it has changed" +
                    advice_.substr(1));
            return true;
        }
        if (pin.sha256.empty()) {
            if (S_ISREG(found.st_mode)) {
                judge_new_file(pin.path);
            } else if (is_program) {
                judge(protocol::hook_state::missing,
                    "could not start " + pin.path +
                        ": it is not a regular file: put the program back, and if it has changed" + advice_.substr(1));
            }
            return true;
        }
        if (index < known_.size() && known_[index] && known_[index]->stamp == stamp_of(found)) {
            stamp = known_[index];
            judge_content(pin, stamp->is_right);
            return true;
        }
        if (may_read) {
            read_pin(pin, stamp);
        }
        return may_read;
    }

    void read_pin(const file_pin& pin, std::optional<read_file_stamp>& stamp) {
        try {
            const auto now = read_content(pin.path);
            const bool is_right = now.sha256 == pin.sha256;
            if (now.stamp) {
                stamp = {*now.stamp, is_right};
            }
            judge_content(pin, is_right);
        } catch (const std::runtime_error& failure) {
            judge(protocol::hook_state::untrusted, failure.what());
        }
    }

    void judge_content(const file_pin& pin, bool is_right) {
        if (!is_right) {
            judge(protocol::hook_state::untrusted, pin.path + " has changed since it was registered" + advice_);
        }
    }

    const registered_hook& hook_;
    const file_stamps& known_;
    const std::string advice_ = advice_for(hook_);
    trust_result result_{};
};

}  // namespace

std::optional<file_stamp> stamp_of_file(int descriptor) noexcept {
    struct stat found {};
    return ::fstat(descriptor, &found) == 0 ? std::optional(stamp_of(found)) : std::nullopt;
}

std::vector<file_pin> pin_files(const std::vector<std::string>& command, const std::vector<file_pin>& before) {
    std::vector<file_pin> pins;
    pins.push_back(
        {command.front(), command.front().front() == '/' ? read_content(command.front()).sha256 : std::string{}});
    for (auto word = std::next(command.begin()); word != command.end(); ++word) {
        for (const auto name : base::file_names_in(*word)) {
            const std::string path{name};
            if (name.starts_with('/') && is_regular_file(path)) {
                pins.push_back({path, read_content(path).sha256});
                break;
            }
            if (has_pin(before, name)) {
                pins.push_back({path, {}});
                break;
            }
        }
    }
    return pins;
}

bool names_file(std::string_view word, const file_pin& pin) noexcept {
    const auto names = base::file_names_in(word);
    return std::find(names.begin(), names.end(), pin.path) != names.end();
}

std::string copy_file(const std::string& path, int target) { return read_content(path, target).sha256; }

trust_result check_trust(const registered_hook& hook, const file_stamps& known) {
    return *trust_check{hook, known}.run(true);
}

std::optional<trust_result> check_trust_by_stamps(const registered_hook& hook, const file_stamps& known) {
    return trust_check{hook, known}.run(false);
}

}  // namespace hookd::server
