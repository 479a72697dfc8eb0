package boot

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/finding"
)

// everywhere are the options of mount(8) for all file systems, and those of fstab(5) and systemd.mount(5).
var everywhere = words(`defaults rw ro suid nosuid dev nodev exec noexec auto noauto user nouser users owner group async sync dirsync atime
	noatime diratime nodiratime relatime norelatime strictatime nostrictatime lazytime nolazytime silent loud mand nomand nofail _netdev remount
	iversion noiversion symfollow nosymfollow bind rbind private rprivate shared rshared slave rslave unbindable runbindable loop offset
	sizelimit comment context fscontext defcontext rootcontext seclabel usrquota grpquota quota noquota usrjquota grpjquota jqfmt`)

// mountOptions are those of a file system beside them (the documentation of Linux, and mount(8)).
var mountOptions = map[string][]string{
	"ext4": append(words(`acl noacl bsddf minixdf check errors grpid bsdgroups nogrpid sysvgroups nouid32 oldalloc orlov resgid resuid sb user_xattr
		nouser_xattr journal journal_dev journal_path norecovery noload data data_err barrier nobarrier inode_readahead_blks stripe delalloc
		nodelalloc max_batch_time min_batch_time journal_ioprio abort auto_da_alloc noauto_da_alloc noinit_itable init_itable discard nodiscard
		block_validity noblock_validity dioread_lock dioread_nolock max_dir_size_kb i_version nombcache prjquota dax commit journal_checksum
		nojournal_checksum journal_async_commit debug debug_want_extra_isize mblk_io_submit nomblk_io_submit bh nobh inlinecrypt reservation
		noreservation xip no_prefetch_block_bitmaps prefetch_block_bitmaps extents init_inode_table`), "mb_optimize_scan"), //nolint:misspell // its name
	"xfs": words(`allocsize attr2 noattr2 discard nodiscard grpid nogrpid bsdgroups sysvgroups filestreams ikeep noikeep inode32 inode64
		largeio nolargeio logbufs logbsize logdev noalign norecovery nouuid gquota gqnoenforce pquota prjquota pqnoenforce uquota uqnoenforce
		rtdev sunit swidth swalloc wsync dax barrier nobarrier`),
	"btrfs": words(`acl noacl autodefrag noautodefrag barrier nobarrier check_int check_int_data clear_cache commit compress compress-force
		datacow nodatacow datasum nodatasum degraded device discard nodiscard enospc_debug noenospc_debug fatal_errors flushoncommit
		noflushoncommit fragment inode_cache noinode_cache max_inline metadata_ratio notreelog treelog nospace_cache norecovery recovery
		rescan_uuid_tree rescue skip_balance space_cache ssd nossd ssd_spread nossd_spread subvol subvolid subvolrootid thread_pool
		usebackuproot user_subvol_rm_allowed nologreplay`),
	"tmpfs": words(`size nr_blocks nr_inodes mode uid gid huge mpol inode32 inode64 noswap`),
	"vfat": words(`uid gid umask dmask fmask allow_utime check codepage conv cvf_format cvf_option debug discard dos1xfloppy errors fat
		iocharset nfs tz time_offset quiet rodir showexec sys_immutable flush usefree dots nodots dotsOK shortname utf8 uni_xlate nonumtail
		posix`),
}

func words(s string) []string { return strings.Fields(s) }

// unknownOptions are the options that a kernel does not know of a file system, which it therefore does not mount. Of kinds without a
// list, and of what only user space reads, there are none.
func unknownOptions(kind string, options []string) []string {
	if kind == "ext2" || kind == "ext3" {
		kind = "ext4"
	}
	known, ok := mountOptions[kind]
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(options), func(option string) bool {
		name, _, _ := strings.Cut(option, "=")
		return name == "" || strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "X-") || slices.Contains(everywhere, name) || slices.Contains(known, name)
	})
}

// optioned tells whether a kernel mounts what with the options.
func (v *verdict) optioned(at finding.Location, what, kind string, options []string) {
	if bad := unknownOptions(kind, options); len(bad) > 0 {
		v.unknownAt(at, "%s: the mount option %s of %s is not known, and a kernel does not mount with one that it does not know", what, bad[0], kind)
		v.repair("take the option out")
	}
}
