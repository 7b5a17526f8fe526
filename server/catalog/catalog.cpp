// SPDX-License-Identifier: BSL-1.0
#include <hookd/server/catalog.hpp>

#include "catalog_file.hpp"

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/glob.hpp>
#include <base/text/nearest.hpp>

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

namespace hookd::server {

using catalogs::catalog_entry;
using protocol::errc;
using protocol::error;

namespace {

constexpr std::size_t most_files = 1024;
constexpr std::size_t most_bytes = std::size_t{16} << 20;

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out += out.back() == '{' ? "\"" : ",\"";
    out += name;
    out += "\":";
    base::append_json_string(out, text);
}

class file_catalog final : public catalog {
public:
    void add(catalog_entry entry) {
        if (const auto at = entries_.find(entry.name); at != entries_.end()) {
            throw catalog_error(entry.file.string() + ":" + std::to_string(entry.name_line) + ": the event \"" +
                                at->first + "\" is described in " + at->second.file.string() + " already");
        }
        names_.push_back(entry.name);
        entries_.emplace(names_.back(), std::move(entry));
    }

    [[nodiscard]] std::size_t size() const noexcept override { return entries_.size(); }

    [[nodiscard]] defaults defaults_of(std::string_view event) const override {
        const auto known = entries_.find(event);
        return known == entries_.end() ? defaults{} : known->second.defaults;
    }

    using catalog::check_event;
    using catalog::check_reply;

    [[nodiscard]] std::optional<error> check_event(
        std::string_view event, std::string_view payload, check_limit& limit) const override {
        const auto known = entries_.find(event);
        if (known == entries_.end()) {
            return unknown("event", event);
        }
        return known->second.payload ? check(known->first, "payload", *known->second.payload, payload, limit)
                                     : std::nullopt;
    }

    [[nodiscard]] std::optional<error> check_patterns(const std::vector<std::string>& patterns) const override {
        for (const auto& pattern : patterns) {
            if (!base::is_glob(pattern)) {
                if (!entries_.contains(pattern)) {
                    return unknown("event", pattern);
                }
            } else if (std::none_of(names_.begin(), names_.end(),
                           [&pattern](const std::string& name) { return base::glob_matches(pattern, name); })) {
                return unknown("pattern", pattern);
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<error> check_reply(
        std::string_view event, std::string_view response, check_limit& limit) const override {
        const auto known = entries_.find(event);  // an event that was emitted before a reload may be unknown by now
        return known != entries_.end() && known->second.response
                   ? check(known->first, "response", *known->second.response, response, limit)
                   : std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> payload_without_secrets(
        std::string_view event, std::string_view payload) const override {
        const auto known = entries_.find(event);
        return known == entries_.end() ? std::nullopt : hidden(known->second.payload, payload);
    }

    [[nodiscard]] std::optional<std::string> reply_without_secrets(
        std::string_view event, std::string_view response) const override {
        const auto known = entries_.find(event);
        if (known == entries_.end()) {
            return std::nullopt;
        }
        auto shown = hidden(known->second.response, response);
        // In a chain a reply's `payload` takes the place of the event's.
        const std::string_view text = shown ? std::string_view{*shown} : response;
        const auto rewrite = base::value_view{text}["payload"];
        if (const auto payload = rewrite.empty() ? std::nullopt : hidden(known->second.payload, rewrite.text())) {
            std::string without{text};
            without.replace(
                static_cast<std::size_t>(rewrite.text().data() - text.data()), rewrite.text().size(), *payload);
            shown = std::move(without);
        }
        return shown;
    }

    [[nodiscard]] std::variant<std::string, error> schemas(std::string_view event) const override {
        std::string out = R"({"schemas":[)";
        if (event.empty()) {
            for (const auto& each : entries_) {
                out += out.back() == '[' ? "" : ",";
                append(out, each.second);
            }
        } else if (const auto known = entries_.find(event); known != entries_.end()) {
            append(out, known->second);
        } else {
            return unknown("event", event);
        }
        return out += "]}";
    }

private:
    static std::optional<std::string> hidden(const std::optional<catalogs::schema>& described, std::string_view value) {
        return described && described->has_secrets() ? std::optional{described->without_secrets(value)} : std::nullopt;
    }

    static void append(std::string& out, const catalog_entry& entry) {
        out += '{';
        append_member(out, "event", entry.name);
        out += ",\"schema_version\":" + entry.schema_version;
        append_member(out, "description", entry.description);
        out += ",\"payload_schema\":" + entry.payload_schema;
        out += ",\"response_schema\":" + entry.response_schema + '}';
    }

    [[nodiscard]] error unknown(std::string_view kind, std::string_view name) const {
        const auto near = base::nearest(name, {names_.begin(), names_.end()});
        std::string data = "{";
        append_member(data, kind, name);
        std::string message = kind == "event"
                                  ? "the catalog has no event \"" + std::string{name} + "\""
                                  : "no event of the catalog matches the pattern \"" + std::string{name} + "\"";
        if (near.empty()) {
            message += ": see hookctl schema";
        } else {
            message += "; did you mean \"" + std::string{near} + "\"?";
            append_member(data, "nearest", near);
        }
        return {errc::not_in_catalog, std::move(message), data + '}'};
    }

    static std::optional<error> check(const std::string& event, std::string_view part, const catalogs::schema& wanted,
        std::string_view value, check_limit& limit) {
        const auto wrong = wanted.check(value, limit);
        if (!wrong) {
            return std::nullopt;
        }
        std::string data = "{";
        append_member(data, "event", event);
        append_member(data, "in", part);
        append_member(data, "pointer", wrong->pointer);
        append_member(data, "rule", wrong->rule);
        append_member(data, "detail", wrong->detail);
        return error{errc::not_in_catalog,
            "the " + std::string{part} + " of \"" + event +
                "\" does not match its schema: " + (wrong->pointer.empty() ? "it" : wrong->pointer) + " " +
                wrong->detail + (wrong->rule.empty() ? "" : " (" + wrong->rule + ")"),
            data + '}'};
    }

    std::map<std::string, catalog_entry, std::less<>> entries_{};
    std::vector<std::string> names_{};
};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory) {
    const auto refuse = [&directory](const std::string& why) {
        throw catalog_error("catalog " + directory.string() + ": " + why);
    };
    std::vector<std::filesystem::path> files;
    std::error_code failure;
    std::filesystem::directory_iterator each{directory, failure};
    for (; !failure && each != std::filesystem::directory_iterator{}; each.increment(failure)) {
        const auto& path = each->path();
        if (path.extension() == ".json" && path.filename().native().front() != '.') {
            files.push_back(path);
        }
        if (files.size() > most_files) {
            refuse("it has more than " + std::to_string(most_files) + " files");
        }
    }
    if (failure) {
        refuse(failure.message() + "; give a directory of JSON files, one an event");
    }
    if (files.empty()) {
        refuse("it has no file *.json, so there would be no event at all");
    }
    std::sort(files.begin(), files.end());
    return files;
}

void add_directory(file_catalog& events, const std::filesystem::path& directory) {
    std::map<std::string, catalogs::catalog_source, std::less<>> sources;
    std::size_t bytes = 0;
    for (const auto& file : files_of(directory)) {
        const auto at = sources.emplace(file.filename().string(), catalogs::read_catalog_source(file)).first;
        bytes += at->second.text.size();
        if (bytes > most_bytes) {
            throw catalog_error("catalog " + directory.string() + ": its files have more than 16 MiB");
        }
    }
    const auto read = [&sources](const std::string& name) {
        const auto found = sources.find(name);
        return found == sources.end() ? std::nullopt : std::optional{std::string_view{found->second.text}};
    };
    for (const auto& [name, source] : sources) {
        events.add(catalogs::read_catalog_entry(source, read));
    }
}

}  // namespace

std::shared_ptr<const catalog> load_catalog(const std::filesystem::path& directory) {
    return load_catalog(std::vector{directory});
}

std::shared_ptr<const catalog> load_catalog(const std::vector<std::filesystem::path>& directories) {
    auto result = std::make_shared<file_catalog>();
    for (const auto& each : directories) {
        add_directory(*result, each);
    }
    return result;
}

error no_catalog_error(std::string_view event) {
    std::string data = "{";
    append_member(data, "event", event);
    return {errc::not_in_catalog,
        "there is no schema of \"" + std::string{event} + "\": this daemon has no catalog (see --catalog of hookd)",
        data + '}'};
}

}  // namespace hookd::server
