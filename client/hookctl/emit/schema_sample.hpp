// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

struct schema_sample {
    std::string json{};
    /// Where the value may not match, and why: `/branch: no text is known for the pattern ^(?=x)`.
    std::vector<std::string> doubts{};
};

/// A JSON value that a JSON Schema (draft 7) describes: its `const`, its `default`, the first of its `examples` or of
/// its `enum`; else the least of its `type`, an object with all of its `properties`, as far as there is no `oneOf`:
/// then with those that are `required`. `$ref` within the schema and `allOf` are followed, of `anyOf` and `oneOf` the
/// first. `schema`: a valid JSON value; anything but an object brings `{}`.
[[nodiscard]] schema_sample sample_of_schema(std::string_view schema);

}  // namespace hookd::hookctl
