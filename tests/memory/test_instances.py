"""Problems as files: what is read, what is refused, and the command that solves them."""

from pathlib import Path

import pytest

from tinycc.errors import ModelError
from tinycc.memory import instances
from tinycc.memory.__main__ import main
from tinycc.memory.instances import Row

KNOWN = Path(__file__).parent / "instances"
OPTIMA = {"hole": 12, "staircase": 12, "perfect": 16, "above_live_bytes": 7}


def write(folder, text):
    path = folder / "problem.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_read(tmp_path):
    path = write(tmp_path, "id,lower,upper,size\na,0,3,4\n\nb,-2,5,7\n")
    assert instances.read(path) == [Row("a", 0, 3, 4), Row("b", -2, 5, 7)]


def test_columns_may_come_in_any_order_with_those_of_a_solution(tmp_path):
    path = write(tmp_path, "size, id, upper, lower, offset\r\n4,a,3,0,99\r\n")
    assert instances.read(path) == [Row("a", 0, 3, 4)]


def test_times_become_births_and_only_who_meets_whom_remains():
    lives = [(0, 10), (10, 12), (3, 11), (1 << 60, 1 << 61)]
    rows = [Row(str(lower), lower, upper, 1) for lower, upper in lives]
    births = [(block.first, block.last) for block in instances.blocks(rows)]
    assert births == [(0, 1), (2, 2), (1, 2), (3, 3)]


HEADER = "id,lower,upper,size\n"
WRONG = {
    "": "no single column `id`",
    "id,lower,upper\n1,2,3\n": "no single column `size`",
    "id,id,lower,upper,size\n": "no single column `id`",
    "id,lower,upper,size,alignment\n1,2,3,4,64\n": "column `alignment` of unknown meaning",
    HEADER: "no buffers",
    HEADER + "a,0,1\n": "3 fields instead of 4",
    HEADER + "a,0,1,2,3\n": "5 fields instead of 4",
    HEADER + "a,0,1,-5\n": "a size of -5 bytes",
    HEADER + "a,0,1,0\n": "a size of 0 bytes",
    HEADER + "a,3,3,5\n": "lower 3, not below upper 3",
    HEADER + "a,0,1,1.5\n": "`1.5` is not a whole number",
    HEADER + "a,0,1,1_0\n": "`1_0` is not a whole number",
    HEADER + "a,0,,5\n": "`` is not a whole number",
    HEADER + "a,0,1,٣\n": "is not a whole number",
    HEADER + f"a,0,1,{'9' * 400}\n": "more than 18 digits",
    HEADER + "a,0,1,999999999999999999\nb,0,1,999999999999999999\n": "more than 2^60 bytes",
    HEADER + "a,0,1,5\na,0,1,5\n": "two buffers with the id `a`",
    HEADER + '"a,0,1,5\n': "not a CSV file",
    HEADER.encode() + b"\xff\xfe": "not a text file",
    HEADER + "".join(f"{i},0,1,1\n" for i in range(2001)): "2001 buffers, more than 2000",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_file_that_makes_no_sense_is_one_clear_error(text, tmp_path, capsys):
    path = write(tmp_path, text)
    with pytest.raises(ModelError) as caught:
        instances.read(path)
    assert WRONG[text] in caught.value.render()
    assert main(["solve", str(path), "--capacity", "10"]) == 1
    output = capsys.readouterr()
    assert output.err.startswith("error: ") and not output.out


def test_a_missing_file_and_a_folder_are_errors(tmp_path, capsys):
    assert main(["solve", str(tmp_path / "none.csv")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert main(["solve", str(tmp_path)]) == 1
    assert "Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["place"],
        ["solve"],
        ["solve", "x.csv", "--capacity", "0"],
        ["solve", "x.csv", "--capacity", "12Q"],
        ["solve", "x.csv", "--capacity", "9" * 30],
        ["solve", "x.csv", "--seconds", "-1"],
        ["solve", "x.csv", "--method", "magic"],
    ],
)
def test_a_command_line_that_makes_no_sense_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m tinycc.memory" in capsys.readouterr().err


@pytest.mark.parametrize("name", OPTIMA)
@pytest.mark.parametrize("method", ["auto", "search", "milp"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")
def test_known_optima_are_found_and_proved(name, method, capsys):
    path = KNOWN / f"{name}.csv"
    assert main(["solve", str(path), "--method", method]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["height"] == lines["bound"] == str(OPTIMA[name])
    assert lines["result"] == "solved, optimal"


def test_offsets_are_written_and_can_be_checked(tmp_path, capsys):
    out = tmp_path / "out.csv"
    path = write(tmp_path, HEADER + '"a, b",0,2,4\nc,1,3,5\n')
    assert main(["solve", str(path), "--capacity", "9", "-o", str(out)]) == 0
    assert "solved within 9, optimal" in capsys.readouterr().out
    assert instances.read(out) == instances.read(path)
    assert out.read_text().splitlines()[0] == "id,lower,upper,size,offset"
    offsets = [int(line.rsplit(",", 1)[1]) for line in out.read_text().splitlines()[1:]]
    assert instances.check(instances.read(out), offsets) == 9


def test_offsets_that_cannot_be_written_are_an_error(tmp_path, capsys):
    path = write(tmp_path, HEADER + "a,0,2,4\n")
    assert main(["solve", str(path), "-o", str(tmp_path / "no" / "out.csv")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_what_does_not_fit_says_so_and_exits_with_1(capsys):
    assert main(["solve", str(KNOWN / "perfect.csv"), "--capacity", "15"]) == 1
    assert "does not fit in 15: no placement is below 16; optimal" in capsys.readouterr().out


def test_what_is_not_solved_states_its_gap(capsys):
    path = KNOWN / "above_live_bytes.csv"
    assert main(["solve", str(path), "--capacity", "6", "--method", "heuristics"]) == 1
    assert "not solved: 16.67% above 6, 16.67% above the bound" in capsys.readouterr().out


ROWS = [Row("a", 0, 2, 4), Row("b", 1, 3, 5), Row("c", 2, 4, 4)]


def test_the_check_returns_the_height():
    assert instances.check(ROWS, [0, 4, 0]) == 9


@pytest.mark.parametrize("offsets", [[0, 3, 0], [0, 4, 1], [4, 0, 4], [-1, 4, 0], [0, 0, 5]])
def test_the_check_finds_overlaps(offsets):
    with pytest.raises(ModelError, match=r"starts within|ends within"):
        instances.check(ROWS, offsets)
