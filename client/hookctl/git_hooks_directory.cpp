#include "git_hooks_directory.hpp"

#include "arguments.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr const char* ignoring_all = ".gitignore";

bool is_there(const fs::path& path) {
    return fs::symlink_status(path).type() != fs::file_type::not_found;
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

[[noreturn]] void fail(const fs::path& path) {
    throw fs::filesystem_error("write", path, std::error_code(errno, std::generic_category()));
}

/// A descriptor that holds a lock on a directory, or -1 where that is not there or has no locks: then whoever changes it at the same time is
/// not kept away.
int locked(const fs::path& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && ::flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            ::close(fd);
            return -1;
        }
    }
    return fd;
}

/// An executable file beside the place where it is to be: there, whole, before anything else is changed, and gone where it was not put there.
class new_script {
public:
    new_script(fs::path place, const std::string& text)
        : place_(std::move(place)), temporary_(place_.string() + ".hookd-" + std::to_string(::getpid())) {
        const int fd = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
        if (fd < 0) {
            fail(temporary_);
        }
        constexpr mode_t mode = 0755;  // whoever may use the repository runs its hooks
        const auto written = ::write(fd, text.data(), text.size());
        const bool whole = written == static_cast<ssize_t>(text.size()) && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
        const int error = errno;
        ::close(fd);
        if (!whole) {
            ::unlink(temporary_.c_str());
            errno = error;
            fail(temporary_);
        }
    }
    ~new_script() {
        if (!temporary_.empty()) {
            ::unlink(temporary_.c_str());
        }
    }
    new_script(const new_script&) = delete;
    new_script& operator=(const new_script&) = delete;

    void put_in_place() {
        if (::rename(temporary_.c_str(), place_.c_str()) != 0) {
            fail(place_);
        }
        temporary_.clear();
    }

private:
    fs::path place_;
    std::string temporary_;
};

/// Whether a script of ours is there, or leads there.
bool holds_script(const fs::path& path) {
    return fs::is_regular_file(path) && is_git_script(text_of(path));
}

/// What git itself reads in a directory of a working tree. It takes no link there, and one with other contents would be wrong.
bool is_gits_own(const fs::path& name) {
    return name.string().starts_with(".git");
}

/// Whether `path` is one of the links that tidy makes.
bool is_neighbour(const fs::path& path, const fs::path& directory) {
    return fs::is_symlink(path) && fs::read_symlink(path) == ".." / directory.filename() / path.filename();
}

bool same_content(const fs::path& one, const fs::path& other) {
    std::error_code different;
    if (fs::equivalent(one, other, different)) {
        return true;
    }
    return fs::symlink_status(one).type() == fs::symlink_status(other).type() && text_of(one) == text_of(other) &&
           fs::status(one).permissions() == fs::status(other).permissions();
}

}  // namespace

git_hooks_directory::git_hooks_directory(fs::path directory)
    : directory_(fs::weakly_canonical(std::move(directory))),
      kept_(directory_.parent_path() / (directory_.filename().string() + ".before-hookd")),
      lock_(locked(directory_.parent_path())) {}

git_hooks_directory::~git_hooks_directory() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

bool git_hooks_directory::has_script(const git_hook& hook) const {
    return holds_script(directory_ / hook.name);
}

bool git_hooks_directory::keeps(const git_hook& hook) const {
    const auto kept = kept_ / hook.name;
    return is_there(kept) && !is_neighbour(kept, directory_);
}

void git_hooks_directory::check(const git_hook& hook) const {
    const auto place = directory_ / hook.name;
    if (fs::is_directory(fs::symlink_status(place))) {
        throw usage_error(place.string() + " is a directory: move it away");
    }
    if (keeps(hook) && is_there(place) && !has_script(hook) && !same_content(place, kept_ / hook.name)) {
        throw usage_error(place.string() + " was replaced by another hook since, and " + (kept_ / hook.name).string() +
                          " is kept from before: move one of them away");
    }
}

git_hooks_directory::change git_hooks_directory::install(const git_hook& hook, const std::string& script) {
    check(hook);
    const auto place = directory_ / hook.name;
    if (has_script(hook)) {
        if (text_of(place) == script && (fs::status(place).permissions() & fs::perms::owner_exec) != fs::perms::none) {
            return change::none;
        }
        new_script(place, script).put_in_place();
        return change::updated;
    }

    fs::create_directories(directory_);
    new_script script_file(place, script);
    if (is_there(place) && !keeps(hook)) {
        keep(hook);
    }
    script_file.put_in_place();
    return keeps(hook) ? change::chained : change::installed;
}

git_hooks_directory::change git_hooks_directory::uninstall(const git_hook& hook) {
    const auto place = directory_ / hook.name;
    if (is_there(place) && !has_script(hook)) {
        return keeps(hook) ? change::foreign : change::none;
    }
    if (keeps(hook)) {
        fs::rename(kept_ / hook.name, place);
        return change::restored;
    }
    return fs::remove(place) ? change::removed : change::none;
}

void git_hooks_directory::keep(const git_hook& hook) const {
    make_kept_directory();
    const auto place = directory_ / hook.name;
    const auto kept = kept_ / hook.name;
    fs::remove(kept);  // a link to this very hook
    // A second name first, so that the hook is in its place all the time; a file system without such names has a moment without it.
    if (::linkat(AT_FDCWD, place.c_str(), AT_FDCWD, kept.c_str(), 0) != 0) {
        fs::rename(place, kept);
    }
    if (holds_script(kept)) {
        fs::remove(kept);  // put there since we looked, where there are no locks: it would call itself
    }
}

void git_hooks_directory::make_kept_directory() const {
    fs::create_directories(kept_);
    // Hooks may be in the working tree (core.hooksPath): what is kept there is nothing to commit.
    fs::remove(kept_ / ignoring_all);
    std::ofstream(kept_ / ignoring_all) << "*\n";
}

void git_hooks_directory::tidy() const {
    if (!fs::is_directory(kept_)) {
        return;
    }
    std::vector<fs::path> links;
    bool keeps_any = false;
    for (const auto& each : fs::directory_iterator(kept_)) {
        if (is_neighbour(each.path(), directory_)) {
            links.push_back(each.path());
        } else if (each.path().filename() != ignoring_all) {
            keeps_any = true;
        }
    }
    for (const auto& each : links) {
        fs::remove(each);
    }
    if (!keeps_any) {
        fs::remove(kept_ / ignoring_all);
        fs::remove(kept_);
        return;
    }
    for (const auto& each : fs::directory_iterator(directory_)) {
        const auto name = each.path().filename();
        const auto* hook = find_git_hook(name.string());
        // A script of ours there would call itself.
        if (name.extension() != ".sample" && !is_gits_own(name) && (hook == nullptr || !has_script(*hook)) && !is_there(kept_ / name)) {
            fs::create_symlink(".." / directory_.filename() / name, kept_ / name);
        }
    }
}

}  // namespace hookd::hookctl
