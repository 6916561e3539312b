import pytest
from hypothesis import given
from hypothesis import strategies as st
from reversal.verifying.latex import has_percent, plain, unit, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\left( \dfrac12 , x_{1} \right)", r"(\frac{1}{2},x_1)"),
        (r"\(6\)", "6"),
        (r"\$ 2{,}500.50", "2500.50"),
        (r"2,\!500,\!000", "2500000"),
        ("1, 500", "1, 500"),
        ("(1,500)", "(1,500)"),
        (r"\{1,500\}", r"\{1,500\}"),
        ("1,500,x", "1,500,x"),
        ("1 2", "1 2"),
        (r"\sin x", r"\sin x"),
        (r"6\text{ cm}^2", "6"),
        (r"x = 6\text{ cm}", "x=6"),
        ("6 apples and pears", "6"),
        ("6cm", "6"),
        ("6t", "6t"),
        ("6 t", "6t"),
        (r"6\text{m}", "6"),
        (r"6\text{x}", r"6\text{x}"),
        (r"6\text{ or more}", r"6\text{ormore}"),
        (r"6\text{ million}", r"6\text{million}"),
        ("6 plus two", "6plustwo"),
        (r"n \text{ even}", r"n\text{even}"),
        (r"3^{\text{rd}}", "3"),
        ("3rd floor", "3"),
        (r"90^{\circ}", "90"),
        (r"2.5\%", "2.5"),
        ("2.5 percent", "2.5"),
        (r"\mathbf{6}", "6"),
        (r"\mathrm{i}", "i"),
        (r"\sqrt2\frac3x", r"\sqrt{2}\frac{3}{x}"),
        ("-3/4", r"-\frac{3}{4}"),
        ("2 3/4", r"2\frac{3}{4}"),
        ("2.50", "2.50"),
        ("2.0", "2"),
        (r"0.1\overline{36}", r"\frac{135}{990}"),
        (r"7\text{ p.m.}", "7:00pm"),
        ("07:05", "7:05"),
        ("a > b \\ge c", r"c\leq b<a"),
        (r"\{x > 1\}", r"\{x>1\}"),
        ("", ""),
    ],
)
def test_plain(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"6\text{ cm}^2", ("cm", "2")),
        (r"6\text{ cm^3}", ("cm^3", "3")),
        (r"6\text{ square feet}", ("square feet", "2")),
        (r"6\text{ cubic feet}", ("cubic feet", "3")),
        ("6 km/h", ("km/h", "")),
        ("6", ("", "")),
        ("6t", ("", "")),
    ],
)
def test_unit(text, expected):
    assert unit(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\text{(E)},", "e"),
        (r"(\text{H})", "h"),
        (r"\textbf{Two  Lines}.", "two lines"),
        (r"\text{B, E}", "b,e"),
        ("even", "even"),
        (r"\frac12", None),
        ("x^2", None),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from([",", "{,}", ",\\!"]),
    st.sampled_from(["{}", "${}$", "{}\\%", "**{}**", "{} cm"]),
)
def test_a_number_is_plain_however_its_thousands_are_parted(number, comma, dressing):
    text = dressing.format(f"{number:,}".replace(",", comma))
    assert plain(text) == str(number)
    assert has_percent(text) == ("%" in dressing)


@given(st.text("\\{}$^_ ,.:/0123456789xTexta%frac>=!*", max_size=40))
def test_every_text_has_a_plain_form(text):
    assert isinstance(plain(text), str) and len(unit(text)) == 2
