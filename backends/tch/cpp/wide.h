// Marks a function whose loops are worth compiling once for each width of vectors; the processor's is chosen at load.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define HESSE_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HESSE_WIDE
#endif
