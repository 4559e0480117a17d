"""Metal source to CUDA C++ for NVRTC (-default-device): address spaces go, attributes become what CUDA calls them."""
import re
from pathlib import Path

BUILT_IN = {
    'threadgroup_position_in_grid': 'm_uint3{blockIdx.x, blockIdx.y, blockIdx.z}',
    'threadgroups_per_grid': 'm_uint3{gridDim.x, gridDim.y, gridDim.z}',
    'simdgroup_index_in_threadgroup': 'threadIdx.x / 32',
    'thread_index_in_simdgroup': 'threadIdx.x % 32',
    'thread_index_in_threadgroup': 'threadIdx.x',
}


def flatten(path: Path, folders: list[Path], seen: set[str]) -> str:
    """The file with every local header once; prelude.h and Metal's own are left to prelude_cuda.h."""
    lines = []
    for line in path.read_text().splitlines():
        match = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if match is None:
            lines.append(line)
        elif match[1] not in seen and match[1].endswith('.h') and match[1] != 'prelude.h':
            seen.add(match[1])
            header = next(folder / match[1] for folder in folders if (folder / match[1]).exists())
            lines.append(flatten(header, folders, seen))
    return '\n'.join(lines)


def kernel(match: re.Match) -> str:
    """A kernel's built-in arguments become local variables."""
    bindings, locals_ = [], []
    for parameter in re.split(r',(?![^\[]*\]\])', match[2]):
        declaration, attribute = re.fullmatch(r'\s*(.*?)\s*\[\[(\w+).*\]\]\s*', parameter, re.S).groups()
        if attribute == 'buffer':
            bindings.append(re.sub(r'^constant (.*)&', r'const \1', declaration))
        else:
            locals_.append(f'  const {declaration} = {BUILT_IN[attribute]};')
    head = f'extern "C" __global__ void LAUNCH_BOUNDS {match[1]}({", ".join(bindings)}) {{\n'
    return head + '\n'.join(locals_)


def lower(path: Path, folders: list[Path]) -> str:
    text = re.sub(r'//[^\n]*', '', flatten(path, folders, set()))
    text = re.sub(r'using namespace metal;', '', text)
    text = re.sub(r'\[\[max_total_threads_per_threadgroup\(\d+\)\]\]\s*', '', text)
    text = re.sub(r'constant uint (constant(\d)) \[\[function_constant\(\d\)\]\];', r'constexpr uint \1 = CONSTANT\2;', text)
    text = re.sub(r'kernel void (\w+)\((.*?)\) \{', kernel, text, flags=re.S)
    text = re.sub(r'constant constexpr', 'constexpr', text)
    text = re.sub(r'^constant (\w+ \w+ =)', r'constexpr \1', text, flags=re.M)
    text = re.sub(r'^( +)threadgroup ([\w:]+ \w+\[)', r'\1__shared__ \2', text, flags=re.M)
    text = re.sub(r'\b(device|constant|threadgroup|thread) ', '', text)
    text = re.sub(r'\b(float|half|uint|uchar)([234])\b', r'm_\1\2', text)
    return (Path(__file__).parent / 'prelude_cuda.h').read_text() + text
