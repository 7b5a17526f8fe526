// SPDX-License-Identifier: BSL-1.0
#include "command.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"
#include "survey.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/value_view.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

namespace {

/// What the daemon says, asked at the socket that the hooks would take.
class daemon_view {
public:
    daemon_view(const invocation& call, const git_survey& survey) : call_(call) {
        const char* named = std::getenv("HOOKD_SOCKET");
        if (call_.socket.empty() && (named == nullptr || *named == '\0') && !survey.hooks.empty()) {
            call_.socket = survey.hooks.front().socket;
        }
        try {
            client_.emplace(connect_for(call_, longest_silence));
            (void)client_->ping();
        } catch (const error& failure) {
            why_not_ = failure.what();
            client_.reset();
        }
    }

    [[nodiscard]] bool answers() const noexcept { return client_.has_value(); }
    [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }
    [[nodiscard]] std::string socket() const {
        return absolute_socket(call_.socket.empty() ? default_socket_path() : call_.socket);
    }

    /// The names of those who would be asked; nothing where the daemon does not say.
    [[nodiscard]] std::optional<std::vector<std::string>> asked(const std::string& event) {
        if (!client_) {
            return std::nullopt;
        }
        try {
            return names_in(client_->call(
                protocol::who_params::method, base::object_writer().text("event", event).finish(), longest_silence));
        } catch (const error&) {
            return std::nullopt;  // not in its catalog, or a daemon of an earlier release
        }
    }

private:
    static std::vector<std::string> names_in(std::string_view result) {
        std::vector<std::string> names;
        for (const auto responder : base::value_view(result)["responders"].elements()) {
            names.push_back(responder["name"].string());
        }
        return names;
    }

    invocation call_;
    std::optional<client> client_{};
    std::string why_not_{};
};

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& each : words) {
        text.append(text.empty() ? "" : ", ").append(harmless(each));
    }
    return text;
}

std::string json_of(const surveyed_hook& each, const std::optional<std::vector<std::string>>& asked) {
    base::object_writer line;
    line.text("event", event_of(*each.hook)).flag("fires", each.fires);
    if (!each.why_not.empty()) {
        line.text("why_not", each.why_not);
    }
    if (!each.taken_by.empty()) {
        line.text("taken_by", each.taken_by);
    }
    if (each.is_changed) {
        line.flag("changed", true);
    }
    std::string displaced = "[";
    for (const auto& hook : each.displaced) {
        base::object_writer one;
        one.text("path", hook.path.string()).text("by", hook.author);
        displaced.append(displaced.size() > 1 ? "," : "").append(one.finish());
    }
    line.raw("displaced", displaced + "]");
    if (asked) {
        line.texts("asked", *asked);
    }
    return line.finish();
}

std::string text_of(const surveyed_hook& each, const std::optional<std::vector<std::string>>& asked) {
    std::string text = "  " + std::string(each.hook->name) + ": ";
    text += each.fires ? "fires " + event_of(*each.hook) : "does not fire: " + harmless(each.why_not);
    text += each.is_changed ? "; its script was changed since the install" : "";
    if (each.fires && asked) {
        text += asked->empty() ? "; no hook would be asked" : "; would ask " + joined(*asked);
    }
    for (const auto& hook : each.displaced) {
        text += "; first runs " + harmless(hook.path.string()) +
                (hook.author.empty() ? "" : " (" + harmless(hook.author) + ")");
    }
    return text + "\n";
}

}  // namespace

int show_git_status(const invocation& call, const git_arguments& arguments) {
    const auto survey = survey_git_hooks(find_git_site(arguments.repository, arguments.global), arguments.events);
    daemon_view daemon(call, survey);
    bool all_fire = !survey.hooks.empty() && daemon.answers();
    base::object_writer hooks;
    std::string text = survey.by_configuration     ? "in git's configuration:\n"
                       : survey.site.hooks.empty() ? "git has no directory of hooks:\n"
                                                   : "in " + harmless(survey.site.hooks.string()) + ":\n";
    for (const auto& each : survey.hooks) {
        const auto asked = daemon.asked(event_of(*each.hook));
        hooks.raw(each.hook->name, json_of(each, asked));
        text += text_of(each, asked);
        all_fire = all_fire && each.fires;
    }
    if (survey.hooks.empty()) {
        text += "  nothing is installed: hookctl git install\n";
    }
    text += daemon.answers() ? "the daemon at " + harmless(daemon.socket()) + " answers\n"
                             : "no hook is asked: " + harmless(daemon.why_not()) + "\n";

    if (writes_for_programs(call.json)) {
        base::object_writer line;
        line.text("installed_by", survey.hooks.empty()      ? "nothing"
                                  : survey.by_configuration ? "configuration"
                                                            : "scripts");
        if (!survey.by_configuration && !survey.site.hooks.empty()) {
            line.text("hooks_directory", survey.site.hooks.string());
        }
        base::object_writer about;
        about.text("socket", daemon.socket()).flag("answers", daemon.answers());
        if (!daemon.answers()) {
            about.text("why_not", daemon.why_not());
        }
        text = line.raw("hooks", hooks.finish()).raw("daemon", about.finish()).flag("ok", all_fire).finish() + "\n";
    }
    print(text);
    return all_fire ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
