// SPDX-License-Identifier: BSL-1.0
#include "event.hpp"

#include <cstring>
#include <new>

namespace hookd::core {

std::size_t event::footprint(
    const protocol::event_head& head, std::string_view payload, const frame_memory* shared) noexcept {
    return sizeof(event) + prefix_size + head.size + (shared != nullptr ? shared->capacity : payload.size()) +
           protocol::event_tail.size() + 1;
}

event::event(const protocol::event_fields& fields, const protocol::event_head& head, std::string_view payload,
    event_ledger& ledger, const frame_memory* shared) noexcept
    : ledger_(ledger),
      seq_(fields.seq),
      serial_(++ledger.made),
      id_(fields.hook_event_id),
      emitted_at_(fields.emitted_at),
      timeout_(fields.timeout.value_or(std::chrono::milliseconds{0})),
      body_size_(head.size + payload.size() + protocol::event_tail.size()),
      footprint_bytes_(footprint(head, payload, shared)),
      head_size_(static_cast<std::uint32_t>(head.size)),
      name_offset_(static_cast<std::uint16_t>(head.name_offset)),
      cause_offset_(static_cast<std::uint16_t>(head.cause_offset)),
      cause_size_(static_cast<std::uint16_t>(fields.cause.size())),
      host_offset_(static_cast<std::uint16_t>(head.host_offset)),
      host_size_(static_cast<std::uint8_t>(fields.host.size())),
      name_size_(static_cast<std::uint8_t>(fields.event.size())),
      expects_response_(fields.expects_response),
      recorded_(fields.replayed ? most_recorded : std::uint8_t{0}) {
    ledger_.live_bytes += footprint_bytes_;
}

event::pointer event::make(const protocol::event_fields& fields, const protocol::event_head& head,
    std::string_view payload, event_ledger& ledger, frame_memory* shared,
    std::chrono::steady_clock::time_point deadline) {
    const std::size_t inside = shared != nullptr ? 0 : payload.size();
    void* const memory =
        ::operator new(sizeof(event) + prefix_size + head.size + inside + protocol::event_tail.size() + 1);
    auto* const self = new (memory) event(fields, head, payload, ledger, shared);
    self->deadline_ = deadline;
    char* out = reinterpret_cast<char*>(self + 1);
    out += protocol::write_frame_prefix(protocol::framing::length_prefix, self->body_size_, out);
    out = protocol::write_event_head(out, fields);
    self->payload_ = out;
    if (shared != nullptr) {
        shared->is_shared = true;
        self->shared_ = shared->bytes;
        self->payload_ = payload.data();
    } else {
        std::memcpy(out, payload.data(), inside);
        out += inside;
    }
    std::memcpy(out, protocol::event_tail.data(), protocol::event_tail.size());
    out[protocol::event_tail.size()] = '\n';
    return pointer{self};
}

void event::destroy(event* self) noexcept {
    self->ledger_.live_bytes -= self->held_bytes();
    self->~event();
    ::operator delete(self);
}

// `head` ends where the head does; `after_tail` bytes follow the tail.
wire_pieces event::pieces(std::string_view before, std::string_view head, std::size_t after_tail) const noexcept {
    const std::size_t tail_bytes = protocol::event_tail.size() + after_tail;
    if (!shared_) {
        return {before, std::string_view{head.data(), head.size() + payload_bytes() + tail_bytes}};
    }
    return {before, head, payload(), std::string_view{bytes() + prefix_size + head_size_, tail_bytes}};
}

void event::copy_line() {
    line_copy_ = std::make_unique<std::string>();
    line_copy_->reserve(body_size_ + 1);
    protocol::open_frame line{protocol::framing::line, *line_copy_};
    for (const std::string_view part : {head(), payload(), protocol::event_tail}) {
        *line_copy_ += part;
    }
    line.close();
    ledger_.live_bytes += line_copy_->size();
    ledger_.peeked_bytes += is_peeked() ? line_copy_->size() : 0;
}

wire_pieces event::wire(protocol::framing kind) {
    if (kind == protocol::framing::length_prefix) {
        return pieces({}, {bytes(), prefix_size + head_size_}, 0);
    }
    if (kind == protocol::framing::content_length) {
        if (header_size_ == 0) {
            header_size_ = static_cast<std::uint8_t>(protocol::write_frame_prefix(kind, body_size_, header_.data()));
        }
        return pieces({header_.data(), header_size_}, head(), 0);
    }
    if (!line_checked_) {
        line_checked_ = true;
        // Not find_first_of(), which looks at each byte by itself.
        if (payload().find('\n') != std::string_view::npos || payload().find('\r') != std::string_view::npos) {
            copy_line();
        }
    }
    if (line_copy_) {
        return {std::string_view{*line_copy_}};
    }
    return pieces({}, head(), 1);
}

}  // namespace hookd::core
