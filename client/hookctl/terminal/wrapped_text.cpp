// SPDX-License-Identifier: BSL-1.0
#include "wrapped_text.hpp"

#include "full_screen.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace hookd::hookctl {

std::size_t output_columns() {
    if (::isatty(STDOUT_FILENO) == 0) {
        return 0;
    }
    const char* const variable = std::getenv("COLUMNS");
    const std::string_view wanted = variable != nullptr ? variable : "";
    std::size_t columns = 0;
    const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), columns);
    const bool is_number = read.ec == std::errc{} && read.ptr == wanted.data() + wanted.size() && columns > 0;
    return is_number ? columns : full_screen::current_size().columns;
}

}  // namespace hookd::hookctl
