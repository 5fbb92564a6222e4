// See stubs_amd64.S; this is the same for AAPCS64. x16 and x17 are free between a
// call and its function.

#ifdef __APPLE__
#define NAME(x) _##x
#define STRINGS .section __TEXT,__cstring
#define HIDE .private_extern
#define PAGE(x) x@PAGE
#define OFFSET(x) x@PAGEOFF
#else
#define NAME(x) x
#define STRINGS .section .rodata
#define HIDE .hidden
#define PAGE(x) x
#define OFFSET(x) :lo12:x
	.section .note.GNU-stack,"",%progbits
#endif

	.macro stub function, slot, first, name, text
	.text
	.p2align 2
	.globl \function
	HIDE \function
\function:
	adrp x17, PAGE(\slot)
	ldr x16, [x17, OFFSET(\slot)]
	br x16
\first:
	adrp x17, PAGE(\slot)
	add x17, x17, OFFSET(\slot)
	b resolve
	STRINGS
\name:
	.asciz "\text"
	.data
	.p2align 3
\slot:
	.quad \first
	.quad \name
	.endm

#define SYMBOL(f) stub NAME(f), slot_##f, first_##f, name_##f, f

	.data
	.p2align 3
	.globl NAME(tfload_slots)
	HIDE NAME(tfload_slots)
NAME(tfload_slots):
#include "symbols.h"
	.data
	.quad 0, 0

	.text
	.p2align 2
resolve:
	stp x29, x30, [sp, #-224]!
	mov x29, sp
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	str x8, [sp, #80]
	stp q0, q1, [sp, #96]
	stp q2, q3, [sp, #128]
	stp q4, q5, [sp, #160]
	stp q6, q7, [sp, #192]
	mov x0, x17
	bl NAME(tfload_resolve)
	mov x16, x0
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldr x8, [sp, #80]
	ldp q0, q1, [sp, #96]
	ldp q2, q3, [sp, #128]
	ldp q4, q5, [sp, #160]
	ldp q6, q7, [sp, #192]
	ldp x29, x30, [sp], #224
	br x16
