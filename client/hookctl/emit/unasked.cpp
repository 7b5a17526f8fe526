// SPDX-License-Identifier: BSL-1.0
#include "unasked.hpp"

namespace hookd::hookctl {

unasked unasked_after(error_kind failure) noexcept {
    switch (failure) {
        case error_kind::no_daemon:
            return unasked::absent;
        case error_kind::broken:
        case error_kind::timed_out:
            return unasked::silent;
        case error_kind::invalid_argument:
        case error_kind::unreachable:
        case error_kind::untrusted:
        case error_kind::refused:
        case error_kind::cancelled:
            break;
    }
    return unasked::refused;
}

bool stops_tool(unasked reason, const unasked_rules& rules) noexcept {
    switch (reason) {
        case unasked::absent:
            return !rules.proceed_without_daemon;
        case unasked::silent:
            return rules.fail_closed || !rules.proceed_without_daemon;
        case unasked::refused:
            break;
    }
    return true;
}

}  // namespace hookd::hookctl
