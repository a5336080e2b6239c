"""Instructions, stack and sizes of an image agree with what is known about the adder."""

import shutil
from pathlib import Path

import pytest

from tinycc.errors import ToolError
from tinycc.target import list_targets, load_target
from tinycc.toolchain.compile import build_image
from tinycc.toolchain.count import PROFILE_DEFINE, build_plugin, count_instructions
from tinycc.toolchain.run import run_image
from tinycc.toolchain.sizes import image_sizes
from tinycc.toolchain.stack import stack_bound

ADDER = Path(__file__).parent / "adder"
CROSS = [name for name in list_targets() if not load_target(name).is_native]


@pytest.fixture
def one_sample(samples) -> list[bytes]:
    return [data[:64] for data in samples[0]]


@pytest.mark.qemu
@pytest.mark.parametrize("name", CROSS)
def test_counts_are_deterministic_and_add_up(build, one_sample, name):
    image = build(name)
    first, second = (count_instructions(image, one_sample) for _ in range(2))
    assert first == second
    assert first.instructions == sum(count.instructions for count in first.by_symbol.values())
    assert first.cycles == sum(count.cycles for count in first.by_symbol.values())
    assert {"adder_run", "each_row", "add_row", "scale_row"} <= first.by_symbol.keys()
    assert not {"main", "tinycc_port_read", "tinycc_port_stack_paint"} & first.by_symbol.keys()


@pytest.mark.qemu
@pytest.mark.parametrize("name", CROSS)
def test_steps_add_up_to_the_whole(build, one_sample, name):
    whole = count_instructions(build(name), one_sample)
    steps = count_instructions(build(name, PROFILE_DEFINE), one_sample).by_step
    assert whole.by_step == {}
    assert steps.keys() == {0, 1}
    outside = whole.instructions - sum(count.instructions for count in steps.values())
    assert 0 <= outside <= 20  # adder_run's own entry and exit, and the calls for the inputs


@pytest.mark.qemu
def test_the_counting_plugin_is_built_once(build, monkeypatch, tmp_path):
    emulator = build("cortex-m4").target.emulator
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plugin = build_plugin(emulator)
    made = plugin.stat().st_mtime_ns
    assert build_plugin(emulator) == plugin
    assert plugin.stat().st_mtime_ns == made
    assert plugin.parent == tmp_path / "cache" / "tinycc"
    assert [path.name for path in plugin.parent.iterdir()] == [plugin.name]


def test_counting_on_the_host_is_refused(build, one_sample):
    with pytest.raises(ToolError, match="counted under QEMU"):
        count_instructions(build("host"), one_sample)


@pytest.mark.qemu
@pytest.mark.parametrize("optimization", ["-Os", "-O0", "-O3"])
@pytest.mark.parametrize("name", CROSS)
def test_the_stack_bound_holds_and_is_near(build, samples, name, optimization):
    image = build(name, flags=(optimization,))
    bound = stack_bound(image, "adder_run")
    measured = run_image(image, samples[0], 5, [64]).stack_used_bytes
    assert bound.bytes is not None
    assert measured <= bound.bytes <= 1.5 * measured + 32
    assert bound.bytes == sum(frame for _name, frame in bound.chain)


@pytest.mark.qemu
def test_recursion_has_no_bound_and_says_so(build):
    bound = stack_bound(build("cortex-m4", "ADDER_OVERFLOW", flags=()), "adder_run")
    assert bound.bytes is None
    assert bound.reason == "recursion: descend -> descend"


@pytest.mark.qemu
def test_an_unknown_function_has_no_bound(build):
    assert "no function `nothing`" in stack_bound(build("cortex-m4"), "nothing").reason


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_library_helpers_count_in_the_bound(build, name):
    image = build(name, "ADDER_DIVIDE")
    chain = dict(stack_bound(image, "divide").chain)
    assert chain["divide"] > 0
    assert chain["__aeabi_ldivmod"] > 0


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "cortex-m55", "rv32imc"])
def test_the_disassembly_alone_gives_no_less_than_the_compiler(build, name):
    """As for assembly kernels, which have no stack-usage file."""
    image = build(name, "ADDER_DIVIDE")
    with_files = stack_bound(image, "adder_run").bytes
    for item in image.objects:
        item.stack_usage.unlink(missing_ok=True)
    assert with_files <= stack_bound(image, "adder_run").bytes <= with_files + 32


@pytest.mark.qemu
@pytest.mark.parametrize("name", CROSS)
def test_sizes_separate_the_model_from_the_rest(build, name):
    sizes = image_sizes(build(name))
    parts = (sizes.model, sizes.harness, sizes.support)
    assert sizes.model.static == 0
    assert sizes.harness.bss >= 192
    assert 0 <= sizes.total.flash - sum(part.flash for part in parts) <= 64  # alignment
    assert 0 <= sizes.total.static - sum(part.static for part in parts) <= 16
    functions = {s.name: s for s in sizes.symbols}
    assert functions["add_row"].object == "adder.c"
    assert functions["add_row"].bytes <= sizes.by_object["adder.c"].text


@pytest.mark.qemu
def test_the_harness_brings_no_library_code(build):
    """So all library code in an image is the model's."""
    for name in CROSS:
        sizes = image_sizes(build(name))
        library = {s.name for s in sizes.symbols if s.part == "library"}
        assert library <= {"memcpy"}, name


def test_native_programs_are_not_measured(build):
    image = build("host")
    assert image_sizes(image) is None
    assert stack_bound(image, "adder_run").bytes is None


def test_the_adder_is_strict_c_under_both_compilers(build, monkeypatch):
    for compiler in filter(shutil.which, ("gcc", "clang")):
        monkeypatch.setenv("CC", compiler)
        assert build("host").warnings == ""


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4"])
def test_the_model_size_is_what_it_adds_to_an_empty_image(build, harness, tmp_path, name):
    """Against an image whose model does nothing."""
    empty = tmp_path / "empty.c"
    bodies = "".join(
        f"{signature} {{ return net->arena; }}\n"
        for signature in (
            "void *adder_input_left(adder_t *net)",
            "void *adder_input_right(adder_t *net)",
            "const void *adder_output(const adder_t *net)",
        )
    )
    empty.write_text(
        '#include "adder.h"\n'
        "adder_t adder_init(void *arena) { adder_t net = {arena}; return net; }\n"
        "void adder_run(adder_t *net) { (void)net; }\n" + bodies
    )
    target = load_target(name)
    small = build_image(target, [empty], [ADDER], tmp_path / "empty", harness=[harness])
    with_model, without = image_sizes(build(name, flags=())), image_sizes(small)
    added = with_model.total.flash - without.total.flash
    assert abs(with_model.model.flash - without.model.flash - added) <= 16  # alignment
    assert with_model.support == without.support
    assert with_model.harness == without.harness
