// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/command_line.hpp"

#include <hookd/protocol/version.hpp>

#include <cstdio>
#include <string_view>

namespace hookd::link {
namespace {

constexpr int wrong_usage = 2;

std::string help_text(const std::string& program, const std::string& engine) {
    return "Joins this host's hookd to others through " + engine +
           ". hookd starts it; see hookd(8), --cluster.\n\n"
           "  " +
           program + " --init FILE    prepares the " + engine +
           " that the URL in FILE names, once for a cluster\n"
           "  " +
           program +
           " --check FILE   says whether a host can use it, and what to do where it can't; exit 1 then\n"
           "  " +
           program +
           " --link         what hookd starts: talks to it on descriptor 3\n"
           "  " +
           program +
           " --version\n\n"
           "FILE holds the URL on one line and has mode 0600: a URL may hold a password, so it is never an argument.\n";
}

std::optional<command_line> refuse(const std::string& program, const std::string& reason, int& status) {
    std::fprintf(stderr, "%s: %s; see %s --help\n", program.c_str(), reason.c_str(), program.c_str());
    status = wrong_usage;
    return std::nullopt;
}

std::optional<command_line> print(const std::string& text, int& status) {
    std::fputs(text.c_str(), stdout);
    status = std::fflush(stdout) == 0 ? 0 : 1;
    return std::nullopt;
}

}  // namespace

std::optional<command_line> read_command_line(int argc, char** argv, const std::string& engine, int& status) {
    const std::string_view path = argc > 0 ? argv[0] : "";
    const std::string program{path.substr(path.rfind('/') + 1)};
    if (argc < 2) {
        return refuse(program, "name what to do: --init FILE or --check FILE", status);
    }
    const std::string option = argv[1];
    if (option == "--help" || option == "-h") {
        return print(help_text(program, engine), status);
    }
    if (option == "--version" || option == "-V") {
        return print(program + " " + protocol::release_version + "\n", status);
    }
    if (option == "--link") {
        return argc == 2 ? std::optional{command_line{}} : refuse(program, "--link takes no argument", status);
    }
    if (option != "--init" && option != "--check") {
        return refuse(program, "unknown option '" + option + "'", status);
    }
    if (argc != 3) {
        return refuse(program, option + " takes one FILE, which holds the URL", status);
    }
    return command_line{option == "--init" ? command_line::mode::init : command_line::mode::check, argv[2]};
}

}  // namespace hookd::link
