// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace hookd::bench {
namespace {

/// D-Bus, little-endian, with bodies of strings. A question is a method call to the hook's well-known name, its answer
/// the method return; an event is a signal.
class dbus_dialect final : public dialect {
public:
    client_ends open(const std::string& address, role as, std::string_view topic) override {
        client_ends result{link{address}};
        authenticate(result.in);
        call_bus(result.in, "Hello", {});
        if (as == role::hook) {
            call_bus(result.in, "RequestName", hook_name, true);
        } else if (as == role::listener) {
            call_bus(result.in, "AddMatch", std::string{"type='signal',member='"}.append(topic).append("'"));
        }
        return result;
    }

    void append_event(std::string& out, std::string_view payload) override {
        append_message(out, {.type = signal, .path = "/hooks", .interface = hook_name, .member = event_topic}, payload);
    }
    void append_question(std::string& out, std::string_view payload) override {
        append_message(out,
            {.type = call, .path = "/hooks", .interface = hook_name, .member = event_topic, .destination = hook_name},
            payload);
    }
    void append_answer(std::string& out, const frame& question, std::string_view payload) override {
        append_message(out,
            {.type = answer, .destination = question.reply_to, .reply_serial = get(question.body, serial_offset)},
            payload);
    }

    bool next(std::string_view bytes, std::size_t, frame& out) override {
        if (bytes.size() < fixed_size) {
            return false;
        }
        const std::size_t size = body_offset(bytes) + get(bytes, body_size_offset);
        if (bytes.size() < size) {
            return false;
        }
        out.size = size;
        out.body = bytes.substr(0, size);
        const auto type = static_cast<unsigned char>(bytes[1]);
        // The bus itself sends signals, too, when names come and go: those go to one connection alone, which is their
        // destination.
        out.type = type == answer                                                                  ? frame::kind::answer
                   : type == call || (type == signal && field(out.body, destination_code).empty()) ? frame::kind::event
                                                                                                   : frame::kind::other;
        return true;
    }
    bool read(frame& which) override {
        which.reply_to = field(which.body, sender_code);
        const std::size_t body = body_offset(which.body);
        which.payload = which.body.substr(body).size() < 4 ? std::string_view{} : which.body.substr(body + 4);
        return true;
    }

private:
    static constexpr std::string_view hook_name = "org.hookd.Bench";
    static constexpr unsigned char call = 1;
    static constexpr unsigned char answer = 2;
    static constexpr unsigned char signal = 4;
    static constexpr std::size_t body_size_offset = 4;
    static constexpr std::size_t serial_offset = 8;
    static constexpr std::size_t fields_size_offset = 12;
    static constexpr std::size_t fixed_size = 16;
    static constexpr unsigned char destination_code = 6;
    static constexpr unsigned char sender_code = 7;

    struct message {
        unsigned char type = 0;
        std::string_view path{};
        std::string_view interface {};
        std::string_view member{};
        std::string_view destination{};
        std::uint32_t reply_serial = 0;
    };

    static std::uint32_t get(std::string_view bytes, std::size_t at) {
        std::uint32_t result = 0;
        std::memcpy(&result, bytes.data() + at, sizeof result);
        return result;
    }
    static void put(std::string& out, std::uint32_t value) {
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        out.append(bytes, sizeof value);
    }
    static std::size_t padded(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }
    static void pad(std::string& out, std::size_t start, std::size_t to) {
        out.resize(start + padded(out.size() - start, to), '\0');
    }
    static std::size_t body_offset(std::string_view bytes) {
        return padded(fixed_size + get(bytes, fields_size_offset), 8);
    }

    /// The string of header field `code`; empty where it has none.
    static std::string_view field(std::string_view whole, unsigned char code) {
        const std::size_t end = fixed_size + get(whole, fields_size_offset);
        for (std::size_t at = fixed_size; at < end; at = padded(at, 8)) {
            const auto found = static_cast<unsigned char>(whole[at]);
            const char kind = whole[at + 2];
            at += 4;
            const std::size_t size = kind == 'g' ? static_cast<unsigned char>(whole[at]) : get(whole, at);
            if (found == code) {
                return whole.substr(at + 4, size);
            }
            at += kind == 'u' ? 4 : kind == 'g' ? size + 2 : size + 5;
        }
        return {};
    }

    void append_message(std::string& out, const message& what, std::string_view text, bool flags_follow = false) {
        const std::size_t start = out.size();
        out += 'l';
        out += static_cast<char>(what.type);
        out += what.type == call ? '\0' : '\1';  // a call expects its return
        out += '\1';
        const std::size_t body_size =
            text.empty() ? 0 : padded(text.size() + 5, flags_follow ? 4 : 1) + (flags_follow ? 4 : 0);
        put(out, static_cast<std::uint32_t>(body_size));
        put(out, ++serial_);
        put(out, 0);
        const auto add_field = [&](char code, char type, std::string_view value) {
            if (value.empty()) {
                return;
            }
            pad(out, start, 8);
            out.append({code, '\1', type, '\0'});
            if (type == 'g') {
                out += static_cast<char>(value.size());
            } else {
                put(out, static_cast<std::uint32_t>(value.size()));
            }
            out.append(value).append(1, '\0');
        };
        add_field('\1', 'o', what.path);
        add_field('\2', 's', what.interface);
        add_field('\3', 's', what.member);
        if (what.reply_serial != 0) {
            pad(out, start, 8);
            out.append({'\5', '\1', 'u', '\0'});
            put(out, what.reply_serial);
        }
        add_field(static_cast<char>(destination_code), 's', what.destination);
        add_field('\x8', 'g', text.empty() ? "" : flags_follow ? "su" : "s");
        const auto fields_size = static_cast<std::uint32_t>(out.size() - start - fixed_size);
        std::memcpy(out.data() + start + fields_size_offset, &fields_size, sizeof fields_size);
        pad(out, start, 8);
        if (!text.empty()) {
            put(out, static_cast<std::uint32_t>(text.size()));
            out.append(text).append(1, '\0');
            if (flags_follow) {
                pad(out, start, 4);
                put(out, 0);
            }
        }
    }

    static void authenticate(link& with) {
        std::string hello{'\0'};
        hello += "AUTH EXTERNAL ";
        for (const char digit : std::to_string(::getuid())) {
            hello.append({'3', digit});  // as hexadecimal
        }
        with.write(hello += "\r\n");
        while (with.unread().find("\r\n") == std::string_view::npos) {
            with.read();
        }
        if (!with.unread().starts_with("OK ")) {
            throw std::runtime_error("D-Bus refused: " + std::string{with.unread()});
        }
        with.consume(with.unread().size());
        with.write("BEGIN\r\n");
    }

    void call_bus(link& over, std::string_view method, std::string_view argument, bool flags_follow = false) {
        constexpr std::string_view bus = "org.freedesktop.DBus";
        std::string bytes;
        append_message(bytes,
            {.type = call, .path = "/org/freedesktop/DBus", .interface = bus, .member = method, .destination = bus},
            argument, flags_follow);
        over.write(bytes);
        frame came;
        for (;;) {
            await_frame(*this, over, came);
            const bool answered = came.type == frame::kind::answer;
            const bool refused = static_cast<unsigned char>(came.body[1]) == 3;
            if (refused) {
                throw std::runtime_error("D-Bus refused " + std::string{method});
            }
            over.consume(came.size);
            if (answered) {
                return;
            }
        }
    }

    std::uint32_t serial_ = 0;
};

}  // namespace

std::unique_ptr<dialect> make_dbus_dialect() { return std::make_unique<dbus_dialect>(); }

}  // namespace hookd::bench
