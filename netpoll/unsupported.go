//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd) || poll_opt

package netpoll

// netpoll needs epoll (Linux) or kqueue (macOS, BSD), and gnet's default poller: the build tag
// poll_opt makes it store pointers that this package does not give it.
var _ = netpoll_needs_linux_macos_or_bsd_and_no_build_tag_poll_opt
