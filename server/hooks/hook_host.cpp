// SPDX-License-Identifier: BSL-1.0
#include "hooks/hook_host.hpp"

#include "hooks/hook_jobs.hpp"
#include "hooks/kept_hooks.hpp"
#include "hooks/program_file.hpp"

#include <base/exec/command_runner.hpp>
#include <base/exec/resolved_command.hpp>
#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/posix/signals_held_back.hpp>
#include <base/text/counted.hpp>
#include <base/text/shell_word.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

// A change of the registry goes through these steps, one change at a time:
//
//   [broker's strand] asked -> [hooks' thread] its turn, events checked -> [file thread] files pinned, registry
//   replaced
//   -> [broker's strand] session opened, or its events changed -> [hooks' thread] answered
//
// so that whoever has the answer can rely on both the file and the session, and no event is ever with a session whose
// hook may yet be refused.

namespace hookd::server {

namespace asio = boost::asio;
using protocol::errc;
using protocol::error;

namespace {

constexpr std::size_t most_requests = 1024;  // that wait for their turn
constexpr std::chrono::milliseconds look_for_end_again{10};
constexpr std::chrono::seconds patience_after_kill{
    1};  // a process that the kernel does not let go, of a dead disk for one, may never end

/// A change of the registry that must not be.
class refused : public std::runtime_error {
public:
    explicit refused(error why) : std::runtime_error(why.message), why_(std::move(why)) {}
    [[nodiscard]] const error& why() const noexcept { return why_; }

private:
    error why_;
};

error unknown_hook(const std::string& name) {
    return {errc::invalid_params,
        "parameter 'name': there is no registered hook '" + name + "' (list_hooks returns all)",
        base::object_writer{}.text("name", name).finish()};
}

/// What came of a step on the file thread.
struct step_result {
    std::optional<error> failure{};
    registered_hook hook{};
    std::vector<registered_hook> all{};
    trust_result trust{};
    bool deleted = false;
};

template <class Work>
step_result run_step(Work work) {
    step_result result;
    try {
        work(result);
    } catch (const refused& failure) {
        result.failure = failure.why();
    } catch (const std::exception& failure) {
        result.failure = error{errc::internal_error, std::string{failure.what()} + "; nothing was changed"};
    }
    return result;
}

std::vector<registered_hook>::iterator find_hook(std::vector<registered_hook>& all, const std::string& name) {
    return std::find_if(all.begin(), all.end(), [&name](const auto& each) { return each.definition.name == name; });
}

std::string_view search_path() {
    const char* const path = std::getenv("PATH");
    return path != nullptr ? path : "";
}

/// `directory`: where it will run; empty: where this process does.
std::vector<std::string> resolved_in(const std::string& directory, std::vector<std::string> command) {
    const auto start = directory.empty() ? std::filesystem::current_path() : std::filesystem::path{directory};
    return base::resolved_command(std::move(command), start, search_path());
}

void refuse_unless_usable(const hook_definition& hook) {
    std::error_code unknown;
    if (!hook.directory.empty() && !std::filesystem::is_directory(hook.directory, unknown)) {
        throw refused({errc::invalid_params,
            "parameter 'cwd': there is no directory " + hook.directory + ": make it, or give another"});
    }
    for (const auto& each : hook.environment) {
        if (const auto name = each.substr(0, each.find('=')); protocol::command_environment::is_for_event(name)) {
            throw refused({errc::invalid_params,
                "parameter 'env': it cannot set " + name + ", which says which event the command runs for"});
        }
    }
}

void refuse_unless_runnable(const std::vector<std::string>& command) {
    if (const auto why = why_not_runnable(command, search_path())) {
        throw refused({errc::invalid_params, "parameter 'command': it cannot be run: " + *why});
    }
}

std::vector<file_pin> pinned(const std::vector<std::string>& command, const std::vector<file_pin>& before = {}) {
    try {
        return pin_files(command, before);
    } catch (const std::runtime_error& failure) {
        throw refused({errc::invalid_params, std::string{"parameter 'command': "} + failure.what()});
    }
}

protocol::hook_info info_of(const hosted_hook& hook, const trust_result& trust) {
    const auto& definition = hook.registered.definition;
    protocol::hook_info info{.definition = definition, .enabled = hook.registered.enabled, .trust = trust.state};
    if (!info.enabled) {
        info.state = protocol::hook_state::disabled;
        info.why = "it is disabled: run hookctl enable " + base::shell_word(definition.name);
    } else {
        info.state = hook.inactive_why.empty() ? trust.state : protocol::hook_state::inactive;
        info.why = hook.inactive_why.empty() ? trust.why : hook.inactive_why;
    }
    info.runs = hook.runs;
    info.last_outcome = hook.last_outcome;
    protocol::stats_result::event_times times;
    hook.times.summarize(times);
    info.p50_ms = times.p50_ms;
    info.p99_ms = times.p99_ms;
    return info;
}

std::vector<registered_hook> read_at_start(const kept_hooks& registry) {
    try {
        return registry.load();
    } catch (const std::runtime_error& failure) {
        throw registry_error(failure.what());
    }
}

/// As this process has found it: it may raise its own later.
std::optional<std::uint64_t> soft_limit_of_files() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? std::optional<std::uint64_t>{limit.rlim_cur} : std::nullopt;
}

}  // namespace

class hook_host::implementation {
public:
    implementation(asio::io_context& context, broker& events, const hook_host_options& options, logger& log)
        : events_(events),
          context_(context),
          registry_(options.registry),
          at_start_(read_at_start(registry_)),
          log_(log),
          jobs_(io_.get_executor(), files_,
              protocol::command_environment(environ, options.socket.string(), options.host),
              {options.jobs, options.default_timeout, soft_limit_of_files()}, log),
          look_again_(io_) {
        during_start_.reset();
    }

    void start() {
        const base::signals_held_back during_start;
        requests_.emplace_back([] {});  // the first: what is asked meanwhile waits for the sessions
        apply(std::exchange(at_start_, {}), [this] { end_request(); });
        thread_ = std::thread([this] { io_.run(); });
    }

    ~implementation() {
        shut_down();
        if (thread_.joinable()) {
            thread_.join();
        }
        files_.stop();  // nobody waits for what has not begun
        files_.join();
        for (const auto& each : sessions_) {
            if (const auto session = each.lock()) {
                session->drop();
            }
        }
    }

    void shut_down() {
        asio::post(io_, [this] {
            if (!stopping_) {
                stopping_ = true;
                for (const auto& each : sessions_) {
                    if (const auto session = each.lock()) {
                        session->mute();
                    }
                }
                jobs_.stop();
                for (const auto& [name, hook] : hooks_) {
                    jobs_.fail_waiting(*hook, "the daemon is shutting down");
                }
                give_up_ = std::chrono::steady_clock::now() + base::kill_delay + patience_after_kill;
                stop_when_idle();
            }
        });
    }

    void use_catalog(std::shared_ptr<const catalog> known) {
        asio::post(io_, [this, known = std::move(known)] { catalog_ = known; });
    }

    void reload() {
        if (!registry_.are_kept()) {
            return;
        }
        request(
            [this] {
                on_files([this](step_result& result) { result.all = registry_.load(); },
                    [this](const step_result& result) {
                        if (result.failure) {
                            log_.write(
                                log_level::error, "SIGHUP: the old hooks stay in force: " + result.failure->message);
                            return end_request();
                        }
                        apply(result.all, [this] {
                            log_.write(log_level::info,
                                "SIGHUP: read the registry again: " + base::counted(hooks_.size(), "hook"));
                            end_request();
                        });
                    });
            },
            [](const error&) {});
    }

    void register_hook(hook_definition definition, const handler<protocol::hook_info>& done) {
        request(
            [this, definition = std::move(definition), done] {
                if (catalog_) {
                    if (auto why = catalog_->check_patterns(definition.events)) {
                        why->message = "parameter 'events': " + why->message;
                        done(std::move(*why));
                        return end_request();
                    }
                }
                on_files(
                    [this, definition](step_result& result) {
                        result.hook.definition = definition;
                        refuse_unless_usable(definition);
                        result.hook.definition.command = resolved_in(definition.directory, definition.command);
                        refuse_unless_runnable(result.hook.definition.command);
                        result.hook.pins = pinned(result.hook.definition.command);
                        result.all = registry_.update([&result](std::vector<registered_hook>& all) {
                            if (const auto at = find_hook(all, result.hook.definition.name); at != all.end()) {
                                result.hook.enabled = at->enabled;
                                *at = result.hook;
                            } else if (all.size() >= protocol::max_hooks) {
                                throw refused(protocol::limit_error("hooks", protocol::max_hooks,
                                    "as many hooks are registered as may be: deregister one"));
                            } else {
                                all.push_back(result.hook);
                            }
                        });
                        result.trust = check_trust(result.hook, {});
                    },
                    [this, done](const step_result& result) { answer_with_hook(result, done); });
            },
            done);
    }

    void trust_hook(const std::string& name, const handler<protocol::hook_info>& done) {
        request(
            [this, name, done] {
                on_files(
                    [this, name](step_result& result) {
                        result.all = registry_.update([&](std::vector<registered_hook>& all) {
                            const auto at = find_hook(all, name);
                            if (at == all.end()) {
                                throw refused(unknown_hook(name));
                            }
                            at->definition.command = resolved_in(at->definition.directory, at->definition.command);
                            at->pins = pinned(at->definition.command, at->pins);
                            result.hook = *at;
                        });
                        result.trust = check_trust(result.hook, {});
                    },
                    [this, done](const step_result& result) { answer_with_hook(result, done); });
            },
            done);
    }

    void enable_hook(const std::string& name, bool enabled, const handler<protocol::hook_info>& done) {
        request(
            [this, name, enabled, done] {
                on_files(
                    [this, name, enabled](step_result& result) {
                        result.all = registry_.update([&](std::vector<registered_hook>& all) {
                            const auto at = find_hook(all, name);
                            if (at == all.end()) {
                                throw refused(unknown_hook(name));
                            }
                            at->enabled = enabled;
                            result.hook = *at;
                        });
                        result.trust = check_trust(result.hook, {});
                    },
                    [this, done](const step_result& result) { answer_with_hook(result, done); });
            },
            done);
    }

    void deregister_hook(const std::string& name, const handler<protocol::deregister_hook_result>& done) {
        request(
            [this, name, done] {
                on_files(
                    [this, name](step_result& result) {
                        result.all = registry_.update([&](std::vector<registered_hook>& all) {
                            const auto at = find_hook(all, name);
                            result.deleted = at != all.end();
                            if (result.deleted) {
                                all.erase(at);
                            }
                        });
                    },
                    [this, done](const step_result& result) {
                        if (result.failure) {
                            done(*result.failure);
                            return end_request();
                        }
                        apply(result.all, [this, done, deleted = result.deleted] {
                            done(protocol::deregister_hook_result{deleted});
                            end_request();
                        });
                    });
            },
            done);
    }

    void list_hooks(const handler<protocol::list_hooks_result>& done) {
        request(
            [this, done] {
                std::vector<std::pair<registered_hook, file_stamps>> all;
                for (const auto& [name, hook] : hooks_) {
                    all.emplace_back(hook->registered, hook->stamps);
                }
                asio::post(files_, [this, all = std::move(all), done] {
                    std::vector<trust_result> found;
                    for (const auto& [registered, stamps] : all) {
                        found.push_back(check_trust(registered, stamps));
                    }
                    // Nothing can have changed the hooks meanwhile: that is a request of its own.
                    asio::post(io_, [this, found = std::move(found), done] {
                        protocol::list_hooks_result result;
                        auto trust = found.begin();
                        for (const auto& [name, hook] : hooks_) {
                            hook->stamps = trust->stamps;
                            result.hooks.push_back(info_of(*hook, *trust++));
                            result.hooks.back().kept = registry_.are_kept();
                        }
                        done(std::move(result));
                        end_request();
                    });
                });
            },
            done);
    }

private:
    // --- one request at a time ---

    template <class Begin, class Done>
    void request(Begin begin, Done done) {
        asio::post(io_, [this, begin = std::move(begin), done = std::move(done)] {
            if (stopping_) {
                return done(error{errc::shutting_down, "the daemon is shutting down: connect again when it is back"});
            }
            if (requests_.size() >= most_requests) {
                return done(protocol::limit_error(
                    "hook_requests", most_requests, "too many requests about hooks wait already: retry later"));
            }
            requests_.push_back(begin);
            if (requests_.size() == 1) {
                begin();
            }
        });
    }

    void end_request() {
        requests_.pop_front();
        if (!requests_.empty()) {
            asio::post(io_, requests_.front());
        }
    }

    /// `work` on the file thread, then `after` on the hooks'.
    template <class Work, class After>
    void on_files(Work work, After after) {
        asio::post(files_, [this, work = std::move(work), after = std::move(after)] {
            asio::post(io_, [result = run_step(work), after] { after(result); });
        });
    }

    void answer_with_hook(const step_result& result, const handler<protocol::hook_info>& done) {
        if (result.failure) {
            done(*result.failure);
            return end_request();
        }
        apply(result.all, [this, done, name = result.hook.definition.name, trust = result.trust] {
            auto& hook = *hooks_.at(name);
            hook.stamps = trust.stamps;
            auto info = info_of(hook, trust);
            info.kept = registry_.are_kept();
            done(std::move(info));
            end_request();
        });
    }

    // --- hooks and their sessions ---

    /// Why the broker refused a session for these events, which says no more than a number.
    [[nodiscard]] error refusal_of(const std::vector<std::string>& events, boost::system::error_code failure) const {
        if (failure == errc::not_in_catalog && catalog_) {
            if (auto refused = catalog_->check_patterns(events)) {
                return std::move(*refused);
            }
        }
        return {static_cast<errc>(failure.value()), failure.message()};
    }

    /// Makes the hooks those in the registry, and calls `then` once their sessions are. What runs goes on.
    void apply(const std::vector<registered_hook>& all, std::function<void()> on_applied) {
        set_names_aside(all);
        for (auto each = hooks_.begin(); each != hooks_.end();) {
            const bool kept = std::any_of(
                all.begin(), all.end(), [&](const auto& hook) { return hook.definition.name == each->first; });
            if (kept) {
                ++each;
                continue;
            }
            const auto gone = each->second;
            each = hooks_.erase(each);
            jobs_.fail_waiting(*gone, "it was deregistered");
            close(*gone);
        }
        const auto left = std::make_shared<std::size_t>(1);
        const auto one_is_done = [left, on_applied = std::move(on_applied)] {
            if (--*left == 0) {
                on_applied();
            }
        };
        for (const auto& registered : all) {
            auto& hook = hooks_[registered.definition.name];
            if (hook == nullptr) {
                hook = std::make_shared<hosted_hook>();
            }
            const auto before = std::exchange(hook->registered, registered);
            if (before.pins != registered.pins || before.definition.command != registered.definition.command) {
                hook->stamps.clear();
                hook->ready.reset();
            }
            auto settled = [this, hook, one_is_done](boost::system::error_code failure) {
                note_refusal(*hook, failure);
                one_is_done();
            };
            if (!registered.enabled) {
                close(*hook);
            } else if (!hook->session || !hook->inactive_why.empty()) {
                ++*left;
                open(hook, std::move(settled));
            } else if (before.definition != registered.definition) {
                ++*left;
                hook->session->change(registered.definition, std::move(settled));
            }
        }
        one_is_done();
    }

    void set_names_aside(const std::vector<registered_hook>& all) {
        std::vector<std::string> names;
        std::vector<hook_definition> disabled;
        for (const auto& each : all) {
            names.push_back(each.definition.name);
            if (!each.enabled) {
                disabled.push_back(each.definition);
            }
        }
        events_.set_names_aside(std::move(names), std::move(disabled));
    }

    /// Where the broker refuses a hook's events. Otherwise it is over with the session, which is told elsewhere, or all
    /// is well.
    void note_refusal(hosted_hook& hook, boost::system::error_code failure) {
        if (!failure || failure == errc::shutting_down || failure == errc::cancelled || !hook.session) {
            return;
        }
        hook.inactive_why =
            "its events cannot be subscribed to: " + refusal_of(hook.registered.definition.events, failure).message;
        log_.write(log_level::warning, "hook " + hook.registered.definition.name + ": " + hook.inactive_why);
        hook.session->retire();
    }

    /// It gets no more events. What it has goes on.
    static void close(hosted_hook& hook) {
        if (const auto session = std::exchange(hook.session, nullptr)) {
            session->retire();
        }
        hook.inactive_why.clear();
    }

    void open(const std::shared_ptr<hosted_hook>& hook, hook_session::outcome_handler done) {
        std::erase_if(sessions_, [](const auto& each) { return each.expired(); });
        hook->inactive_why.clear();
        const hook_session::surroundings surroundings{io_.get_executor(), context_, events_};
        // By name: what comes when its hook is gone, or another of that name, is for the one that there is.
        hook->session = std::make_shared<hook_session>(
            surroundings,
            [this, name = hook->registered.definition.name](hook_job job) {
                if (const auto current = hooks_.find(name); current != hooks_.end()) {
                    jobs_.add(current->second, std::move(job));
                } else {
                    const auto via = job.via;
                    via->finish(job, {.abstain = true});
                }
            },
            [this, name = hook->registered.definition.name](std::size_t count) {
                if (const auto current = hooks_.find(name); current != hooks_.end()) {
                    jobs_.note_missed(*current->second, count);
                }
            },
            [this, name = hook->registered.definition.name](const uuid& id) {
                if (const auto current = hooks_.find(name); current != hooks_.end()) {
                    jobs_.cancel(current->second, id);
                }
            });
        sessions_.push_back(hook->session);
        hook->session->open(hook->registered.definition, std::move(done),
            [this, weak = std::weak_ptr(hook), which = std::weak_ptr(hook->session)] {
                if (const auto lost = weak.lock();
                    lost && lost->session && lost->session == which.lock() && !stopping_) {
                    log_.write(log_level::warning,
                        "hook " + lost->registered.definition.name +
                            " lagged behind, or the cluster's link was interrupted: events may have been missed");
                    lost->session->retire();
                    open(lost, [this, lost](boost::system::error_code failure) { note_refusal(*lost, failure); });
                }
            });
    }

    void stop_when_idle() {
        const bool is_idle = jobs_.is_idle();
        if (!is_idle && std::chrono::steady_clock::now() >= give_up_) {
            log_.write(
                log_level::error, "a command of a hook continues although it was killed: the daemon ends without it");
        } else if (!is_idle) {
            return look_again();
        }
        io_.stop();  // answers that the broker will never take keep it from ending by itself
    }

    void look_again() {
        look_again_.expires_after(look_for_end_again);
        look_again_.async_wait([this](boost::system::error_code) { stop_when_idle(); });
    }

    std::optional<base::signals_held_back> during_start_{std::in_place};  // first: of all threads
    broker& events_;
    asio::io_context& context_;
    kept_hooks registry_;
    std::vector<registered_hook> at_start_;  // until start()
    logger& log_;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    asio::thread_pool files_{1};
    hook_jobs jobs_;
    asio::steady_timer look_again_;
    std::map<std::string, std::shared_ptr<hosted_hook>> hooks_{};
    std::vector<std::weak_ptr<hook_session>> sessions_{};
    std::shared_ptr<const catalog> catalog_{};
    std::deque<std::function<void()>> requests_{};
    bool stopping_ = false;
    std::chrono::steady_clock::time_point give_up_{};
    std::thread thread_{};
};

hook_host::hook_host(asio::io_context& context, broker& events, const hook_host_options& options, logger& log)
    : implementation_(std::make_unique<implementation>(context, events, options, log)) {}

hook_host::~hook_host() = default;

void hook_host::start() { implementation_->start(); }
void hook_host::use_catalog(std::shared_ptr<const catalog> known) { implementation_->use_catalog(std::move(known)); }
void hook_host::reload() { implementation_->reload(); }
void hook_host::shut_down() { implementation_->shut_down(); }

void hook_host::register_hook(hook_definition definition, handler<protocol::hook_info> done) {
    implementation_->register_hook(std::move(definition), done);
}

void hook_host::deregister_hook(std::string name, handler<protocol::deregister_hook_result> done) {
    implementation_->deregister_hook(name, done);
}

void hook_host::list_hooks(handler<protocol::list_hooks_result> done) { implementation_->list_hooks(done); }

void hook_host::enable_hook(std::string name, bool enabled, handler<protocol::hook_info> done) {
    implementation_->enable_hook(name, enabled, done);
}

void hook_host::trust_hook(std::string name, handler<protocol::hook_info> done) {
    implementation_->trust_hook(name, done);
}

std::size_t check_registry(const std::filesystem::path& registry) { return read_at_start(kept_hooks{registry}).size(); }

}  // namespace hookd::server
