//go:build !purego

#include "textflag.h"

// eight does one thing to the eight blocks in X0 to X7.
#define eight(OP) \
	OP X15, X0 \
	OP X15, X1 \
	OP X15, X2 \
	OP X15, X3 \
	OP X15, X4 \
	OP X15, X5 \
	OP X15, X6 \
	OP X15, X7

// turn is one round of decryption with the key at that place.
#define turn(off) \
	MOVOU off(AX), X15 \
	eight(AESDEC)

// next keeps the tweak in X8 at R13, and multiplies it by x.
#define next(off) \
	MOVOU  X8, off(R13) \
	PSHUFD $0x13, X8, X9 \
	PADDQ  X8, X8 \
	PSRAL  $31, X9 \
	PAND   X13, X9 \
	PXOR   X9, X8

// load takes a block and adds its tweak.
#define load(off, block) \
	MOVOU off(DI), block \
	MOVOU off(R12), X15 \
	PXOR  X15, block

// store adds the tweak again and puts the block back.
#define store(off, block) \
	MOVOU off(R12), X15 \
	PXOR  X15, block \
	MOVOU block, off(DI)

// func encryptBlocks(key *uint32, rounds int, b *byte, groups int)
TEXT ·encryptBlocks(SB), NOSPLIT, $0-32
	MOVQ key+0(FP), AX
	MOVQ rounds+8(FP), BX
	MOVQ b+16(FP), DI
	MOVQ groups+24(FP), CX

group:
	MOVOU 0(DI), X0
	MOVOU 16(DI), X1
	MOVOU 32(DI), X2
	MOVOU 48(DI), X3
	MOVOU 64(DI), X4
	MOVOU 80(DI), X5
	MOVOU 96(DI), X6
	MOVOU 112(DI), X7
	MOVOU (AX), X15
	eight(PXOR)
	LEAQ  16(AX), DX
	LEAQ  -1(BX), SI

round:
	MOVOU (DX), X15
	eight(AESENC)
	ADDQ  $16, DX
	DECQ  SI
	JNZ   round
	MOVOU (DX), X15
	eight(AESENCLAST)
	MOVOU X0, 0(DI)
	MOVOU X1, 16(DI)
	MOVOU X2, 32(DI)
	MOVOU X3, 48(DI)
	MOVOU X4, 64(DI)
	MOVOU X5, 80(DI)
	MOVOU X6, 96(DI)
	MOVOU X7, 112(DI)
	ADDQ  $128, DI
	DECQ  CX
	JNZ   group
	RET

// func decryptSectors(key *uint32, rounds int, b *byte, sectors, groups int, tweaks *byte)
//
// The tweaks of a group, at R12, were made while the group before it was decrypted: only so both use the processor at once.
TEXT ·decryptSectors(SB), NOSPLIT, $256-48
	MOVQ  key+0(FP), AX
	MOVQ  rounds+8(FP), BX
	MOVQ  b+16(FP), DI
	MOVQ  sectors+24(FP), R8
	MOVQ  groups+32(FP), R9
	MOVQ  tweaks+40(FP), R10
	MOVQ  BX, R11
	SHLQ  $4, R11
	MOVQ  R9, CX
	IMULQ R9, R8

	// X13: what a bit that leaves the upper and the lower half of a tweak becomes
	MOVQ       $1, DX
	MOVQ       DX, X12
	MOVQ       $0x87, DX
	MOVQ       DX, X13
	PUNPCKLQDQ X12, X13

	MOVOU (R10), X8
	ADDQ  $16, R10
	LEAQ  128(SP), R12
	LEAQ  0(SP), R13
	next(0)
	next(16)
	next(32)
	next(48)
	next(64)
	next(80)
	next(96)
	next(112)
	XCHGQ R12, R13

group:
	load(0, X0)
	load(16, X1)
	load(32, X2)
	load(48, X3)
	load(64, X4)
	load(80, X5)
	load(96, X6)
	load(112, X7)
	DECQ  CX
	JNZ   same
	MOVOU (R10), X8
	ADDQ  $16, R10
	MOVQ  R9, CX

same:
	MOVOU (AX), X15
	eight(PXOR)
	turn(16)
	next(0)
	turn(32)
	next(16)
	turn(48)
	next(32)
	turn(64)
	next(48)
	turn(80)
	next(64)
	turn(96)
	next(80)
	turn(112)
	next(96)
	turn(128)
	next(112)
	turn(144)
	CMPQ  BX, $10
	JEQ   last
	turn(160)
	turn(176)
	CMPQ  BX, $12
	JEQ   last
	turn(192)
	turn(208)

last:
	MOVOU (AX)(R11*1), X15
	eight(AESDECLAST)
	store(0, X0)
	store(16, X1)
	store(32, X2)
	store(48, X3)
	store(64, X4)
	store(80, X5)
	store(96, X6)
	store(112, X7)
	XCHGQ R12, R13
	ADDQ  $128, DI
	DECQ  R8
	JNZ   group
	RET

// func inverseMix(b *uint32)
TEXT ·inverseMix(SB), NOSPLIT, $0-8
	MOVQ   b+0(FP), AX
	MOVOU  (AX), X0
	AESIMC X0, X0
	MOVOU  X0, (AX)
	RET

// func substitute(w uint32) uint32
TEXT ·substitute(SB), NOSPLIT, $0-12
	MOVL            w+0(FP), AX
	MOVQ            AX, X0
	PSHUFD          $0, X0, X0
	AESKEYGENASSIST $0, X0, X0
	MOVQ            X0, AX
	MOVL            AX, ret+8(FP)
	RET
