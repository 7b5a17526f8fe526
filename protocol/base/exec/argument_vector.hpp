// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

namespace hookd::base {

/// What execve(2) takes: a pointer to each of the texts, then a null pointer. Valid until one of them changes.
[[nodiscard]] inline std::vector<char*> argument_vector(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace hookd::base
