// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/error.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hookd {

/// What a hook answers to an event. Made by proceed, veto, respond_with, abstain and failed.
class reply {
public:
    enum class kind : std::uint8_t {
        response,  ///< text() is the JSON object that the emitter gets
        abstain,   ///< no opinion: decides nothing, and no emitter waits for this hook any longer
        failed,    ///< the hook broke; text() says why. Decides nothing; the emitter's failure policy may
    };

    [[nodiscard]] kind type() const noexcept { return type_; }
    /// The response's JSON text, or why the hook failed; empty for abstain.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// What to answer instead where the daemon refuses this reply, as error::code says: because of the catalog
    /// (-32004), or for want of room
    /// (-32001). Nothing, as without a fallback: the hook has failed. Called on the thread that runs the hook_runner;
    /// must not throw.
    using fallback = std::function<std::optional<reply>(const error& refusal)>;
    reply& or_else(fallback handler) {
        fallback_ = std::move(handler);
        return *this;
    }
    [[nodiscard]] const fallback& on_refusal() const noexcept { return fallback_; }

private:
    reply(kind type, std::string text) : text_(std::move(text)), type_(type) {}

    friend reply proceed();
    friend reply veto(std::string_view reason);
    friend reply respond_with(std::string json_object);
    friend reply abstain();
    friend reply failed(std::string_view why);

    std::string text_;
    fallback fallback_{};
    kind type_;
};

/// No objection.
[[nodiscard]] reply proceed();

/// An objection; `reason` is plain text for people (UTF-8; ill-formed bytes become U+FFFD). An empty reason still
/// vetoes: the emitter then reads "vetoed without a reason".
[[nodiscard]] reply veto(std::string_view reason);

/// Any JSON object, sent to the emitter byte for byte. Its `abort` member, where it is a non-empty string, vetoes;
/// every other member is free. Throws error (invalid_argument) where the text is no JSON object.
[[nodiscard]] reply respond_with(std::string json_object);

/// This hook has no opinion on the event.
[[nodiscard]] reply abstain();

/// The hook could not do its work. An empty `why` becomes "failed without a reason".
[[nodiscard]] reply failed(std::string_view why);

}  // namespace hookd
