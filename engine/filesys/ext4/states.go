package ext4

import "github.com/guestctl/guestctl/engine/binread"

const (
	statesPerPage = 4096
	maxStatePages = 1 << 15 // 1.5 GiB: 134 million inodes in use

	maxCheckedDirBlocks = 1 << 26
)

// state is what a check keeps of an inode in use.
type state struct {
	counted uint32 // names, "." and ".." included
	links   uint16 // i_links_count
	kind    uint8  // the type, as in st_mode, in 4 bits
	used    bool
	value   bool // of an attribute
}

// states holds the states of all inodes in use, in pages that are made when the first of their inodes comes.
type states struct {
	pages [][]state
	made  int
}

func newStates(f *FS) *states {
	return &states{pages: make([][]state, uint64(f.super.inodes)/statesPerPage+1)}
}

// at returns the state of an inode for writing.
func (s *states) at(number uint32) (*state, error) {
	i := number / statesPerPage
	if s.pages[i] == nil {
		if s.made++; s.made > maxStatePages {
			return nil, binread.Limit("more than %d inodes in use", maxStatePages*statesPerPage)
		}
		s.pages[i] = make([]state, statesPerPage)
	}
	return &s.pages[i][number%statesPerPage], nil
}

// known returns the state of an inode, or nil when it is not in use.
func (s *states) known(number uint32) *state {
	page := s.pages[number/statesPerPage]
	if page == nil || !page[number%statesPerPage].used {
		return nil
	}
	return &page[number%statesPerPage]
}
