// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/object_writer.hpp>

#include <string>
#include <string_view>

namespace hookd::link {

/// Begins the notification `cluster.METHOD` in a frame of the native framing: its params are written to what it
/// returns, and frame_of() makes the frame.
[[nodiscard]] base::object_writer begin_notification(std::string_view method);
[[nodiscard]] std::string frame_of(base::object_writer& params);
[[nodiscard]] inline std::string frame_of(base::object_writer&& params) { return frame_of(params); }

/// The JSON text in such a frame.
[[nodiscard]] std::string_view body_of(std::string_view frame) noexcept;

}  // namespace hookd::link
