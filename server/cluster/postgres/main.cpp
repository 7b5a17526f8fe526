// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/command_line.hpp"
#include "cluster/link/run_link.hpp"
#include "cluster/postgres/people.hpp"
#include "cluster/postgres/postgres_link.hpp"

#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

using namespace hookd;

std::unique_ptr<link::engine_link> make_link(boost::asio::io_context& context, link::channel& hookd_side) {
    return std::make_unique<postgres::postgres_link>(context, hookd_side);
}

bool is_socket(int descriptor) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

int serve_hookd() {
    if (!is_socket(link::hookd_descriptor)) {
        std::fprintf(
            stderr, "hookd-postgres: --link is what hookd starts; to try a URL, type: hookd-postgres --check FILE\n");
        return 2;
    }
    return link::run_link(link::hookd_descriptor, &make_link);
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    int status = 0;
    const auto wanted = link::read_command_line(argc, argv, "PostgreSQL", status);
    if (!wanted) {
        return status;
    }
    switch (wanted->wanted) {
        case link::command_line::mode::init:
            return postgres::init_cluster(wanted->file);
        case link::command_line::mode::check:
            return postgres::check_cluster(wanted->file);
        case link::command_line::mode::link:
            break;
    }
    return serve_hookd();
}
