// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"

#include <stdexcept>

namespace hookd::bench {

std::unique_ptr<dialect> make_dialect(std::string_view name) {
    if (name == "floor") {
        return make_floor_dialect();
    }
    if (name == "hookd") {
        return make_hookd_dialect(hookd_framing::native, false);
    }
    if (name == "hookd_request") {
        return make_hookd_dialect(hookd_framing::native, true);
    }
    if (name == "hookd_line") {
        return make_hookd_dialect(hookd_framing::line, false);
    }
    if (name == "hookd_cluster") {
        return make_hookd_dialect(hookd_framing::native, false, true);
    }
    if (name == "redis" || name == "redis_quiet") {
        return make_redis_dialect(name == "redis_quiet");
    }
    if (name == "nats") {
        return make_nats_dialect();
    }
    if (name == "dbus") {
        return make_dbus_dialect();
    }
    throw std::runtime_error("unknown dialect " + std::string{name});
}

void await_frame(dialect& speech, link& from, frame& out) {
    std::size_t seen = 0;
    while (!speech.next(from.unread(), seen, out)) {
        seen = from.unread().size();
        from.read();
    }
}

}  // namespace hookd::bench
