// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::test::docs {

/// What is the same throughout one section: the ids that a document shows stand for those that a run makes. A UUID of
/// the document stands for any, but always for the same one, and no two for the same.
class id_book {
public:
    /// The id that this run made for one of the document's; null where none is known yet.
    [[nodiscard]] const std::string* find(const std::string& shown) const;
    /// False where it contradicts what is written already.
    bool bind(const std::string& shown, const std::string& real);
    /// A text of the document with all known ids replaced.
    [[nodiscard]] std::string translate(std::string_view text) const;

private:
    std::map<std::string, std::string> real_by_shown_{};
    std::map<std::string, std::string> shown_by_real_{};
};

/// Whether a line that was printed is the one that the document shows. `…` is any text; ids go by the book; times (RFC
/// 3339, `12:00:00.000`), durations
/// (`2.4 ms`, `"elapsed_ms":2.4`) and process ids (`pid 1`, `"pid":1`) may be any; all else is as it stands.
bool line_matches(const std::string& shown, const std::string& printed, id_book& ids);

/// Compares the output of one command, as it comes, with the lines that the document shows for it.
class transcript {
public:
    /// `any_order`: programs in the background may print in between.
    transcript(std::vector<std::string> shown, bool any_order, id_book& ids);

    /// False, and remembered as unexpected, where no shown line is left that it matches.
    bool take(const std::string& printed);

    [[nodiscard]] bool complete() const { return left_.empty(); }
    /// What is shown and was not printed.
    [[nodiscard]] const std::vector<std::string>& missing() const { return left_; }
    [[nodiscard]] const std::vector<std::string>& unexpected() const { return unexpected_; }

private:
    std::vector<std::string> left_;
    std::vector<std::string> unexpected_{};
    bool any_order_;
    id_book& ids_;
};

}  // namespace hookd::test::docs
