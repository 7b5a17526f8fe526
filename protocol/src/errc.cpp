// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/errc.hpp>

#include <base/json/text.hpp>

#include <utility>

namespace hookd::protocol {

error limit_error(std::string_view limit, std::size_t max, std::string message) {
    std::string data = R"({"limit":)";
    base::append_json_string(data, limit);
    data += R"(,"max":)";
    data += std::to_string(max);
    data += '}';
    return {errc::limit_exceeded, std::move(message), std::move(data)};
}

error cluster_error(const std::string& reason) {
    std::string data = R"({"reason":)";
    base::append_json_string(data, reason);
    data += '}';
    return {errc::cluster_unavailable, "nothing was fired: " + reason, std::move(data)};
}

}  // namespace hookd::protocol
