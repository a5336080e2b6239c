"""Images build, boot and answer on every target; what goes wrong in one is a clear error."""

import pytest

from tinycc.errors import DoesNotFitError, ToolError
from tinycc.target import list_targets, load_target, machine
from tinycc.toolchain.run import run_image

CROSS = [
    pytest.param(name, marks=pytest.mark.qemu)
    for name in list_targets()
    if not load_target(name).is_native
]
SAMPLES = 5


def failure(image, inputs, seconds=60.0) -> str:
    with pytest.raises(ToolError) as caught:
        run_image(image, inputs, SAMPLES, [64], timeout_seconds=seconds)
    return caught.value.render()


@pytest.mark.parametrize("name", ["host", *CROSS])
def test_every_target_boots_and_answers(build, samples, name):
    inputs, wanted = samples
    image = build(name)
    result = run_image(image, inputs, SAMPLES, [64])
    assert image.warnings == ""
    assert result.outputs == (wanted,)
    assert result.arena_used_bytes == 192
    assert result.state_bytes == image.target.pointer_bytes
    assert result.machine == image.runner.machine
    assert (result.stack_used_bytes is None) == (name == "host")


def test_repeats_read_the_inputs_again(build, samples):
    """The adder destroys its left input."""
    inputs, wanted = samples
    assert run_image(build("host"), inputs, SAMPLES, [64], repeats=3).outputs == (wanted,)


def test_the_address_sanitizer_works_on_the_host(build, samples):
    image = build("host", flags=("-fsanitize=address,undefined", "-fno-sanitize-recover=all"))
    assert run_image(image, samples[0], SAMPLES, [64]).outputs == (samples[1],)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_cc_chooses_the_host_compiler(build, samples, monkeypatch, compiler):
    monkeypatch.setenv("CC", compiler)
    try:
        image = build("host")
    except ToolError as error:
        pytest.skip(error.render())
    assert run_image(image, samples[0], SAMPLES, [64]).outputs == (samples[1],)


@pytest.mark.qemu
def test_what_exceeds_microbit_runs_on_a_larger_machine_and_says_so(build, samples):
    result = run_image(build("cortex-m0", "ADDER_ARENA_BYTES=20000"), samples[0], SAMPLES, [64])
    assert result.outputs == (samples[1],)
    assert result.machine == "mps2-an385"
    assert "does not fit microbit" in result.note


@pytest.mark.qemu
def test_a_model_larger_than_the_board_is_refused(build):
    with pytest.raises(DoesNotFitError, match="does not fit stm32f405") as caught:
        build("stm32f405", "ADDER_ARENA_BYTES=5000000")  # nor the larger machine it falls back to
    assert "overflowed by" in caught.value.render()


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_a_crash_names_the_function(build, samples, name):
    shown = failure(build(name, "ADDER_CRASH"), samples[0])
    assert "processor fault" in shown
    assert "in `crash_row`" in shown


def test_a_crash_on_the_host_is_an_error(build, samples):
    assert "the program crashed (signal " in failure(build("host", "ADDER_CRASH"), samples[0])


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "cortex-m33", "cortex-m55"])
def test_a_stack_overflow_is_reported(build, samples, name):
    image = build(name, "ADDER_OVERFLOW", flags=())
    expected = f"overflowed its stack of {image.runner.stack_bytes} bytes"
    assert expected in failure(image, samples[0])


@pytest.mark.parametrize("name", ["host", pytest.param("cortex-m4", marks=pytest.mark.qemu)])
def test_a_hang_ends(build, samples, name):
    assert "did not finish within 2 s" in failure(build(name, "ADDER_HANG"), samples[0], 2.0)


@pytest.mark.parametrize("name", ["host", pytest.param("cortex-m4", marks=pytest.mark.qemu)])
@pytest.mark.parametrize(("define", "side"), [("ADDER_BELOW", "below"), ("ADDER_BEYOND", "beyond")])
def test_writing_outside_the_arena_is_found(build, samples, name, define, side):
    assert f"the code wrote {side} its arena" in failure(build(name, define, flags=()), samples[0])


@pytest.mark.qemu
def test_a_missing_emulator_says_what_to_install(build, samples, monkeypatch):
    image = build("cortex-m4")
    monkeypatch.setenv("PATH", "/nonexistent")
    shown = failure(image, samples[0])
    assert "`qemu-system-arm` is not installed" in shown
    assert "apt-get install qemu-system-arm" in shown


def test_a_program_for_another_processor_is_not_started(build, samples, monkeypatch):
    image = build("host-avx2")
    monkeypatch.setattr(machine, "machine_features", frozenset)
    with pytest.raises(ToolError, match="this machine is not an x86-64 with AVX2"):
        run_image(image, samples[0], SAMPLES, [64])
