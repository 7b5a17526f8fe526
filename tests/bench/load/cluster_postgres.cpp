// SPDX-License-Identifier: BSL-1.0
// bench_cluster_postgres: what verdicts and told events between hosts cost by PostgreSQL's statements alone, without
// hookd and its link: the floor of both. tests/bench/run.sh starts it.
//
//     trip    the host of --address asks, those of each --hook-address answer
//     told    the first tells, --batch events a transaction, and the others read
//     listen  --count connections that listen in the database of --address, and nothing else, until it is killed

#include "cluster/postgres/binary.hpp"
#include "cluster/postgres/statements.hpp"

#include "fan_out_progress.hpp"
#include "trip_clock.hpp"
#include "workloads.hpp"

#include <libpq-fe.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace hookd::bench {
namespace {

using namespace hookd::postgres;

const std::string emitted_at = "\"2026-11-30T10:00:00.000000000Z\"";
const std::string event_name = "floor";

std::string new_id() {
    static std::atomic<std::uint64_t> count = 0;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%08x-0000-4000-8000-%012llx", static_cast<unsigned>(::getpid()),
        static_cast<unsigned long long>(++count));
    return text.data();
}

struct finish_connection {
    void operator()(PGconn* each) const { PQfinish(each); }
};
using connection_ptr = std::unique_ptr<PGconn, finish_connection>;

connection_ptr connect(const std::string& url) {
    connection_ptr made{PQconnectdb(url.c_str())};
    if (PQstatus(made.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(made.get()));
    }
    return made;
}

/// A host that speaks to PostgreSQL itself, one statement after the other.
class plain_host {
public:
    plain_host(const std::string& url, const std::string& name) : connection_(connect(url)) {
        for (const char* const setting :
            {"set plan_cache_mode = force_generic_plan", "set enable_seqscan = off", "set jit = off"}) {
            PQclear(PQexec(connection_.get(), setting));
        }
        for (const auto& each : statements::all) {
            PQclear(PQprepare(connection_.get(), each.name, each.text, 0, nullptr));
        }
        parameters values;
        values.add_text(name);
        values.add_uuid(new_id());
        values.add_uuid(new_id());
        values.add(std::int32_t{600'000});
        number_ = static_cast<std::int32_t>(run(statements::enter, values).integer(0, 0));
        PQclear(PQexec(connection_.get(), ("listen hookd_" + std::to_string(number_)).c_str()));
    }

    [[nodiscard]] std::int32_t number() const { return number_; }

    result run(const statement& prepared, const parameters& values) {
        std::vector<const char*> bytes;
        std::vector<int> lengths;
        for (const auto& each : values.values()) {
            bytes.push_back(each.data());
            lengths.push_back(static_cast<int>(each.size()));
        }
        const std::vector<int> formats(bytes.size(), 1);
        result outcome{PQexecPrepared(
            connection_.get(), prepared.name, values.count(), bytes.data(), lengths.data(), formats.data(), 1)};
        if (outcome.has_failed()) {
            throw std::runtime_error(std::string{prepared.name} + ": " + outcome.message());
        }
        return outcome;
    }

    void present() {
        parameters values;
        values.add_bigints({1});
        values.add_texts(std::vector<std::string>{"gate"});
        values.add_bigints({0});
        values.add_texts(std::vector<std::string>{"session"});
        values.add_booleans({true});
        values.add_texts(std::vector<std::string>{"open"});
        values.add_bigints({0});
        values.add_texts(std::vector<std::string>{event_name});
        values.add_texts(std::vector<std::string>{event_name});
        values.add(true);
        run(statements::present, values);
    }

    /// Fires `count` events in one statement; the number of the last.
    std::int64_t emit(std::size_t count, bool asks, const std::string& payload) {
        std::vector<std::int64_t> seqs;
        std::vector<std::string> ids;
        for (std::size_t i = 0; i < count; ++i) {
            seqs.push_back(++seq_);
            ids.push_back(new_id());
        }
        parameters values;
        values.add_bigints(seqs);
        values.add_uuids(ids);
        values.add_texts(std::vector<std::string>(count, event_name));
        values.add_optional_byteas(std::vector<std::string>(count));
        values.add_byteas(std::vector<std::string>(count, emitted_at));
        values.add_optional_texts(
            std::vector<std::optional<std::string>>(count, asks ? std::optional<std::string>{"all"} : std::nullopt));
        values.add_optional_bigints(
            std::vector<std::optional<std::int64_t>>(count, asks ? std::optional<std::int64_t>{30'000} : std::nullopt));
        values.add_byteas(std::vector<std::string>(count, payload));
        run(statements::emit, values);
        return seq_;
    }

    /// What there is of another's events after `after`, up to `upto`; how many.
    std::size_t receive(std::int32_t origin, std::int64_t after, std::int64_t upto) {
        parameters values;
        values.add_ints({origin});
        values.add_bigints({after});
        values.add_bigints({upto});
        const auto found = run(statements::receive, values);
        std::size_t events = 0;
        for (int row = 0; row < found.rows(); ++row) {
            events += found.bytes(row, 0) == "e" ? 1U : 0U;
        }
        return events;
    }

    void answer(std::int32_t origin, std::int64_t seq, const std::string& response) {
        parameters values;
        values.add_ints({origin});
        values.add_bigints({seq});
        values.add_byteas(std::vector<std::string>{response});
        values.add_booleans({false});
        run(statements::answer, values);
    }

    struct hint {
        char kind;
        std::int64_t first;
        std::int64_t second;
    };
    /// Waits for one, and takes all that there are.
    std::vector<hint> hints() {
        std::vector<hint> found;
        for (;;) {
            PQconsumeInput(connection_.get());
            while (PGnotify* const each = PQnotifies(connection_.get())) {
                long long first = 0;
                long long second = 0;
                std::sscanf(each->extra + 1, "%lld %lld", &first, &second);
                found.push_back({each->extra[0], first, second});
                PQfreemem(each);
            }
            if (!found.empty()) {
                return found;
            }
            pollfd polled{PQsocket(connection_.get()), POLLIN, 0};
            ::poll(&polled, 1, -1);
        }
    }

private:
    connection_ptr connection_;
    std::int32_t number_ = 0;
    std::int64_t seq_ = 0;
};

std::string name_in(const std::string& url) {
    const auto begin = url.find("//") + 2;
    return url.substr(begin, url.find_first_of(":@", begin) - begin);
}

void run_floor_trip(const load_options& options) {
    const std::string payload = make_payload(options.shape, options.size);
    std::list<forked> hosts;
    for (const auto& url : options.hook_addresses) {
        auto& is_there = make_shared_between_processes<std::atomic<std::uint32_t>>();
        hosts.emplace_back([&] {
            plain_host host{url, name_in(url)};
            host.present();
            is_there = 1;
            std::map<std::int64_t, std::int64_t> done;
            for (;;) {
                for (const auto& each : host.hints()) {
                    if (each.kind != 'e') {
                        continue;
                    }
                    auto& after = done[each.first];
                    after = after == 0 ? each.second - 1 : after;
                    host.receive(static_cast<std::int32_t>(each.first), after, each.second);
                    after = each.second;
                    host.answer(static_cast<std::int32_t>(each.first), each.second, payload);
                }
            }
        });
        await_flag(is_there, hosts.back());
    }
    plain_host asker{options.address, name_in(options.address)};
    trip_clock{options}.run([&](std::uint64_t) {
        const auto seq = asker.emit(1, true, payload);
        for (std::size_t answered = 0; answered < options.hook_addresses.size();) {
            std::vector<std::int64_t> seqs;
            std::vector<std::int32_t> numbers;
            for (const auto& each : asker.hints()) {
                if (each.kind == 'r' && each.first == seq) {
                    seqs.push_back(seq);
                    numbers.push_back(static_cast<std::int32_t>(each.second));
                }
            }
            parameters wanted;
            wanted.add_bigints(seqs);
            wanted.add_ints(numbers);
            answered += static_cast<std::size_t>(asker.run(statements::answers, wanted).rows());
        }
    });
}

/// Reads what the asker tells, in a thread for each host.
[[noreturn]] void read_told(const load_options& options, progress& shared) {
    std::mutex mutex;
    std::vector<std::uint64_t> counts(options.hook_addresses.size());
    std::vector<std::thread> threads;
    std::atomic<std::size_t> there = 0;
    for (std::size_t number = 0; number < counts.size(); ++number) {
        threads.emplace_back([&, number] {
            const auto& url = options.hook_addresses[number];
            plain_host host{url, name_in(url)};
            host.present();
            if (++there == counts.size()) {
                shared.ready = 1;
            }
            std::int64_t done = 0;
            for (;;) {
                const auto found = host.hints();
                const auto& last = found.back();
                const auto events = host.receive(static_cast<std::int32_t>(last.first), done, last.second);
                done = last.second;
                const std::lock_guard lock{mutex};
                counts[number] += events;
                report_progress(shared, events, *std::min_element(counts.begin(), counts.end()));
            }
        });
    }
    for (;;) {
        ::pause();
    }
}

void run_floor_told(const load_options& options) {
    auto& shared = make_shared_between_processes<progress>();
    const forked receivers{[&] { read_told(options, shared); }};
    await_flag(shared.ready, receivers);
    const std::string payload = make_payload(options.shape, options.size);
    plain_host teller{options.address, name_in(options.address)};
    measure_fan_out(
        options, shared, receivers, [&](std::uint64_t, std::uint64_t count) { teller.emit(count, false, payload); });
}

[[noreturn]] void run_listen(const load_options& options) {
    std::vector<connection_ptr> listeners;
    for (std::uint64_t i = 0; i < options.count; ++i) {
        listeners.push_back(connect(options.address));
        PQclear(PQexec(listeners.back().get(), "listen bench_nobody"));
    }
    std::puts("ready");
    std::fflush(stdout);
    std::vector<pollfd> polled;
    for (const auto& each : listeners) {
        polled.push_back({PQsocket(each.get()), POLLIN, 0});
    }
    for (;;) {
        ::poll(polled.data(), polled.size(), -1);
        for (const auto& each : listeners) {
            PQconsumeInput(each.get());
        }
    }
}

int run(int argc, char** argv) {
    const std::map<std::string_view, void (*)(const load_options&)> workloads = {
        {"trip", run_floor_trip}, {"told", run_floor_told}, {"listen", run_listen}};
    const auto chosen = workloads.find(argc < 2 ? "" : argv[1]);
    if (chosen == workloads.end()) {
        std::fputs("usage: bench_cluster_postgres trip|told|listen [--OPTION VALUE]...\n", stderr);
        return 2;
    }
    chosen->second(read_options(argc, argv));
    return 0;
}

}  // namespace
}  // namespace hookd::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return hookd::bench::run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_cluster_postgres: %s\n", failure.what());
        return 1;
    }
}
