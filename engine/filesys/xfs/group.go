package xfs

// Magic numbers of what each allocation group begins with, and of its trees.
const (
	groupFreeMagic  = 0x58414746 // "XAGF"
	groupInodeMagic = 0x58414749 // "XAGI"
	groupListMagic  = 0x5841464c // "XAFL"

	freeByPlaceMagic   = 0x41425442 // "ABTB"
	freeByPlaceMagicV5 = 0x41423342 // "AB3B"
	freeBySizeMagic    = 0x41425443 // "ABTC"
	freeBySizeMagicV5  = 0x41423343 // "AB3C"
	inodeTreeMagic     = 0x49414254 // "IABT"
	inodeTreeMagicV5   = 0x49414233 // "IAB3"
	freeInodeMagic     = 0x46494254 // "FIBT"
	freeInodeMagicV5   = 0x46494233 // "FIB3"
	rmapMagicV5        = 0x524d4233 // "RMB3"
	refcountMagicV5    = 0x52334643 // "R3FC"
)
