// SPDX-License-Identifier: BSL-1.0
// bench_micro: what the broker does many times over, alone.

#include "measure.hpp"

#include "core/event.hpp"
#include "core/event_log.hpp"
#include "core/id_source.hpp"

#include <base/json/text.hpp>
#include <base/text/glob.hpp>
#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/message.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

namespace {

using namespace hookd;

std::string emit_request(bench::payload_shape shape, std::size_t payload_bytes) {
    return R"({"jsonrpc":"2.0","method":"emit","params":{"event":"bench_event","payload":)" +
           bench::make_payload(shape, payload_bytes) + "}}";
}

void count_bytes(benchmark::State& state, std::size_t each) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(each));
}

/// 64 frames that came in one read, split.
void split_frames(benchmark::State& state, protocol::framing kind) {
    std::string stream;
    for (int i = 0; i < 64; ++i) {
        protocol::append_frame(kind, emit_request(bench::payload_shape::text, 256), stream);
    }
    protocol::frame_decoder decoder{kind, std::size_t{16} << 20};
    for (auto _ : state) {
        std::string_view unread = stream;
        while (!unread.empty()) {
            const auto found = decoder.next(unread);
            benchmark::DoNotOptimize(found.body.data());
            unread.remove_prefix(found.consumed);
        }
    }
    count_bytes(state, stream.size());
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 64);
}

/// The envelope found and all of the JSON checked.
void scan_envelope(benchmark::State& state, bench::payload_shape shape) {
    const std::string frame = emit_request(shape, static_cast<std::size_t>(state.range(0)));
    protocol::message out;
    for (auto _ : state) {
        protocol::read_message(frame, out);
        benchmark::DoNotOptimize(out.type);
    }
    count_bytes(state, frame.size());
}

void mint_id(benchmark::State& state) {
    core::id_source source;
    for (auto _ : state) {
        benchmark::DoNotOptimize(source.next());
    }
}

/// An event is made, which encodes it, and appended to a log that is full: the oldest goes.
void append_to_log(benchmark::State& state) {
    core::event_ledger ledger;
    core::durability none;
    core::event_log log{1024, none};
    const std::string payload = bench::make_payload(bench::payload_shape::text, 256);
    protocol::event_fields fields;
    fields.event = "bench_event";
    fields.emitted_at = std::chrono::system_clock::now();
    for (auto _ : state) {
        ++fields.seq;
        log.append(core::event::make(fields, protocol::measure_event_head(fields), payload, ledger));
    }
}

void match_pattern(benchmark::State& state, std::string_view pattern) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(pattern.data());
        benchmark::DoNotOptimize(base::glob_matches(pattern, "repository/hooks:pre_push.main"));
    }
}

BENCHMARK_CAPTURE(split_frames, native, protocol::framing::length_prefix);
BENCHMARK_CAPTURE(split_frames, lines, protocol::framing::line);
BENCHMARK_CAPTURE(scan_envelope, one_string, bench::payload_shape::text)->Arg(256)->Arg(65'536)->Arg(1'048'576);
BENCHMARK_CAPTURE(scan_envelope, tree, bench::payload_shape::tree)->Arg(256)->Arg(65'536)->Arg(1'048'576);
BENCHMARK(mint_id);
BENCHMARK(append_to_log);
BENCHMARK_CAPTURE(match_pattern, plain, "repository/hooks:pre_push.main");
BENCHMARK_CAPTURE(match_pattern, star, "repository/*pre_*");
BENCHMARK_CAPTURE(match_pattern, stars, "*o*s*pre?p*n");

}  // namespace

BENCHMARK_MAIN();
