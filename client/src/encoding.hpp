// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/reply.hpp>
#include <hookd/requests.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Requests as JSON text. Each encode_… returns the `params` of its method (hookd/protocol/methods.hpp) and throws
/// error (invalid_argument) where a text that has to be JSON is not: what is spliced into a request must be checked
/// first.
namespace hookd::detail {

[[nodiscard]] std::string encode_emit(std::string_view name, std::string_view payload, const emit_options& options);
[[nodiscard]] std::string encode_emit_and_wait(
    std::string_view name, std::string_view payload, const wait_options& options);
[[nodiscard]] std::string encode_await_response(
    std::string_view hook_event_id, std::optional<std::chrono::milliseconds> timeout);
[[nodiscard]] std::string encode_respond(std::string_view hook_event_id, const reply& answer);
/// Which notifications a session gets besides events.
struct wanted_notices {
    bool cancellations = false;
    bool verdicts = false;
};
[[nodiscard]] std::string encode_subscribe(const subscribe_options& options, const wanted_notices& notices = {});
[[nodiscard]] std::string encode_cancel(std::uint64_t id);

/// Checks the `params` of a raw call: a JSON object or empty.
void check_params(std::string_view params);

/// Appends one frame of the native framing. An `id` of 0 makes a notification. Throws error (invalid_argument), and
/// appends nothing, for a frame larger than any daemon may read (protocol::max_max_frame_bytes): its length would not
/// even be taken for the native framing.
void append_request_frame(std::string& out, std::uint64_t id, std::string_view method, std::string_view params);

}  // namespace hookd::detail
