package iso9660

import (
	"strconv"
	"time"
)

// maxZone is the farthest a time zone can be from UTC, in quarters of an hour; what is beyond counts as none.
const maxZone = 52

// decodeTime decodes the seven bytes of a time (ECMA-119, 9.1.5). It is zero where none is recorded.
func decodeTime(b []byte) time.Time {
	if b[1] == 0 || b[1] > 12 {
		return time.Time{}
	}
	return inZone(time.Date(1900+int(b[0]), time.Month(b[1]), int(b[2]), int(b[3]), int(b[4]), int(b[5]), 0, time.UTC), b[6])
}

// decodeLongTime decodes the 17 bytes of a time in digits (ECMA-119, 8.4.26.1). It is zero where none is recorded.
func decodeLongTime(b []byte) time.Time {
	var n [7]int
	at := 0
	for i, width := range []int{4, 2, 2, 2, 2, 2, 2} {
		v, err := strconv.ParseUint(string(b[at:at+width]), 10, 16)
		if err != nil {
			return time.Time{}
		}
		n[i] = int(v)
		at += width
	}
	if n[1] == 0 || n[1] > 12 {
		return time.Time{}
	}
	return inZone(time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6]*int(10*time.Millisecond), time.UTC), b[16])
}

func inZone(local time.Time, zone byte) time.Time {
	quarters := int8(zone)
	if quarters < -maxZone || quarters > maxZone {
		quarters = 0
	}
	return local.Add(-time.Duration(quarters) * 15 * time.Minute)
}
