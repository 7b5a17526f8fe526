// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "screen_key.hpp"

#include <base/posix/unique_fd.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <termios.h>

namespace hookd::hookctl {

/// The terminal on standard input and output as a screen to draw on: the alternate screen of xterm (and every terminal
/// emulator since), no echo, keys at once. The destructor gives the terminal back as it was; so does Ctrl-Z, until the
/// program goes on.
///
/// Thread-safety: none; one object a process.
class full_screen {
public:
    /// What ended a wait.
    enum class event : unsigned char {
        quit,     ///< Ctrl-C, end of input, or a signal that asks to end
        redraw,   ///< the size has changed, or the program goes on after Ctrl-Z
        key,      ///< `pressed`
        woken,    ///< the descriptor of the caller's
        elapsed,  ///< nothing
    };

    struct outcome {
        event kind = event::elapsed;
        screen_key pressed{};
    };

    struct size {
        std::size_t rows = 24;
        std::size_t columns = 80;
    };

    /// Throws usage_error where input or output is no terminal; std::system_error.
    full_screen();
    ~full_screen();
    full_screen(const full_screen&) = delete;
    full_screen& operator=(const full_screen&) = delete;

    [[nodiscard]] static size current_size() noexcept;

    /// Shows `text`, lines separated by LF, in place of what was there.
    void draw(std::string_view text);

    /// Waits for a key, a signal, or until `wake_fd` is readable, at most `span`.
    [[nodiscard]] outcome wait(std::chrono::milliseconds span, int wake_fd);

private:
    void enter();
    void leave() noexcept;
    [[nodiscard]] event on_signal();
    /// False at the end of input.
    [[nodiscard]] bool read_keys();

    base::unique_fd signal_fd_{};
    std::string typed_{};
    termios original_{};
};

}  // namespace hookd::hookctl
