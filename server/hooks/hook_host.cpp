// SPDX-License-Identifier: BSL-1.0
#include "hooks/hook_host.hpp"

#include "hooks/hook_jobs.hpp"
#include "hooks/kept_hooks.hpp"
#include "hooks/registry_changes.hpp"

#include <base/exec/command_runner.hpp>
#include <base/posix/signals_held_back.hpp>
#include <base/text/counted.hpp>
#include <base/text/shell_word.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

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

template <class Work>
std::variant<std::invoke_result_t<const Work&>, error> run_step(const Work& work) {
    try {
        return work();
    } catch (const change_refused& refusal) {
        return refusal.reason();
    } catch (const std::exception& failure) {
        return error{errc::internal_error, std::string{failure.what()} + "; nothing was changed"};
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
                on_files([this] { return registry_.load(); },
                    [this](const std::vector<registered_hook>& all) {
                        apply(all, [this] {
                            log_.write(log_level::info,
                                "SIGHUP: read the registry again: " + base::counted(hooks_.size(), "hook"));
                            end_request();
                        });
                    },
                    [this](const error& failure) {
                        log_.write(log_level::error, "SIGHUP: the old hooks stay in force: " + failure.message);
                    });
            },
            [](const error&) {});
    }

    void register_hook(hook_definition definition, const handler<protocol::hook_info>& done) {
        request(
            [this, definition = std::move(definition), done] {
                if (catalog_) {
                    if (auto refusal = catalog_->check_patterns(definition.events)) {
                        refusal->message = "parameter 'events': " + refusal->message;
                        done(std::move(*refusal));
                        return end_request();
                    }
                }
                change_hook([this, definition] { return add_to_registry(registry_, definition); }, done);
            },
            done);
    }

    void trust_hook(const std::string& name, const handler<protocol::hook_info>& done) {
        request([this, name, done] { change_hook([this, name] { return trust_in_registry(registry_, name); }, done); },
            done);
    }

    void enable_hook(const std::string& name, bool enabled, const handler<protocol::hook_info>& done) {
        request(
            [this, name, enabled, done] {
                change_hook([this, name, enabled] { return enable_in_registry(registry_, name, enabled); }, done);
            },
            done);
    }

    void deregister_hook(const std::string& name, const handler<protocol::deregister_hook_result>& done) {
        request(
            [this, name, done] {
                on_files([this, name] { return remove_from_registry(registry_, name); },
                    [this, done](const removed_hook& removed) {
                        apply(removed.all, [this, done, was_there = removed.was_there] {
                            done(protocol::deregister_hook_result{was_there});
                            end_request();
                        });
                    },
                    done);
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
                on_files(
                    [all = std::move(all)] {
                        std::vector<trust_result> found;
                        for (const auto& [registered, stamps] : all) {
                            found.push_back(check_trust(registered, stamps));
                        }
                        return found;
                    },
                    [this, done](const std::vector<trust_result>& found) {
                        done(list_of(found));
                        end_request();
                    },
                    done);
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

    /// `work` on the file thread, then `after` with its result on the hooks'; if it throws, `fail`, and the request is
    /// over.
    template <class Work, class After, class Fail>
    void on_files(Work work, After after, Fail fail) {
        asio::post(files_, [this, work = std::move(work), after = std::move(after), fail = std::move(fail)] {
            asio::post(io_, [this, result = run_step(work), after, fail] {
                if (const auto* const failure = std::get_if<error>(&result)) {
                    fail(*failure);
                    return end_request();
                }
                after(std::get<0>(result));
            });
        });
    }

    /// `change` (to a changed_hook) on the file thread; then the hooks are those of the registry, and the request is
    /// answered.
    template <class Change>
    void change_hook(Change change, const handler<protocol::hook_info>& done) {
        on_files(
            std::move(change),
            [this, done](const changed_hook& changed) {
                apply(changed.all, [this, done, name = changed.hook.definition.name, trust = changed.trust] {
                    auto& hook = *hooks_.at(name);
                    hook.stamps = trust.stamps;
                    done(info_of(hook, trust));
                    end_request();
                });
            },
            done);
    }

    [[nodiscard]] protocol::hook_info info_of(const hosted_hook& hook, const trust_result& trust) const {
        auto info = server::info_of(hook, trust);
        info.kept = registry_.are_kept();
        return info;
    }

    /// `found`: of each hook, in their order, which no other request can have changed meanwhile.
    [[nodiscard]] protocol::list_hooks_result list_of(const std::vector<trust_result>& found) {
        protocol::list_hooks_result result;
        auto trust = found.begin();
        for (const auto& [name, hook] : hooks_) {
            hook->stamps = trust->stamps;
            result.hooks.push_back(info_of(*hook, *trust++));
        }
        return result;
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

    /// Makes the hooks those in the registry, and calls `on_applied` once their sessions are. What runs continues.
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
