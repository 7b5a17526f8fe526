// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "app/program_options.hpp"
#include "app/spdlog_logger.hpp"
#include "app/watchdog.hpp"
#include "cluster/cluster_host.hpp"
#include "hooks/hook_host.hpp"
#include "journal/durable_store.hpp"
#include "journal/sqlite_journal.hpp"

#include <hookd/server/broker.hpp>
#include <hookd/server/catalog.hpp>
#include <hookd/server/listener.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace hookd::server {

/// The running hookd: broker and listener on an io_context, its threads, and the signals that end or reload it.
///
/// SIGTERM and SIGINT shut down, for at most flush_time. Another one meanwhile changes nothing: a terminal and a
/// wrapper that forwards its signals both send one, and no waiter must go without its answer for that. SIGHUP reads the
/// options, the catalog and the registry of hooks again, and applies the log level, the catalog and the registry.
///
/// Thread-safety: construct and run from one thread. Lifetime: the log must outlive it.
class daemon_process {
public:
    static constexpr std::chrono::milliseconds flush_time{2'000};

    /// Reads all options once more, for SIGHUP, on a thread of its own; may throw usage_error.
    using option_reader = std::function<program_options()>;

    /// Makes sure that the clusters of the options can be joined. Throws usage_error.
    static void check_clusters(const program_options& options);

    /// The catalog that the options name; null where they name none. Throws catalog_error.
    [[nodiscard]] static std::shared_ptr<const catalog> catalog_of(const program_options& options);

    /// Listens from here on. `events`: catalog_of(options). Throws as the listener does, journal_error, and
    /// std::runtime_error for a handed-over socket that is none.
    daemon_process(
        program_options options, std::shared_ptr<const catalog> events, option_reader read_options, spdlog_logger& log);

    /// Serves until shut down; then all its threads have ended. Throws socket_lost where it ended since its path does
    /// not lead to it any more, and what a handler of the io_context has thrown.
    void run();

private:
    void await_signal();
    void on_signal(int number);
    void shut_down();
    void end_durable_log();
    /// What a SIGHUP reads.
    struct settings {
        program_options options{};
        std::shared_ptr<const catalog> events{};
        std::string failure{};  ///< why it could not be read, if it could not
    };

    /// Reads the settings on a thread of its own, since a catalog of many files takes long, and a file may be a slow
    /// pipe. One at a time: a SIGHUP meanwhile asks for another one afterwards.
    void reload();
    [[nodiscard]] settings read_settings() const;
    void finish_reload(settings read);
    void apply(settings read);
    void use(std::shared_ptr<const catalog> events);
    void open_journal();
    void make_durable();
    void say(log_level level, const std::string& message);

    program_options options_;
    option_reader read_options_;
    spdlog_logger& log_;
    boost::asio::io_context context_;
    boost::asio::strand<boost::asio::io_context::executor_type>
        strand_;  ///< of the signals and of what follows from them
    boost::asio::signal_set signals_;
    watchdog watchdog_;
    std::unique_ptr<sqlite_journal> journal_{};
    broker broker_;
    std::unique_ptr<durable_store> durable_{};        ///< ends before the broker, to which it reports
    std::unique_ptr<cluster::cluster_host> cluster_;  ///< null: in none
    hook_host hooks_;
    listener listener_;
    std::string status_{};
    std::string path_lost_{};  ///< why
    bool stopping_ = false;
    bool stopped_ = false;
    bool reloading_ = false;
    bool reload_again_ = false;
    std::jthread loader_{};  ///< last: it ends before what it uses
};

}  // namespace hookd::server
