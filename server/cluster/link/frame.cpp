// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/frame.hpp"

#include <hookd/protocol/framing.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace hookd::link {
namespace {

constexpr std::size_t prefix_bytes = 4;
constexpr std::size_t usual_bytes = 512;

}  // namespace

base::object_writer begin_notification(std::string_view method) {
    std::string begun;
    begun.reserve(usual_bytes);
    begun.append(prefix_bytes, '\0');
    begun += R"({"jsonrpc":"2.0","method":"cluster.)";
    begun += method;
    begun += R"(","params":)";
    return base::object_writer{std::move(begun)};
}

std::string frame_of(base::object_writer& params) {
    std::string frame = params.finish() += '}';
    std::array<char, protocol::max_frame_prefix> prefix{};
    protocol::write_frame_prefix(protocol::framing::length_prefix, frame.size() - prefix_bytes, prefix.data());
    std::copy_n(prefix.begin(), prefix_bytes, frame.begin());
    return frame;
}

std::string_view body_of(std::string_view frame) noexcept { return frame.substr(prefix_bytes); }

}  // namespace hookd::link
