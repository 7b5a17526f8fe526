// SPDX-License-Identifier: BSL-1.0
#include "environment.hpp"

#include <algorithm>
#include <array>

namespace hookd::hookctl {

namespace {

constexpr std::array<std::string_view, 53> names{
    // the repository
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_NO_LAZY_FETCH",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_REF_STORAGE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_ATTR_SOURCE",
    "GIT_ATTR_NOSYSTEM",
    "GIT_REF_PARANOIA",
    "GIT_COMMIT_GRAPH_PARANOIA",
    "GIT_PREDICTABLE_OUTPUT",
    // how it works
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_OPTIONAL_LOCKS",
    "GIT_MERGE_VERBOSITY",
    "GIT_MERGE_AUTOEDIT",
    "GIT_TERMINAL_PROMPT",
    "GIT_ADVICE",
    "GIT_FLUSH",
    "GIT_DIFF_OPTS",
    "GIT_CONFIG_NOSYSTEM",
    // what it does, and for whom
    "GIT_REFLOG_ACTION",
    "GIT_CHERRY_PICK_HELP",
    "GIT_PROTOCOL",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_ALLOW_PROTOCOL",
    "GIT_HTTP_EXPORT_ALL",
    "GIT_SENDEMAIL_FILE_COUNTER",
    "GIT_SENDEMAIL_FILE_TOTAL",
    "GIT_DIFF_PATH_COUNTER",
    "GIT_DIFF_PATH_TOTAL",
    "GIT_COMMIT",
    "REMOTE_USER",
    "REMOTE_ADDR",
    "REMOTE_HOST",
};
constexpr std::array<std::string_view, 5> beginnings{
    "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_PUSH_OPTION_", "GIT_PUSH_CERT", "GITHEAD_"};

}  // namespace

bool is_git_variable(std::string_view name) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end() ||
           std::any_of(
               beginnings.begin(), beginnings.end(), [name](std::string_view each) { return name.starts_with(each); });
}

}  // namespace hookd::hookctl
