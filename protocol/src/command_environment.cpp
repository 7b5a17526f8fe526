// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/command_environment.hpp>

#include <hookd/protocol/host_name.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace hookd::protocol {

namespace {

constexpr std::array<std::string_view, 5> passed_on{"PATH", "HOME", "LANG", "USER", "TMPDIR"};
constexpr std::string_view passed_prefix = "HOOK_";
constexpr std::string_view socket_name = "HOOKD_SOCKET";

constexpr std::string_view event_name = "HOOK_EVENT";
constexpr std::string_view id_name = "HOOK_EVENT_ID";
constexpr std::string_view seq_name = "HOOK_SEQ";
constexpr std::string_view host_name = "HOOK_HOST";
constexpr std::string_view cause_name = "HOOK_CAUSE";
constexpr std::string_view directory_name = "HOOK_DIR";
constexpr std::array names_of_event{event_name, id_name, seq_name, host_name, cause_name, directory_name};

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

std::string variable(std::string_view name, std::string_view value) {
    return std::string(name).append("=").append(value);
}

}  // namespace

command_environment::command_environment(const char* const* inherited, std::string_view socket, std::string host)
    : host_(host.empty() ? own_host_name() : std::move(host)) {
    for (; *inherited != nullptr; ++inherited) {
        const auto name = name_of(*inherited);
        const bool is_listed = std::find(passed_on.begin(), passed_on.end(), name) != passed_on.end();
        if (is_listed || (name.starts_with(passed_prefix) && !is_for_event(name))) {
            common_.emplace_back(*inherited);
        }
    }
    common_.push_back(variable(socket_name, socket));
}

void command_environment::add(std::string_view setting, const char* const* inherited) {
    const auto name = name_of(setting);
    if (name.size() == setting.size()) {
        for (; *inherited != nullptr && name_of(*inherited) != name; ++inherited) {
        }
        if (*inherited == nullptr) {
            return;
        }
        setting = *inherited;
    }
    std::erase_if(common_, [name](const std::string& each) { return name_of(each) == name; });
    common_.emplace_back(setting);
}

std::vector<std::string> command_environment::for_event(const event_variables& variables) const {
    auto all = common_;
    all.push_back(variable(event_name, variables.event));
    all.push_back(variable(id_name, variables.hook_event_id));
    all.push_back(variable(seq_name, std::to_string(variables.seq)));
    all.push_back(variable(host_name, variables.host.empty() ? host_ : variables.host));
    all.push_back(variable(cause_name, append_cause(variables.cause, variables.event, variables.payload)));
    if (!variables.directory.empty()) {
        all.push_back(variable(directory_name, variables.directory));
    }
    return all;
}

bool command_environment::is_for_event(std::string_view name) noexcept {
    return std::find(names_of_event.begin(), names_of_event.end(), name) != names_of_event.end();
}

}  // namespace hookd::protocol
