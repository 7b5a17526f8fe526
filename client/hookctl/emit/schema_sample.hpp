// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// A JSON value that a JSON Schema (draft 7) plainly describes: its `const`, its `default`, the first of its `examples`
/// or of its `enum`; else the least of its `type`, an object with all of its `properties`. A `pattern`, a `$ref` and
/// combinations of schemas are not looked at, so that it may not match. `schema`: a valid JSON value without white
/// space around it; anything but an object brings `{}`.
[[nodiscard]] std::string schema_sample(std::string_view schema);

}  // namespace hookd::hookctl
