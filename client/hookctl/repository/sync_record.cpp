// SPDX-License-Identifier: BSL-1.0
#include "sync_record.hpp"

#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>

#include <string_view>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view sync_title =
    "hookd sync 1\n";  // then the directory, up to the end: a path may have line ends
constexpr std::size_t longest_record = 8192;

fs::path record_of(const fs::path& common_dir) { return common_dir / "hookd-sync"; }

}  // namespace

std::optional<fs::path> synced_directory(const fs::path& common_dir) {
    if (common_dir.empty()) {
        return std::nullopt;
    }
    const auto text = base::read_front(record_of(common_dir), longest_record).value_or("");
    if (!text.starts_with(sync_title)) {
        return std::nullopt;
    }
    return fs::path(text.substr(sync_title.size()));
}

void record_sync(const fs::path& common_dir) {
    base::replace_file(record_of(common_dir), std::string(sync_title) + common_dir.string(), 0644);
}

void forget_sync(const fs::path& common_dir) { fs::remove(record_of(common_dir)); }

std::string moved_repository_text(const fs::path& common_dir) {
    const auto synced = synced_directory(common_dir);
    if (!synced || *synced == common_dir) {
        return {};
    }
    return "this repository was moved or copied from " + synced->string() +
           ", and the hooks of its .hookd.toml are registered for that place: type hookctl sync to register them for "
           "this one, or hookctl unsync to do without them";
}

}  // namespace hookd::hookctl
