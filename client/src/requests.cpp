// SPDX-License-Identifier: BSL-1.0
#include <hookd/requests.hpp>

#include <hookd/protocol/socket_path.hpp>

#include <unistd.h>
#include <cstdlib>

namespace hookd {

std::string default_socket_path() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): said in the header.
    return protocol::default_socket_path(std::getenv("HOOKD_SOCKET"), std::getenv("XDG_RUNTIME_DIR"), ::getuid());
}

}  // namespace hookd
