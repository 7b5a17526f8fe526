#include "event.hpp"

#include <cstring>
#include <new>

namespace hookd::core {

std::size_t event::footprint(const protocol::event_head& head, std::string_view payload) noexcept {
    return sizeof(event) + prefix_size + head.size + payload.size() + protocol::event_tail.size() + 1;
}

event::event(const protocol::event_fields& fields, const protocol::event_head& head, std::size_t payload_size,
             event_ledger& ledger) noexcept
    : ledger_(ledger),
      seq_(fields.seq),
      id_(fields.hook_event_id),
      emitted_at_(fields.emitted_at),
      timeout_(fields.timeout.value_or(std::chrono::milliseconds{0})),
      body_size_(head.size + payload_size + protocol::event_tail.size()),
      footprint_bytes_(sizeof(event) + prefix_size + body_size_ + 1),
      head_size_(static_cast<std::uint32_t>(head.size)),
      name_offset_(static_cast<std::uint16_t>(head.name_offset)),
      cause_offset_(static_cast<std::uint16_t>(head.cause_offset)),
      cause_size_(static_cast<std::uint16_t>(fields.cause.size())),
      name_size_(static_cast<std::uint8_t>(fields.event.size())),
      expects_response_(fields.expects_response) {
    ledger_.live_bytes += footprint_bytes_;
}

event::pointer event::make(const protocol::event_fields& fields, const protocol::event_head& head, std::string_view payload,
                           event_ledger& ledger) {
    void* const memory = ::operator new(footprint(head, payload));
    auto* const self = new (memory) event(fields, head, payload.size(), ledger);
    char* out = reinterpret_cast<char*>(self + 1);
    out += protocol::write_frame_prefix(protocol::framing::length_prefix, self->body_size_, out);
    out = protocol::write_event_head(out, fields);
    for (const std::string_view part : {payload, protocol::event_tail, std::string_view{"\n"}}) {
        std::memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return pointer{self};
}

void event::destroy(event* self) noexcept {
    self->ledger_.live_bytes -= self->footprint_bytes_ + (self->line_copy_ ? self->line_copy_->size() : 0);
    self->~event();
    ::operator delete(self);
}

wire_pieces event::wire(protocol::framing kind) {
    if (kind == protocol::framing::length_prefix) {
        return {std::string_view{bytes(), prefix_size + body_size_}, {}};
    }
    if (kind == protocol::framing::content_length) {
        if (header_size_ == 0) {
            header_size_ = static_cast<std::uint8_t>(protocol::write_frame_prefix(kind, body_size_, header_.data()));
        }
        return {std::string_view{header_.data(), header_size_}, body()};
    }
    if (!line_checked_) {
        line_checked_ = true;
        if (payload().find_first_of("\r\n") != std::string_view::npos) {
            line_copy_ = std::make_unique<std::string>();
            line_copy_->reserve(body_size_ + 1);
            protocol::append_frame(kind, body(), *line_copy_);
            ledger_.live_bytes += line_copy_->size();
        }
    }
    if (line_copy_) {
        return {std::string_view{*line_copy_}, {}};
    }
    return {std::string_view{bytes() + prefix_size, body_size_ + 1}, {}};
}

}  // namespace hookd::core
