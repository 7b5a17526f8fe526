// SPDX-License-Identifier: BSL-1.0
#include "section_run.hpp"

#include "support/process.hpp"
#include "support/source_tree.hpp"
#include "support/wire_client.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#ifndef HOOKD_TEST_BUILD_TREE
#define HOOKD_TEST_BUILD_TREE ""
#endif

namespace hookd::test::docs {
namespace {

namespace fs = std::filesystem;

// Compiling an example under a sanitizer's load takes longest.
constexpr std::chrono::milliseconds command_patience = 180s;

bool goes_to_background(const std::string& command) { return command.ends_with(" &"); }

// The documents show a source without its first line.
std::string without_licence(const std::string& source) {
    constexpr std::string_view licence = "// SPDX-License-Identifier: BSL-1.0\n";
    return source.starts_with(licence) ? source.substr(licence.size()) : source;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) {
        text += "    " + line + '\n';
    }
    return text.empty() ? "    (nothing)\n" : text;
}

}  // namespace

bool uses(const section& which, const std::string& program) {
    const std::regex word{"(^|[ (|;&])" + program + "($|[ )|;&])"};
    return std::any_of(which.blocks.begin(), which.blocks.end(), [&](const block& each) {
        if (each.language != "console" || each.has("elsewhere")) {
            return false;
        }
        const auto steps = parse_console(each);
        return std::any_of(
            steps.begin(), steps.end(), [&](const step& what) { return std::regex_search(what.command, word); });
    });
}

section_run::section_run(const document& all, const section& which, shell used)
    : document_(all), section_(which), shell_(used), socket_path_(directory_ / "hookd.sock") {
    prepare_programs();
    write_programs();
    if (uses(section_, "pkg-config")) {
        install();
    }
    const auto& blocks = section_.blocks;
    if (std::none_of(blocks.begin(), blocks.end(), [](const block& each) { return each.has("no-daemon"); })) {
        daemon_ = std::make_unique<test_daemon>(socket_path_, std::vector<std::string>{});
    }
    const char* path = std::getenv("PATH");
    terminal_ = std::make_unique<terminal>(shell_, directory_ / "work",
        std::map<std::string, std::optional<std::string>>{
            {"HOOKD_SOCKET", socket_path_},
            {"PATH", directory_ / "bin:" + (path != nullptr ? path : "/usr/bin:/bin")},
            {"PKG_CONFIG_PATH", directory_ / "pkgconfig"},
            {"LC_ALL", "C.UTF-8"},
            // Nothing of the person who runs the tests.
            {"XDG_STATE_HOME", directory_ / "state"},
            {"HOOKD_REGISTRY", directory_ / "state/hookd/registry.json"},
            {"GIT_CONFIG_GLOBAL", "/dev/null"},
            {"GIT_CONFIG_SYSTEM", "/dev/null"},
            {"GIT_CEILING_DIRECTORIES", directory_.path()},
            {"GIT_AUTHOR_NAME", "Reader"},
            {"GIT_AUTHOR_EMAIL", "reader@example.org"},
            {"GIT_COMMITTER_NAME", "Reader"},
            {"GIT_COMMITTER_EMAIL", "reader@example.org"},
            {"MAKEFLAGS", std::nullopt},
            {"MAKELEVEL", std::nullopt},
        });
}

void section_run::prepare_programs() {
    for (const char* name : {"work", "bin", "pkgconfig"}) {
        fs::create_directory(directory_ / name);
    }
    fs::create_symlink(fs::absolute(hookd_binary()), directory_ / "bin/hookd");
    fs::create_symlink(fs::absolute(hookctl_binary()), directory_ / "bin/hookctl");
}

void section_run::write_programs() {
    for (const auto& each : document_.blocks()) {
        if (each.language == "console") {
            continue;
        }
        const bool is_copy = each.has("same-as");
        const auto source = each.attributes.begin()->second;
        const auto path = directory_ / "work/" + fs::path{source}.filename().string();
        write_file(path, each.text);
        if (is_copy) {
            BOOST_CHECK_MESSAGE(each.text == without_licence(read_file(source_tree() + "/" + source)),
                document_.name << ':' << each.line << ": this is not what " << source << " is");
        }
        if (each.text.starts_with("#!")) {
            fs::permissions(path, fs::perms::owner_exec, fs::perm_options::add);
        }
    }
}

void section_run::install() {
    const auto prefix = directory_ / "usr";
    const auto done = run_program(
        {"cmake", "--install", HOOKD_TEST_BUILD_TREE, "--prefix", prefix}, {}, {}, deadline{command_patience});
    if (done.exit_status != 0) {
        throw std::runtime_error("cmake --install failed:\n" + done.out + done.err);
    }
    // As if it had been configured for this prefix.
    for (const auto& each : fs::recursive_directory_iterator{prefix}) {
        if (each.path().extension() == ".pc") {
            auto text = read_file(each.path().string());
            const std::string marker = "prefix=";
            const auto begin = text.find(marker) + marker.size();
            const auto configured = text.substr(begin, text.find('\n', begin) - begin);
            for (auto at = text.find(configured); at != std::string::npos;
                 at = text.find(configured, at + prefix.size())) {
                text.replace(at, configured.size(), prefix);
            }
            write_file(directory_ / "pkgconfig/" + each.path().filename().string(), text);
        }
    }
}

int section_run::subscribers() const {
    try {
        wire_client peer{socket_path_};
        return static_cast<int>(peer.result("stats").at_pointer("/subscribers").to_number<std::int64_t>());
    } catch (const std::system_error&) {
        return -1;  // not there, or not yet
    }
}

bool section_run::is_run(const block& which) const {
    return which.language == "console" && !which.has("elsewhere") &&
           !which.has(shell_ == shell::fish ? "not-fish" : "fish");
}

void section_run::run() {
    std::vector<step> steps;
    for (const auto& each : section_.blocks) {
        if (is_run(each)) {
            const auto more = parse_console(each);
            steps.insert(steps.end(), more.begin(), more.end());
        }
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        run_step(steps[i], i + 1 < steps.size() && steps[i + 1].command == "echo $?");
    }
}

void section_run::run_step(const step& what, bool next_shows_status) {
    const auto where = document_.name + ':' + std::to_string(what.line) + ": $ " + what.command;
    BOOST_TEST_CONTEXT(where) {
        const bool to_background = goes_to_background(what.command);
        const int subscribers_before = to_background ? subscribers() : 0;
        in_background_ |= to_background;
        transcript expected{what.expected, in_background_, ids_};
        std::string printed;
        const deadline limit{command_patience};
        int status = 0;
        try {
            const bool asks_for_status = shell_ == shell::fish && what.command == "echo $?";
            status = terminal_->run(
                asks_for_status ? "echo $status" : ids_.translate(what.command),
                [&](const std::string& line) {
                    printed += "    " + line + '\n';
                    expected.take(line);
                },
                // What is not printed at once may come from the background, unless something else came in its place.
                [&] { return expected.complete() || !in_background_ || !expected.unexpected().empty(); }, limit);
            if (to_background && what.expected.empty()) {
                eventually("the program in the background has subscribed, or serves",
                    [&] { return subscribers() != subscribers_before; });
            }
        } catch (const std::runtime_error& failure) {
            BOOST_FAIL(failure.what() << "\nprinted:\n" << printed << "missing:\n" << joined(expected.missing()));
        }
        if (!expected.complete() || !expected.unexpected().empty()) {
            BOOST_FAIL("printed:\n"
                       << printed << "shown, but not printed:\n"
                       << joined(expected.missing()) << "printed, but not shown:\n"
                       << joined(expected.unexpected()));
        }
        BOOST_TEST_REQUIRE(
            (status == 0 || next_shows_status), "it ends with status " << status << ", which is not shown");
    }
}

}  // namespace hookd::test::docs
