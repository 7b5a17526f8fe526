// SPDX-License-Identifier: BSL-1.0
#include <base/exec/command_runner.hpp>
#include <base/exec/start_process.hpp>

#include "pipe.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A run goes through these stages:
//
//   running ------(the command ends)--> drain, reap, result, ended
//      |
//      +--(time over, or stop)--> SIGTERM to the group, result
//                                    |
//   terminating <--------------------+
//      |   |
//      |   +------(the command ends)--> reap --> leaving: looks again until nothing of the group is left --> ended
//      |                                            +-----(kill_delay over)--> SIGKILL to the group -------> ended
//      |
//      +--(kill_delay over)--> SIGKILL to the group --> killed --(the command ends)--> reap, ended
//
// The group's number is the command's pid. The kernel gives that number to nobody else before the command is reaped;
// the pidfd tells the end without reaping. To wait with the reaping until kill_delay is over would be simple, but hold
// a zombie and a descriptor, and somebody else's turn, for a second after each time-out, and mostly for nothing: all of
// the group ends by SIGTERM. Before the reaping nobody can tell, since the zombie counts as one of the group. After it
// the number alone says little: once the group is empty, any new process may get it. So the pidfd keeps the group
// itself in mind, as the owner of its signals (which it never sends): F_GETOWN says 0 once that very group is empty,
// whoever has its number then (as of Linux 5.12; before, each group seems to be there until kill_delay is over). A
// group that still has members right before a signal to it has its number.

namespace hookd::base {

namespace asio = boost::asio;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds longest_wait_for_death{1};
constexpr std::chrono::milliseconds between_looks_for_death{1};

[[noreturn]] void fail_with(int error) { throw std::system_error(error, std::generic_category()); }

void set_nonblocking(int fd) {
    // Ours alone: each end of a pipe has a file description of its own, so the command's end stays blocking.
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        fail_with(errno);
    }
}

unique_fd open_directory(const std::string& path) {
    unique_fd found(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!found) {
        fail_with(errno);
    }
    return above_standard(std::move(found));
}

}  // namespace

class command_runner::run : public std::enable_shared_from_this<run> {
public:
    run(command_runner& owner, run_id id, command request, result_handler on_result, ended_handler on_ended)
        : owner_(&owner),
          id_(id),
          executor_(owner.executor_),
          request_(std::move(request)),
          on_result_(std::move(on_result)),
          on_ended_(std::move(on_ended)),
          timer_(executor_),
          process_(executor_),
          input_(executor_),
          output_(executor_),
          errors_(executor_) {}

    [[nodiscard]] run_id id() const noexcept { return id_; }

    /// Throws std::system_error where the command could not be started.
    void start() {
        result_.subject = request_.argv.front();
        auto input = make_pipe();
        auto output = make_pipe();
        auto errors = make_pipe();
        set_nonblocking(input.write.get());
        set_nonblocking(output.read.get());
        set_nonblocking(errors.read.get());
        unique_fd directory;
        if (!request_.directory.empty()) {
            result_.subject = request_.argv.front() + " in " + request_.directory;
            directory = open_directory(request_.directory);
            result_.subject = request_.argv.front();
        }
        const std::array standard{input.read.get(), output.write.get(), errors.write.get()};
        pid_ = start_process(request_, standard, directory.get());
        request_.program.reset();
        try {
            watch(input, output, errors);
            await_end();
            await_output(output_, result_.output);
            await_output(errors_, result_.errors);
            feed();
            if (request_.timeout) {
                arm(*request_.timeout, [](run& self) { self.terminate(command_result::ending::timed_out); });
            }
        } catch (...) {
            // A command whose end cannot be seen must not run on unseen.
            signal_group(SIGKILL);
            await_death(clock::now() + longest_wait_for_death);
            state_ = state::ended;
            close_all();
            throw;
        }
    }

    /// Nothing could be started: the caller keeps no list of such runs.
    void report_not_started(int error) {
        result_.how = command_result::ending::not_started;
        result_.code = error;
        asio::post(executor_, [self = shared_from_this()] {
            self->deliver();
            self->report_ended();
        });
    }

    void terminate(command_result::ending why) {
        if (state_ != state::running) {
            return;
        }
        state_ = state::terminating;
        signal_group(SIGTERM);
        kill_at_ = clock::now() + kill_delay;
        arm(kill_delay, [](run& self) { self.kill_group(); });
        input_.close();
        result_.how = why;
        asio::post(executor_, [self = shared_from_this()] { self->deliver(); });
    }

    void kill_group() {
        if (state_ == state::terminating) {
            state_ = state::killed;
            timer_.cancel();
            signal_group(SIGKILL);
        } else if (state_ == state::leaving) {
            state_ = state::killed;
            timer_.cancel();
            if (is_anybody_left()) {
                signal_group(SIGKILL);
            }
            asio::post(executor_, [self = shared_from_this()] { self->end(); });
        }
    }

    /// The owner goes away: no handler is called any more. What is left is killed, and await_death() reaps it.
    void abandon() {
        owner_ = nullptr;
        on_result_ = nullptr;
        on_ended_ = nullptr;
        if (!is_reaped_ || is_anybody_left()) {
            signal_group(SIGKILL);
        }
        state_ = state::ended;
        close_all();
    }

    /// Waits for a command that has got SIGKILL, which ends it in moments, unless it hangs in the kernel: that must
    /// hang nobody else.
    void await_death(clock::time_point give_up_at) {
        while (!is_reaped_) {
            // Not by the pidfd: it may be that there is none.
            const auto found = ::waitpid(pid_, nullptr, WNOHANG);
            is_reaped_ = found > 0 || (found < 0 && errno != EINTR);
            if (!is_reaped_) {
                if (clock::now() >= give_up_at) {
                    return;
                }
                std::this_thread::sleep_for(between_looks_for_death);
            }
        }
    }

private:
    enum class state : unsigned char { running, terminating, leaving, killed, ended };

    void watch(pipe_ends& input, pipe_ends& output, pipe_ends& errors) {
        // By number: glibc 2.36 declares pidfd_open without C linkage.
        unique_fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
        if (process.get() < 0 || ::fcntl(process.get(), F_SETOWN, -pid_) != 0) {
            fail_with(errno);
        }
        hand_over(process, process_);
        hand_over(input.write, input_);
        hand_over(output.read, output_);
        hand_over(errors.read, errors_);
    }

    static void hand_over(unique_fd& fd, asio::posix::stream_descriptor& stream) {
        error_code failure;
        stream.assign(fd.get(), failure);
        if (failure) {
            fail_with(failure.value());
        }
        static_cast<void>(fd.release());
    }

    template <class Action>
    void arm(clock::duration delay, Action action) {
        timer_.expires_after(delay);
        timer_.async_wait([self = shared_from_this(), action](error_code failure) {
            if (!failure && self->state_ != state::ended) {
                action(*self);
            }
        });
    }

    void signal_group(int signal) const noexcept { ::kill(-pid_, signal); }

    /// Whether the group has a process, be it a zombie that its new parent has not reaped yet.
    [[nodiscard]] bool is_anybody_left() { return ::fcntl(process_.native_handle(), F_GETOWN) != 0; }

    void await_end() {
        process_.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](error_code failure) {
            if (failure || !self->process_.is_open()) {
                return;
            }
            if (self->is_alive()) {
                self->await_end();
            } else {
                self->command_ended();
            }
        });
    }

    /// Being ready is a hint only: Asio may wake a new descriptor with an event that was queued for a closed one.
    [[nodiscard]] bool is_alive() {
        ::siginfo_t info{};
        if (::waitid(P_PIDFD, static_cast<id_t>(process_.native_handle()), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
            return errno != ECHILD;
        }
        return info.si_pid == 0;
    }

    void feed() {
        // Waits before it writes: the descriptor's readiness and not its data pass through Asio, so nothing is in
        // flight when it is closed.
        if (written_ == request_.input.size()) {
            input_.close();
            return;
        }
        input_.async_wait(asio::posix::descriptor_base::wait_write, [self = shared_from_this()](error_code failure) {
            if (failure || !self->input_.is_open()) {
                return;
            }
            const auto& input = self->request_.input;
            const auto count =
                ::write(self->input_.native_handle(), input.data() + self->written_, input.size() - self->written_);
            if (count > 0) {
                self->written_ += static_cast<std::size_t>(count);
            } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
                self->written_ = input.size();  // EPIPE: it doesn't want the rest, which is its own affair
            }
            self->feed();
        });
    }

    void await_output(asio::posix::stream_descriptor& pipe, captured_output& output) {
        pipe.async_wait(
            asio::posix::descriptor_base::wait_read, [self = shared_from_this(), &pipe, &output](error_code failure) {
                if (failure || !pipe.is_open()) {
                    return;
                }
                if (take(pipe, output, chunk_bytes) < 0) {
                    pipe.close();
                } else {
                    self->await_output(pipe, output);
                }
            });
    }

    /// Reads once, at most `limit` bytes. The count; 0 where nothing is there now; -1 at the end.
    static ssize_t take(asio::posix::stream_descriptor& pipe, captured_output& output, std::size_t limit) {
        std::array<char, chunk_bytes> chunk;
        const auto count = ::read(pipe.native_handle(), chunk.data(), std::min(limit, chunk.size()));
        if (count < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        }
        if (count == 0) {
            return -1;
        }
        const auto fresh = static_cast<std::size_t>(count);
        const auto kept = std::min(fresh, max_output_bytes - output.text.size());
        output.text.append(chunk.data(), kept);
        output.cut = output.cut || kept < fresh;
        return count;
    }

    /// Takes what the pipe holds now and no more: whoever else holds its other end may write for ever.
    static void drain(asio::posix::stream_descriptor& pipe, captured_output& output) {
        int waiting = 0;
        if (!pipe.is_open() || ::ioctl(pipe.native_handle(), FIONREAD, &waiting) != 0) {
            return;
        }
        for (auto left = static_cast<std::size_t>(waiting); left > 0;) {
            const auto count = take(pipe, output, left);
            if (count <= 0) {
                return;
            }
            left -= static_cast<std::size_t>(count);
        }
    }

    void command_ended() {
        if (state_ == state::running) {
            drain(output_, result_.output);
            drain(errors_, result_.errors);
        }
        reap();
        if (state_ == state::terminating) {
            state_ = state::leaving;
            look_for_rest();
        } else {
            end();
        }
    }

    void reap() {
        ::siginfo_t info{};
        int status = 0;
        do {
            status = ::waitid(P_PIDFD, static_cast<id_t>(process_.native_handle()), &info, WEXITED | WNOHANG);
        } while (status != 0 && errno == EINTR);
        is_reaped_ = true;
        if (state_ == state::running && status == 0) {
            result_.how =
                info.si_code == CLD_EXITED ? command_result::ending::exited : command_result::ending::signalled;
            result_.code = info.si_status;
        }
    }

    void look_for_rest() {
        if (state_ != state::leaving) {
            return;
        }
        if (!is_anybody_left()) {
            end();
        } else if (const auto now = clock::now(); now < kill_at_) {
            arm(std::min<clock::duration>(between_looks_for_rest, kill_at_ - now),
                [](run& self) { self.look_for_rest(); });
        } else {
            kill_group();
        }
    }

    /// Nothing is left to be done for the command.
    void end() {
        if (state_ == state::ended) {
            return;  // abandoned meanwhile
        }
        state_ = state::ended;
        close_all();
        owner_->runs_.remove(shared_from_this());
        report_ended();
    }

    void close_all() {
        timer_.cancel();
        process_.close();
        input_.close();
        output_.close();
        errors_.close();
    }

    void deliver() {
        if (auto handler = std::exchange(on_result_, nullptr)) {
            result_.elapsed = clock::now() - started_;
            handler(std::move(result_));
        }
    }

    void report_ended() {
        deliver();  // where the command went before the posted delivery had its turn
        if (auto handler = std::exchange(on_ended_, nullptr)) {
            handler();
        }
    }

    static constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;  // a pipe's usual capacity
    static constexpr std::chrono::milliseconds between_looks_for_rest{10};

    command_runner* owner_;
    run_id id_;
    asio::any_io_executor executor_;
    command request_;
    result_handler on_result_;
    ended_handler on_ended_;
    asio::steady_timer timer_;
    asio::posix::stream_descriptor process_;
    asio::posix::stream_descriptor input_;
    asio::posix::stream_descriptor output_;
    asio::posix::stream_descriptor errors_;
    std::size_t written_ = 0;
    command_result result_{};
    clock::time_point started_ = clock::now();
    pid_t pid_ = -1;
    clock::time_point kill_at_{};
    state state_ = state::running;
    bool is_reaped_ = false;
};

command_runner::command_runner(asio::any_io_executor executor) : executor_(std::move(executor)) {}

command_runner::~command_runner() {
    const auto left = std::exchange(runs_, {});
    for (const auto& each : left) {
        each->abandon();
    }
    const auto give_up_at = clock::now() + longest_wait_for_death;
    for (const auto& each : left) {
        each->await_death(give_up_at);
    }
}

command_runner::run_id command_runner::start(command request, result_handler on_result, ended_handler on_ended) {
    const auto id = ++last_id_;
    auto started = std::make_shared<run>(*this, id, std::move(request), std::move(on_result), std::move(on_ended));
    runs_.push_back(started);  // before there is a command: one that is not listed would never be stopped
    try {
        started->start();
    } catch (const std::system_error& failure) {
        std::erase(runs_, started);
        started->report_not_started(failure.code().value());
    }
    return id;
}

void command_runner::stop(run_id id) {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [id](const auto& each) { return each->id() == id; });
    if (found != runs_.end()) {
        (*found)->terminate(command_result::ending::cancelled);
    }
}

void command_runner::stop() {
    for (const auto& each : runs_) {
        each->terminate(command_result::ending::stopped);
    }
}

void command_runner::kill() {
    stop();
    for (const auto& each : runs_) {
        each->kill_group();
    }
}

}  // namespace hookd::base
