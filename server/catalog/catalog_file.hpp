// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "schema.hpp"

#include <hookd/server/catalog.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::catalogs {

/// One event of a catalog, as its file describes it.
struct catalog_entry {
    std::string name{};
    std::string description{};
    std::string schema_version = "1";   ///< JSON: a number or a string
    std::string payload_schema = "{}";  ///< JSON, as it stands in the file
    std::string response_schema = "{}";
    server::catalog::defaults defaults{};
    std::optional<schema> payload{};  ///< nothing where all is allowed
    std::optional<schema> response{};
    std::filesystem::path file{};
    std::size_t name_line = 1;
};

/// A file as it was read: one JSON object in which no name is repeated.
struct catalog_source {
    std::filesystem::path file{};
    std::string text{};
};

/// Reads one file. Throws server::catalog_error.
[[nodiscard]] catalog_source read_catalog_source(const std::filesystem::path& file);

/// The event that `source` describes. `read` gives the text of another file of its directory, for `$ref`. Throws
/// server::catalog_error.
[[nodiscard]] catalog_entry read_catalog_entry(
    const catalog_source& source, const std::function<std::optional<std::string_view>(const std::string& name)>& read);

/// Bytes of one file.
inline constexpr std::size_t max_catalog_file_bytes = std::size_t{1} << 20;

}  // namespace hookd::catalogs
