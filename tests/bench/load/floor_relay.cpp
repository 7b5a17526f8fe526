// SPDX-License-Identifier: BSL-1.0
// The floor: a relay that reads all there is, takes the whole frames (4 bytes of length, then the body), and writes
// them at once to whoever is on the other side. It looks at nothing but lengths: the least that any broker must do.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::size_t read_room = 65'536;

struct peer {
    enum class side { unknown, emitter, subscriber };
    int socket = -1;
    side where = side::unknown;
    std::vector<char> in{};
    std::size_t held = 0;  // bytes in `in`
    std::string out{};     // what its socket did not take
    std::size_t sent = 0;  // of `out`
    bool watched_for_room = false;
};

class relay {
public:
    explicit relay(const char* path)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        std::strncpy(where.sun_path, path, sizeof where.sun_path - 1);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
            ::listen(listener_, 1024) != 0) {
            std::perror("bench_floor_relay: listen");
            std::exit(1);
        }
        watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    }

    [[noreturn]] void run() {
        epoll_event ready[64];
        for (;;) {
            const int count = ::epoll_wait(epoll_, ready, 64, -1);
            for (int i = 0; i < count; ++i) {
                if (ready[i].data.fd == listener_) {
                    accept_peer();
                    continue;
                }
                const auto found = peers_.find(ready[i].data.fd);
                if (found == peers_.end()) {
                    continue;
                }
                if ((ready[i].events & EPOLLOUT) != 0) {
                    write_to(*found->second, {});
                }
                if ((ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
                    read_from(*found->second);
                }
            }
        }
    }

private:
    void watch(int socket, std::uint32_t for_what, int operation) {
        epoll_event what{};
        what.events = for_what;
        what.data.fd = socket;
        ::epoll_ctl(epoll_, operation, socket, &what);
    }

    void accept_peer() {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket >= 0) {
            auto& added = peers_[socket] = std::make_unique<peer>();
            added->socket = socket;
            watch(socket, EPOLLIN, EPOLL_CTL_ADD);
        }
    }

    void read_from(peer& from) {
        if (from.in.size() - from.held < read_room) {
            from.in.resize(2 * (from.held + read_room));
        }
        const ssize_t got = ::recv(from.socket, from.in.data() + from.held, from.in.size() - from.held, 0);
        if (got <= 0) {
            if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
                drop(from);
            }
            return;
        }
        from.held += static_cast<std::size_t>(got);
        std::size_t whole = 0;
        for (;;) {
            if (from.held - whole < 4) {
                break;
            }
            std::uint32_t size = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                size = size << 8 | static_cast<unsigned char>(from.in[whole + i]);
            }
            if (from.held - whole - 4 < size) {
                break;
            }
            whole += 4 + std::size_t{size};
            if (from.where == peer::side::unknown) {
                from.where = from.in[whole - 1] == 'e' ? peer::side::emitter : peer::side::subscriber;
                (from.where == peer::side::emitter ? emitters_ : subscribers_).push_back(&from);
                write_to(from, {from.in.data(), whole});
                from.held -= whole;
                std::memmove(from.in.data(), from.in.data() + whole, from.held);
                whole = 0;
            }
        }
        if (whole != 0) {
            for (peer* const each : from.where == peer::side::emitter ? subscribers_ : emitters_) {
                write_to(*each, {from.in.data(), whole});
            }
            from.held -= whole;
            std::memmove(from.in.data(), from.in.data() + whole, from.held);
        }
    }

    void write_to(peer& to, std::string_view bytes) {
        if (!to.out.empty()) {
            to.out += bytes;
            to.sent += write_some(to, std::string_view{to.out}.substr(to.sent));
            if (to.sent == to.out.size()) {
                to.out.clear();
                to.sent = 0;
            }
        } else {
            bytes.remove_prefix(write_some(to, bytes));
            to.out = bytes;
        }
        if (to.watched_for_room == to.out.empty()) {
            to.watched_for_room = !to.out.empty();
            watch(to.socket, to.watched_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
        }
    }

    static std::size_t write_some(const peer& to, std::string_view bytes) {
        const ssize_t wrote =
            bytes.empty() ? 0 : ::send(to.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return wrote < 0 ? 0 : static_cast<std::size_t>(wrote);
    }

    void drop(peer& gone) {
        std::erase(emitters_, &gone);
        std::erase(subscribers_, &gone);
        ::close(gone.socket);
        peers_.erase(gone.socket);
    }

    int listener_;
    int epoll_;
    std::unordered_map<int, std::unique_ptr<peer>> peers_{};
    std::vector<peer*> emitters_{};
    std::vector<peer*> subscribers_{};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: bench_floor_relay SOCKET\n", stderr);
        return 2;
    }
    relay{argv[1]}.run();
}
