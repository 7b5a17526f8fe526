// SPDX-License-Identifier: BSL-1.0
#include "connection_places.hpp"
#include "open_files.hpp"
#include "path_watch.hpp"
#include "peer_rights.hpp"
#include "reject_connection.hpp"
#include "rpc/memory_reserve.hpp"
#include "socket_file.hpp"
#include "socket_stream.hpp"
#include "sparse_warnings.hpp"
#include "transport.hpp"

#include <base/posix/peer_credentials.hpp>
#include <base/posix/unique_fd.hpp>
#include <hookd/server/listener.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hookd::server {
namespace {

// Rejected peers whose first byte is waited for; one more is closed without an answer.
constexpr long most_rejected = 64;

// How long accepting pauses where the process has no descriptor or memory left. A connection that closes ends the pause
// sooner.
constexpr std::chrono::milliseconds accept_pause{100};

bool is_shortage(int failure) noexcept {
    return failure == EMFILE || failure == ENFILE || failure == ENOBUFS || failure == ENOMEM;
}

std::string_view remedy_for(int shortage) noexcept {
    switch (shortage) {
        case EMFILE:
        case ENFILE:
            return "; raise the limit of open files";
        case ENOSPC:
            return "; raise fs.epoll.max_user_watches";
        default:
            return "";
    }
}

}  // namespace

/// The executor for all of it is a strand of its own where several threads run; connections come and go on it.
class listener::implementation : public std::enable_shared_from_this<listener::implementation> {
public:
    implementation(boost::asio::io_context& context, std::shared_ptr<broker_strand> broker,
        const listener_options& options, logger& log)
        : strand_(boost::asio::make_strand(context)),
          acceptor_(context),
          pause_(context),
          flush_limit_(context),
          path_(options.socket),
          shortages_(log),
          refusals_(log),
          places_taken_(open_files_.most_connections(options.max_connections)),
          holder_(std::make_shared<net::transport_environment>(std::move(broker), options, log)),
          environment_(*holder_),
          log_(log) {
        if (options.inherited_socket < 0) {
            file_.emplace(path_);
        } else {
            file_.emplace(path_, options.inherited_socket);
            if (file_->has_file() && !file_->is_locked()) {
                log.write(log_level::warning,
                    "cannot take a lock beside " + path_.string() +
                        ", in a directory that is not this user's: a second hookd would not be refused");
            }
        }
        listen_on(file_->release());
        if (file_->has_file()) {
            path_watch_ = std::make_shared<path_watch>(strand_, path_.parent_path(), [this] { look_after_path(); });
        }
    }

    void when_path_is_lost(std::function<void(const std::string&)> call) { path_lost_ = std::move(call); }

    void start() {
        environment_.on_closed = [owner = weak_from_this()](net::transport& gone) {
            if (const auto self = owner.lock()) {
                self->forget(gone);
            }
        };
        boost::asio::post(strand_, [self = shared_from_this()] {
            if (self->path_watch_ && !self->shutting_down_) {
                self->path_watch_->start();
            }
            self->accept();
        });
    }

    void shut_down(std::chrono::milliseconds flush_time, std::function<void()> done) {
        boost::asio::post(strand_, [self = shared_from_this(), flush_time, done = std::move(done)]() mutable {
            if (self->shutting_down_) {
                return;
            }
            self->shutting_down_ = true;
            self->done_ = std::move(done);
            boost::system::error_code ignored;
            self->acceptor_.close(ignored);
            self->pause_.cancel();
            self->stop_path_watch();
            self->end_connections(flush_time);
        });
    }

    /// Of the owner that goes: nothing more happens.
    void abandon() {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        stop_path_watch();
        file_.reset();
        for (const auto& each : all_connections()) {
            each->stop();
        }
    }

private:
    using acceptor =
        boost::asio::basic_socket_acceptor<boost::asio::local::stream_protocol, boost::asio::io_context::executor_type>;

    [[nodiscard]] boost::asio::io_context& context() noexcept { return environment_.broker->context(); }

    void listen_on(int descriptor) {
        acceptor_.assign(boost::asio::local::stream_protocol{}, descriptor);
        acceptor_.native_non_blocking(true);
        ++acceptor_number_;
    }

    // On the strand, by the watch of the path. Where the path leads elsewhere, hooks and emitters could part: each
    // would find another daemon.
    void look_after_path() {
        try {
            if (file_->put_back()) {
                log_.write(log_level::warning, "the socket " + path_.string() + " was removed or replaced: put back");
                static_cast<void>(accept_some(SOMAXCONN));  // those who came by the old one
                boost::system::error_code ignored;
                acceptor_.close(ignored);
                listen_on(file_->release());
                accept();
            }
        } catch (const std::exception& failure) {
            if (!has_free_descriptor()) {
                return shortages_.write(std::string{failure.what()} + ": trying again");
            }
            path_watch_->stop();
            const auto why = "the socket " + path_.string() +
                             " is lost, and clients cannot find this daemon any more: " + failure.what();
            log_.write(log_level::error, why);
            if (path_lost_) {
                path_lost_(why);
            }
        }
    }

    [[nodiscard]] bool has_free_descriptor() {
        return static_cast<bool>(base::unique_fd{::fcntl(acceptor_.native_handle(), F_DUPFD_CLOEXEC, 0)});
    }

    void stop_path_watch() {
        if (path_watch_) {
            path_watch_->stop();
        }
    }

    void accept() {
        if (shutting_down_ || paused_) {
            return;
        }
        auto handler = [self = shared_from_this(), number = acceptor_number_](
                           const boost::system::error_code& failure) {
            if (!failure && number == self->acceptor_number_) {
                self->accept_all();
            }
        };
        acceptor_.async_wait(
            boost::asio::socket_base::wait_read, boost::asio::bind_executor(strand_, std::move(handler)));
    }

    void accept_all() {
        // Bounded: a flood of connections must not keep the others waiting.
        constexpr int at_a_time = 64;
        const int failure = accept_some(at_a_time);
        if (failure != 0) {
            return pause_accepting(failure);
        }
        paused_ = false;
        accept();
    }

    /// What the system has run short of, as errno; else 0.
    int accept_some(int most) {
        for (int i = 0; i < most && !shutting_down_; ++i) {
            if (rpc::memory_reserve::is_low()) {
                return ENOMEM;
            }
            base::unique_fd descriptor{
                ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
            if (descriptor) {
                if (const int failure = try_admit(std::move(descriptor)); failure != 0) {
                    return failure;
                }
                continue;
            }
            if (is_shortage(errno)) {
                return errno;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                break;
            }
            // ECONNABORTED and the like concern one peer.
        }
        return 0;
    }

    /// As accept_some(); if something has run short, the peer is gone.
    int try_admit(base::unique_fd descriptor) {
        std::shared_ptr<net::transport> admitted;
        try {
            net::stream_socket peer{context()};
            boost::system::error_code failure;
            peer.assign(boost::asio::local::stream_protocol{}, descriptor.get(), failure);
            if (failure) {  // epoll takes no more
                return failure.value();
            }
            (void)descriptor.release();
            admitted = admit(std::move(peer));
        } catch (const std::bad_alloc&) {
            return ENOMEM;
        }
        if (admitted) {
            admitted->start();
        }
        return 0;
    }

    void pause_accepting(int failure) {
        if (!paused_) {
            shortages_.write("cannot accept a connection (" + std::generic_category().message(failure) +
                             "): waiting for one to close" + std::string{remedy_for(failure)});
        }
        paused_ = true;
        pause_.expires_after(accept_pause);
        pause_.async_wait(
            boost::asio::bind_executor(strand_, [self = shared_from_this()](const boost::system::error_code&) {
                // Whether the pause is over or cut short: a descriptor may be free.
                self->accept_all();
            }));
    }

    /// Null: it has been refused.
    std::shared_ptr<net::transport> admit(net::stream_socket socket) {
        const auto credentials = base::peer_credentials_of(socket.native_handle());
        if (!credentials) {
            refusals_.write("a peer was refused: SO_PEERCRED: " + std::generic_category().message(errno));
            return nullptr;
        }
        auto peer = peer_of(*credentials);
        if (environment_.broker->journal() != nullptr) {
            peer.program =
                program_name(static_cast<pid_t>(peer.pid));  // now: it may be gone when the journal is written
        }
        const auto may = roles_of(socket.native_handle(), *credentials, environment_.sessions.options);
        if (!may) {
            refusals_.write(rpc::describe(peer) + " is not allowed: connection refused");
            refuse(std::move(socket),
                {protocol::errc::not_allowed, "user " + std::to_string(peer.uid) +
                                                  " may not talk to this daemon: start it with --allow-user " +
                                                  std::to_string(peer.uid) + ", or run your own"});
            return nullptr;
        }
        std::shared_ptr<net::transport> made;
        {
            std::unique_lock lock{mutex_};
            if (auto too_many = places_taken_.refuse(peer)) {
                lock.unlock();
                refuse(std::move(socket), std::move(*too_many));
                return nullptr;
            }
            if (open_files_.make_room_for(connections_.size() + 1)) {
                log_.write(log_level::info, "raised the limit of open files to " + std::to_string(open_files_.most()));
            }
            made = make_transport(std::move(socket), peer, *may);
            const auto entry = connections_.emplace(made.get(), made).first;
            try {
                places_taken_.take(peer);
            } catch (...) {
                connections_.erase(entry);
                throw;
            }
            environment_.broker->counters.connections.store(connections_.size(), std::memory_order_relaxed);
        }
        if (log_.wants(log_level::debug)) {
            log_.write(log_level::debug, rpc::describe(peer) + " connected");
        }
        return made;
    }

    [[nodiscard]] std::shared_ptr<net::transport> make_transport(
        net::stream_socket socket, const core::peer& peer, const roles& may) {
        net::connection_strand strand{context(), environment_.broker->single_threaded()};
        auto bytes = std::make_unique<net::socket_stream>(std::move(socket), strand);
        auto session = std::make_shared<rpc::session>(
            std::shared_ptr<rpc::session_environment>{holder_, &holder_->sessions}, peer, may);
        return std::make_shared<net::transport>(holder_, std::move(strand), std::move(bytes), std::move(session));
    }

    void refuse(net::stream_socket socket, protocol::error why) {
        if (net::try_reject(socket, why) || rejecting_.use_count() > most_rejected) {
            return;
        }
        boost::asio::co_spawn(context().get_executor(),
            net::reject_connection(std::move(socket), std::move(why), rejecting_),
            [](const std::exception_ptr& failure) {
                if (failure) {
                    std::rethrow_exception(failure);
                }
            });
    }

    // From any strand.
    void forget(net::transport& gone) {
        if (log_.wants(log_level::debug)) {
            log_.write(log_level::debug, rpc::describe(gone.peer()) + " disconnected");
        }
        bool was_last = false;
        {
            const std::lock_guard lock{mutex_};
            if (connections_.erase(&gone) != 0) {
                places_taken_.give_back(gone.peer());
            }
            environment_.broker->counters.connections.store(connections_.size(), std::memory_order_relaxed);
            was_last = connections_.empty();
        }
        boost::asio::post(strand_, [self = shared_from_this(), was_last] {
            if (self->shutting_down_ && was_last) {
                self->flush_limit_.cancel();
            } else if (self->paused_) {
                self->pause_.cancel();
            }
        });
    }

    [[nodiscard]] std::vector<std::shared_ptr<net::transport>> all_connections() {
        const std::lock_guard lock{mutex_};
        std::vector<std::shared_ptr<net::transport>> all;
        all.reserve(connections_.size());
        for (const auto& [key, each] : connections_) {
            all.push_back(each);
        }
        return all;
    }

    // Tell, then drain to a deadline, then close.
    void end_connections(std::chrono::milliseconds flush_time) {
        environment_.broker->run([self = shared_from_this()] {
            self->environment_.broker->shut_down();
            self->environment_.broker->run_turn();
            for (const auto& each : self->all_connections()) {
                each->drain();
            }
        });
        flush_limit_.expires_after(flush_time);
        flush_limit_.async_wait(
            boost::asio::bind_executor(strand_, [self = shared_from_this()](const boost::system::error_code&) {
                for (const auto& each : self->all_connections()) {
                    each->stop();
                }
                self->file_.reset();
                boost::asio::post(self->context(), std::exchange(self->done_, nullptr));
            }));
        if (all_connections().empty()) {
            flush_limit_.cancel();
        }
    }

    boost::asio::strand<boost::asio::io_context::executor_type> strand_;
    acceptor acceptor_;
    boost::asio::steady_timer pause_;
    boost::asio::steady_timer flush_limit_;
    bool paused_ = false;  // accepting, since something ran short
    bool shutting_down_ = false;
    unsigned acceptor_number_ = 0;  // of the socket that it has
    std::filesystem::path path_;
    std::shared_ptr<path_watch> path_watch_{};
    std::function<void(const std::string&)> path_lost_{};
    std::function<void()> done_{};
    sparse_warnings shortages_;
    sparse_warnings refusals_;
    std::shared_ptr<void> rejecting_ = std::make_shared<char>();  // one reference for each that is being rejected
    std::optional<socket_file> file_{};
    std::mutex mutex_{};
    std::unordered_map<net::transport*, std::shared_ptr<net::transport>> connections_{};
    open_files open_files_{};
    connection_places places_taken_;
    std::shared_ptr<net::transport_environment> holder_;
    net::transport_environment& environment_;
    logger& log_;
};

listener::listener(boost::asio::io_context& context, broker& events, const listener_options& options, logger& log)
    : implementation_(std::make_shared<implementation>(context, events.strand_, options, log)) {
    events.strand_->set_audit([&log](const std::string& line) { log.write(log_level::warning, line); });
    implementation_->start();
}

listener::~listener() { implementation_->abandon(); }

void listener::when_path_is_lost(std::function<void(const std::string&)> call) {
    implementation_->when_path_is_lost(std::move(call));
}

void listener::shut_down(std::chrono::milliseconds flush_time, std::function<void()> done) {
    implementation_->shut_down(flush_time, std::move(done));
}

}  // namespace hookd::server
