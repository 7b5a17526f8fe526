// SPDX-License-Identifier: BSL-1.0
#include "cluster/cluster_options.hpp"

#include "cluster/link/url_file.hpp"

#include <base/posix/safe_directory.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace hookd::cluster {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view events_key = "events=";

struct engine {
    std::string_view scheme;
    std::string_view program;
};

constexpr std::array engines{engine{"postgresql://", "hookd-postgres"}, engine{"postgres://", "hookd-postgres"},
    engine{"nats://", "hookd-nats"}, engine{"tls://", "hookd-nats"}};

const engine* engine_of(const std::string& url) {
    const auto found = std::find_if(
        engines.begin(), engines.end(), [&url](const engine& each) { return url.starts_with(each.scheme); });
    return found == engines.end() ? nullptr : &*found;
}

fs::path own_directory() {
    std::error_code unknown;
    return fs::read_symlink("/proc/self/exe", unknown).parent_path();
}

std::vector<fs::path> helper_directories() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    if (const char* const named = std::getenv("HOOKD_LIBEXEC"); named != nullptr && *named != '\0') {
        return {named};
    }
    const auto own = own_directory();
    return {own, own.parent_path() / "lib/hookd", own.parent_path() / "libexec/hookd"};
}

}  // namespace

membership_options parse_membership(const std::string& text) {
    const auto comma = text.find(',');
    membership_options result{fs::path{text.substr(0, comma)}, {}};
    if (result.url_file.empty()) {
        throw std::invalid_argument("must begin with the path of a file that holds the URL of the cluster's engine");
    }
    result.url_file = fs::absolute(result.url_file);
    if (comma == std::string::npos) {
        return result;
    }
    const auto more = text.substr(comma + 1);
    if (!more.starts_with(events_key)) {
        throw std::invalid_argument("must be FILE or FILE,events=GLOB:GLOB:..., not \"" + text + "\"");
    }
    for (std::size_t at = events_key.size(); at <= more.size();) {
        const auto end = std::min(more.find(':', at), more.size());
        auto pattern = more.substr(at, end - at);
        if (!protocol::is_pattern(pattern)) {
            throw std::invalid_argument(
                "has the pattern \"" + pattern +
                "\", which matches no event: a pattern is 1 to 128 characters of A-Z a-z 0-9 _ . / - * ?");
        }
        result.events.push_back(std::move(pattern));
        at = end + 1;
    }
    return result;
}

std::string membership_text(const membership_options& options) {
    auto text = options.url_file.string();
    for (const auto& each : options.events) {
        text += (&each == &options.events.front() ? ",events=" : ":") + each;
    }
    return text;
}

std::string read_url(const fs::path& file) {
    auto url = hookd::link::read_url_file(file.string());
    base::check_file(file, "--cluster");
    if (engine_of(url) == nullptr) {
        const auto scheme = url.find("://");
        throw std::runtime_error(
            file.string() + " has " +
            (scheme == std::string::npos ? "no URL" : "a URL of the scheme " + url.substr(0, scheme)) +
            ": write postgresql://HOST/DATABASE or nats://HOST");
    }
    return url;
}

fs::path helper_for(const std::string& url) {
    const auto program = engine_of(url)->program;
    for (const auto& directory : helper_directories()) {
        auto path = directory / program;
        if (::access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path)) {
            return path;
        }
    }
    throw std::runtime_error("the program " + std::string{program} +
                             ", which links hookd to the cluster's engine, is not there: install it beside hookd, " +
                             "in lib/hookd, or name its directory in HOOKD_LIBEXEC");
}

}  // namespace hookd::cluster
