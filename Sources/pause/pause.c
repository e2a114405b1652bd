// The first process of a pod's sandbox: keeps its namespaces alive and, as process 1 of a shared PID namespace, reaps
// what others leave behind. Ends on SIGTERM and SIGINT. It needs no C library, so that its image is this one file.

#if defined(__x86_64__)
static long call(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}
enum { sigprocmask_ = 14, sigtimedwait_ = 128, wait4_ = 61, exit_ = 60 };
__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call run\n");
#elif defined(__aarch64__)
static long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
enum { sigprocmask_ = 135, sigtimedwait_ = 137, wait4_ = 260, exit_ = 93 };
__asm__(".globl _start\n_start: mov x29, #0\n bl run\n");
#else
#error "pause.c does not know this processor"
#endif

enum { sig_int = 2, sig_term = 15, sig_chld = 17, sig_block = 0, wnohang = 1 };

__attribute__((noreturn, used)) void run(void) {
    unsigned long set = 1UL << (sig_int - 1) | 1UL << (sig_term - 1) | 1UL << (sig_chld - 1);
    call(sigprocmask_, sig_block, (long)&set, 0, sizeof set);
    for (;;) {
        long signal = call(sigtimedwait_, (long)&set, 0, 0, sizeof set);
        if (signal == sig_int || signal == sig_term) call(exit_, 0, 0, 0, 0);
        while (call(wait4_, -1, 0, wnohang, 0) > 0) {
        }
    }
}
