#include "machine/probe_boot_sector.hpp"

#include <cstddef>

// The code is data of this program: it is assembled for the real mode of another machine, loaded
// there at 0x7c00, so that every address is written as an offset from the start plus 0x7c00.
asm(R"(
    .pushsection .rodata
    .globl holdfast_probe_sector
    .balign 16
holdfast_probe_sector:
    .code16
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    # Page tables at 0x1000: the first 2 MiB, mapped to themselves by one large page.
    movw $0x1000, %di
    movw $0x1800, %cx
    cld
    rep stosw
    movw $0x2003, 0x1000
    movw $0x3003, 0x2000
    movw $0x0083, 0x3000
    movl $0x1000, %eax
    movl %eax, %cr3
    movl $0x20, %eax                    # CR4.PAE
    movl %eax, %cr4
    movl $0xc0000080, %ecx              # EFER.LME
    rdmsr
    orl $0x100, %eax
    wrmsr
    lgdt (0x7c00 + 9f - holdfast_probe_sector)
    movl %cr0, %eax
    orl $0x80000001, %eax               # CR0.PG and CR0.PE
    movl %eax, %cr0
    ljmp $8, $(0x7c00 + 1f - holdfast_probe_sector)
1:
    .code64
    movl $7, %eax
    xorl %ecx, %ecx
    cpuid
    testl $0x100, %ebx                  # BMI2; a Linux kernel unpacks itself with it
    jz 2f
    movl $3, %edx
    movl $1, %eax
    shlx %edx, %eax, %r8d
    cmpl $8, %r8d
    jne 4f
2:
    movl $1, %eax
    cpuid
    testl $0x2000, %ecx                 # CMPXCHG16B
    jz 3f
    movl $0x5000, %edi
    xorl %eax, %eax
    xorl %edx, %edx
    movl $1, %ebx
    movl $2, %ecx
    lock cmpxchg16b (%rdi)
    jnz 4f
    cmpq $2, 8(%rdi)
    jne 4f
3:
    movl $0x2a, %eax
    movl $0xf4, %edx
    outl %eax, %dx
4:
    hlt
    jmp 4b
    .balign 8
8:                                      # a null descriptor and 64-bit code
    .quad 0, 0x00209a0000000000
9:
    .word 15
    .long 0x7c00 + 8b - holdfast_probe_sector
    .org holdfast_probe_sector + 510
    .word 0xaa55
    .popsection
    .code64
)");

extern "C" const char holdfast_probe_sector[512]; // NOLINT(*-avoid-c-arrays): its size is the point.

namespace holdfast::machine {

std::string_view probe_boot_sector()
{
    return {holdfast_probe_sector, sizeof holdfast_probe_sector};
}

} // namespace holdfast::machine
