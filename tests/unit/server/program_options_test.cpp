// SPDX-License-Identifier: BSL-1.0
#include "app/program_options.hpp"

#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <hookd/protocol/socket_path.hpp>

#include <boost/test/unit_test.hpp>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hookd::server;
using namespace std::chrono_literals;
using hookd::test::temp_directory;
using hookd::test::write_file;

namespace {

using variables = std::map<std::string, std::string>;

program_options parse(const std::vector<std::string>& arguments, const variables& environment = {}) {
    return parse_program_options(arguments, [&environment](const char* name) -> const char* {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
    });
}

/// The one line that a user gets; fails the test where the options are accepted.
std::string refusal(const std::vector<std::string>& arguments, const variables& environment = {}) {
    try {
        parse(arguments, environment);
    } catch (const usage_error& wrong) {
        const std::string message = wrong.what();
        BOOST_TEST(message.find('\n') == std::string::npos, message);
        return message;
    }
    BOOST_ERROR("accepted");
    return {};
}

void check_refused(
    const std::vector<std::string>& arguments, const std::string& part, const variables& environment = {}) {
    const auto message = refusal(arguments, environment);
    BOOST_TEST(message.find(part) != std::string::npos, "\"" << message << "\" does not say \"" << part << "\"");
}

/// A configuration file.
class config {
public:
    explicit config(const std::string& text) { write_file(path_, text); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    temp_directory directory_{};
    std::string path_ = directory_ / "hookd.conf";
};

std::vector<std::string> names_of_settings() {
    const auto text = configuration_text(parse({}));
    std::vector<std::string> names;
    for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
        names.push_back(text.substr(begin, text.find(' ', begin) - begin));
    }
    return names;
}

std::string upper_case(const std::string& name) {
    std::string upper;
    for (const char c : name) {
        upper += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return upper;
}

std::vector<std::uint32_t> ids(const std::vector<allowed_account>& accounts) {
    std::vector<std::uint32_t> result;
    for (const auto& each : accounts) {
        result.push_back(each.id);
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_options_test)

BOOST_AUTO_TEST_CASE(defaults_are_those_of_the_manual) {
    const auto options = parse({});
    BOOST_TEST((options.action == program_action::serve));
    BOOST_TEST((options.level == log_level::info));
    BOOST_TEST((options.format == log_format::text));
    BOOST_TEST(options.broker.threads == 1u);
    BOOST_TEST(options.broker.capacity == 1024u);
    BOOST_TEST(options.broker.capacity_bytes == 64u << 20);
    BOOST_TEST(options.broker.max_waiting == 65'536u);
    BOOST_TEST(options.broker.max_waiting_per_connection == 1024u);
    BOOST_TEST((options.broker.default_timeout == 30s));
    BOOST_TEST(options.listener.max_frame_bytes == 16u << 20);
    BOOST_TEST(options.listener.max_connections == 4096u);
    BOOST_TEST((options.listener.write_stall_timeout == 30s));
    BOOST_TEST(options.listener.allowed_users.empty());
    BOOST_TEST(options.listener.allowed_groups.empty());
    BOOST_TEST(options.catalogs.empty());
}

BOOST_AUTO_TEST_CASE(catalogs_may_be_several) {
    const std::vector<std::filesystem::path> wanted{"/a", "/b"};
    BOOST_TEST((parse({"--catalog", "/a", "--catalog", "/b"}).catalogs == wanted));
    BOOST_TEST((parse({}, {{"HOOKD_CATALOG", "/a, /b"}}).catalogs == wanted));
    BOOST_TEST(parse({"--catalog", ""}, {{"HOOKD_CATALOG", "/a"}}).catalogs.empty());
}

BOOST_AUTO_TEST_CASE(socket_falls_back_to_the_runtime_directory_and_then_to_tmp) {
    BOOST_TEST(parse({}, {{"XDG_RUNTIME_DIR", "/run/user/7"}}).listener.socket == "/run/user/7/hookd/hookd.sock");
    const auto last = hookd::protocol::default_socket_path(nullptr, nullptr, ::getuid());
    BOOST_TEST(parse({}).listener.socket == last);
    BOOST_TEST(parse({}, {{"XDG_RUNTIME_DIR", ""}, {"HOOKD_SOCKET", ""}}).listener.socket == last);
    BOOST_TEST(parse({}, {{"XDG_RUNTIME_DIR", "/run/user/7"}, {"HOOKD_SOCKET", "/a/s"}}).listener.socket == "/a/s");
}

BOOST_AUTO_TEST_CASE(the_registry_is_in_the_state_directory_of_the_service_or_of_the_user) {
    const auto registry = [](const variables& environment) { return parse({}, environment).hooks.registry.string(); };
    BOOST_TEST(registry({{"STATE_DIRECTORY", "/var/lib/hookd:/other"}, {"XDG_STATE_HOME", "/x"}}) ==
               "/var/lib/hookd/registry.json");
    BOOST_TEST(registry({{"XDG_STATE_HOME", "/x"}, {"HOME", "/home/ann"}}) == "/x/hookd/registry.json");
    BOOST_TEST(registry({{"XDG_STATE_HOME", "relative"}, {"HOME", "/home/ann"}}) ==
               "/home/ann/.local/state/hookd/registry.json");
    BOOST_TEST(parse({"--registry", "r"}).hooks.registry.is_absolute());
}

BOOST_AUTO_TEST_CASE(the_default_registry_is_that_of_the_default_socket_alone) {
    const variables environment{{"XDG_RUNTIME_DIR", "/run/ann"}, {"HOME", "/home/ann"}};
    const auto registry = [&environment](std::vector<std::string> arguments) {
        return parse(std::move(arguments), environment).hooks.registry.string();
    };
    const std::string standard = "/home/ann/.local/state/hookd/registry.json";
    BOOST_TEST(registry({}) == standard);
    BOOST_TEST(registry({"--socket", "/run/ann/hookd/hookd.sock"}) == standard);
    BOOST_TEST(registry({"--socket", "/run/ann/hookd/../hookd/./hookd.sock"}) == standard);
    BOOST_TEST(registry({"--socket", "/run/ann/other.sock"}) == "");
    BOOST_TEST(registry({"--socket", "@hookd"}) == "");
    BOOST_TEST(registry({"--socket", "/run/ann/other.sock", "--registry", "/r"}) == "/r");
    BOOST_TEST(registry({"--registry", ""}) == "");
    auto options = parse({}, environment);
    options.listener.socket = "/run/handed/over.sock";  // by a service manager
    choose_state_files(options);
    BOOST_TEST(options.hooks.registry == "");
    options.listener.socket = options.default_socket;
    choose_state_files(options);
    BOOST_TEST(options.hooks.registry.string() == standard);
}

BOOST_AUTO_TEST_CASE(the_default_socket_alone_has_a_journal_unless_it_is_named) {
    const auto journal = [](const std::vector<std::string>& arguments) {
        return parse(arguments, {{"XDG_RUNTIME_DIR", "/run/user/7"}, {"XDG_STATE_HOME", "/x"}}).journal.file.string();
    };
    BOOST_TEST(journal({}) == "/x/hookd/journal.db");
    BOOST_TEST(journal({"--socket", "/run/user/7/hookd/hookd.sock"}) == "/x/hookd/journal.db");
    BOOST_TEST(journal({"--socket", "/a/s"}) == "");
    BOOST_TEST(journal({"--socket", "/a/s", "--journal", "/a/j"}) == "/a/j");
    BOOST_TEST(journal({"--journal", "off"}) == "");
    BOOST_TEST(std::filesystem::path{journal({"--journal", "./off"})}.filename() == "off");
    for (const std::string wrong : {"", "/a/", "a\nb"}) {
        check_refused({"--journal", wrong}, "--journal");
    }
    check_refused({"--journal-bytes", "1KiB"}, "--journal-bytes");
    check_refused({"--journal-days", "0"}, "--journal-days");
}

BOOST_AUTO_TEST_CASE(flag_beats_environment_beats_file_for_each_setting) {
    struct row {
        std::string name, in_file, in_environment, as_flag;
    };
    const std::vector<row> rows{
        {"socket", "/f/s", "/e/s", "/a/s"},
        {"threads", "2", "3", "4"},
        {"capacity", "2", "3", "4"},
        {"capacity-bytes", "2KiB", "3KiB", "4KiB"},
        {"max-frame", "2KiB", "3KiB", "4KiB"},
        {"max-connections", "2", "3", "4"},
        {"max-waiting", "2", "3", "4"},
        {"max-waiting-per-connection", "2", "3", "4"},
        {"max-reserved", "2", "3", "4"},
        {"write-stall-timeout", "2s", "3s", "4s"},
        {"default-timeout", "2s", "3s", "4s"},
        {"allow-user", "2", "3", "4"},
        {"allow-group", "2", "3", "4"},
        {"catalog", "/f", "/e", "/a"},
        {"registry", "/f/r", "/e/r", "/a/r"},
        {"journal", "/f/j", "/e/j", "/a/j"},
        {"journal-payload", "2KiB", "3KiB", "4KiB"},
        {"journal-days", "2", "3", "4"},
        {"journal-bytes", "2MiB", "3MiB", "4MiB"},
        {"hook-jobs", "2", "3", "4"},
        {"cluster", "/f", "/e", "/a"},
        {"cluster-lease", "2s", "3s", "4s"},
        {"cluster-host", "f", "e", "a"},
        {"log-level", "debug", "warning", "error"},
        {"log-format", "json", "text", "json"},
    };
    BOOST_TEST(names_of_settings().size() == rows.size() + 1);  // none is left out here, but the one that is a switch
    const auto defaults = configuration_text(parse({}));
    for (const auto& each : rows) {
        const auto& name = each.name;  // clang 14 captures no structured binding
        const auto& in_file = each.in_file;
        BOOST_TEST_CONTEXT(name) {
            const config file{name + " = \"" + in_file + "\"\n"};
            const auto variable = "HOOKD_" + upper_case(name);
            const auto text = [](const std::vector<std::string>& arguments, const variables& environment) {
                return configuration_text(parse(arguments, environment));
            };
            const auto expected = [&](const std::string& value) { return text({"--" + name, value}, {}); };
            BOOST_TEST(expected(in_file) != defaults);
            BOOST_TEST(text({"--config", file.path()}, {}) == expected(in_file));
            BOOST_TEST(
                text({"--config", file.path()}, {{variable, each.in_environment}}) == expected(each.in_environment));
            BOOST_TEST(text({"--config", file.path(), "--" + name + "=" + each.as_flag},
                           {{variable, each.in_environment}}) == expected(each.as_flag));
            // An empty variable counts as unset.
            BOOST_TEST(text({"--config", file.path()}, {{variable, ""}}) == expected(in_file));
        }
    }
}

BOOST_AUTO_TEST_CASE(switch_beats_environment_beats_file) {
    const config on{"durable = \"on\"\n"};
    BOOST_TEST(!parse({}).durable);
    BOOST_TEST(parse({"--durable"}).durable);
    BOOST_TEST(parse({"--config", on.path()}).durable);
    BOOST_TEST(!parse({"--config", on.path()}, {{"HOOKD_DURABLE", "off"}}).durable);
    BOOST_TEST(parse({"--durable"}, {{"HOOKD_DURABLE", "off"}}).durable);
    check_refused({"--durable=on"}, "--durable");
    check_refused({"--durable", "--journal", "off"}, "--journal FILE");
}

BOOST_AUTO_TEST_CASE(file_can_be_named_by_the_environment) {
    const config file{"threads = 3\n"};
    const config other{"threads = 5\n"};
    BOOST_TEST(parse({}, {{"HOOKD_CONFIG", file.path()}}).broker.threads == 3u);
    BOOST_TEST(parse({"--config", other.path()}, {{"HOOKD_CONFIG", file.path()}}).broker.threads == 5u);
}

BOOST_AUTO_TEST_CASE(printed_configuration_leads_to_the_same_options_again) {
    const std::vector<std::string> arguments{"--socket", "/a \"b\"\\c#d/s", "--threads", "3", "--capacity-bytes",
        "1025", "--max-frame", "3MiB", "--default-timeout", "90s", "--allow-user", "7", "--allow-user", "0",
        "--log-level", "debug", "--log-format", "json", "--allow-group", "1000:answer", "--write-stall-timeout",
        "1500ms"};
    const auto text = configuration_text(parse(arguments));
    const config file{text};
    BOOST_TEST(configuration_text(parse({"--config", file.path()})) == text);
    BOOST_TEST(parse({"--config", file.path()}).listener.socket == "/a \"b\"\\c#d/s");
}

BOOST_AUTO_TEST_CASE(file_takes_bare_quoted_and_array_values_and_comments) {
    const config file{
        "# a comment\n\n  threads = 2   # so many\r\nsocket = '/a \\b#c/s'\nmax-frame = 1MiB\n"
        "allow-user = [ 1, \"2\" ,3,]# three\nallow-group = 4"};
    const auto options = parse({"--config", file.path()});
    BOOST_TEST(options.broker.threads == 2u);
    BOOST_TEST(options.listener.socket == "/a \\b#c/s");
    BOOST_TEST(options.listener.max_frame_bytes == 1u << 20);
    BOOST_TEST(
        ids(options.listener.allowed_users) == (std::vector<std::uint32_t>{1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(ids(options.listener.allowed_groups) == std::vector<std::uint32_t>{4}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fault_in_a_file_is_refused_with_file_line_and_key) {
    const std::vector<std::pair<std::string, std::string>> faults{
        {"thread = 2", "unknown key \"thread\"; did you mean threads?"},
        {"catalogue-of-all = 2", "unknown key \"catalogue-of-all\""},
        {"config = x", "unknown key \"config\""},
        {"help = true", "unknown key \"help\""},
        {"threads", "is not key = value"},
        {"= 3", "is not key = value"},
        {"threads =", "threads: a value is missing"},
        {"threads = # 3", "threads: a value is missing"},
        {"threads = [1]", "threads takes one value"},
        {"threads = 0", "threads must be a number from 1 to 64, not \"0\""},
        {"threads = two", "threads must be a number"},
        {"socket = \"/a", "the closing \" is missing"},
        {"socket = \"/a\" b", "there is more after the value"},
        {"socket = \"/a\\n\"", "must be followed by"},
        {"socket = \"\"", "socket must be the path of a socket"},
        {"socket = \"/a\tb\"", "socket must be the path of a socket"},
        {"socket = /a\x01", "control character"},
        {"allow-user = [1", "] is missing"},
        {"allow-user = [1 \"2\"]", "allow-user"},
        {"allow-user = [,]", "a value is missing in the array"},
        {"[daemon]", "sections are not supported"},
        {"capacity = 5\ncapacity = 6", "capacity is in line 3 already"},
    };
    for (const auto& [text, part] : faults) {
        const config file{"# first\nlog-level = info\n" + text + "\n"};
        const auto line = std::to_string(text.find('\n') == std::string::npos ? 3 : 4);
        check_refused({"--config", file.path()}, part);
        check_refused({"--config", file.path()}, file.path() + ":" + line + ": ");
    }
}

BOOST_AUTO_TEST_CASE(file_that_cannot_be_read_is_refused) {
    const temp_directory directory;
    check_refused({"--config", directory / "none"}, (directory / "none") + ": No such file");
    check_refused({"--config", directory.path()}, "is a directory");
    check_refused({"--config", "/dev/zero"}, "longer than 1 MiB");
    check_refused({"--config", ""}, "--config");
    const auto pipe = directory / "pipe";
    BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    check_refused({"--config", pipe}, "nothing comes");  // and does not wait for ever
    int ends[2];
    BOOST_TEST_REQUIRE(::pipe(ends) == 0);
    const std::string line = "threads = 7\n";
    BOOST_TEST_REQUIRE(::write(ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    ::close(ends[1]);
    const auto inherited = "/dev/fd/" + std::to_string(ends[0]);
    BOOST_TEST(parse({"--config", inherited}).broker.threads == 7u);
    check_refused({"--config", inherited}, "nothing left");  // as at a SIGHUP: it is not taken for an empty file
    ::close(ends[0]);
    check_refused({}, (directory / "none") + ": No such file", {{"HOOKD_CONFIG", directory / "none"}});
    check_refused({}, "HOOKD_CONFIG", {{"HOOKD_CONFIG", directory / "none"}});
}

BOOST_AUTO_TEST_CASE(sizes_take_plain_bytes_and_units) {
    const auto frame = [](const std::string& text) { return parse({"--max-frame", text}).listener.max_frame_bytes; };
    BOOST_TEST(frame("1") == 1u);
    BOOST_TEST(frame("1000") == 1000u);
    BOOST_TEST(frame("2KiB") == 2048u);
    BOOST_TEST(frame("128MiB") == 128u << 20);
    BOOST_TEST(frame("134217728") == 128u << 20);
    BOOST_TEST(parse({"--capacity-bytes", "2GiB"}).broker.capacity_bytes == std::size_t{2} << 30);
    for (const char* text : {"0", "134217729", "129MiB", "1GB", "1kib", "1 KiB", "-1", "+1", "1.5MiB", "KiB", "", " 1",
             "0x10", "18446744073709551616", "18014398509481985KiB"}) {
        check_refused({"--max-frame=" + std::string{text}}, "--max-frame");
    }
    check_refused({"--max-frame", "129MiB"}, "from 1 to 128MiB, not \"129MiB\"");
}

BOOST_AUTO_TEST_CASE(durations_need_a_unit) {
    const auto span = [](const std::string& text) { return parse({"--default-timeout", text}).broker.default_timeout; };
    BOOST_TEST((span("1ms") == 1ms));
    BOOST_TEST((span("90s") == 90s));
    BOOST_TEST((span("1440m") == 24h));
    for (const char* text : {"5", "0ms", "0s", "1441m", "5h", "5 s", "-5s", "1.5s", "s", ""}) {
        check_refused({"--default-timeout=" + std::string{text}}, "--default-timeout");
        check_refused({"--write-stall-timeout=" + std::string{text}}, "--write-stall-timeout");
    }
}

BOOST_AUTO_TEST_CASE(counts_are_checked_against_their_range) {
    BOOST_TEST(parse({"--threads", "64"}).broker.threads == 64u);
    for (const char* name : {"--capacity", "--max-connections", "--max-waiting", "--max-waiting-per-connection",
             "--max-reserved", "--threads"}) {
        for (const char* text : {"0", "-1", "x", "1k", "99999999999999999999"}) {
            check_refused({name, text}, std::string{name} + " must be a number from 1 to ");
        }
    }
    check_refused({"--threads", "65"}, "--threads must be a number from 1 to 64, not \"65\"");
}

BOOST_AUTO_TEST_CASE(a_quarter_of_all_waits_may_be_reserved) {
    const auto shown = [](const std::vector<std::string>& arguments) {
        const auto text = configuration_text(parse(arguments));
        const auto begin = text.find("max-reserved = ");
        return text.substr(begin, text.find('\n', begin) - begin);
    };
    BOOST_TEST(shown({}) == "max-reserved = 16384");
    BOOST_TEST(shown({"--max-waiting", "40"}) == "max-reserved = 10");
    BOOST_TEST(shown({"--max-waiting", "3"}) == "max-reserved = 1");
    BOOST_TEST(shown({"--max-waiting", "3", "--max-reserved", "5"}) == "max-reserved = 5");
}

BOOST_AUTO_TEST_CASE(users_and_groups_are_known_by_name_or_number) {
    const auto* const user = ::getpwuid(0);
    const auto* const group = ::getgrgid(0);
    BOOST_TEST_REQUIRE((user != nullptr && group != nullptr));
    const auto options = parse({"--allow-user", user->pw_name, "--allow-user=12345", "--allow-group", group->gr_name,
        "--allow-group", "54321"});
    BOOST_TEST(ids(options.listener.allowed_users) == (std::vector<std::uint32_t>{0, 12345}),
        boost::test_tools::per_element());
    BOOST_TEST(ids(options.listener.allowed_groups) == (std::vector<std::uint32_t>{0, 54321}),
        boost::test_tools::per_element());
    BOOST_TEST(
        ids(parse({}, {{"HOOKD_ALLOW_USER", "1,2"}}).listener.allowed_users) == (std::vector<std::uint32_t>{1, 2}),
        boost::test_tools::per_element());
    check_refused({"--allow-user", "no-such-user-here"},
        "--allow-user must be the name or number of a user that this system knows");
    check_refused({"--allow-group", "no-such-group-here"}, "--allow-group must be the name or number of a group");
    check_refused({"--allow-user", "4294967295"}, "--allow-user");  // the kernel's "none"
    check_refused({}, "HOOKD_ALLOW_USER must be", {{"HOOKD_ALLOW_USER", "1,no-such-user-here"}});
}

BOOST_AUTO_TEST_CASE(users_and_groups_have_roles) {
    const auto may = [](const std::string& text) {
        return parse({"--allow-user", text}).listener.allowed_users.at(0).may;
    };
    BOOST_TEST((may("7") == roles{true, true, false}));
    BOOST_TEST((may("7:emit") == roles{true, false, false}));
    BOOST_TEST((may("7:observe") == roles{false, true, false}));
    BOOST_TEST((may("7:answer") == roles{false, false, true}));
    BOOST_TEST((may("7:answer,emit,observe") == roles{true, true, true}));
    BOOST_TEST((parse({"--allow-group", "7:answer"}).listener.allowed_groups.at(0) ==
                allowed_account{7, roles{false, false, true}}));
    for (const char* text : {"7:", "7:emit,", "7:,emit", "7:reply", "7:Emit", "7: emit", "7:emit:observe"}) {
        check_refused({"--allow-user", text},
            "--allow-user must be NAME or NAME:ROLE,... with the roles emit, observe and answer, not \"" +
                std::string{text} + "\"");
    }
    check_refused({"--allow-user", ":emit"}, "--allow-user must be the name or number of a user");
    const auto shown = [](const std::vector<std::string>& arguments) {
        const auto text = configuration_text(parse(arguments));
        const auto begin = text.find("allow-user = ");
        return text.substr(begin, text.find('\n', begin) - begin);
    };
    BOOST_TEST(shown({"--allow-user", "7:observe,emit", "--allow-user", "8:answer,emit"}) ==
               R"(allow-user = ["7", "8:emit,answer"])");
}

BOOST_AUTO_TEST_CASE(list_in_the_environment_keeps_the_roles_of_each_account_together) {
    const auto users = parse({}, {{"HOOKD_ALLOW_USER", "7:emit,answer,8,9:observe"}}).listener.allowed_users;
    const std::vector<allowed_account> expected{{7, {true, false, true}}, {8, {}}, {9, {false, true, false}}};
    BOOST_TEST((users == expected));
    check_refused({}, "HOOKD_ALLOW_USER must be the name or number", {{"HOOKD_ALLOW_USER", "7,emit"}});
}

BOOST_AUTO_TEST_CASE(list_is_taken_from_the_strongest_source_and_not_merged) {
    const config file{"allow-user = [1, 2]\n"};
    BOOST_TEST(ids(parse({"--config", file.path(), "--allow-user", "3"}).listener.allowed_users) ==
                   std::vector<std::uint32_t>{3},
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(list_in_the_environment_may_have_spaces) {
    BOOST_TEST(ids(parse({}, {{"HOOKD_ALLOW_USER", " 1, root ,, \t2"}}).listener.allowed_users) ==
                   (std::vector<std::uint32_t>{1, 0, 2}),
        boost::test_tools::per_element());
    check_refused({}, "HOOKD_ALLOW_USER must be the name", {{"HOOKD_ALLOW_USER", "1 2"}});
}

BOOST_AUTO_TEST_CASE(socket_path_is_checked) {
    const std::string longest = "/" + std::string(106, 'x');
    BOOST_TEST(parse({"--socket", longest}).listener.socket == longest);
    check_refused({"--socket", longest + "x"}, "--socket must be at most 107 bytes long");
    check_refused({"--check", "--socket", longest + "x"}, "107");
    check_refused({}, "HOOKD_SOCKET must be at most 107", {{"HOOKD_SOCKET", longest + "x"}});
    check_refused({}, "107", {{"XDG_RUNTIME_DIR", longest}});
    check_refused({"--socket", "/tmp/"}, "--socket must be the path of a socket");
    check_refused({"--socket", "/tmp/a\nb"}, "--socket must be the path of a socket");
}

BOOST_AUTO_TEST_CASE(choices_name_what_there_is) {
    check_refused({"--log-level", "loud"}, "--log-level must be debug, info, warning or error, not \"loud\"");
    check_refused({"--log-format", "xml"}, "--log-format must be text or json, not \"xml\"");
    check_refused({}, "HOOKD_LOG_LEVEL must be", {{"HOOKD_LOG_LEVEL", "loud"}});
}

BOOST_AUTO_TEST_CASE(log_levels_are_known_by_what_others_call_them_too) {
    BOOST_TEST((parse({"--log-level", "trace"}).level == log_level::debug));
    BOOST_TEST((parse({"--log-level", "warn"}).level == log_level::warning));
}

BOOST_AUTO_TEST_CASE(unknown_option_is_refused_with_the_nearest_one) {
    check_refused({"--sokcet", "/a"}, "unknown option --sokcet; did you mean --socket?");
    check_refused({"--max-frames=3"}, "unknown option --max-frames; did you mean --max-frame?");
    check_refused({"--write-stall", "3s"}, "did you mean --write-stall-timeout?");
    check_refused({"--frobnicate"}, "unknown option --frobnicate (see hookd --help)");
    check_refused({"-x"}, "unknown option -x");
    check_refused({"serve"}, "\"serve\" is not expected");
    check_refused({"--check=1"}, "--check takes no value");
    check_refused({"--version=false"}, "--version takes no value");
    check_refused({"--socket"}, "--socket needs a value");
    check_refused({"--socket="}, "--socket needs a value");
}

BOOST_AUTO_TEST_CASE(word_after_the_value_of_an_option_is_refused) {
    check_refused({"--socket", "/a", "/b"}, "\"/b\" is not expected");
    check_refused({"--allow-user", "root", "0"}, "\"0\" is not expected");
    check_refused({"--config", "/a", "/b"}, "\"/b\" is not expected");
    check_refused({"--check", "--registry=/a", "/b"}, "\"/b\" is not expected");
}

BOOST_AUTO_TEST_CASE(last_of_a_repeated_option_counts) {
    BOOST_TEST(parse({"--threads", "2", "--threads", "3"}).broker.threads == 3u);
}

BOOST_AUTO_TEST_CASE(actions_are_recognised) {
    BOOST_TEST((parse({"--check"}).action == program_action::check));
    BOOST_TEST((parse({"--print-config"}).action == program_action::print_config));
    BOOST_TEST((parse({"--version"}).action == program_action::show_version));
    BOOST_TEST((parse({"--help"}).action == program_action::show_help));
    BOOST_TEST((parse({"--config", "/none", "-h"}).action == program_action::show_help));
    check_refused({"--check", "--print-config"}, "--print-config");
    check_refused({"--print-config", "--check"}, "--check");
}

BOOST_AUTO_TEST_CASE(help_fits_into_90_columns) {
    const auto help = help_text();
    for (std::size_t begin = 0; begin < help.size();) {
        const auto end = std::min(help.find('\n', begin), help.size());
        const auto line = help.substr(begin, end - begin);
        BOOST_TEST(line.size() <= 90u, line);
        begin = end + 1;
    }
}

BOOST_AUTO_TEST_CASE(help_names_each_setting) {
    const auto help = help_text();
    for (const auto& name : names_of_settings()) {
        BOOST_TEST(help.find("--" + name + " ") != std::string::npos, name);
    }
    for (const char* name : {"--config ", "--help ", "--version ", "--print-config ", "--check "}) {
        BOOST_TEST(help.find(name) != std::string::npos, name);
    }
}

BOOST_AUTO_TEST_CASE(manual_names_each_setting_and_its_variable) {
    const auto manual = hookd::test::read_file(hookd::test::source_tree() + "/server/man/hookd.8");
    for (const auto& name : names_of_settings()) {
        const auto item = ".It Fl -" + name;
        BOOST_TEST(
            (manual.find(item + " ") != std::string::npos || manual.find(item + "\n") != std::string::npos), name);
        BOOST_TEST(manual.find("HOOKD_" + upper_case(name)) != std::string::npos, name);
    }
}

BOOST_AUTO_TEST_CASE(configuration_file_in_the_manual_is_valid) {
    const auto manual = hookd::test::read_file(hookd::test::source_tree() + "/server/man/hookd.8");
    const auto begin = manual.find("# /etc/hookd.conf");
    BOOST_TEST_REQUIRE(begin != std::string::npos);
    const config file{manual.substr(begin, manual.find(".Ed", begin) - begin)};
    const auto options = parse({"--config", file.path()});
    BOOST_TEST(options.listener.socket == "/run/hookd/hookd.sock");
    BOOST_TEST((options.format == log_format::json));
}

BOOST_AUTO_TEST_CASE(only_the_catalog_and_the_log_level_can_change_without_a_restart) {
    const auto before = parse({});
    BOOST_TEST(changes_that_need_restart(before, parse({"--log-level", "debug", "--catalog", "/c"})).empty());
    BOOST_TEST(
        changes_that_need_restart(before, parse({"--capacity", "5", "--threads", "2", "--log-level", "error"})) ==
            (std::vector<std::string_view>{"threads", "capacity"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
