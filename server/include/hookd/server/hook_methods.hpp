// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <functional>
#include <string>
#include <variant>

namespace hookd::server {

using protocol::hook_definition;

/// Carries out the methods of a listener's peers that are about registered hooks (PROTOCOL.md). The listener has seen
/// to it that the parameters are valid and the peer may ask.
///
/// Thread-safety: called on the broker's strand. A handler is called exactly once, from any thread, perhaps within the
/// call.
class hook_methods {
public:
    template <class Result>
    using handler = std::function<void(std::variant<Result, protocol::error>)>;

    virtual void register_hook(hook_definition definition, handler<protocol::hook_info> done) = 0;
    virtual void deregister_hook(std::string name, handler<protocol::deregister_hook_result> done) = 0;
    virtual void list_hooks(handler<protocol::list_hooks_result> done) = 0;
    virtual void trust_hook(std::string name, handler<protocol::hook_info> done) = 0;
    virtual void enable_hook(std::string name, bool enabled, handler<protocol::hook_info> done) = 0;

protected:
    ~hook_methods() = default;
};

}  // namespace hookd::server
