// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/cluster_options.hpp"
#include "core/cluster_port.hpp"

#include <hookd/server/broker.hpp>
#include <hookd/server/log.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace hookd::cluster {

/// Makes this host a member of the clusters that the options name: starts a helper program for each, and joins the
/// broker to them. Each event name is of one cluster: the first whose events match it.
///
/// Thread-safety: construct and destroy while nobody runs the context; shut_down() from any thread. Lifetime: context,
/// broker and log must outlive it, and it whoever has a session at the broker.
class cluster_host {
public:
    cluster_host(boost::asio::io_context& context, server::broker& events, const cluster_options& options,
        const std::string& host, server::logger& log);
    cluster_host(const cluster_host&) = delete;
    cluster_host& operator=(const cluster_host&) = delete;
    ~cluster_host();

    /// Begins. Once; while nobody runs the context.
    void start();
    /// Leaves the clusters; what waits for them fails.
    void shut_down();

private:
    class implementation;
    std::shared_ptr<implementation> implementation_;
};

}  // namespace hookd::cluster
