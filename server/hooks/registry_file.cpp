// SPDX-License-Identifier: BSL-1.0
#include "hooks/registry_file.hpp"

#include "net/safe_directory.hpp"

#include <hookd/hooks/owned_fd.hpp>
#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/message.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace hookd::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{256} << 20;  // more than max_hooks commands can take
constexpr std::string_view version_text = "1";
constexpr std::chrono::seconds longest_wait_for_lock{1};
constexpr std::chrono::milliseconds between_tries_to_lock{2};

hooks::owned_fd opened(const fs::path& path, int flags) {
    return hooks::owned_fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

[[noreturn]] void fail(const std::string& what, const fs::path& path, int error) {
    throw std::runtime_error("cannot " + what + " " + path.string() + ": " + std::generic_category().message(error));
}

/// Another daemon holds it for moments only. Whoever holds it for longer must not hold up this one, nor its end.
void take_lock(int file, const fs::path& path) {
    const auto give_up_at = std::chrono::steady_clock::now() + longest_wait_for_lock;
    while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK && std::chrono::steady_clock::now() >= give_up_at) {
            throw std::runtime_error(
                "the registry is in use: another process holds " + path.string() + " (fuser names it)");
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            fail("lock the registry with", path, errno);
        }
        std::this_thread::sleep_for(between_tries_to_lock);
    }
}

/// The content; nothing where there is no such file.
std::optional<std::string> read_all(const fs::path& path) {
    const auto file = opened(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (file.get() < 0) {
        if (errno == ENOENT) {
            return std::nullopt;
        }
        fail("read the registry", path, errno);
    }
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) {
        fail("read the registry", path, errno);
    }
    if (!S_ISREG(found.st_mode)) {
        throw std::runtime_error(
            "the registry " + path.string() + " is not a file: choose another path with --registry");
    }
    // Whoever may write to it decides what the daemon runs.
    if ((found.st_uid != 0 && found.st_uid != ::geteuid()) || (found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw std::runtime_error("the registry " + path.string() +
                                 " can be written by others, who could so run commands as you: see that it is what you "
                                 "want, then chown it and chmod 600 it");
    }
    check_file(path, "--registry");  // or put another in its place
    if (static_cast<std::size_t>(found.st_size) > most_bytes) {
        throw std::runtime_error("the registry " + path.string() + " is larger than any that hookd writes");
    }
    std::string text;
    std::array<char, std::size_t{64} * 1024> chunk;
    for (;;) {
        const auto count = ::read(file.get(), chunk.data(), chunk.size());
        if (count == 0) {
            return text;
        }
        if (count > 0) {
            text.append(chunk.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            fail("read the registry", path, errno);
        }
    }
}

/// Reads the text of a registry; the first fault ends it.
class reader {
public:
    reader(const fs::path& path, std::string_view text) : path_(path), text_(text) {}

    [[nodiscard]] std::vector<registered_hook> read() const {
        if (const auto fault = protocol::find_json_fault(text_)) {
            fail(fault->offset, "this is not valid JSON: " + std::string{fault->reason});
        }
        const auto begin = text_.find_first_not_of(" \t\r\n");
        const auto document = text_.substr(begin, text_.find_last_not_of(" \t\r\n") + 1 - begin);
        std::string_view version;
        std::string_view hooks;
        each_member(document, [&](const protocol::json_member& member) {
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
            const auto& name = result.back().what.name;
            if (std::find_if(
                    result.begin(), result.end(), [&name](const auto& each) { return each.what.name == name; }) +
                    1 !=
                result.end()) {
                fail(element, "there are two hooks of the name " + name);
            }
        });
        std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.what.name < b.what.name; });
        return result;
    }

private:
    [[nodiscard]] registered_hook read_hook(std::string_view text) const {
        registered_hook result;
        bool defined = false;
        each_member(text, [&](const protocol::json_member& member) {
            if (member.key.equals("hook")) {
                result.what = read_definition(member.value);
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

    // By the same rules as on the wire, which stand in one place.
    [[nodiscard]] hook_definition read_definition(std::string_view text) const {
        const std::string call =
            R"({"jsonrpc":"2.0","id":0,"method":"register_hook","params":)" + std::string{text} + "}";
        protocol::message read;
        protocol::read_message(call, read);
        if (read.type != protocol::message::kind::request) {
            fail(text, read.failure.message);
        }
        const auto bound = protocol::bind_params<protocol::register_hook_params>(read.single);
        if (const auto* const failure = std::get_if<protocol::error>(&bound)) {
            fail(text, failure->message);
        }
        return std::get<protocol::register_hook_params>(bound).definition();
    }

    [[nodiscard]] file_pin read_pin(std::string_view text) const {
        file_pin result;
        each_member(text, [&](const protocol::json_member& member) {
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
        if (protocol::kind_of(value) != protocol::json_kind::string) {
            fail(value, "a string is expected here");
        }
        return protocol::json_string{value.substr(1, value.size() - 2)}.decode();
    }

    [[nodiscard]] bool boolean_of(std::string_view value) const {
        if (protocol::kind_of(value) != protocol::json_kind::boolean) {
            fail(value, "true or false is expected here");
        }
        return value.front() == 't';
    }

    template <class Visit>
    void each_member(std::string_view value, Visit visit) const {
        if (protocol::kind_of(value) != protocol::json_kind::object) {
            fail(value, "an object is expected here");
        }
        std::vector<std::string> names;
        protocol::json_cursor members{value};
        while (const auto member = members.next()) {
            // Which one was meant? The other would be gone with the next change.
            if (auto name = member->key.decode(); std::find(names.begin(), names.end(), name) != names.end()) {
                fail(member->value, "the member \"" + name + "\" is repeated");
            } else {
                names.push_back(std::move(name));
            }
            visit(*member);
        }
    }

    template <class Visit>
    void each_element(std::string_view value, Visit visit) const {
        if (protocol::kind_of(value) != protocol::json_kind::array) {
            fail(value, "an array is expected here");
        }
        protocol::json_cursor elements{value};
        while (const auto element = elements.next()) {
            visit(element->value);
        }
    }

    [[noreturn]] void refuse_unknown(const protocol::json_member& member) const {
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
        text += R"({"hook":)";
        protocol::append_json(text, each.what);
        if (!each.enabled) {
            text += R"(,"enabled":false)";
        }
        text += R"(,"pins":[)";
        for (const auto& pin : each.pins) {
            text += text.back() == '[' ? R"({"path":)" : R"(,{"path":)";
            protocol::append_json_string(text, pin.path);
            text += R"(,"sha256":)";
            protocol::append_json_string(text, pin.sha256);
            text += '}';
        }
        text += "]}";
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
        prepare_directory(path.parent_path(), "--registry");
        auto target = link_target(path);
        if (!target) {
            return path;
        }
        path = std::move(*target);
    }
    fail("follow the symbolic link", path, ELOOP);
}

void replace(const fs::path& path, const std::string& text) {
    auto fresh_path = path;
    fresh_path += ".new";  // one name: what a crash leaves behind is used again
    const auto give_up = [&fresh_path](const std::string& what, int error) {
        ::unlink(fresh_path.c_str());
        fail(what, fresh_path, error);
    };
    const auto fresh = opened(fresh_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (fresh.get() < 0) {
        fail("write the registry", fresh_path, errno);
    }
    for (std::string_view left = text; !left.empty();) {
        const auto count = ::write(fresh.get(), left.data(), left.size());
        if (count > 0) {
            left.remove_prefix(static_cast<std::size_t>(count));
        } else if (count < 0 && errno != EINTR) {
            give_up("write the registry", errno);
        }
    }
    if (::fchmod(fresh.get(), 0600) != 0 || ::fsync(fresh.get()) != 0) {
        give_up("write the registry", errno);
    }
    if (::rename(fresh_path.c_str(), path.c_str()) != 0) {
        give_up("replace the registry by", errno);
    }
    const auto directory = path.parent_path();
    const auto above = opened(directory.empty() ? fs::path{"."} : directory, O_RDONLY | O_DIRECTORY);
    if (above.get() < 0 || ::fsync(above.get()) != 0) {
        fail("make sure of the registry in", directory, errno);
    }
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
    auto lock_path = path;
    lock_path += ".lock";
    const auto lock = opened(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (lock.get() < 0) {
        fail("lock the registry with", lock_path, errno);
    }
    take_lock(lock.get(), lock_path);
    auto hooks = read_hooks(path);
    const auto before = text_of(hooks);
    change(hooks);
    std::sort(hooks.begin(), hooks.end(), [](const auto& a, const auto& b) { return a.what.name < b.what.name; });
    if (const auto after = text_of(hooks); after != before) {
        replace(path, after);
    }
    return hooks;
}

}  // namespace hookd::server
