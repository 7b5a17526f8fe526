// SPDX-License-Identifier: BSL-1.0
#include "catalog_file.hpp"

#include "decimal.hpp"
#include "json_place.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/read_file.hpp>
#include <base/text/nearest.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace hookd::catalogs {

using base::json_kind;
using server::catalog_error;

namespace {

std::string read_all(const std::filesystem::path& file) try {
    return base::read_file(file, {.max_bytes = max_catalog_file_bytes});
} catch (const base::read_error& failure) {
    throw catalog_error(file.string() + ": cannot be read: " + failure.what());
}

constexpr std::array<std::string_view, 10> known_members{"name", "description", "schema_version", "payload_schema",
    "response_schema", "timeout_ms", "policy", "failure_policy", "require", "scope"};

using file_reader = std::function<std::optional<std::string_view>(const std::string& name)>;

class entry_reader {
public:
    entry_reader(const catalog_source& source, const file_reader& read) : text_(source.text), read_(read) {
        entry_.file = source.file;
    }

    void check_text() const {
        if (const auto fault = base::find_json_fault(text_)) {
            refuse(fault->offset, "this is not valid JSON: " + std::string{fault->reason});
        }
        const auto object = base::trimmed_json(text_);
        if (base::kind_of(object) != json_kind::object) {
            refuse(object, "an event is described by a JSON object");
        }
        if (const auto repeated = find_repeated_name(text_)) {
            refuse(repeated->offset, "\"" + repeated->name + "\" is repeated in one object");
        }
    }

    catalog_entry read() {
        const auto object = base::trimmed_json(text_);
        for (const auto& member : base::value_view(object).members()) {
            read_member(member.key.decode(), member.value);
        }
        if (entry_.name.empty()) {
            refuse(object, "\"name\", the event's name, is missing");
        }
        if (entry_.defaults.scope == protocol::event_scope::cluster &&
            entry_.defaults.policy == protocol::wait_policy::chain) {
            refuse(object, "\"policy\" \"chain\" is for \"scope\" \"local\" only");
        }
        return std::move(entry_);
    }

private:
    [[noreturn]] void refuse(std::size_t offset, const std::string& why) const {
        throw catalog_error(entry_.file.string() + ":" + std::to_string(line_of(offset)) + ": " + why);
    }
    [[noreturn]] void refuse(std::string_view part, const std::string& why) const { refuse(offset_of(part), why); }

    [[nodiscard]] std::size_t line_of(std::size_t offset) const {
        const auto before = text_.substr(0, offset);
        return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    }

    [[nodiscard]] std::size_t offset_of(std::string_view part) const {
        return static_cast<std::size_t>(part.data() - text_.data());
    }

    void read_member(const std::string& key, std::string_view value) {
        if (key == "name") {
            entry_.name = string(key, value);
            entry_.name_line = line_of(offset_of(value));
            if (!protocol::is_event_name(entry_.name)) {
                refuse(value, "\"name\" must have 1 to 128 characters of A-Z a-z 0-9 _ . : / -");
            }
        } else if (key == "description") {
            entry_.description = string(key, value);
        } else if (key == "schema_version") {
            if (base::kind_of(value) != json_kind::number && base::kind_of(value) != json_kind::string) {
                refuse(value, "\"schema_version\" must be a number or a string");
            }
            entry_.schema_version = value;
        } else if (key == "payload_schema") {
            read_schema_member(key, value, entry_.payload_schema, entry_.payload);
        } else if (key == "response_schema") {
            read_schema_member(key, value, entry_.response_schema, entry_.response);
        } else if (key == "timeout_ms") {
            read_timeout(value);
        } else if (key == "policy") {
            entry_.defaults.policy = choice(key, value,
                std::array{protocol::wait_policy::first, protocol::wait_policy::veto, protocol::wait_policy::all,
                    protocol::wait_policy::chain});
        } else if (key == "failure_policy") {
            entry_.defaults.on_failure =
                choice(key, value, std::array{protocol::failure_policy::open, protocol::failure_policy::closed});
        } else if (key == "scope") {
            entry_.defaults.scope =
                choice(key, value, std::array{protocol::event_scope::local, protocol::event_scope::cluster});
        } else if (key == "require") {
            read_required(value);
        } else {
            const auto near = base::nearest(key, {known_members.begin(), known_members.end()});
            std::string all;
            for (const auto each : known_members) {
                all += (all.empty() ? "" : ", ") + std::string{each};
            }
            refuse(value, "unknown member \"" + key + "\"" +
                              (near.empty() ? "; there are " + all : "; did you mean \"" + std::string{near} + "\"?"));
        }
    }

    [[nodiscard]] std::string string(const std::string& key, std::string_view value) const {
        if (base::kind_of(value) != json_kind::string) {
            refuse(value, "\"" + key + "\" must be a string");
        }
        return base::json_string{value.substr(1, value.size() - 2)}.decode();
    }

    template <class Enum, std::size_t Count>
    [[nodiscard]] Enum choice(
        const std::string& key, std::string_view value, const std::array<Enum, Count>& choices) const {
        std::string known;
        for (const auto each : choices) {
            const auto name = '"' + std::string{to_string(each)} + '"';
            if (value == name) {
                return each;
            }
            known += (known.empty() ? "" : each == choices.back() ? " or " : ", ") + name;
        }
        refuse(value, "\"" + key + "\" must be " + known);
    }

    void read_required(std::string_view value) {
        if (base::kind_of(value) != json_kind::array) {
            refuse(value, "\"require\" must be an array of names of responders, such as [\"reviewer\"]");
        }
        auto& names = entry_.defaults.require;
        for (const auto& element : base::value_view(value).elements()) {
            std::string name = base::kind_of(element) == json_kind::string ? string("require", element) : std::string{};
            if (!protocol::is_subscriber_name(name)) {
                refuse(element, "\"require\" must hold names of 1 to 128 printable characters");
            }
            if (names.size() == protocol::max_required) {
                refuse(element, "\"require\" must hold at most " + std::to_string(protocol::max_required) + " names");
            }
            names.push_back(std::move(name));
        }
    }

    void read_timeout(std::string_view value) {
        constexpr auto most = protocol::max_timeout.count();
        if (base::kind_of(value) == json_kind::number) {
            const decimal number{value};
            if (number.is_integer() && number >= decimal{"1"} && number <= decimal{std::to_string(most)}) {
                entry_.defaults.timeout = std::chrono::milliseconds{number.to_count()};
                return;
            }
        }
        refuse(value, "\"timeout_ms\" must be an integer from 1 to " + std::to_string(most) + ", in milliseconds");
    }

    void read_schema_member(
        const std::string& key, std::string_view value, std::string& as_text, std::optional<schema>& compiled) const {
        as_text = value;
        try {
            compiled.emplace(value, schema_origin{entry_.file.filename().string(), key, read_});
        } catch (const invalid_schema& wrong) {
            refuse(base::nearest_value(value, wrong.pointer()), wrong.what());
        }
        if (compiled->allows_everything()) {
            compiled.reset();
        }
    }

    std::string_view text_;
    const file_reader& read_;
    catalog_entry entry_{};
};

}  // namespace

catalog_source read_catalog_source(const std::filesystem::path& file) {
    catalog_source source{file, read_all(file)};
    entry_reader{source, {}}.check_text();
    return source;
}

catalog_entry read_catalog_entry(const catalog_source& source, const file_reader& read) {
    return entry_reader{source, read}.read();
}

}  // namespace hookd::catalogs
