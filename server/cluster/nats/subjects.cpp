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

subjects::subjects(std::string_view cluster, std::string_view host)
    : key(to_token(host)),
      bucket("hookd_" + std::string{cluster} + "_members"),
      prefix_("hookd." + std::string{cluster} + '.') {
    ask = prefix_ + "ask." + key;
    told = prefix_ + "told." + key;
    roster = prefix_ + "roster." + key;
    heard = {prefix_ + "ask.*", prefix_ + "told.*", prefix_ + "roster.*", prefix_ + "to." + key + ".*"};
}

std::string subjects::to(std::string_view host) const { return prefix_ + "to." + to_token(host) + '.' + key; }

std::string subjects::answers_to(std::string_view host) const { return prefix_ + "answer." + to_token(host) + '.'; }

bool subjects::is_from(std::string_view subject, std::string_view host) {
    return subject.substr(subject.rfind('.') + 1) == to_token(host);
}

}  // namespace hookd::nats
