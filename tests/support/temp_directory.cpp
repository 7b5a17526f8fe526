// SPDX-License-Identifier: BSL-1.0
#include "temp_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hookd::test {

temp_directory::temp_directory() {
    path_ = (std::filesystem::temp_directory_path() / "hookd-test-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), "mkdtemp " + path_);
    }
}

temp_directory::~temp_directory() {
    std::error_code ignored;  // a directory left behind in /tmp spoils no test
    std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) {
        throw std::runtime_error("cannot write " + path);
    }
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

}  // namespace hookd::test
