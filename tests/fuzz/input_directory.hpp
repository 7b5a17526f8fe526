// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/temp_directory.hpp"

#include <string>

namespace hookd::test {

/// A directory for what a target's input is to be read from. One for the whole process: an input takes microseconds.
inline temp_directory& input_directory() {
    static temp_directory directory;
    return directory;
}

/// Writes `text` to the file `name` in it, which nobody but its owner may write to. Returns its path.
inline std::string input_file(const std::string& name, const std::string& text) {
    return write_secret(input_directory() / name, text);
}

/// A sentence for a person, on one line.
inline bool is_one_line(const std::string& message) {
    return !message.empty() && message.find('\n') == std::string::npos;
}

}  // namespace hookd::test
