// SPDX-License-Identifier: BSL-1.0
// hookd-nats: joins this host's hookd to others through NATS. See server/cluster/README.md.

#include "cluster/link/command_line.hpp"
#include "cluster/link/run_link.hpp"
#include "cluster/link/url_file.hpp"
#include "cluster/nats/inspection.hpp"
#include "cluster/nats/nats_link.hpp"

#include <cstdio>
#include <exception>
#include <memory>

namespace {

using namespace hookd;

int run(const link::command_line& line) {
    if (line.wanted == link::command_line::mode::link) {
        return link::run_link(link::hookd_descriptor, [](boost::asio::io_context& context, link::channel& hookd) {
            return std::make_unique<nats::nats_link>(context, hookd);
        });
    }
    const std::string url = link::read_url_file(line.file);
    const bool is_good =
        line.wanted == link::command_line::mode::init ? nats::prepare_cluster(url) : nats::check_cluster(url);
    return is_good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    int status = 0;
    const auto line = link::read_command_line(argc, argv, "NATS", status);
    if (!line) {
        return status;
    }
    try {
        return run(*line);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "hookd-nats: %s\n", failure.what());
        return 1;
    }
}
