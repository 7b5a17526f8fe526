// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hookd::core {

/// Takes out of payloads and replies what people are not to be shown. Each returns nothing where there is nothing to
/// take out.
///
/// Thread-safety: none (broker's strand).
class secret_filter {
public:
    [[nodiscard]] virtual std::optional<std::string> payload(
        std::string_view event_name, std::string_view payload) const = 0;
    [[nodiscard]] virtual std::optional<std::string> reply(
        std::string_view event_name, std::string_view response) const = 0;

protected:
    ~secret_filter() = default;
};

}  // namespace hookd::core
