package doctor

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
)

// Features lists the instruction sets of the processor that determine the speed of
// TensorFlow.
func Features() []string {
	var has []string
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"avx", cpu.X86.HasAVX}, {"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA},
		{"avx512f", cpu.X86.HasAVX512F}, {"avx512_vnni", cpu.X86.HasAVX512VNNI},
		{"avx512_bf16", cpu.X86.HasAVX512BF16}, {"amx_bf16", cpu.X86.HasAMXBF16},
		{"asimd", cpu.ARM64.HasASIMD}, {"asimddp", cpu.ARM64.HasASIMDDP}, {"sve", cpu.ARM64.HasSVE},
	} {
		if f.ok {
			has = append(has, f.name)
		}
	}
	return has
}

// environmentPrefixes begin the names of variables that change what TensorFlow or
// unwarp does. TF_ alone would also match Terraform's variables, which hold tokens.
var environmentPrefixes = []string{
	"UNWARP_", "TF_CPP_", "TF_ENABLE_", "TF_DISABLE_", "TF_ONEDNN_", "TF_SET_ONEDNN_", "TF_XLA_", "TF_FORCE_",
	"TF_GPU_", "TF_CUDA_", "TF_CUDNN_", "TF_NUM_", "TF_USE_", "TF_DETERMINISTIC_", "TF_MKL_", "XLA_",
	"CUDA_VISIBLE_DEVICES", "ONEDNN_", "DNNL_", "OMP_", "KMP_", "GOMAXPROCS", "GOMEMLIMIT",
}

// Environment lists the variables, of all, that change what TensorFlow or unwarp
// does.
func Environment(all []string) []string {
	set := []string{}
	for _, kv := range all {
		if slices.ContainsFunc(environmentPrefixes, func(p string) bool { return strings.HasPrefix(kv, p) }) {
			set = append(set, kv)
		}
	}
	slices.Sort(set)
	return set
}

// readMemory returns the bytes of memory of this machine, and those available now;
// 0, 0 on systems without /proc.
func readMemory() (total, available int64) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		if _, err := fmt.Sscanf(lines.Text(), "MemTotal: %d kB", &kib); err == nil {
			total = kib << 10
		}
		if _, err := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); err == nil {
			available = kib << 10
		}
	}
	return total, available
}
