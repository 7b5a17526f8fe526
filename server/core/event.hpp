// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace hookd::core {

/// Bytes that live events take. An event adds itself when it is made and takes itself off when its last reference goes.
struct event_ledger {
    std::size_t live_bytes = 0;
    std::uint64_t made = 0;         // events so far
    std::size_t peeked_bytes = 0;   ///< of those that connections are writing
    std::size_t verdict_bytes = 0;  ///< of notifications `verdict`, in live_bytes too
};

/// What a connection writes for one event: at most four pieces, in order; some may be empty. Valid as long as the event
/// is.
using wire_pieces = std::array<std::string_view, 4>;

/// Memory that a request was read into, which a large event may share: its payload is then copied nowhere.
struct frame_memory {
    std::shared_ptr<const char[]> bytes{};
    std::size_t capacity = 0;
    bool is_shared = false;  ///< set by whoever does: nothing may be written to it any more
};

/// One event: immutable, encoded once, shared by the log and by every session that it waits for.
///
/// One allocation holds the object and its encoding: the native length prefix, the notification, a line feed. The
/// native framing and the line framing are spans of that; the header framing adds a header of its own. A large payload
/// stays in the memory that it was read into. Only a payload with raw line breaks needs a copy, made when the first
/// line-framed peer gets it.
///
/// Thread-safety: the reference count is not atomic; references are taken and dropped on the broker's strand only. The
/// bytes may be read from any thread while a reference is held. Lifetime: the ledger must outlive it.
class event {
public:
    using pointer = boost::intrusive_ptr<event>;

    event(const event&) = delete;
    event& operator=(const event&) = delete;

    /// Whether memory of that capacity is worth keeping for so many bytes of it: an event is charged with all that it
    /// keeps.
    [[nodiscard]] static constexpr bool is_worth_sharing(std::size_t bytes, std::size_t capacity) noexcept {
        return bytes >= capacity / 8 * 7;
    }

    /// Where to leave a payload: `memory`, if that is worth it; null if it is to be copied. `memory`: what `payload`
    /// lies in, or null.
    [[nodiscard]] static frame_memory* worth_sharing(std::string_view payload, frame_memory* memory) noexcept {
        return memory != nullptr && is_worth_sharing(payload.size(), memory->capacity) ? memory : nullptr;
    }

    /// `head`: what measure_event_head says of `fields`. `shared`: what worth_sharing() says. Throws std::bad_alloc.
    [[nodiscard]] static pointer make(const protocol::event_fields& fields, const protocol::event_head& head,
        std::string_view payload, event_ledger& ledger, frame_memory* shared = nullptr,
        std::chrono::steady_clock::time_point deadline = {});

    /// Bytes that make() will charge for such an event.
    [[nodiscard]] static std::size_t footprint(
        const protocol::event_head& head, std::string_view payload, const frame_memory* shared = nullptr) noexcept;

    [[nodiscard]] std::uint64_t seq() const noexcept { return seq_; }
    /// Of all events of its ledger no other has it; the seq does not tell apart what a chain makes of one event.
    [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }
    [[nodiscard]] const protocol::uuid& id() const noexcept { return id_; }
    [[nodiscard]] bool expects_response() const noexcept { return expects_response_; }
    [[nodiscard]] std::chrono::milliseconds timeout() const noexcept { return timeout_; }  ///< 0 if none waits
    /// When the wait for it ends; the clock's epoch where nobody waits.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] std::chrono::system_clock::time_point emitted_at() const noexcept { return emitted_at_; }
    [[nodiscard]] std::string_view name() const noexcept { return head().substr(name_offset_, name_size_); }
    /// The host that it comes from; empty: this one.
    [[nodiscard]] std::string_view host() const noexcept { return head().substr(host_offset_, host_size_); }
    [[nodiscard]] bool is_foreign() const noexcept { return host_size_ != 0; }
    /// The events that led to it (PROTOCOL.md, "cause"); empty: none.
    [[nodiscard]] std::string_view cause() const noexcept { return head().substr(cause_offset_, cause_size_); }
    [[nodiscard]] std::string_view payload() const noexcept { return {payload_, payload_bytes()}; }
    /// Size of the notification as JSON.
    [[nodiscard]] std::size_t body_bytes() const noexcept { return body_size_; }
    /// Bytes charged to the ledger when it was made.
    [[nodiscard]] std::size_t footprint_bytes() const noexcept { return footprint_bytes_; }

    /// One more connection, or one less, has peeked it and is writing it.
    void add_peek() noexcept {
        if (peeks_++ == 0) {
            ledger_.peeked_bytes += held_bytes();
        }
    }
    void remove_peek() noexcept {
        if (--peeks_ == 0) {
            ledger_.peeked_bytes -= held_bytes();
        }
    }
    [[nodiscard]] bool is_peeked() const noexcept { return peeks_ != 0; }
    /// Whether one more delivery is to be recorded: the first most_recorded are.
    [[nodiscard]] bool take_delivery_record() noexcept { return recorded_ < most_recorded && ++recorded_ != 0; }

    /// The frame for a peer that speaks `kind`. May make a copy the first time; broker's strand only.
    [[nodiscard]] wire_pieces wire(protocol::framing kind);

private:
    static constexpr std::size_t prefix_size = 4;
    static constexpr std::uint8_t most_recorded = 32;

    event(const protocol::event_fields& fields, const protocol::event_head& head, std::string_view payload,
        event_ledger& ledger, const frame_memory* shared) noexcept;
    ~event() = default;

    // The prefix and the head, the payload unless it is shared, the tail and a line feed.
    [[nodiscard]] const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }
    [[nodiscard]] std::string_view head() const noexcept { return {bytes() + prefix_size, head_size_}; }
    [[nodiscard]] std::size_t payload_bytes() const noexcept {
        return body_size_ - head_size_ - protocol::event_tail.size();
    }
    [[nodiscard]] std::size_t held_bytes() const noexcept {
        return footprint_bytes_ + (line_copy_ ? line_copy_->size() : 0);
    }
    [[nodiscard]] wire_pieces pieces(
        std::string_view before, std::string_view head, std::size_t after_tail) const noexcept;
    void copy_line();

    friend void intrusive_ptr_add_ref(event* self) noexcept { ++self->references_; }
    friend void intrusive_ptr_release(event* self) noexcept {
        if (--self->references_ == 0) {
            destroy(self);
        }
    }
    static void destroy(event* self) noexcept;

    std::size_t references_ = 0;
    event_ledger& ledger_;
    const char* payload_ = nullptr;
    std::shared_ptr<const char[]> shared_{};  // what a payload that was not copied lies in
    std::uint64_t seq_;
    std::uint64_t serial_;
    std::chrono::steady_clock::time_point deadline_{};
    protocol::uuid id_;
    std::chrono::system_clock::time_point emitted_at_;
    std::chrono::milliseconds timeout_;
    std::size_t body_size_;
    std::size_t footprint_bytes_;
    std::uint32_t peeks_ = 0;
    std::uint32_t head_size_;
    std::uint16_t name_offset_;
    std::uint16_t cause_offset_;
    std::uint16_t cause_size_;
    std::uint16_t host_offset_;
    std::uint8_t host_size_;
    std::uint8_t name_size_;
    bool expects_response_;
    bool line_checked_ = false;
    std::uint8_t header_size_ = 0;
    std::uint8_t recorded_ = 0;  // deliveries
    std::array<char, protocol::max_frame_prefix> header_{};
    std::unique_ptr<std::string> line_copy_{};  // only where the payload has raw line breaks
};

}  // namespace hookd::core
