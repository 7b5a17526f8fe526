// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/connection.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/asio/post.hpp>

#include <fcntl.h>

#include <algorithm>
#include <regex>
#include <utility>
#include <vector>

namespace hookd::postgres {
namespace {

constexpr int binary_format = 1;

void ignore_notice(void*, const PGresult*) {}

/// "connection to server at …: FATAL:  28P01: password authentication failed …" as PQERRORS_VERBOSE has it, with the
/// code taken out.
connect_failure read_failure(std::string text) {
    static const std::regex code{R"((:  )([0-9A-Z]{5}): )"};
    static const std::regex location{R"(\s*LOCATION: [^\n]*)"};
    connect_failure found;
    text = std::regex_replace(text, location, "");
    if (std::smatch match; std::regex_search(text, match, code)) {
        found.sqlstate = match[2];
        text = std::regex_replace(text, code, ": ");
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    found.message = std::regex_replace(text, std::regex{R"(\s*\n\s*)"}, "; ");
    return found;
}

}  // namespace

connection::connection(const boost::asio::any_io_executor& executor, handlers callbacks)
    : handlers_(std::move(callbacks)), socket_(executor), timer_(executor) {}

connection::~connection() { close(); }

void connection::open(const settings& target, std::chrono::milliseconds patience,
    std::function<void(std::optional<connect_failure>)> done) {
    patience_ = patience;
    connected_ = std::move(done);
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : target) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    conn_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!conn_ || PQstatus(conn_.get()) == CONNECTION_BAD) {
        connect_failure reason = read_failure(conn_ ? error_text() : "out of memory");
        boost::asio::post(timer_.get_executor(), [self = shared_from_this(), reason] { self->fail_connect(reason); });
        return;
    }
    PQsetErrorVerbosity(conn_.get(), PQERRORS_VERBOSE);  // the only way to the server's code
    PQsetNoticeReceiver(conn_.get(), &ignore_notice, nullptr);
    await_connect(PGRES_POLLING_WRITING);
}

bool connection::reopen_descriptor() {
    boost::system::error_code failure;
    socket_.close(failure);
    base::unique_fd copy{::fcntl(PQsocket(conn_.get()), F_DUPFD_CLOEXEC, 0)};
    if (!copy) {
        return false;
    }
    socket_.assign(copy.get(), failure);
    if (failure) {
        return false;
    }
    (void)copy.release();  // socket_ owns it now
    return true;
}

void connection::await_connect(PostgresPollingStatusType wanted) {
    if (!reopen_descriptor()) {
        return fail_connect({"the connection's descriptor cannot be watched: too many open files", {}, false, {}});
    }
    const char* const address = PQhostaddr(conn_.get());
    const std::string now = std::string{address != nullptr ? address : ""} + " " + PQport(conn_.get());
    if (now != address_ || timer_.expiry() == clock::time_point{}) {
        address_ = now;
        timer_.expires_after(patience_);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code failure) {
            if (!failure) {
                const std::string host = PQhost(self->conn_.get());
                const char* const silent = PQhostaddr(self->conn_.get());
                self->fail_connect({"no answer from " + host + " port " + PQport(self->conn_.get()) + " within " +
                                        std::to_string(self->patience_.count()) + " ms",
                    {}, true, silent != nullptr ? silent : ""});
            }
        });
    }
    const auto side = wanted == PGRES_POLLING_READING ? boost::asio::posix::descriptor_base::wait_read
                                                      : boost::asio::posix::descriptor_base::wait_write;
    socket_.async_wait(side, [self = shared_from_this()](boost::system::error_code failure) {
        if (!failure && self->connected_) {
            self->poll_connect();
        }
    });
}

void connection::poll_connect() {
    const auto status = PQconnectPoll(conn_.get());
    if (status == PGRES_POLLING_OK) {
        return finish_connect();
    }
    if (status == PGRES_POLLING_FAILED) {
        return fail_connect(read_failure(error_text()));
    }
    await_connect(status);
}

void connection::fail_connect(connect_failure reason) {
    if (auto done = std::exchange(connected_, nullptr)) {
        close();
        done(std::move(reason));
    }
}

void connection::finish_connect() {
    timer_.cancel();
    PQsetErrorVerbosity(conn_.get(), PQERRORS_DEFAULT);
    if (PQsetnonblocking(conn_.get(), 1) != 0 || PQenterPipelineMode(conn_.get()) != 1 || !reopen_descriptor()) {
        return fail_connect(read_failure(error_text()));
    }
    watch();
    if (auto done = std::exchange(connected_, nullptr)) {
        done(std::nullopt);
    }
}

void connection::watch() {
    socket_.async_wait(
        boost::asio::posix::descriptor_base::wait_read, [self = shared_from_this()](boost::system::error_code failure) {
            if (!failure && !self->closed_) {
                self->read();
            }
        });
}

void connection::prepare(const char* name, const char* text, on_result done) {
    sent(PQsendPrepare(conn_.get(), name, text, 0, nullptr), std::move(done));
}

void connection::execute(const char* prepared, const parameters& values, on_result done) {
    std::vector<const char*> bytes;
    std::vector<int> lengths;
    const std::vector<int> formats(values.values().size(), binary_format);
    for (const auto& each : values.values()) {
        bytes.push_back(each.data());
        lengths.push_back(static_cast<int>(each.size()));
    }
    sent(PQsendQueryPrepared(
             conn_.get(), prepared, values.count(), bytes.data(), lengths.data(), formats.data(), binary_format),
        std::move(done));
}

void connection::query(const std::string& text, on_result done) {
    sent(PQsendQueryParams(conn_.get(), text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, binary_format),
        std::move(done));
}

void connection::sent(int success, on_result done) {
    waiters_.push_back({std::move(done), clock::now(), {}});
    if (success != 1 || PQpipelineSync(conn_.get()) != 1) {
        return lose(error_text());
    }
    flush();
}

void connection::flush() {
    const int left = PQflush(conn_.get());
    if (left < 0) {
        return lose(error_text());
    }
    if (left == 0 || writing_) {
        return;
    }
    writing_ = true;
    socket_.async_wait(boost::asio::posix::descriptor_base::wait_write,
        [self = shared_from_this()](boost::system::error_code failure) {
            self->writing_ = false;
            self->moved_ = clock::now();
            if (!failure && !self->closed_) {
                self->flush();
            }
        });
}

void connection::read() {
    moved_ = clock::now();
    const bool alive = PQconsumeInput(conn_.get()) == 1;
    take_results();
    // Notifications arrive with any result, so they are looked for each time.
    take_notifications();
    if (closed_) {
        return;
    }
    if (!alive || PQstatus(conn_.get()) != CONNECTION_OK) {
        return lose(error_text());
    }
    flush();
    if (!closed_) {
        watch();
    }
}

void connection::take_results() {
    while (!closed_ && !waiters_.empty() && PQisBusy(conn_.get()) == 0) {
        PGresult* const next = PQgetResult(conn_.get());
        if (next == nullptr) {
            if (PQstatus(conn_.get()) != CONNECTION_OK) {
                return;
            }
            continue;
        }
        auto taken = std::make_unique<result>(next);
        if (PQresultStatus(next) != PGRES_PIPELINE_SYNC) {
            waiters_.front().outcome = std::move(taken);
            continue;
        }
        const auto first = std::move(waiters_.front());
        waiters_.pop_front();
        if (first.outcome) {
            first.done(*first.outcome);
        }
    }
}

void connection::take_notifications() {
    const auto on_notification = handlers_.on_notification;  // it may close this
    while (!closed_) {
        const std::unique_ptr<PGnotify, decltype(&PQfreemem)> each{PQnotifies(conn_.get()), &PQfreemem};
        if (!each) {
            return;
        }
        on_notification(each->extra != nullptr ? each->extra : "");
    }
}

void connection::lose(std::string reason) {
    if (closed_) {
        return;
    }
    const auto self = shared_from_this();
    const auto tell = handlers_.on_lost;
    close();
    boost::asio::post(
        timer_.get_executor(), [tell, reason = read_failure(std::move(reason)).message] { tell(reason); });
}

void connection::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    boost::system::error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    conn_.reset();
    connected_ = nullptr;
    handlers_ = {};
}

std::chrono::milliseconds connection::waiting() const {
    return waiters_.empty() ? std::chrono::milliseconds{0}
                            : std::chrono::duration_cast<std::chrono::milliseconds>(
                                  clock::now() - std::max(waiters_.front().since, moved_));
}

std::string connection::server_name() const {
    const char* const version = PQparameterStatus(conn_.get(), "server_version");
    const std::string text = version != nullptr ? version : "";
    return "PostgreSQL " + text.substr(0, text.find(' '));
}

std::string connection::error_text() const {
    const std::string text = PQerrorMessage(conn_.get());
    return text.empty() ? "the connection broke" : text;
}

}  // namespace hookd::postgres
