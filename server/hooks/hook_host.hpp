// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>
#include <hookd/server/broker.hpp>
#include <hookd/server/catalog.hpp>
#include <hookd/server/hook_methods.hpp>
#include <hookd/server/log.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace hookd::server {

/// A registry cannot be used. what() says why, and what to do.
class registry_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct hook_host_options {
    std::filesystem::path registry{};  ///< absolute; empty: none, and hooks are kept in memory
    std::filesystem::path socket{};    ///< absolute: where a command's own hookctl finds this daemon
    std::string host{};                ///< this host's name, for what a command's environment says
    std::size_t jobs = 4;              ///< commands of one hook that run at a time; see hook_jobs
    /// How long a command may run where neither its hook nor an emitter says so.
    std::chrono::milliseconds default_timeout = protocol::default_timeout;
};

/// Runs the registered hooks: keeps the registry, has a push session at the broker for each hook, and runs their
/// commands.
///
/// It has two threads of its own, since starting a process and waiting for a disk both take longer than an event
/// should: commands start and end on one, files are read and written on the other.
///
/// The constructor reads the registry. It throws registry_error where that cannot be read, or others may write to it or
/// replace it.
///
/// Thread-safety: hook_methods as it says; reload() and shut_down() from any thread; construct, start and destroy while
/// nobody runs the context. Lifetime: context, broker and log must outlive it. The process must ignore SIGPIPE and
/// SIGXFSZ and not ignore SIGCHLD.
class hook_host final : public hook_methods {
public:
    hook_host(boost::asio::io_context& context, broker& events, const hook_host_options& options, logger& log);
    hook_host(const hook_host&) = delete;
    hook_host& operator=(const hook_host&) = delete;
    /// Subscribes the hooks in the registry: what the broker is asked from then on finds them there. Once, while nobody
    /// runs the context.
    void start();

    /// Waits until no command is left: about a second (base::kill_delay) after shut_down(), and another where one does
    /// not die of SIGKILL.
    ~hook_host();

    /// What the broker's catalog is from now on; null: none. It is the broker that refuses events with it: this says
    /// which, and what was meant.
    void use_catalog(std::shared_ptr<const catalog> known);
    /// Reads the registry again. Where that fails the hooks stay as they are, and the log says so.
    void reload();
    /// Stops the commands that run (SIGTERM, then SIGKILL, to their process groups), and starts no more.
    void shut_down();

    void register_hook(hook_definition definition, handler<protocol::hook_info> done) override;
    void deregister_hook(std::string name, handler<protocol::deregister_hook_result> done) override;
    void list_hooks(handler<protocol::list_hooks_result> done) override;
    void trust_hook(std::string name, handler<protocol::hook_info> done) override;
    void enable_hook(std::string name, bool enabled, handler<protocol::hook_info> done) override;

private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

/// How many hooks the registry has; none where there is no file, or `registry` is empty. Throws as hook_host does.
[[nodiscard]] std::size_t check_registry(const std::filesystem::path& registry);

}  // namespace hookd::server
