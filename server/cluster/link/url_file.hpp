// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>
#include <string>

namespace hookd::link {

/// A URL file that cannot be used; what() names it, says why and what to type.
class url_file_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The URL in `file`: its one line that is neither blank nor starts with `#`. The file must be a regular one of this
/// user or root that nobody else can read or write. Throws url_file_error.
[[nodiscard]] std::string read_url_file(const std::string& file);

}  // namespace hookd::link
