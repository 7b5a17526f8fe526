// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/subjects.hpp"

namespace hookd::nats {

std::string to_token(std::string_view host) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string token;
    for (const char c : host) {
        const bool is_plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        const auto byte = static_cast<unsigned char>(c);
        if (is_plain) {
            token += c;
        } else {
            token += '=';
            token += digits[byte / 16];
            token += digits[byte % 16];
        }
    }
    return token;
}

}  // namespace hookd::nats
