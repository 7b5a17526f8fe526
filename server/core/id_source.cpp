// SPDX-License-Identifier: BSL-1.0
#include "id_source.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/random.h>

namespace hookd::core {

protocol::uuid id_source::next() {
    if (used_ == bytes_.size()) {
        // Up to 256 bytes a call cannot be interrupted (getrandom(2)); more can.
        for (std::size_t filled = 0; filled < bytes_.size();) {
            const auto got = ::getrandom(bytes_.data() + filled, bytes_.size() - filled, 0);
            if (got < 0) {
                if (errno == EINTR) {
                    continue;
                }
                throw std::system_error(errno, std::generic_category(), "getrandom");
            }
            filled += static_cast<std::size_t>(got);
        }
        used_ = 0;
    }
    protocol::uuid id{};
    std::memcpy(id.data, bytes_.data() + used_, 16);
    std::memset(bytes_.data() + used_, 0, 16);  // what has been handed out is not kept
    used_ += 16;
    id.data[6] = static_cast<std::uint8_t>((id.data[6] & 0x0f) | 0x40);
    id.data[8] = static_cast<std::uint8_t>((id.data[8] & 0x3f) | 0x80);
    return id;
}

}  // namespace hookd::core
