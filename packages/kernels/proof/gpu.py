"""A little of CUDA: NVRTC, modules, launches. cupy makes the context and the memory."""
import ctypes
import glob
import itertools
import sysconfig

SITE = sysconfig.get_paths()['purelib']


def _nvrtc() -> ctypes.CDLL:
    named = [f'libnvrtc.so.{version}' for version in (13, 12)]
    found = [path for root in (f'{SITE}/nvidia', '/usr/local/cuda') for path in glob.glob(f'{root}/**/libnvrtc.so.1[23]', recursive=True)]
    for name in itertools.chain(found, named):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise RuntimeError('[proof] expected libnvrtc of CUDA 12 or 13. Install CUDA, or the package nvidia-cuda-nvrtc.')


nvrtc = _nvrtc()


def compile_cuda(source: str, defines: dict[str, object]) -> bytes:
    options = ['-default-device', '-std=c++20', '-arch=sm_90', '--fmad=false', '-w', *(f'-D{k}={v}' for k, v in defines.items())]
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b'kernel.cu', 0, None, None)
    failed = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*(o.encode() for o in options)))
    size = ctypes.c_size_t()
    if failed:
        nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        nvrtc.nvrtcGetProgramLog(program, log)
        raise RuntimeError(f'[proof] {defines}: {log.value.decode()}')
    nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size))
    cubin = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetCUBIN(program, cubin)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return cubin.raw


class Function:
    """A kernel of a cubin. Arguments: integers are addresses, bytes are structs by value."""

    def __init__(self, cubin: bytes, name: str):
        self.cuda = ctypes.CDLL('libcuda.so.1')
        self.module, self.function = ctypes.c_void_p(), ctypes.c_void_p()
        self._check(self.cuda.cuModuleLoadData(ctypes.byref(self.module), cubin))
        self._check(self.cuda.cuModuleGetFunction(ctypes.byref(self.function), self.module, name.encode()))

    def launch(self, stream: int, grid: tuple[int, int, int], threads: int, *arguments: int | bytes) -> None:
        held = [ctypes.create_string_buffer(a, len(a)) if isinstance(a, bytes) else ctypes.c_uint64(a) for a in arguments]
        pointers = (ctypes.c_void_p * len(held))(*(ctypes.addressof(h) for h in held))
        self._check(self.cuda.cuLaunchKernel(self.function, *grid, threads, 1, 1, 0, ctypes.c_void_p(stream), pointers, None))

    @staticmethod
    def _check(code: int) -> None:
        if code:
            raise RuntimeError(f'[proof] expected CUDA to succeed, got error {code}.')
