// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "schema_document.hpp"

#include <hookd/server/catalog.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hookd::catalogs {

/// A text is no schema. what() says why; `pointer()` (JSON Pointer) where in it.
class invalid_schema : public std::runtime_error {
public:
    invalid_schema(std::string pointer, const std::string& why)
        : std::runtime_error(why), pointer_(std::move(pointer)) {}
    [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

private:
    std::string pointer_;
};

/// Where and how a value breaks a schema: the first fault that was found.
struct violation {
    std::string pointer{};  ///< JSON Pointer into the value; empty: the value as a whole
    std::string rule{};     ///< the schema's keyword, e.g. `required`; empty where the check was given up
    std::string detail{};   ///< what the rule asks for, as a part of a sentence: "must be a string"
};

/// A compiled JSON Schema (draft 7). Values are checked as they stand in the text, without a document, numbers exactly.
/// Where an object repeats a name, each of the values must match, since readers differ in which one they take.
///
/// `$ref` reaches what schema_origin says. `format` and other annotations are not checked. A pattern is checked in
/// linear time, and one check takes at most most_steps and steps_a_byte for each byte of the value. A step takes 60 ns
/// at most, mostly 10: 16 MiB of what git.pre_receive says take 0.3 s; the worst schema takes 2 s, and 60 ms where the
/// value is short. Whoever must not wait that long gives a limit.
///
/// Thread-safety: as a const object.
class schema {
public:
    static constexpr std::size_t most_steps = 1'000'000;
    /// What schemas that look at each part of a value once or twice stay below: an array of one-digit numbers is the
    /// dearest, with 1.6.
    static constexpr std::size_t steps_a_byte = 2;

    /// `text`: valid JSON. Throws invalid_schema.
    explicit schema(std::string_view text, const schema_origin& origin = {});
    /// Whether every value matches, so that there is nothing to check.
    [[nodiscard]] bool allows_everything() const noexcept { return document_.allows_everything(); }

    [[nodiscard]] bool has_secrets() const noexcept { return document_.has_secrets; }
    /// `value`, valid JSON, with `"…"` in place of each part that a subschema with `x-secret` applies to.
    [[nodiscard]] std::string without_secrets(std::string_view value) const;

    /// `value`: valid JSON. Nothing where it matches.
    [[nodiscard]] std::optional<violation> check(std::string_view value) const;
    /// The same within `limit`: past it, limit.is_exceeded is set and what is returned says nothing.
    [[nodiscard]] std::optional<violation> check(std::string_view value, server::check_limit& limit) const;

private:
    explicit schema(schema_document document) : document_(std::move(document)) {}

    schema_document document_{};
};

}  // namespace hookd::catalogs
