// SPDX-License-Identifier: BSL-1.0
#include "app/daemon_process.hpp"

#include "app/service.hpp"
#include "core/broker.hpp"
#include "net/open_files.hpp"

#include <base/posix/safe_directory.hpp>
#include <base/posix/signals_held_back.hpp>
#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>
#include <hookd/protocol/version.hpp>

#include <boost/asio/post.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace hookd::server {
namespace {

program_options with_inherited_socket(program_options options) {
    options.listener.inherited_socket = service::take_socket();
    if (options.listener.inherited_socket >= 0) {
        options.listener.socket = service::path_of(options.listener.inherited_socket);
        choose_state_files(options);
    }
    return options;
}

hook_host_options hook_options(const program_options& options) {
    auto result = options.hooks;
    // What cannot be absolute, as an abstract socket, stays as it is.
    result.socket = options.listener.socket.string().starts_with('@')
                        ? options.listener.socket
                        : std::filesystem::absolute(options.listener.socket);
    result.default_timeout = options.broker.default_timeout;
    result.host = options.broker.host;
    return result;
}

listener_options with_hooks(listener_options options, hook_methods& hooks) {
    options.hooks = &hooks;
    return options;
}

/// From here on the process only ends. Once the signal set is gone, one more SIGTERM would kill it, and it would not
/// exit with 0.
void hold_signals_back() {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&held, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

/// One thread alone touches the descriptors of its context: each needs no lock of its own. Others may hand work to it
/// all the same.
int concurrency_hint(unsigned threads) {
    return threads == 1 ? BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO : static_cast<int>(threads);
}

/// Runs a context on `count` threads, this one among them, until it has no work left. An exception of a handler ends
/// them all, and is thrown once they have ended.
///
/// std::bad_alloc is no exception to that. What a peer asks for is refused long before (memory_reserve), so that it
/// comes only if not even the next step of a connection can be queued: then neither can its end. Asio itself queues a
/// strand's next handler in a destructor, where a failure is std::terminate(). A daemon that has ended is heard by each
/// client as a closed connection, which is not consent; one that goes on without having done a step is not.
void run_on_threads(boost::asio::io_context& context, unsigned count) {
    std::mutex mutex;
    std::exception_ptr failure;
    const auto run = [&] {
        try {
            context.run();
        } catch (...) {
            const std::lock_guard lock{mutex};
            failure = failure ? failure : std::current_exception();
            context.stop();
        }
    };
    {
        std::vector<std::jthread> others;
        try {
            for (unsigned each = 1; each < count; ++each) {
                others.emplace_back(run);
            }
        } catch (const std::system_error& refused) {
            context.stop();
            throw std::runtime_error("the system allows this process no " + std::to_string(count) +
                                     " threads for --threads (" + refused.code().message() + ")");
        }
        run();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

/// Whoever may write to a catalog decides what hooks are asked. What is not there load_catalog() says.
void check_is_safe(const std::filesystem::path& catalog_directory) {
    std::error_code unreadable;
    try {
        for (const auto& each : std::filesystem::directory_iterator{catalog_directory, unreadable}) {
            if (each.path().extension() == ".json") {
                base::check_file(each.path(), "--catalog");
            }
        }
        if (!unreadable) {
            base::check_directory(catalog_directory, "--catalog");
        }
    } catch (const std::runtime_error& unsafe) {
        throw catalog_error("the catalog may be under another user's control: " + std::string{unsafe.what()});
    }
}

}  // namespace

std::shared_ptr<const catalog> daemon_process::catalog_of(const program_options& options) {
    if (options.catalogs.empty()) {
        return nullptr;
    }
    std::for_each(options.catalogs.begin(), options.catalogs.end(), check_is_safe);
    return load_catalog(options.catalogs);
}

void daemon_process::check_clusters(const program_options& options) {
    try {
        for (const auto& each : options.cluster.memberships) {
            (void)cluster::helper_for(cluster::read_url(each.url_file));
        }
    } catch (const std::runtime_error& wrong) {
        throw usage_error("--cluster: " + std::string{wrong.what()});
    }
}

daemon_process::daemon_process(
    program_options options, std::shared_ptr<const catalog> events, option_reader read_options, spdlog_logger& log)
    : options_(with_inherited_socket(std::move(options))),
      read_options_(std::move(read_options)),
      log_(log),
      context_(concurrency_hint(options_.broker.threads)),
      strand_(context_.get_executor()),
      signals_(strand_, SIGTERM, SIGINT, SIGHUP),
      watchdog_(strand_, service::take_watchdog_time()),
      broker_(context_, options_.broker),
      cluster_(options_.cluster.memberships.empty() ? nullptr
                                                    : std::make_unique<cluster::cluster_host>(context_, broker_,
                                                          options_.cluster, options_.broker.host, log_)),
      hooks_(context_, broker_, hook_options(options_), log_),
      listener_(context_, broker_, with_hooks(options_.listener, hooks_), log_) {
    listener_.when_path_is_lost([this](const std::string& why) {
        boost::asio::post(strand_, [this, why] {
            if (!stopping_) {
                path_lost_ = why;
                shut_down();
            }
        });
    });
    const auto& limits = options_.listener;
    const open_files files;
    const auto connections = files.most_connections(limits.max_connections);
    make_durable();
    open_journal();
    status_ = "listening on " + limits.socket.string();
    say(log_level::info, std::string{"hookd "} + protocol::release_version + " " + status_ + ", pid " +
                             std::to_string(::getpid()) + ", threads " + std::to_string(options_.broker.threads) +
                             ", capacity " + std::to_string(options_.broker.capacity) + " events and " +
                             base::size_text(options_.broker.capacity_bytes) + ", frames to " +
                             base::size_text(limits.max_frame_bytes) + ", connections to " +
                             std::to_string(connections) + ", waiting to " +
                             std::to_string(options_.broker.max_waiting));
    use(std::move(events));
    broker_.run([](core::broker& state, const core::instant&) { state.record_restored(); });
    if (cluster_) {
        cluster_->start();
    }
    hooks_.start();
    if (connections < limits.max_connections || files.most() <= limits.max_connections) {
        say(log_level::warning, "the system allows this process " + std::to_string(files.most()) +
                                    " open files, too few for --max-connections " +
                                    std::to_string(limits.max_connections) + " and the hooks: there may be " +
                                    std::to_string(connections) +
                                    " connections; raise the limit (ulimit -Hn, LimitNOFILE=)");
    }
}

void daemon_process::run() {
    await_signal();
    service::notify_ready(status_);
    watchdog_.start();
    run_on_threads(context_, options_.broker.threads);
    hold_signals_back();
    end_durable_log();
    say(log_level::info, "stopped");
    if (!path_lost_.empty()) {
        throw socket_lost(path_lost_);
    }
}

void daemon_process::await_signal() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
        if (!error) {
            on_signal(number);
        }
    });
}

void daemon_process::on_signal(int number) {
    if (!stopping_) {
        if (number == SIGHUP) {
            reload();
        } else {
            say(log_level::info, std::string{number == SIGINT ? "SIGINT" : "SIGTERM"} + ": ending waits and sessions");
            shut_down();
        }
    }
    if (!stopped_) {
        await_signal();
    }
}

void daemon_process::shut_down() {
    stopping_ = true;
    service::notify_stopping();
    hooks_.shut_down();
    // The wait for signals is the last work of the context: run() returns once it has ended.
    listener_.shut_down(flush_time, [this] {
        boost::asio::post(strand_, [this] {
            stopped_ = true;
            if (cluster_) {
                cluster_->shut_down();
            }
            signals_.cancel();
            watchdog_.stop();
        });
    });
}

// What it commits last is reported to the broker, too, which no thread runs any more: the journal holds records of
// events until those are committed.
void daemon_process::end_durable_log() {
    if (durable_) {
        durable_->close();
        context_.restart();
        context_.poll();
    }
}

void daemon_process::reload() {
    if (reloading_) {
        reload_again_ = true;
        return;
    }
    reloading_ = true;
    service::notify_reloading();
    try {
        const base::signals_held_back during_start;
        loader_ = std::jthread{[this] {
            boost::asio::post(strand_, [this, read = read_settings()]() mutable { finish_reload(std::move(read)); });
        }};
    } catch (const std::system_error& failure) {
        finish_reload({.failure = std::string{"the old options stay in force: "} + failure.what()});
    }
}

daemon_process::settings daemon_process::read_settings() const {
    settings read;
    try {
        read.options = read_options_();
        read.events = catalog_of(read.options);
    } catch (const catalog_error& failure) {
        read.failure = std::string{"the old options and the old catalog stay in force: "} + failure.what();
    } catch (const std::exception& failure) {
        read.failure = std::string{"the old options stay in force: "} + failure.what();
    }
    return read;
}

void daemon_process::finish_reload(settings read) {
    reloading_ = false;
    if (stopping_) {
        return;
    }
    if (read.failure.empty()) {
        apply(std::move(read));
    } else {
        say(log_level::error, "SIGHUP: " + read.failure);
    }
    hooks_.reload();
    service::notify_ready(status_);
    if (std::exchange(reload_again_, false)) {
        reload();
    }
}

void daemon_process::apply(settings read) {
    // The path of a handed-over socket is not ours to change.
    if (options_.listener.inherited_socket >= 0) {
        read.options.listener.socket = options_.listener.socket;
        choose_state_files(read.options);
    }
    options_.level = read.options.level;
    log_.set_level(options_.level);
    options_.catalogs = read.options.catalogs;
    std::string others;
    for (const auto name : changes_that_need_restart(options_, read.options)) {
        others += (others.empty() ? "" : ", ") + std::string{name};
    }
    say(log_level::info, "SIGHUP: read the options again");
    use(std::move(read.events));
    if (!others.empty()) {
        say(log_level::warning, "SIGHUP: a change of " + others + " takes effect at the next start only");
    }
}

void daemon_process::use(std::shared_ptr<const catalog> events) {
    const auto known = events ? std::optional{events->size()} : std::nullopt;
    hooks_.use_catalog(events);
    broker_.use_catalog(std::move(events));
    // Whoever reads this finds it in force.
    if (known) {
        const bool is_one = options_.catalogs.size() == 1;
        say(log_level::info, (is_one ? "the catalog " : "the catalogs ") + catalogs_text(options_) +
                                 (is_one ? " knows " : " know ") + base::counted(*known, "event"));
    }
}

// Once the socket is this daemon's: another one that has it keeps its journal to itself.
void daemon_process::open_journal() {
    if (options_.journal.file.empty()) {
        return;
    }
    const bool is_there = std::filesystem::exists(std::filesystem::symlink_status(options_.journal.file));
    try {
        journal_ = std::make_unique<sqlite_journal>(options_.journal, log_);
    } catch (const journal_error& failure) {
        if (options_.names_journal || is_there) {
            throw;
        }
        say(log_level::warning,
            "there is no journal, so hookctl log and trace find nothing: " + std::string{failure.what()});
        return;
    }
    broker_.record_to(*journal_);
}

// Before open_journal(): the journal records the run that is continued.
void daemon_process::make_durable() {
    if (!options_.durable) {
        return;
    }
    const auto file = durable_file_of(options_.journal.file);
    durable_ = std::make_unique<durable_store>(file, log_);
    try {
        broker_.make_durable(*durable_, durable_->take_records());
    } catch (const core::durable_damage& damage) {
        throw journal_error("the journal " + file.string() + " is damaged (" + damage.what() +
                            "): move it away, or start without --durable");
    }
    durable_->begin(
        [this](std::uint64_t position) {
            broker_.run([position](core::broker& state, const core::instant& now) { state.committed(position, now); });
        },
        [this](const std::string& reason) {
            broker_.run([reason](core::broker& state, const core::instant& now) { state.lost(reason, now); });
        });
}

void daemon_process::say(log_level level, const std::string& message) {
    if (log_.wants(level)) {
        log_.write(level, message);
    }
}

}  // namespace hookd::server
