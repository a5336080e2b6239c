"""Compilers that are missing or complain become errors that say what to do."""

import shutil

import pytest

from tinycc.errors import ToolError
from tinycc.target import load_target
from tinycc.toolchain.compile import SUPPORT, build_image
from tinycc.toolchain.doctor import advice, doctor, missing_tools
from tinycc.toolchain.install import System, install_command, this_system
from tinycc.toolchain.process import first_lines, run_process


@pytest.mark.parametrize(
    ("name", "command", "package"),
    [
        ("cortex-m4", "arm-none-eabi-gcc", "gcc-arm-none-eabi"),
        ("host", "cc", "gcc"),
    ],
)
def test_a_missing_compiler_says_what_to_install(tmp_path, monkeypatch, name, command, package):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(ToolError) as caught:
        build_image(load_target(name), [], [], tmp_path)
    assert f"`{command}` is not installed" in caught.value.render()
    assert f"hint: sudo apt-get install {package}" in caught.value.render()
    assert list(tmp_path.iterdir()) == []


def test_a_compiler_error_shows_file_and_first_lines(tmp_path):
    source = tmp_path / "wrong.c"
    source.write_text("int f(void) { return missing; }\n" + "int g(void) { return no; }\n" * 40)
    with pytest.raises(ToolError) as caught:
        build_image(load_target("host"), [source], [], tmp_path / "out")
    shown = caught.value.render()
    assert "the compiler failed on `wrong.c` for host" in shown
    assert "missing" in shown
    assert len(shown.splitlines()) < 20


def test_an_undefined_function_is_a_link_error(tmp_path):
    source = tmp_path / "main.c"
    source.write_text("int elsewhere(void);\nint main(void) { return elsewhere(); }\n")
    with pytest.raises(ToolError, match="linking for host failed"):
        build_image(load_target("host"), [], [], tmp_path / "out", harness=[source])


def test_files_of_one_name_in_two_folders_are_both_linked(tmp_path):
    for folder, text in (
        ("a", "int a(void) { return 0; }\n"),
        ("b", "int a(void);\nint main(void) { return a(); }\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.c").write_text(text)
    sources = [tmp_path / "a" / "same.c", tmp_path / "b" / "same.c"]
    image = build_image(load_target("host"), sources, [], tmp_path / "out")
    assert run_process([image.elf], 10).code == 0


def test_long_output_is_cut():
    assert first_lines("line\n" * 50).endswith("... 38 more lines")


def test_the_doctor_finds_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CC", raising=False)
    found = {status.name: status for status in doctor()}
    assert {"cc", "arm-none-eabi-gcc", "arm-none-eabi-objdump", "qemu-system-arm"} <= found.keys()
    assert {"riscv64-unknown-elf-gcc", "qemu-system-riscv32"} <= found.keys()
    assert "C library of riscv64-unknown-elf-gcc" in found
    assert not any(status.is_installed for status in found.values())
    install = found["qemu-system-arm"].install
    assert install == install_command(["qemu-system-arm"])
    assert f"  {install}" in advice(list(found.values()))
    missing = {status.name for status in missing_tools(load_target("cortex-m4"))}
    assert "arm-none-eabi-gcc" in missing


@pytest.mark.parametrize(
    ("system", "tool"),
    [
        (System.DEBIAN, "sudo apt-get install"),
        (System.FEDORA, "sudo dnf install"),
        (System.MACOS, "brew install"),
        (System.WINDOWS, "winget install"),
    ],
)
def test_every_tool_has_a_way_to_be_installed_on_every_system(system, tool, monkeypatch):
    monkeypatch.setattr("tinycc.toolchain.install.this_system", lambda: system)
    monkeypatch.setenv("PATH", "/nonexistent")
    states = doctor()
    assert all(state.install and "no package" not in state.install for state in states)
    assert any(state.install.startswith(tool) for state in states)
    assert any("ziglang" in line for line in advice(states))


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("ID=fedora\n", System.FEDORA),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', System.FEDORA),
        ("ID=ubuntu\nID_LIKE=debian\n", System.DEBIAN),
        ("nonsense", System.DEBIAN),
        (None, System.DEBIAN),
    ],
)
def test_the_system_is_known_by_its_release_file(text, system, tmp_path, monkeypatch):
    release = tmp_path / "os-release"
    if text is not None:
        release.write_text(text)
    monkeypatch.setattr("tinycc.toolchain.install._OS_RELEASE", release)
    monkeypatch.setattr("sys.platform", "linux")
    assert this_system() is system


def test_the_doctor_shows_versions():
    host = next(status for status in doctor() if status.name == "cc")
    assert host.is_installed
    assert host.version


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "file",
    [
        "host/port.c",
        "bare/start.c",
        "bare/semihosting.c",
        "cortex-m/startup.c",
        "qemu/count_blocks.c",
        "qemu/count_accesses.c",
    ],
)
def test_support_code_is_strict_c(file, compiler):
    words = [compiler, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"]
    if file.startswith(("cortex-m/", "bare/")):
        arm = "arm-none-eabi-gcc" if compiler == "gcc" else compiler
        words[0] = arm
        words += ["-mcpu=cortex-m4", "-mthumb", "-ffreestanding"]
        words += ["--target=arm-none-eabi"] if compiler == "clang" else []
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    words += ["-D_GNU_SOURCE"] if file.startswith("qemu/") else []  # strdup
    done = run_process([*words, f"-I{SUPPORT}", "-Werror", "-fsyntax-only", SUPPORT / file], 60)
    assert done.code == 0, done.stderr
