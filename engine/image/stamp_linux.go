package image

import (
	"io/fs"
	"syscall"
	"time"
)

func hostStamp(info fs.FileInfo, s *Stamp) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Inode, s.Changed = st.Ino, time.Unix(st.Ctim.Unix())
	}
}
