#include "commands.hpp"
#include "daemon_call.hpp"
#include "daemon_user.hpp"
#include "event_line.hpp"
#include "exit_status.hpp"
#include "output.hpp"
#include "stop_watcher.hpp"

#include <hookd/error.hpp>
#include <hookd/hook_runner.hpp>
#include <hookd/protocol/errc.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

/// Writes to standard output until that is closed or it is time to stop. A reader that is slow holds it up, but not its end.
class line_writer {
public:
    explicit line_writer(int stopped_fd) noexcept : stopped_fd_(stopped_fd) {}

    /// False once nothing more is to be written. Throws std::system_error, e.g. for a full disk.
    [[nodiscard]] bool write(std::string_view line) {
        while (!line.empty()) {
            std::array<pollfd, 2> polled{{{STDOUT_FILENO, POLLOUT, 0}, {stopped_fd_, POLLIN, 0}}};
            if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
                throw std::system_error(errno, std::generic_category(), "can't wait for standard output");
            }
            if (polled[1].revents != 0) {
                return false;
            }
            // A pipe that poll calls writable takes this much without blocking (pipe(7)).
            const auto count = ::write(STDOUT_FILENO, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
            if (count >= 0) {
                line.remove_prefix(static_cast<std::size_t>(count));
            } else if (errno == EPIPE) {
                return false;
            } else if (errno != EINTR && errno != EAGAIN) {
                throw std::system_error(errno, std::generic_category(), "can't write to standard output");
            }
        }
        return true;
    }

private:
    int stopped_fd_;
};

}  // namespace

int run_listen(const invocation& call, const listen_arguments& arguments) {
    hook_runner_options options;
    options.path = call.socket;
    options.daemon_user = daemon_user_of(call);
    options.answer_timeout = call.timeout.value_or(default_answer_timeout);
    if (arguments.after_seq) {
        options.resume_from = resume_point{*arguments.after_seq, {}};
    }
    hook_runner events(options);
    const stop_watcher watcher(stop_watcher::output::matters, [&events] { events.stop(); });
    line_writer out(watcher.stopped_fd());
    const bool for_programs = writes_for_programs(call.json);
    const palette colour;

    std::uint64_t printed = 0;
    std::uint64_t last_seq = 0;
    bool over = false;
    const auto print_event = [&](const event& what) {
        // An event that matches several patterns comes once for each of them, one after the other.
        if (over || what.seq() == last_seq) {
            return;
        }
        last_seq = what.seq();
        over = !out.write((for_programs ? json_output(one_line(what.text())) : event_line(what, colour)) + '\n') ||
               ++printed == arguments.count;
        if (over) {
            events.stop();
        }
    };

    bool connected = false;
    events.on_notice([&](const notice& what) {
        if (what.type == notice::kind::connected) {
            connected = true;
        }
        // Whoever asks for the events after a number is told at once that they are not to be had.
        if (what.type == notice::kind::resume_impossible && !connected) {
            throw error(error_kind::refused, what.message, static_cast<int>(protocol::errc::resume_impossible));
        }
        last_seq = what.type == notice::kind::resume_impossible ? 0 : last_seq;  // another run counts anew
        tell(what);
    });
    if (arguments.patterns.empty()) {
        events.listen("*", print_event);
    }
    for (const auto& pattern : arguments.patterns) {
        events.listen(pattern, print_event);
    }
    events.run();
    return exit_status::done;
}

}  // namespace hookd::hookctl
