#pragma once

#include "schema.hpp"

#include <hookd/server/catalog.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace hookd::catalogs {

/// One event of a catalog, as its file describes it.
struct catalog_entry {
    std::string name{};
    std::string description{};
    std::string schema_version = "1";  ///< JSON: a number or a string
    std::string payload_schema = "{}"; ///< JSON, as it stands in the file
    std::string response_schema = "{}";
    server::catalog::defaults defaults{};
    std::optional<schema> payload{};   ///< nothing where all is allowed
    std::optional<schema> response{};
    std::filesystem::path file{};
    std::size_t name_line = 1;
};

/// Reads one file. Throws server::catalog_error.
[[nodiscard]] catalog_entry read_catalog_file(const std::filesystem::path& file);

/// Bytes of one file.
inline constexpr std::size_t max_catalog_file_bytes = std::size_t{1} << 20;

}  // namespace hookd::catalogs
