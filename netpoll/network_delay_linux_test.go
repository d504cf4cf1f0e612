package netpoll

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The network of these tests is a TUN device in a network namespace of its own: packets to any address behind the
// device come back late and with source and destination exchanged. So the kernel talks to itself over a slow network: a
// client of farHost reaches a listener on nearHost, and TCP's checksums stay correct, being sums of both addresses. The
// addresses are of TEST-NET-1 (RFC 5737); no route leads out of the namespace.
var nearHost, farHost = net.IPv4(192, 0, 2, 1), net.IPv4(192, 0, 2, 2)

const (
	inNamespace = "THRONG_TEST_IN_NAMESPACE"
	noTUN       = "no TUN device may be made here:"
)

// TestTimesWithANetworkDelay delays the network, alone and then together with each phase. The delay is reported as
// Network, and the times still add up to the time that the client has waited.
func TestTimesWithANetworkDelay(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		runInNamespace(t)
		return
	}
	slowNetwork(t, delay/2)
	for _, c := range []connectTimes{
		{name: "plain", network: delay},
		{name: "TLS", network: delay, secure: true},
		{name: "with each", network: delay, waiting: delay, tls: delay, http: delay, secure: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			upToThreeTimes(t, func() error {
				ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: nearHost})
				if err != nil {
					t.Fatal(err)
				}
				to := net.TCPAddr{IP: farHost, Port: ln.Addr().(*net.TCPAddr).Port}
				return c.measure(t, &Server{Listener: ln}, to.String())
			})
		})
	}
}

// runInNamespace runs the test again as a process with a network of its own, which ends with it. A user other than root
// becomes root in a user namespace.
func runInNamespace(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	_, why, skipped := strings.Cut(string(out), noTUN)
	switch {
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL):
		t.Skipf("no network namespace may be made here: %v", err)
	case skipped:
		t.Skip(noTUN + strings.SplitN(why, "\n", 2)[0])
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	default:
		t.Logf("in the namespace:\n%s", out)
	}
}

// slowNetwork delays every packet by oneWay, until the test ends.
func slowNetwork(t *testing.T, oneWay time.Duration) {
	tun, err := openTUN()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		t.Skip(noTUN, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tun.Close() })
	go mirror(tun, oneWay)
}

// openTUN makes a device that has nearHost and all of its /24.
func openTUN() (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	ifr, _ := unix.NewIfreq("slow0")
	ifr.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		return nil, errors.Join(fmt.Errorf("TUNSETIFF: %w", err), unix.Close(fd))
	}
	if err := configure("slow0"); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "tun"), nil
}

// configure is `ip address add 192.0.2.1/24 dev NAME` and `ip link set NAME up`.
func configure(name string) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	for _, step := range []struct {
		request uint
		set     func(*unix.Ifreq)
	}{
		{unix.SIOCSIFADDR, func(r *unix.Ifreq) { _ = r.SetInet4Addr(nearHost.To4()) }},
		{unix.SIOCSIFNETMASK, func(r *unix.Ifreq) { _ = r.SetInet4Addr([]byte{255, 255, 255, 0}) }},
		{unix.SIOCSIFFLAGS, func(r *unix.Ifreq) { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING) }},
	} {
		ifr, _ := unix.NewIfreq(name)
		step.set(ifr)
		if err := unix.IoctlIfreq(s, step.request, ifr); err != nil {
			return fmt.Errorf("ioctl %#x: %w", step.request, err)
		}
	}
	return nil
}

// mirror sends the IPv4 packets back after a while, in their order, until the device is closed.
func mirror(tun *os.File, after time.Duration) {
	type packet struct {
		due  time.Time
		data []byte
	}
	late := make(chan packet, 1<<10)
	defer close(late)
	go func() {
		for p := range late {
			time.Sleep(time.Until(p.due))
			_, _ = tun.Write(p.data)
		}
	}()
	for {
		p := make([]byte, 2<<10)
		n, err := tun.Read(p)
		if err != nil {
			return
		}
		if p[0]>>4 != 4 {
			continue
		}
		var source [4]byte
		copy(source[:], p[12:16])
		copy(p[12:16], p[16:20])
		copy(p[16:20], source[:])
		late <- packet{time.Now().Add(after), p[:n]}
	}
}
