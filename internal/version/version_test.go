package version

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// truth calls one for each line "A B ORDER" of a recorded file.
func truth(t testing.TB, name string, one func(a, b string, want int)) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		var a, b string
		var want int
		if _, err := fmt.Sscan(sc.Text(), &a, &b, &want); err != nil {
			t.Fatalf("%s: %q: %v", name, sc.Text(), err)
		}
		one(a, b, want)
		n++
	}
	if n < 10 {
		t.Fatalf("%s has %d pairs", name, n)
	}
}

func TestOrdersAreThoseOfTheManagers(t *testing.T) {
	for _, manager := range []string{"dpkg", "rpm", "apk", "pacman"} {
		t.Run(manager, func(t *testing.T) {
			order, ok := OrderOf(manager)
			if !ok {
				t.Fatal("not known")
			}
			truth(t, manager+".txt", func(a, b string, want int) {
				if got, err := order(a, b); got != want || err != nil {
					t.Errorf("%s against %s is %d, %v, want %d", a, b, got, err, want)
				}
				if got, err := order(b, a); got != -want || err != nil {
					t.Errorf("%s against %s is %d, %v, want %d", b, a, got, err, -want)
				}
			})
		})
	}
	if _, ok := OrderOf("opkg"); ok {
		t.Error("an unknown manager has an order")
	}
}

func TestAReleaseCountsOnlyWhereBothHaveOne(t *testing.T) {
	for _, order := range []Order{RPM, Pacman} {
		for _, c := range []struct {
			got, want string
			n         int
		}{{"9.4-3.el9", "9.4", 0}, {"9.4", "9.4-3", 0}, {"9.4-3", "9.4-4", -1}, {"1:9.4-3", "9.4", 1}, {"0:1-1", "1", 0}} {
			if n, err := order(c.got, c.want); n != c.n || err != nil {
				t.Errorf("%s against %s is %d, %v, want %d", c.got, c.want, n, err, c.n)
			}
		}
	}
}

func TestNoOrderForWhatIsNoVersion(t *testing.T) {
	long := strings.Repeat("1", 2000)
	for manager, versions := range map[string][]string{
		"dpkg":   {"", "x", "1 2", "1:", "a:1", "1\x00", "1.é", long, "1." + long[:30]},
		"rpm":    {"", "1 2", "a:1", ":1", "1\n", long},
		"apk":    {"", "x", "1.0-x!", "1.0_foo", "1..0", "1 2", long, "1." + long[:30]},
		"pacman": {"", "1 2", "a:1", "1\x7f", long},
	} {
		order, _ := OrderOf(manager)
		for _, v := range versions {
			if _, err := order(v, "1.0"); err == nil {
				t.Errorf("%s: %.40q has an order", manager, v)
			}
			if _, err := order("1.0", v); err == nil {
				t.Errorf("%s: %.40q has an order as wanted", manager, v)
			}
		}
	}
}

func FuzzOrders(f *testing.F) {
	for _, name := range []string{"dpkg.txt", "rpm.txt", "apk.txt", "pacman.txt"} {
		n := 0
		truth(f, name, func(a, b string, _ int) {
			if n++; n%40 == 0 {
				f.Add(a, b)
			}
		})
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, manager := range []string{"dpkg", "rpm", "apk", "pacman"} {
			order, _ := OrderOf(manager)
			ab, err := order(a, b)
			ba, errBack := order(b, a)
			if (err == nil) != (errBack == nil) || err == nil && (ab != -ba || ab < -1 || ab > 1) {
				t.Errorf("%s: %q against %q is %d, %v, and back %d, %v", manager, a, b, ab, err, ba, errBack)
			}
			if same, err := order(a, a); err == nil && same != 0 {
				t.Errorf("%s: %q against itself is %d", manager, a, same)
			}
		}
	})
}
