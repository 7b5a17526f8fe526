#include "app/daemon_process.hpp"
#include "app/program_options.hpp"
#include "app/spdlog_logger.hpp"

#include <hookd/protocol/version.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace hookd::server;

// hookd(8), "EXIT STATUS".
constexpr int failed = 1;
constexpr int wrong_usage = 2;
constexpr int socket_held = 3;

/// Without them, the first sockets would become 0, 1 and 2, and a client would get the log.
void open_standard_descriptors() {
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) {
        fd = ::open("/dev/null", O_RDWR);
    }
    ::close(fd);
}

int print(const std::string& text) {
    return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? failed : EXIT_SUCCESS;
}

int serve(const program_options& options, const daemon_process::option_reader& read_options) {
    spdlog_logger log{STDERR_FILENO, options.level, options.format};
    try {
        daemon_process{options, read_options, log}.run();
        return EXIT_SUCCESS;
    } catch (const socket_in_use& held) {
        log.write(log_level::error, held.what());
        return socket_held;
    } catch (const std::exception& failure) {
        log.write(log_level::error, failure.what());
        return failed;
    }
}

int run(const std::vector<std::string>& arguments) {
    const auto read_options = [&arguments] { return parse_program_options(arguments, [](const char* name) { return std::getenv(name); }); };
    const auto options = read_options();
    switch (options.action) {
        case program_action::show_help: return print(help_text());
        case program_action::show_version: return print(std::string{"hookd "} + hookd::protocol::release_version + "\n");
        case program_action::print_config: return print(configuration_text(options));
        case program_action::check: return EXIT_SUCCESS;
        case program_action::serve: break;
    }
    return serve(options, read_options);
}

}  // namespace

int main(int argc, char** argv) {
    open_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of its own write, not the end of all
    try {
        return run({argv + 1, argv + argc});
    } catch (const usage_error& wrong) {
        std::fprintf(stderr, "hookd: %s\n", wrong.what());
        return wrong_usage;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "hookd: %s\n", failure.what());
        return failed;
    }
}
