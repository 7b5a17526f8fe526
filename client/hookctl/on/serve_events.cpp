// SPDX-License-Identifier: BSL-1.0
#include "serve_events.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/daemon/daemon_user.hpp"
#include "hookctl/git/site.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <thread>
#include <utility>

#include <unistd.h>

namespace hookd::hookctl {

hook_runner_options runner_options_for(const invocation& call) {
    hook_runner_options options;
    options.path = call.socket;
    options.daemon_user = daemon_user_of(call);
    options.answer_timeout = call.timeout.value_or(default_answer_timeout);
    return options;
}

hook_runner_options hook_options_for(
    const invocation& call, const std::string& name, responder_options as_responder, const std::string& repository) {
    auto options = runner_options_for(call);
    options.name = name;
    options.as_responder = std::move(as_responder);
    if (!repository.empty()) {
        options.as_responder.where.push_back(events_of_repository(repository));
    }
    return options;
}

protocol::command_environment hook_environment_for(const invocation& call, const std::vector<std::string>& further) {
    protocol::command_environment result(
        environ, absolute_socket(call.socket.empty() ? default_socket_path() : call.socket));
    result.add(call.daemon_user.empty() ? "HOOKD_DAEMON_USER" : "HOOKD_DAEMON_USER=" + call.daemon_user, environ);
    for (const auto& each : further) {
        result.add(each, environ);
    }
    return result;
}

std::vector<std::string> variables_for(const protocol::command_environment& environment, const event& received) {
    return environment.for_event({.event = received.name(),
        .hook_event_id = received.hook_event_id(),
        .seq = received.seq(),
        .host = received.host(),
        .cause = received.cause(),
        .payload = received.payload()});
}

void serve_events(hook_runner& events, boost::asio::io_context& io, const std::function<void()>& on_end) {
    auto work = boost::asio::make_work_guard(io);
    std::exception_ptr failure;
    std::thread serving([&] {
        try {
            events.run();
        } catch (...) {
            failure = std::current_exception();
        }
        boost::asio::post(io, [&] {
            on_end();
            work.reset();
        });
    });
    try {
        io.run();
    } catch (...) {
        events.stop();
        serving.join();
        throw;
    }
    serving.join();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace hookd::hookctl
