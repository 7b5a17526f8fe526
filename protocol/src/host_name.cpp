// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/host_name.hpp>

#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <array>
#include <climits>

#include <unistd.h>

namespace hookd::protocol {

std::string own_host_name() {
    std::array<char, HOST_NAME_MAX + 1> found{};
    std::string name = ::gethostname(found.data(), found.size()) == 0 ? found.data() : "";
    name.resize(std::min(name.size(), max_host_name));
    for (char& each : name) {
        each = is_host_name({&each, 1}) ? each : '-';
    }
    return name.empty() ? "localhost" : name;
}

}  // namespace hookd::protocol
