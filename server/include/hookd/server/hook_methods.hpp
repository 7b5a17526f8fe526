#pragma once

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hookd::server {

/// What is registered with `register_hook`.
struct hook_definition {
    std::string name{};
    std::vector<std::string> command{};  ///< not empty, and neither is its first word
    std::vector<std::string> events{};   ///< names or globs; empty: every event
    std::optional<std::chrono::milliseconds> timeout{};
};

/// Carries out the methods of a listener's peers that are about registered hooks (PROTOCOL.md). The listener has seen to it that the
/// parameters are valid and the peer may ask.
///
/// Thread-safety: called on the broker's strand. A handler is called exactly once, from any thread, perhaps within the call.
class hook_methods {
public:
    template <class Result>
    using handler = std::function<void(std::variant<Result, protocol::error>)>;

    virtual void register_hook(hook_definition what, handler<protocol::hook_info> done) = 0;
    virtual void deregister_hook(std::string name, handler<protocol::deregister_hook_result> done) = 0;
    virtual void list_hooks(handler<protocol::list_hooks_result> done) = 0;
    virtual void trust_hook(std::string name, handler<protocol::hook_info> done) = 0;

protected:
    ~hook_methods() = default;
};

}  // namespace hookd::server
