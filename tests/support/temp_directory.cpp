// SPDX-License-Identifier: BSL-1.0
#include "temp_directory.hpp"

#include <sys/stat.h>

#include <cerrno>
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

namespace {

std::string write_with_mode(const std::string& path, const std::string& text, mode_t mode) {
    write_file(path, text);
    if (::chmod(path.c_str(), mode) != 0) {
        throw std::system_error(errno, std::generic_category(), "chmod " + path);
    }
    return path;
}

}  // namespace

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

std::string write_script(const std::string& path, const std::string& text) { return write_with_mode(path, text, 0700); }

std::string write_secret(const std::string& path, const std::string& text) { return write_with_mode(path, text, 0600); }

}  // namespace hookd::test
