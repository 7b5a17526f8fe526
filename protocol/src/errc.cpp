// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/errc.hpp>

#include <base/json/object_writer.hpp>

#include <utility>

namespace hookd::protocol {

error limit_error(std::string_view limit, std::size_t max, std::string message) {
    return {errc::limit_exceeded, std::move(message),
        base::object_writer{}.text("limit", limit).number("max", max).finish()};
}

error cluster_error(const std::string& reason) {
    return {errc::cluster_unavailable, "nothing was fired: " + reason,
        base::object_writer{}.text("reason", reason).finish()};
}

error cancelled_error() { return {errc::cancelled, "the request was cancelled"}; }

}  // namespace hookd::protocol
