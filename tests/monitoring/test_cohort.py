"""What is usual among devices of one kind."""

from careful.monitoring.cohort import DEVICES_LEAST, cohorts

KIND = ("cam-9", "1.0.0")


def test_median_and_spread_are_not_moved_by_a_few():
    calm = [(KIND, {"messages": 10.0 + number % 3}) for number in range(30)]
    wild = [(KIND, {"messages": 1e6})] * 5
    found = cohorts(calm + wild)[KIND]["messages"]
    assert 10 <= found[0] <= 12
    assert found[1] < 3
    assert found[2] == 35


def test_too_few_are_no_cohort():
    assert cohorts([(KIND, {"messages": 1.0})] * (DEVICES_LEAST - 1)) == {}


def test_kinds_are_kept_apart_and_order_does_not_matter():
    many = [(("cam-9", str(number % 2)), {"messages": float(number)}) for number in range(40)]
    assert cohorts(many) == cohorts(many[::-1])
    assert len(cohorts(many)) == 2
