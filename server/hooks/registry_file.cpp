// SPDX-License-Identifier: BSL-1.0
#include "hooks/registry_file.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/file_lock.hpp>
#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>
#include <base/posix/safe_directory.hpp>
#include <base/posix/unique_fd.hpp>
#include <hookd/protocol/message.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace hookd::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{256} << 20;  // more than max_hooks commands can take
constexpr std::string_view version_text = "1";
constexpr std::chrono::seconds longest_wait_for_lock{1};

[[noreturn]] void fail(const std::string& action, const fs::path& path, int error) {
    throw std::runtime_error("cannot " + action + " " + path.string() + ": " + std::generic_category().message(error));
}

base::file_lock lock_beside(const fs::path& path) {
    auto lock_path = path;
    lock_path += ".lock";
    base::unique_fd opened{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!opened) {
        fail("lock the registry with", lock_path, errno);
    }
    base::file_lock lock{std::move(opened)};
    // Another daemon holds it for moments only. Whoever holds it for longer must not hold up this one, nor its end.
    bool is_held = false;
    try {
        is_held = lock.lock_within(longest_wait_for_lock);
    } catch (const std::system_error& failure) {
        fail("lock the registry with", lock_path, failure.code().value());
    }
    if (!is_held) {
        throw std::runtime_error(
            "the registry is in use: another process holds " + lock_path.string() + " (fuser names it)");
    }
    return lock;
}

/// The content; nothing where there is no such file.
std::optional<std::string> read_all(const fs::path& path) {
    using reason = base::read_error::reason;
    try {
        auto text = base::read_file(path, {.max_bytes = most_bytes, .trust = base::file_trust::guarded});
        base::check_file(path, "--registry");  // or another user could put another in its place
        return text;
    } catch (const base::read_error& failure) {
        switch (failure.why()) {
            case reason::absent:
                return std::nullopt;
            case reason::not_regular:
                throw std::runtime_error(
                    "the registry " + path.string() + " is not a file: choose another path with --registry");
            case reason::too_long:
                throw std::runtime_error("the registry " + path.string() + " is larger than any that hookd writes");
            case reason::foreign:
            case reason::writable:
                // Whoever may write to it decides what the daemon runs.
                throw std::runtime_error("the registry " + path.string() +
                                         " can be written by others, who could so run commands as you: see that it is "
                                         "what you want, then chown it and chmod 600 it");
            default:
                throw std::runtime_error("cannot read the registry " + path.string() + ": " + failure.what());
        }
    }
}

/// Reads the text of a registry; the first fault ends it.
class reader {
public:
    reader(const fs::path& path, std::string_view text) : path_(path), text_(text) {}

    [[nodiscard]] std::vector<registered_hook> read() const {
        if (const auto fault = base::find_json_fault(text_)) {
            fail(fault->offset, "this is not valid JSON: " + std::string{fault->reason});
        }
        const auto begin = text_.find_first_not_of(" \t\r\n");
        const auto document = text_.substr(begin, text_.find_last_not_of(" \t\r\n") + 1 - begin);
        std::string_view version;
        std::string_view hooks;
        each_member(document, [&](const base::json_member& member) {
            if (member.key.equals("version")) {
                version = member.value;
            } else if (member.key.equals("hooks")) {
                hooks = member.value;
            } else {
                refuse_unknown(member);
            }
        });
        if (version != version_text) {
            fail(document, "\"version\" must be 1: this registry is of another hookd");
        }
        std::vector<registered_hook> result;
        each_element(hooks.empty() ? document : hooks, [&](std::string_view element) {
            result.push_back(read_hook(element));
            const auto& name = result.back().definition.name;
            if (std::find_if(
                    result.begin(), result.end(), [&name](const auto& each) { return each.definition.name == name; }) +
                    1 !=
                result.end()) {
                fail(element, "there are two hooks of the name " + name);
            }
        });
        std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.definition.name < b.definition.name; });
        return result;
    }

private:
    [[nodiscard]] registered_hook read_hook(std::string_view text) const {
        registered_hook result;
        bool defined = false;
        each_member(text, [&](const base::json_member& member) {
            if (member.key.equals("hook")) {
                result.definition = read_definition(member.value);
                defined = true;
            } else if (member.key.equals("enabled")) {
                result.enabled = boolean_of(member.value);
            } else if (member.key.equals("pins")) {
                each_element(member.value, [&](std::string_view pin) { result.pins.push_back(read_pin(pin)); });
            } else {
                refuse_unknown(member);
            }
        });
        if (!defined || result.pins.empty()) {
            fail(text, "a hook has the members \"hook\" and \"pins\"");
        }
        return result;
    }

    // By the same rules as on the wire, which bind_params() has.
    [[nodiscard]] hook_definition read_definition(std::string_view text) const {
        protocol::request call;
        call.method.raw = protocol::register_hook_params::method;
        call.params = text;
        call.may_have_escapes = true;
        each_member(text, [&call](const base::json_member& member) {
            if (call.members.size() < protocol::max_params_members) {
                call.members.push_back(member);
            }
        });
        const auto bound = protocol::bind_params<protocol::register_hook_params>(call);
        if (const auto* const failure = std::get_if<protocol::error>(&bound)) {
            fail(text, failure->message);
        }
        return std::get<protocol::register_hook_params>(bound).definition();
    }

    [[nodiscard]] file_pin read_pin(std::string_view text) const {
        file_pin result;
        each_member(text, [&](const base::json_member& member) {
            if (member.key.equals("path")) {
                result.path = string_of(member.value);
            } else if (member.key.equals("sha256")) {
                result.sha256 = string_of(member.value);
                if (!result.sha256.empty() && !is_digest(result.sha256)) {
                    fail(
                        member.value, "\"sha256\" must have 64 characters of 0-9 a-f, or none where there was no file");
                }
            } else {
                refuse_unknown(member);
            }
        });
        if (result.path.empty()) {
            fail(text, "a pin has a \"path\"");
        }
        return result;
    }

    [[nodiscard]] static bool is_digest(std::string_view text) noexcept {
        constexpr std::size_t digits = 64;
        return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    }

    [[nodiscard]] std::string string_of(std::string_view value) const {
        if (base::kind_of(value) != base::json_kind::string) {
            fail(value, "a string is expected here");
        }
        return base::json_string{value.substr(1, value.size() - 2)}.decode();
    }

    [[nodiscard]] bool boolean_of(std::string_view value) const {
        if (base::kind_of(value) != base::json_kind::boolean) {
            fail(value, "true or false is expected here");
        }
        return value.front() == 't';
    }

    template <class Visit>
    void each_member(std::string_view value, Visit visit) const {
        if (base::kind_of(value) != base::json_kind::object) {
            fail(value, "an object is expected here");
        }
        std::vector<std::string> names;
        for (const auto& member : base::value_view(value).members()) {
            // Which one was meant? The other would be gone with the next change.
            if (auto name = member.key.decode(); std::find(names.begin(), names.end(), name) != names.end()) {
                fail(member.value, "the member \"" + name + "\" is repeated");
            } else {
                names.push_back(std::move(name));
            }
            visit(member);
        }
    }

    template <class Visit>
    void each_element(std::string_view value, Visit visit) const {
        if (base::kind_of(value) != base::json_kind::array) {
            fail(value, "an array is expected here");
        }
        for (const auto& element : base::value_view(value).elements()) {
            visit(element);
        }
    }

    [[noreturn]] void refuse_unknown(const base::json_member& member) const {
        fail(member.value, "the member \"" + member.key.decode() + "\" is not known");
    }

    [[noreturn]] void fail(std::string_view at, const std::string& why) const {
        fail(static_cast<std::size_t>(at.data() - text_.data()), why);
    }
    [[noreturn]] void fail(std::size_t offset, const std::string& why) const {
        const auto before = text_.substr(0, offset);
        throw std::runtime_error(path_.string() + ":" +
                                 std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ": " + why +
                                 " (mend the registry, or move it away)");
    }

    const fs::path& path_;
    std::string_view text_;
};

std::string text_of(const std::vector<registered_hook>& hooks) {
    std::string text = R"({"version":)" + std::string{version_text} + R"(,"hooks":[)";
    for (const auto& each : hooks) {
        text += text.back() == '[' ? "\n" : ",\n";
        base::object_writer hook{text};
        protocol::append_json(hook.member("hook"), each.definition);
        if (!each.enabled) {
            hook.flag("enabled", false);
        }
        hook.array("pins", each.pins, [](std::string& out, const auto& pin) {
            base::object_writer{out}.text("path", pin.path).text("sha256", pin.sha256).end();
        });
        hook.end();
    }
    return text += "\n]}\n";
}

std::vector<registered_hook> read_hooks(const fs::path& path) {
    const auto text = read_all(path);
    return text ? reader{path, *text}.read() : std::vector<registered_hook>{};
}

/// Where `path` leads, if it is a symbolic link.
std::optional<fs::path> link_target(const fs::path& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISLNK(found.st_mode)) {
        return std::nullopt;
    }
    if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
        throw std::runtime_error("the registry " + path.string() + " is a symbolic link of user " +
                                 std::to_string(found.st_uid) +
                                 ", who could so run commands as you: choose another path with --registry");
    }
    std::error_code failure;
    auto target = fs::read_symlink(path, failure);
    if (failure) {
        fail("follow the symbolic link", path, failure.value());
    }
    return path.parent_path() / target;
}

/// Where the registry is to be written: a symbolic link stays, what it leads to is replaced. Nobody else may replace
/// any of them.
fs::path prepare(fs::path path) {
    constexpr int most_links = 40;  // as many as the kernel follows (path_resolution(7))
    for (int links = 0; links <= most_links; ++links) {
        base::prepare_directory(path.parent_path(), "--registry");
        auto target = link_target(path);
        if (!target) {
            return path;
        }
        path = std::move(*target);
    }
    fail("follow the symbolic link", path, ELOOP);
}

void replace(const fs::path& path, const std::string& text) try {
    base::replace_file(path, text, 0600);
} catch (const fs::filesystem_error& failure) {
    fail("write the registry", failure.path1(), failure.code().value());
}

}  // namespace

std::vector<registered_hook> registry_file::load() const {
    std::error_code failure;
    if (fs::symlink_status(path_, failure).type() == fs::file_type::not_found) {
        return {};
    }
    return read_hooks(prepare(path_));
}

std::vector<registered_hook> registry_file::update(
    const std::function<void(std::vector<registered_hook>&)>& change) const {
    const auto path = prepare(path_);
    const auto lock = lock_beside(path);
    auto hooks = read_hooks(path);
    const auto before = text_of(hooks);
    change(hooks);
    std::sort(
        hooks.begin(), hooks.end(), [](const auto& a, const auto& b) { return a.definition.name < b.definition.name; });
    if (const auto after = text_of(hooks); after != before) {
        replace(path, after);
    }
    return hooks;
}

}  // namespace hookd::server
