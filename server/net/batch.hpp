#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace hookd::server {

/// The answers to a JSON-RPC batch (JSON-RPC 2.0, section 6): one array, sent when all of them are there.
///
/// Thread-safety: none (broker's strand).
class batch {
public:
    explicit batch(std::size_t elements) : parts_(elements), missing_(elements) {}

    /// Element `index` has its answer; an empty one for a notification. Returns whether it was the last.
    [[nodiscard]] bool complete(std::size_t index, std::string answer) {
        parts_[index] = std::move(answer);
        return --missing_ == 0;
    }

    /// The array, in the order of the requests; empty where there were notifications only.
    [[nodiscard]] std::string take() const {
        std::string array;
        for (const auto& part : parts_) {
            if (!part.empty()) {
                array += array.empty() ? '[' : ',';
                array += part;
            }
        }
        if (!array.empty()) {
            array += ']';
        }
        return array;
    }

private:
    std::vector<std::string> parts_;
    std::size_t missing_;
};

}  // namespace hookd::server
