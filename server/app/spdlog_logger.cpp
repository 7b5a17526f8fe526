// SPDX-License-Identifier: BSL-1.0
#include "app/spdlog_logger.hpp"

#include "app/interruptible_writer.hpp"

#include <base/json/text.hpp>
#include <base/posix/signals_held_back.hpp>
#include <base/text/terminal_text.hpp>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace hookd::server {
namespace {

constexpr std::size_t queued_messages = 512;  // each takes 400 bytes of memory, which is touched at the start

constexpr spdlog::level::level_enum to_spdlog(log_level level) noexcept {
    switch (level) {
        case log_level::debug:
            return spdlog::level::debug;
        case log_level::info:
            return spdlog::level::info;
        case log_level::warning:
            return spdlog::level::warn;
        case log_level::error:
            break;
    }
    return spdlog::level::err;
}

void append_escaped(std::uint32_t code, spdlog::memory_buf_t& out) {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::array<char, 6> text{
        '\\', 'u', digits[code >> 12 & 0xf], digits[code >> 8 & 0xf], digits[code >> 4 & 0xf], digits[code & 0xf]};
    out.append(text.data(), text.data() + text.size());
}

/// The message, in a pattern as `%*`. In JSON it stands between quotes.
class message_formatter final : public spdlog::custom_flag_formatter {
public:
    explicit message_formatter(log_format format) : format_(format) {}

    void format(const spdlog::details::log_msg& msg, const std::tm&, spdlog::memory_buf_t& out) override {
        // What a hook has written to its outputs may be no UTF-8, and is after this.
        std::string quoted;
        base::append_json_string(quoted, {msg.payload.data(), msg.payload.size()});
        const std::string_view inner{quoted.data() + 1, quoted.size() - 2};
        const auto text = format_ == log_format::json ? std::string{inner} : base::json_string{inner}.decode();
        for (std::string_view left = text; !left.empty();) {
            const auto front = base::front_character(left);
            if (front.harmful) {
                append_escaped(*front.harmful, out);
            } else {
                out.append(left.data(), left.data() + front.bytes);
            }
            left.remove_prefix(front.bytes);
        }
    }

    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<message_formatter>(format_);
    }

private:
    log_format format_;
};

std::unique_ptr<spdlog::formatter> make_formatter(log_format format) {
    auto made = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
    made->add_flag<message_formatter>('*', format);
    made->set_pattern(format == log_format::json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":"%*"})"
                                                 : "%Y-%m-%dT%H:%M:%S.%eZ %l %*");
    return made;
}

/// spdlog's pool of one thread. The program's signals are for its other threads: this one never has them, not even
/// before its first instruction, as it would if it held them back itself.
std::shared_ptr<spdlog::details::thread_pool> start_pool() {
    const base::signals_held_back during_start;
    return std::make_shared<spdlog::details::thread_pool>(queued_messages, std::size_t{1});
}

/// Where spdlog's thread brings each message.
class output_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    output_sink(int fd, log_format format) : base_sink(make_formatter(format)), output_(fd) {}

    void set_drop_counter(std::function<std::size_t()> counter) { dropped_ = std::move(counter); }
    void set_deadline(std::chrono::milliseconds span) noexcept { output_.set_deadline(span); }

private:
    void sink_it_(const spdlog::details::log_msg& msg) override {
        const auto dropped = dropped_();
        if (dropped != reported_) {
            const auto text =
                std::to_string(dropped - reported_) + " messages dropped: the log was not read fast enough";
            if (put({msg.time, msg.source, msg.logger_name, spdlog::level::warn, text})) {
                reported_ = dropped;
            }
        }
        put(msg);
    }

    void flush_() override {}

    bool put(const spdlog::details::log_msg& msg) {
        spdlog::memory_buf_t line;
        formatter_->format(msg, line);
        return output_.write({line.data(), line.size()});
    }

    interruptible_writer output_;
    std::function<std::size_t()> dropped_{};
    std::size_t reported_ = 0;
};

}  // namespace

class spdlog_logger::implementation {
public:
    implementation(int fd, log_level level, log_format format)
        : sink_(std::make_shared<output_sink>(fd, format)),
          pool_(start_pool()),
          log_(std::make_shared<spdlog::async_logger>(
              "hookd", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest)) {
        sink_->set_drop_counter([pool = pool_.get()] { return pool->overrun_counter(); });
        log_->set_level(to_spdlog(level));
    }
    implementation(const implementation&) = delete;
    implementation& operator=(const implementation&) = delete;

    ~implementation() {
        sink_->set_deadline(flush_time);
        pool_.reset();  // its thread ends once it has been through the queue
    }

    [[nodiscard]] spdlog::async_logger& log() noexcept { return *log_; }

private:
    std::shared_ptr<output_sink> sink_;
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<spdlog::async_logger> log_;
};

spdlog_logger::spdlog_logger(int fd, log_level level, log_format format)
    : implementation_(std::make_unique<implementation>(fd, level, format)) {}

spdlog_logger::~spdlog_logger() = default;

bool spdlog_logger::wants(log_level level) const noexcept {
    return implementation_->log().should_log(to_spdlog(level));
}

void spdlog_logger::write(log_level level, std::string_view message) noexcept {
    implementation_->log().log(to_spdlog(level), spdlog::string_view_t{message.data(), message.size()});
}

void spdlog_logger::set_level(log_level level) noexcept { implementation_->log().set_level(to_spdlog(level)); }

}  // namespace hookd::server
