// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/journal/secret_members.hpp"
#include "hookctl/terminal/full_screen.hpp"
#include "hookctl/terminal/output.hpp"
#include "stats_reader.hpp"
#include "top_feed.hpp"
#include "top_view.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/value_view.hpp>
#include <base/text/utf8.hpp>
#include <hookd/client.hpp>
#include <hookd/error.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds refresh_interval{1'000};
constexpr milliseconds between_news{100};  // a storm of verdicts is drawn ten times a second
constexpr std::size_t page = 10;

secret_members secrets_of(client& daemon) {
    try {
        return secret_members(daemon.call(protocol::schema_params::method, {}));
    } catch (const error&) {
        return {};  // a daemon of an earlier release
    }
}

top_model first_look(client& daemon) {
    top_model model;
    model.take_stats(read_stats(daemon.stats()), top_model::clock::now());
    return model;
}

/// The names of whom it is waited for, as far as a `who` now tells.
std::string asked_names(client& daemon, const top_model::open_wait& wait) {
    base::object_writer params;
    params.text("event", wait.event);
    if (!wait.payload.empty()) {
        params.raw("payload", wait.payload);
    }
    std::string names;
    try {
        const auto answer = daemon.call(protocol::who_params::method, params.finish());
        for (const auto each : base::value_view(answer)["responders"].elements()) {
            names += (names.empty() ? "" : ", ") + each["name"].string();
        }
    } catch (const error&) {
        return "?";
    }
    return names;
}

class top {
public:
    explicit top(const invocation& call)
        : daemon_(connect_for(call, call.timeout.value_or(refresh_interval * 5))),  // short: meanwhile no key is heeded
          secrets_(secrets_of(daemon_)),
          model_(first_look(daemon_)),
          feed_(call, std::move(secrets_)) {}

    void run() {
        auto next_look = top_model::clock::now() + refresh_interval;
        auto next_news = top_model::clock::now();
        for (;;) {
            draw();
            const auto now = top_model::clock::now();
            const bool hears = now >= next_news;
            const auto until = hears ? next_look : std::min(next_look, next_news);
            const auto came = screen_.wait(
                std::max(std::chrono::ceil<milliseconds>(until - now), milliseconds(1)), hears ? feed_.ready_fd() : -1);
            switch (came.kind) {
                case full_screen::event::quit:
                    return;
                case full_screen::event::key:
                    if (!take(came.pressed)) {
                        return;
                    }
                    break;
                case full_screen::event::woken:
                    hear();
                    next_news = top_model::clock::now() + between_news;
                    break;
                case full_screen::event::redraw:
                case full_screen::event::elapsed:
                    break;
            }
            if (top_model::clock::now() >= next_look) {
                look();
                next_look = top_model::clock::now() + refresh_interval;
            }
        }
    }

private:
    void draw() {
        const auto size = full_screen::current_size();
        screen_.draw(top_screen(shown(), choices_, size.rows, size.columns, palette(),
            choices_.paused ? paused_at_ : top_model::clock::now()));
    }

    void look() {
        try {
            model_.take_stats(read_stats(daemon_.stats()), top_model::clock::now());
            choices_.trouble.clear();
            for (const auto& [id, wait] : model_.waits()) {
                if (!wait.asked) {
                    model_.set_asked(id, asked_names(daemon_, wait));
                    break;  // one a second: the screen is not to wait for them
                }
            }
        } catch (const error& failure) {
            choices_.trouble = failure.what();  // the next round tries again
        }
    }

    void hear() {
        auto news = feed_.take();
        if (news.was_disconnected) {
            model_.forget_waits();
        }
        for (auto& [id, wait] : news.questions) {
            model_.take_question(id, std::move(wait));
        }
        const auto selected = selected_id();
        for (auto& each : news.verdicts) {
            model_.take_verdict(std::move(each));
        }
        keep_selected(selected);
    }

    /// The verdict that is selected; empty: the newest, whichever that is.
    [[nodiscard]] std::string selected_id() const {
        const auto chosen = chosen_verdicts(model_, choices_);
        const bool follows = choices_.selected == 0 && !choices_.opened;
        return follows || choices_.selected >= chosen.size() ? std::string() : chosen[choices_.selected]->id;
    }

    void keep_selected(const std::string& id) {
        if (choices_.paused || id.empty()) {
            return;
        }
        const auto chosen = chosen_verdicts(model_, choices_);
        const auto found =
            std::find_if(chosen.begin(), chosen.end(), [&id](const auto* each) { return each->id == id; });
        choices_.selected = found == chosen.end() ? 0 : static_cast<std::size_t>(found - chosen.begin());
    }

    /// False where it is to end.
    [[nodiscard]] bool take(const screen_key& key) {
        if (choices_.typing_filter) {
            type_filter(key);
            return true;
        }
        if (key.is('q') || key.is('Q')) {
            return std::exchange(choices_.opened, false);
        }
        using kind = screen_key::kind;
        if (key.pressed == kind::escape) {
            go_back();
        } else if (key.pressed == kind::enter) {
            choices_.opened = !choices_.opened && !chosen_verdicts(shown(), choices_).empty();
            choices_.scrolled = 0;
        } else if (key.is('p') || key.is(' ')) {
            pause();
        } else if (key.is('/') && !choices_.opened) {
            choices_.typing_filter = true;
            choices_.filter.clear();
            choices_.selected = 0;
        } else {
            move(key);
        }
        return true;
    }

    /// From a verdict to the tables, and there from what the filter shows to all.
    void go_back() {
        if (!std::exchange(choices_.opened, false)) {
            const auto selected = selected_id();
            choices_.filter.clear();
            choices_.selected = 0;
            keep_selected(selected);
        }
    }

    void type_filter(const screen_key& key) {
        using kind = screen_key::kind;
        if (key.pressed == kind::character) {
            choices_.filter += key.text;
        } else if (key.pressed == kind::backspace && !choices_.filter.empty()) {
            while (!choices_.filter.empty() && base::continues_character(choices_.filter.back())) {
                choices_.filter.pop_back();
            }
            choices_.filter.pop_back();
        } else if (key.pressed == kind::escape) {
            choices_.filter.clear();
        }
        choices_.typing_filter = key.pressed != kind::enter && key.pressed != kind::escape;
        choices_.selected = 0;
    }

    void pause() {
        const auto selected = selected_id();
        choices_.paused = !choices_.paused;
        if (choices_.paused) {
            paused_ = model_;
            paused_at_ = top_model::clock::now();
        } else {
            keep_selected(selected);
        }
    }

    void move(const screen_key& key) {
        using kind = screen_key::kind;
        auto& place = choices_.opened ? choices_.scrolled : choices_.selected;
        const auto last =
            choices_.opened ? place + page : std::max<std::size_t>(chosen_verdicts(shown(), choices_).size(), 1) - 1;
        if (key.pressed == kind::up || key.is('k')) {
            place -= std::min<std::size_t>(place, 1);
        } else if (key.pressed == kind::down || key.is('j')) {
            place = std::min(place + 1, last);
        } else if (key.pressed == kind::page_up) {
            place -= std::min(place, page);
        } else if (key.pressed == kind::page_down) {
            place = std::min(place + page, last);
        }
    }

    [[nodiscard]] const top_model& shown() const noexcept { return choices_.paused ? paused_ : model_; }

    client daemon_;
    secret_members secrets_;
    top_model model_;
    top_model paused_{};  ///< what is shown while it is paused
    top_model::clock::time_point paused_at_{};
    top_choices choices_{};
    full_screen screen_{};  // once there is a daemon; before the feed, whose thread must not take the signals
    top_feed feed_;
};

}  // namespace

int run_top(const invocation& call) {
    top(call).run();
    return exit_status::done;
}

}  // namespace hookd::hookctl
