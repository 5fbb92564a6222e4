// A stub for each function of symbols.h: it jumps to the address in its slot. At
// first that is code which has tfload_resolve write the function's own address
// there, and goes on to it with all arguments as they came (System V ABI).

#ifdef __APPLE__
#define NAME(x) _##x
#define READ_ONLY .section __TEXT,__cstring
#define HIDE(x) .private_extern x
#else
#define NAME(x) x
#define READ_ONLY .section .rodata
#define HIDE(x) .hidden x
	.section .note.GNU-stack,"",@progbits
#endif

#define SYMBOL(f) \
	.text; \
	.globl NAME(f); \
	HIDE(NAME(f)); \
	NAME(f): jmp *slot_##f(%rip); \
	first_##f: leaq slot_##f(%rip), %r11; jmp resolve; \
	READ_ONLY; \
	name_##f: .asciz #f; \
	.data; \
	.p2align 3; \
	slot_##f: .quad first_##f; .quad name_##f;

	.data
	.p2align 3
	.globl NAME(tfload_slots)
	HIDE(NAME(tfload_slots))
NAME(tfload_slots):
#include "symbols.h"
	.data
	.quad 0, 0

	.text
resolve:
	pushq %rbp
	movq %rsp, %rbp
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %r8
	pushq %r9
	pushq %rax
	pushq %r10
	subq $128, %rsp
	movups %xmm0, 0(%rsp)
	movups %xmm1, 16(%rsp)
	movups %xmm2, 32(%rsp)
	movups %xmm3, 48(%rsp)
	movups %xmm4, 64(%rsp)
	movups %xmm5, 80(%rsp)
	movups %xmm6, 96(%rsp)
	movups %xmm7, 112(%rsp)
	movq %r11, %rdi
	call NAME(tfload_resolve)
	movq %rax, %r11
	movups 0(%rsp), %xmm0
	movups 16(%rsp), %xmm1
	movups 32(%rsp), %xmm2
	movups 48(%rsp), %xmm3
	movups 64(%rsp), %xmm4
	movups 80(%rsp), %xmm5
	movups 96(%rsp), %xmm6
	movups 112(%rsp), %xmm7
	addq $128, %rsp
	popq %r10
	popq %rax
	popq %r9
	popq %r8
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	popq %rbp
	jmp *%r11
