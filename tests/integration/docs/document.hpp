// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The examples of a Markdown document. The info string of a fenced block says how it is tested:
///
///     ```console             commands (`$ `, continued by `> `) and what they print; run, and compared (see
///     transcript)
///     ```console elsewhere   not run here: another suite does, or they change the machine (document_test lists them
///     all)
///     ```console no-daemon   as console; the first of a section that starts a daemon of its own
///     ```console fish        as console, in fish alone; not-fish: in the other shells
///     ```LANG file=NAME      a program of the reader's: written to NAME in the working directory of every section
///     ```LANG same-as=PATH   the same as the file PATH of the tree; written to that file's name, too
///
/// Any other block is a fault of the document.
namespace hookd::test::docs {

/// The documents whose examples are run, from the top of the source tree.
inline constexpr std::array<const char*, 4> document_paths{
    "README.md", "client/README.md", "server/README.md", "protocol/PROTOCOL.md"};

struct block {
    std::string language{};
    std::map<std::string, std::string> attributes{};  ///< words after the language; one without `=` has an empty value
    std::string text{};                               ///< with a line end after each line
    std::size_t line = 0;                             ///< of the document, where the text begins

    [[nodiscard]] bool has(const std::string& attribute) const { return attributes.contains(attribute); }
};

/// What one heading holds, without its subsections.
struct section {
    std::string title{};
    std::vector<block> blocks{};
};

struct document {
    std::string name{};
    std::vector<section> sections{};

    /// All blocks, in order.
    [[nodiscard]] std::vector<block> blocks() const;
};

/// Throws std::runtime_error, naming the line, where a fence is not closed or a block is of no known kind.
[[nodiscard]] document parse_document(std::string name, std::string_view text);

/// One command of a console block.
struct step {
    std::string command{};                ///< several lines where it is continued
    std::vector<std::string> expected{};  ///< lines that it prints
    std::size_t line = 0;                 ///< of the document
};

/// Throws std::runtime_error where the block does not begin with a command.
[[nodiscard]] std::vector<step> parse_console(const block& console);

}  // namespace hookd::test::docs
