// SPDX-License-Identifier: BSL-1.0
// A verdict and told events between two hosts on PostgreSQL: through two hookd-postgres, played to as hookd would, and
// by the same statements without them, which is the floor. One line of JSON a round. Started by
// tests/bench/cluster_postgres.py.

#include "cluster/postgres/binary.hpp"
#include "cluster/postgres/statements.hpp"

#include <libpq-fe.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace hookd::postgres;
using clock_type = std::chrono::steady_clock;

constexpr int batch = 16;
const std::string payload = "{\"x\":\"" + std::string(248, 'y') + "\"}";
const std::string emitted_at = "\"2026-11-30T10:00:00.000000000Z\"";

double microseconds_since(clock_type::time_point begin) {
    return std::chrono::duration<double, std::micro>(clock_type::now() - begin).count();
}

std::string new_id() {
    static std::uint64_t count = 0;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%08x-0000-4000-8000-%012llx", static_cast<unsigned>(::getpid()),
        static_cast<unsigned long long>(++count));
    return text.data();
}

/// A host that speaks to PostgreSQL itself, one statement after the other.
class plain_host {
public:
    plain_host(const std::string& url, const std::string& name) : connection_(PQconnectdb(url.c_str())) {
        if (PQstatus(connection_.get()) != CONNECTION_OK) {
            throw std::runtime_error(PQerrorMessage(connection_.get()));
        }
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
    [[nodiscard]] std::int64_t emitted() const { return seq_; }

    result run(const statement& what, const parameters& values) {
        std::vector<const char*> bytes;
        std::vector<int> lengths;
        for (const auto& each : values.values()) {
            bytes.push_back(each.data());
            lengths.push_back(static_cast<int>(each.size()));
        }
        const std::vector<int> formats(bytes.size(), 1);
        result outcome{PQexecPrepared(
            connection_.get(), what.name, values.count(), bytes.data(), lengths.data(), formats.data(), 1)};
        if (outcome.has_failed()) {
            throw std::runtime_error(std::string{what.name} + ": " + outcome.message());
        }
        return outcome;
    }

    void present(const std::string& event) {
        parameters values;
        values.add_bigints({1});
        values.add_texts({"gate"});
        values.add_bigints({0});
        values.add_texts({"session"});
        values.add_booleans({true});
        values.add_texts({"open"});
        values.add_bigints({0});
        values.add_texts({event});
        values.add_texts({event});
        values.add(true);
        run(statements::present, values);
    }

    void emit(const std::string& event, int count, bool asks) {
        const auto many = static_cast<std::size_t>(count);
        std::vector<std::int64_t> seqs;
        std::vector<std::string> ids;
        for (int i = 0; i < count; ++i) {
            seqs.push_back(++seq_);
            ids.push_back(new_id());
        }
        parameters values;
        values.add_bigints(seqs);
        values.add_uuids(ids);
        values.add_texts(std::vector<std::string>(many, event));
        values.add_optional_byteas(std::vector<std::string>(many));
        values.add_byteas(std::vector<std::string>(many, emitted_at));
        values.add_optional_texts(
            std::vector<std::optional<std::string>>(many, asks ? std::optional<std::string>{"veto"} : std::nullopt));
        values.add_optional_bigints(
            std::vector<std::optional<std::int64_t>>(many, asks ? std::optional<std::int64_t>{30'000} : std::nullopt));
        values.add_byteas(std::vector<std::string>(many, payload));
        run(statements::emit, values);
    }

    /// What a host reads of another's events up to `seq`; returns how many.
    int receive(std::int32_t origin, std::int64_t after, std::int64_t seq) {
        parameters values;
        values.add_ints({origin});
        values.add_bigints({after});
        values.add_bigints({seq});
        return run(statements::receive, values).rows() - 1;
    }

    void wait_for_notification() {
        for (;;) {
            PQconsumeInput(connection_.get());
            if (PGnotify* const each = PQnotifies(connection_.get())) {
                PQfreemem(each);
                return;
            }
            pollfd polled{PQsocket(connection_.get()), POLLIN, 0};
            ::poll(&polled, 1, 5'000);
        }
    }

private:
    struct finish {
        void operator()(PGconn* each) const { PQfinish(each); }
    };
    std::unique_ptr<PGconn, finish> connection_;
    std::int32_t number_ = 0;
    std::int64_t seq_ = 0;
};

/// A hookd-postgres, spoken to as hookd does.
class linked_host {
public:
    linked_host(const std::string& program, const std::string& url, const std::string& name) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
            throw std::runtime_error("socketpair failed");
        }
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(ends[1], 3);
            ::execl(program.c_str(), program.c_str(), "--link", nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        socket_ = ends[0];
        send(R"("cluster.hello","params":{"protocol":1,"url":")" + url + R"(","host":")" + name + R"(","instance":")" +
             new_id() + R"(","lease_ms":600000})");
        while (await("cluster.state").find(R"("state":"up")") == std::string::npos) {
        }
    }
    ~linked_host() {
        ::close(socket_);
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
    }
    linked_host(const linked_host&) = delete;
    linked_host& operator=(const linked_host&) = delete;

    void send(const std::string& rest) {
        const std::string body = R"({"jsonrpc":"2.0","method":)" + rest + "}";
        const auto size = static_cast<std::uint32_t>(body.size());
        std::string frame{static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
            static_cast<char>(size)};
        frame += body;
        for (std::size_t at = 0; at < frame.size();) {
            const auto count = ::write(socket_, frame.data() + at, frame.size() - at);
            if (count <= 0) {
                throw std::runtime_error("the link has ended");
            }
            at += static_cast<std::size_t>(count);
        }
    }

    std::string await(std::string_view method) {
        const std::string mark = "\"" + std::string{method} + "\"";
        for (;;) {
            auto frame = next();
            if (frame.find(mark) != std::string::npos) {
                return frame;
            }
        }
    }

    void present(const std::string& event) {
        send(R"("cluster.session","params":{"session":1,"name":"gate","uid":0,"responds":true,"events":[")" + event +
             R"("],"on_failure":"open","order":0,"kind":"session"})");
        await("cluster.session_ready");
    }

private:
    std::string next() {
        for (;;) {
            if (input_.size() - taken_ >= 4) {
                std::size_t size = 0;
                for (std::size_t i = 0; i < 4; ++i) {
                    size = size << 8 | static_cast<unsigned char>(input_[taken_ + i]);
                }
                if (input_.size() - taken_ >= 4 + size) {
                    auto frame = input_.substr(taken_ + 4, size);
                    taken_ += 4 + size;
                    return frame;
                }
            }
            input_.erase(0, taken_);
            taken_ = 0;
            std::array<char, 65'536> piece;
            const auto count = ::read(socket_, piece.data(), piece.size());
            if (count <= 0) {
                throw std::runtime_error("the link has ended");
            }
            input_.append(piece.data(), static_cast<std::size_t>(count));
        }
    }

    pid_t child_ = -1;
    int socket_ = -1;
    std::string input_{};
    std::size_t taken_ = 0;
};

std::string content(const std::string& id, const std::string& event) {
    return R"("hook_event_id":")" + id + R"(","event":")" + event + R"(","payload":)" + payload + R"(,"emitted_at":)" +
           emitted_at;
}

double plain_trip(plain_host& a, plain_host& b) {
    const auto begin = clock_type::now();
    a.emit("floor", 1, true);
    b.wait_for_notification();
    b.receive(a.number(), a.emitted() - 1, a.emitted());
    parameters answer;
    answer.add_ints({a.number()});
    answer.add_bigints({a.emitted()});
    answer.add_byteas({"{}"});
    answer.add_booleans({true});
    b.run(statements::answer, answer);
    a.wait_for_notification();
    parameters wanted;
    wanted.add_bigints({a.emitted()});
    wanted.add_ints({b.number()});
    a.run(statements::answers, wanted);
    return microseconds_since(begin);
}

double linked_trip(linked_host& a, linked_host& b) {
    const auto id = new_id();
    const auto begin = clock_type::now();
    a.send(R"("cluster.ask","params":{)" + content(id, "linked") + R"(,"timeout_ms":30000,"policy":"veto"})");
    b.await("cluster.event");
    b.send(R"("cluster.reply","params":{"origin":"a","hook_event_id":")" + id + R"(","result":{},"decides":true})");
    a.await("cluster.settled");
    return microseconds_since(begin);
}

double plain_told(plain_host& a, plain_host& b, int count) {
    const auto first = a.emitted();
    const auto begin = clock_type::now();
    std::thread reader{[&] {
        for (std::int64_t done = 0; done < count;) {
            b.wait_for_notification();
            done += b.receive(a.number(), first + done, first + count);
        }
    }};
    for (int i = 0; i < count; i += batch) {
        a.emit("floor", batch, false);
    }
    reader.join();
    return count / microseconds_since(begin) * 1e6;
}

double linked_told(linked_host& a, linked_host& b, int count) {
    const auto begin = clock_type::now();
    std::thread reader{[&] {
        for (int i = 0; i < count; ++i) {
            b.await("cluster.event");
        }
    }};
    // As hookd with 64 emitters: as many are under way.
    constexpr int under_way = 64;
    for (int i = 0; i < count; ++i) {
        a.send(R"("cluster.tell","params":{"request":)" + std::to_string(i) + "," + content(new_id(), "linked") + "}");
        if (i >= under_way) {
            a.await("cluster.told");
        }
    }
    for (int i = 0; i < under_way; ++i) {
        a.await("cluster.told");
    }
    reader.join();
    return count / microseconds_since(begin) * 1e6;
}

template <class Trip>
double median(int count, Trip trip) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        times.push_back(trip());
    }
    std::nth_element(times.begin(), times.begin() + count / 2, times.end());
    return times[static_cast<std::size_t>(count / 2)];
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 8) {
        std::fprintf(stderr, "usage: bench_cluster_postgres HOOKD_POSTGRES URL_A URL_B URL_C URL_D TRIPS ROUNDS\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const int trips = std::atoi(argv[6]);
    const int told = trips * batch;
    linked_host a{argv[1], argv[2], "a"};
    linked_host b{argv[1], argv[3], "b"};
    b.present("linked");
    plain_host c{argv[4], "c"};
    plain_host d{argv[5], "d"};
    d.present("floor");
    for (int round = 0; round < std::atoi(argv[7]); ++round) {
        const double floor_trip = median(trips, [&] { return plain_trip(c, d); });
        const double link_trip = median(trips, [&] { return linked_trip(a, b); });
        const double floor_told = plain_told(c, d, told);
        const double link_told = linked_told(a, b, told);
        std::printf(R"({"floor_trip_us":%.1f,"link_trip_us":%.1f,"floor_told_per_s":%.0f,"link_told_per_s":%.0f})"
                    "\n",
            floor_trip, link_trip, floor_told, link_told);
        std::fflush(stdout);
    }
} catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_cluster_postgres: %s\n", failure.what());
    return 1;
}
