// SPDX-License-Identifier: BSL-1.0
#include "app/config_file.hpp"

#include <base/posix/read_file.hpp>
#include <base/posix/safe_directory.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hookd::server {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;  // so that --config /dev/zero ends
constexpr std::chrono::milliseconds longest_silence{1'000};   // of a pipe: a SIGHUP must not hold up everybody
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_control(char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 || code == 0x7f;
}

std::string one_line(std::string text) {
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
}

std::string read_all(const std::filesystem::path& file) {
    std::string text;
    try {
        text = base::read_file(file, {.max_bytes = max_file_bytes, .stream_silence = longest_silence});
    } catch (const base::read_error& failure) {
        throw usage_error("cannot read the configuration file " + file.string() + ": " + failure.what() +
                          "; name another with --config or HOOKD_CONFIG, or none");
    }
    try {
        base::check_file(file, "--config");
    } catch (const std::runtime_error& unsafe) {
        throw usage_error("the configuration may be under another user's control: " + std::string{unsafe.what()});
    }
    return text;
}

/// One line's text, taken from the left.
class value_reader {
public:
    value_reader(std::string_view text, std::string place) : left_(text), place_(std::move(place)) {}

    void read(config_entry& entry) {
        skip_blanks();
        if (left_.empty() || left_.front() == '#') {
            refuse("a value is missing after the =");
        }
        if (left_.front() == '[') {
            entry.is_array = true;
            read_array(entry.values);
        } else {
            entry.values.push_back(left_.front() == '"' || left_.front() == '\'' ? quoted() : bare(" #"));
        }
        skip_blanks();
        if (!left_.empty() && left_.front() != '#') {
            refuse("there is more after the value: quote it as a whole");
        }
    }

private:
    void read_array(std::vector<std::string>& texts) {
        left_.remove_prefix(1);
        for (bool first = true;; first = false) {
            skip_blanks();
            if (!first && !left_.empty() && left_.front() == ',') {
                left_.remove_prefix(1);
                skip_blanks();
            } else if (!first && !left_.empty() && left_.front() != ']') {
                refuse("a comma is missing in the array");
            }
            if (left_.empty()) {
                refuse("the array's ] is missing: write an array on one line");
            }
            if (left_.front() == ']') {
                left_.remove_prefix(1);
                return;
            }
            texts.push_back(left_.front() == '"' || left_.front() == '\'' ? quoted() : bare(",]#"));
            if (texts.back().empty()) {
                refuse("a value is missing in the array");
            }
        }
    }

    std::string quoted() {
        const char quote = left_.front();
        left_.remove_prefix(1);
        std::string text;
        while (!left_.empty() && left_.front() != quote) {
            if (quote == '"' && left_.front() == '\\') {
                left_.remove_prefix(1);
                if (left_.empty() || (left_.front() != '"' && left_.front() != '\\')) {
                    refuse("\\ must be followed by \" or \\ in \"quoted\" text; use 'quoted' text where it is meant");
                }
            }
            text.push_back(left_.front());
            left_.remove_prefix(1);
        }
        if (left_.empty()) {
            refuse(std::string{"the closing "} + quote + " is missing");
        }
        left_.remove_prefix(1);
        return text;
    }

    /// `ends` is a set of characters, or a blank and `#`: then a `#` within a word belongs to it.
    std::string bare(std::string_view ends) {
        const auto end =
            ends.front() == ' ' ? std::min(left_.find(" #"), left_.find("\t#")) : left_.find_first_of(ends);
        const auto text = trimmed(left_.substr(0, end));
        left_.remove_prefix(std::min(end, left_.size()));
        return std::string{text};
    }

    void skip_blanks() { left_.remove_prefix(std::min(left_.find_first_not_of(blanks), left_.size())); }

    [[noreturn]] void refuse(const std::string& why) const { throw usage_error(place_ + why); }

    std::string_view left_;
    std::string place_;
};

}  // namespace

usage_error::usage_error(std::string message) : std::runtime_error(one_line(std::move(message))) {}

std::vector<config_entry> read_config_file(const std::filesystem::path& file) {
    const auto text = read_all(file);
    std::vector<config_entry> entries;
    int number = 0;
    for (std::string_view left = text; !left.empty();) {
        const auto end = std::min(left.find('\n'), left.size());
        const auto line = trimmed(left.substr(0, end));
        left.remove_prefix(std::min(end + 1, left.size()));
        ++number;
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const auto place = file.string() + ":" + std::to_string(number) + ": ";
        if (line.front() == '[') {
            throw usage_error(place + "sections are not supported: write key = value lines only");
        }
        if (std::any_of(line.begin(), line.end(), [](char c) { return is_control(c) && c != '\t'; })) {
            throw usage_error(place + "a control character is in this line: remove it");
        }
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            throw usage_error(place + "this line is not key = value");
        }
        config_entry entry;
        entry.key = trimmed(line.substr(0, equals));
        entry.line = number;
        value_reader{line.substr(equals + 1), place + entry.key + ": "}.read(entry);
        for (const auto& earlier : entries) {
            if (earlier.key == entry.key) {
                throw usage_error(
                    place + entry.key + " is in line " + std::to_string(earlier.line) + " already: keep one of them");
            }
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::string quoted_config_text(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted.push_back('\\');
        }
        quoted.push_back(c);
    }
    return quoted += '"';
}

}  // namespace hookd::server
