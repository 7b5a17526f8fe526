// SPDX-License-Identifier: BSL-1.0
#include "full_screen.hpp"

#include "hookctl/arguments.hpp"
#include "output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

// ECMA-48 control functions, and xterm's private modes 1049 (alternate screen) and 25 (cursor).
constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view leave_screen = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view to_top = "\x1b[H";
constexpr std::string_view erase_rest_of_line = "\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";

sigset_t watched_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) {
        ::sigaddset(&signals, each);
    }
    return signals;
}

}  // namespace

full_screen::full_screen() {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
        throw usage_error("top needs a terminal: use stats --watch in scripts and pipes");
    }
    if (const char* const type = std::getenv("TERM"); type != nullptr && std::string_view(type) == "dumb") {
        throw usage_error("top moves the cursor, which a terminal of TERM=dumb cannot: use stats --watch");
    }
    if (::tcgetattr(STDIN_FILENO, &original_) != 0) {
        throw std::system_error(errno, std::generic_category(), "can't read the terminal's settings");
    }
    const auto signals = watched_signals();
    signal_fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_) {
        throw std::system_error(errno, std::generic_category(), "can't watch for signals");
    }
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    enter();
}

full_screen::~full_screen() {
    leave();
    const auto signals = watched_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

full_screen::size full_screen::current_size() noexcept {
    winsize reported{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &reported) != 0 || reported.ws_row == 0 || reported.ws_col == 0) {
        return {};
    }
    return {reported.ws_row, reported.ws_col};
}

void full_screen::enter() {
    termios raw = original_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // ISIG stays: Ctrl-C and Ctrl-Z come as signals
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    print(enter_screen);
}

void full_screen::leave() noexcept {
    try {
        print(leave_screen);
    } catch (const std::system_error&) {
        // The terminal is gone; nothing is left to restore.
    }
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &original_);
}

void full_screen::draw(std::string_view text) {
    // In one write, each line over the old one: no flicker.
    std::string drawn(to_top);
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        drawn.append(text.substr(0, end)).append(erase_rest_of_line);
        if (end < text.size()) {
            drawn += "\r\n";
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    print(drawn.append(erase_below));
}

full_screen::outcome full_screen::wait(std::chrono::milliseconds span, int wake_fd) {
    const auto end = std::chrono::steady_clock::now() + span;
    for (;;) {
        if (auto key = take_key(typed_)) {
            return {event::key, std::move(*key)};
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        if (left <= 0) {
            return {};
        }
        std::array<pollfd, 3> polled{{{signal_fd_.get(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}, {wake_fd, POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), static_cast<int>(left)) <= 0) {
            continue;
        }
        if (polled[0].revents != 0) {
            return {on_signal(), {}};
        }
        if (polled[1].revents != 0 && !read_keys()) {
            return {event::quit, {}};
        }
        if (polled[1].revents == 0 && polled[2].revents != 0) {
            return {event::woken, {}};
        }
    }
}

full_screen::event full_screen::on_signal() {
    signalfd_siginfo info{};
    if (::read(signal_fd_.get(), &info, sizeof info) <= 0 || info.ssi_signo == SIGWINCH) {
        return event::redraw;
    }
    if (info.ssi_signo != SIGTSTP) {
        return event::quit;
    }
    leave();
    ::raise(SIGSTOP);
    enter();
    return event::redraw;
}

bool full_screen::read_keys() {
    std::array<char, 64> keys{};
    const auto count = ::read(STDIN_FILENO, keys.data(), keys.size());
    if (count <= 0) {
        return count < 0 && errno == EINTR;
    }
    typed_.append(keys.data(), static_cast<std::size_t>(count));
    return true;
}

}  // namespace hookd::hookctl
