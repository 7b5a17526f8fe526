// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/text.hpp>

#include <boost/container/static_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hookd::protocol::detail {

/// Finds a name that stands twice in one object, compared after decoding escapes.
///
/// An object of a request has a handful of members, which are compared pair by pair as they come. A hostile one may
/// have millions: past `few`, only a hash and the place of each name are kept (8 bytes, no more than the name itself
/// took in the frame), and sorted once at the end, so the time is n log n whatever the names are, and no choice of them
/// that makes hashes collide helps.
class name_set {
public:
    /// `text` is what all names lie in; at most 4 GiB.
    explicit name_set(std::string_view text) noexcept : text_(text) {}

    /// `may_be_escaped`: false where neither this name nor one before has an escape.
    void add(base::json_string name, bool may_be_escaped) {
        if (repeated_) {
            return;
        }
        if (first_.size() == few) {
            add_to_many(name);
            return;
        }
        for (const base::json_string& early : first_) {
            if (same_name(early, name, may_be_escaped)) {
                repeated_ = name;
            }
        }
        first_.push_back(name);
    }

    /// A name that was added twice, if there is one.
    [[nodiscard]] std::optional<base::json_string> repeated() {
        return repeated_ || many_.empty() ? repeated_ : find_repeated();
    }

private:
    static constexpr std::size_t few = 16;

    static bool same_name(base::json_string left, base::json_string right, bool may_be_escaped) {
        if (!may_be_escaped) {
            return left.raw == right.raw;
        }
        return left.has_escapes() ? right.equals(left.decode()) : right.equals(left.raw);
    }

    void add_to_many(base::json_string name);
    [[nodiscard]] std::optional<base::json_string> find_repeated();
    [[nodiscard]] base::json_string name_at(std::uint64_t entry) const noexcept;

    std::string_view text_;
    boost::container::static_vector<base::json_string, few> first_{};
    std::optional<base::json_string> repeated_{};
    std::vector<std::uint64_t> many_{};  // hash in the upper half, offset in `text_` in the lower
};

}  // namespace hookd::protocol::detail
