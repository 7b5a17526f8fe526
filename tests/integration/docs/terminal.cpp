// SPDX-License-Identifier: BSL-1.0
#include "terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::test::docs {
namespace {

// Commands come one by one, each ended by a NUL, and the shell's status variable is what the one before left. The end
// of each is written to the terminal itself, after all that it has printed. When no more come, what still runs in the
// background is ended.
constexpr const char* posix_script = R"(
exec 9<&0 </dev/null >"$1" 2>&1
left=0
as_before() { return "$left"; }
while IFS= read -r -d '' -u 9 command; do
    eval "as_before
$command" 9<&-
    left=$?
    printf '\036%d\037' "$left"
done
trap '' TERM
kill 0
wait
)";

// fish cannot redirect its own output: bash does that before it becomes fish.
constexpr const char* fish_start = R"(exec >"$1" 2>&1; exec fish --no-config -c "$2")";
constexpr const char* fish_script = R"(
set -g left 0
function as_before; return $left; end
while read -z command
    begin
        eval "as_before
$command"
        set -g left $status
    end </dev/null
    printf '\036%d\037' $left
end
exec bash -c "trap '' TERM; kill 0"
)";

std::vector<std::string> argv_of(shell which, const std::string& tty) {
    switch (which) {
        case shell::bash:
            return {"bash", "--norc", "-c", posix_script, "bash", tty};
        case shell::zsh:
            return {"zsh", "-f", "-c", posix_script, "zsh", tty};
        case shell::fish:
            break;
    }
    return {"bash", "--norc", "-c", fish_start, "bash", tty, fish_script};
}

constexpr char end_begins = '\036';
constexpr char end_ends = '\037';

std::string without_colours(const std::string& line) {
    static const std::regex colour{"\033\\[[0-9;]*m"};
    return std::regex_replace(line, colour, "");
}

}  // namespace

std::string to_string(shell which) {
    constexpr std::array<const char*, 3> names{"bash", "zsh", "fish"};
    return names[static_cast<std::size_t>(which)];
}

terminal::terminal(
    shell which, const std::string& directory, std::map<std::string, std::optional<std::string>> environment)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 128> name{};
    if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
        ::ptsname_r(master_.get(), name.data(), name.size()) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot open a pseudo-terminal");
    }
    // Held open, so that the terminal lives on between programs.
    slave_ = base::unique_fd{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    termios modes{};
    const winsize size{.ws_row = 40, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::tcgetattr(slave_.get(), &modes) != 0) {
        throw std::system_error(errno, std::generic_category(), name.data());
    }
    ::cfmakeraw(&modes);  // bytes arrive as they were written
    ::tcsetattr(slave_.get(), TCSANOW, &modes);
    ::ioctl(slave_.get(), TIOCSWINSZ, &size);

    spawn_options options;
    options.environment = std::move(environment);
    options.directory = directory;
    options.new_session = true;
    shell_.emplace(argv_of(which, name.data()), options);
}

terminal::~terminal() {
    try {
        shell_->close_input();
        shell_->wait(deadline{10s});
    } catch (const std::exception&) {
        ::kill(-shell_->pid(), SIGKILL);  // something hangs, and has failed a test already
    }
}

int terminal::run(const std::string& command, const std::function<void(const std::string&)>& on_line,
    const std::function<bool()>& enough, deadline limit) {
    shell_->write_input(command + '\0');
    std::optional<int> status;
    while (!status || !enough()) {
        const auto end = unread_.find_first_of(std::string{'\n', end_begins});
        if (end == std::string::npos) {
            read_more(limit);
        } else if (unread_[end] == '\n') {
            const auto line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            on_line(without_colours(line));
        } else if (const auto last = unread_.find(end_ends, end); last == std::string::npos) {
            read_more(limit);
        } else {
            status = std::atoi(unread_.c_str() + end + 1);
            unread_.erase(end, last + 1 - end);
            if (!unread_.empty() && unread_.find('\n') == std::string::npos) {
                on_line(without_colours(std::exchange(unread_, {})));  // the command's last words had no line end
            }
        }
    }
    return *status;
}

void terminal::read_more(deadline limit) {
    pollfd readable{master_.get(), POLLIN, 0};
    if (::poll(&readable, 1, limit.left_ms()) == 0) {
        throw std::runtime_error("nothing more came in time; unfinished: \"" + unread_ + "\"");
    }
    std::array<char, 4096> bytes{};
    const auto count = ::read(master_.get(), bytes.data(), bytes.size());
    if (count < 0) {
        throw std::system_error(errno, std::generic_category(), "read from the terminal");
    }
    unread_.append(bytes.data(), static_cast<std::size_t>(count));
}

}  // namespace hookd::test::docs
