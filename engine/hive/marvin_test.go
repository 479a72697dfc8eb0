package hive

import "testing"

// TestMarvin32 holds the hash against the vectors of .NET's own tests (src/libraries/Common/tests/Tests/System/MarvinTests.cs).
func TestMarvin32(t *testing.T) {
	const first, second, third = 0x004fb61a001bdbcc, 0x804fb61a001bdbcc, 0x804fb61a801bdbcc
	for _, v := range []struct {
		seed uint64
		data string
		want uint64
	}{
		{first, "", 0x30ed35c100cd3c7d},
		{first, "\xaf", 0x48e73fc77d75ddc1},
		{first, "\xe7\x0f", 0xb5f6e1fc485dbff8},
		{first, "\x37\xf4\x95", 0xf0b07c789b8cf7e8},
		{first, "\x86\x42\xdc\x59", 0x7008f2e87e9cf556},
		{first, "\x15\x3f\xb7\x98\x26", 0xe6c08c6da2afa997},
		{first, "\x09\x32\xe6\x24\x6c\x47", 0x6f04bf1a5ea24060},
		{first, "\xab\x42\x7e\xa8\xd1\x0f\xc7", 0xe11847e4f0678c41},
		{second, "", 0x10a9d5d3996fd65d},
		{second, "\xab\x42\x7e\xa8\xd1\x0f\xc7", 0xe203987dba252fb3},
		{third, "\x00", 0xa37fb0da2ecae06c},
		{third, "\x00\xff\x00\xff\x00\xff", 0xec21276a17e821a5},
		{third, "\xff\x00\xff\x00\xff\x00\xff", 0xfdfd187b1d3ce784},
	} {
		if got := marvin32(v.seed, []byte(v.data)); got != v.want {
			t.Errorf("marvin32(%#x, %q) = %#x, want %#x", v.seed, v.data, got, v.want)
		}
	}
}
