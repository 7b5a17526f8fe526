// SPDX-License-Identifier: BSL-1.0
// Is whatever git gives a hook, its arguments, its input and the message of a commit, put into a payload that is a JSON
// object and holds no password of a URL; and are scripts and other people's hooks read without a fault?
//
// The first byte of an input is the hook; arguments with a line feed between them follow, a NUL, the hook's input, a
// NUL, and the text of the file COMMIT_EDITMSG.

#include "fuzz_target.hpp"
#include "input_directory.hpp"

#include <base/json/text.hpp>

#include <hookctl/arguments.hpp>
#include <hookctl/git/author.hpp>
#include <hookctl/git/hook.hpp>
#include <hookctl/git/payload.hpp>
#include <hookctl/git/place.hpp>
#include <hookctl/git/script.hpp>
#include <hookctl/git/url.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd;
using namespace hookd::hookctl;
using hookd::test::require;

namespace {

/// A repository, as far as hookctl reads one itself.
bool enter_repository() {
    const auto top = std::filesystem::path{test::input_directory().path()};
    for (const auto* const each : {"objects", "refs/heads"}) {
        std::filesystem::create_directories(top / ".git" / each);
    }
    test::write_file(top / ".git/HEAD", "ref: refs/heads/main\n");
    test::write_file(top / ".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
    std::filesystem::current_path(top);
    return true;
}

void check_url(const std::string& url) {
    const auto left = without_credentials(url);
    require(left.size() <= url.size(), "a URL gets no longer");
    require(without_credentials(left) == left, "a URL without credentials stays as it is");
}

void check_script(const std::string& text) {
    (void)author_of(text);
    (void)has_additions(text);
    (void)hookctl_of_script(text);
    (void)installed_socket_of(text);
    require(is_git_script(text) || !hook_of_script(text), "a hook's name is in a script of ours");
    const auto call = call_of_script(text);
    if (!call) {
        return;
    }
    require(
        is_git_script(text) && is_run_by_hookctl(text) && !has_additions(text), "only a whole script of ours is read");
    require(call->hook != nullptr && hook_of_script(text) == call->hook->name, "the script is read as its own hook's");
    try {
        (void)parse_arguments(call->words);
    } catch (const usage_error&) {  // somebody has written options that there are not
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "git";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    static const bool entered = enter_repository();
    (void)entered;
    const auto hooks = git_hooks();
    const auto& hook = hooks[data[0] % hooks.size()];
    std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto take = [&rest] {
        const std::string part{rest.substr(0, rest.find('\0'))};
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        return part;
    };
    std::vector<std::string> arguments;
    for (std::string words = take(); !words.empty();) {
        const auto end = std::min(words.find('\n'), words.size());
        arguments.push_back(words.substr(0, end));
        words.erase(0, end + 1);
        check_url(arguments.back());
    }
    const auto input = take();
    const auto message = take();
    check_script(message);
    test::input_file("COMMIT_EDITMSG", message);
    try {
        check_git_arguments(hook, arguments);
    } catch (const usage_error&) {
        return 0;
    }
    const auto payload = git_payload(hook, arguments, input, find_git_place(std::filesystem::current_path()), false);
    require(!base::find_json_fault(payload), "a payload is JSON");
    require(base::kind_of(payload) == base::json_kind::object, "a payload is an object");
    return 0;
}
