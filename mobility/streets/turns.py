"""Arcs of a profile with forbidden turns kept: street nodes split into copies that remember how one came.

Allowed are paths that hold no forbidden sequence of directed segments and that pass segments for residents (ENDS)
only at their beginning and at their end. Both are what a small automaton accepts: the one of Aho and Corasick
(Efficient string matching, CACM 1975) over the forbidden sequences, times three phases. A copy is a street node in
one state of it; most nodes have a single state.

U-turns are turns like others: allowed where no sequence forbids them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mobility.streets.graph import Bools, Ints

STREET, OUT, IN = range(3)
"""Phases: on streets for all; only on segments for residents so far; come to stay among them."""


class Directed(NamedTuple):
    """Directed segments: a profile's uses of them (2s entries)."""

    tail: Ints  # street node
    head: Ints
    is_open: Bools  # may be used by all
    is_end: Bools  # may be used at the beginning and the end of a path


class SplitArcs(NamedTuple):
    """Arcs between search nodes (the first n are the street nodes), in no order."""

    tail: Ints  # int32[m]
    head: Ints  # int32[m]
    directed: Ints  # int32[m]
    node_of: Ints  # int32[k]
    start_head: Ints  # int32[2s], -1 where closed


def split_nodes(ways: Directed, node_count: int, forbidden: Iterable[tuple[int, ...]]) -> SplitArcs:
    """The arcs that keep to ``forbidden`` (sequences of two or more directed segments)."""
    is_allowed = ways.is_open | ways.is_end
    automaton = _Automaton(sequence for sequence in forbidden if is_allowed[list(sequence)].all())
    copies = _Copies(ways, node_count)
    used = np.flatnonzero(is_allowed)
    is_end = ~ways.is_open[used]
    tails, heads, names = [], [], []
    # arcs between plain copies, by the phase at their tail; what a forbidden sequence begins with is led astray below
    for phase in (STREET, OUT, IN):
        begins = copies.plain[phase][ways.tail[used]]
        mine = (begins >= 0) & (is_end | (phase != IN))
        after = np.where(is_end[mine], IN if phase == STREET else phase, STREET)
        names.append(used[mine])
        tails.append(begins[mine])
        heads.append(copies.plain_of(after, ways.head[used[mine]]))
        copies.leave_plain(automaton, names[-1], after, heads[-1])
    # interior nodes stand in OUT under their own number, so that no arc is made twice
    start_head = np.full(len(ways.tail), -1, np.int32)
    after = np.where(is_end, OUT, STREET)
    start_head[used] = copies.plain_of(after, ways.head[used])
    begun = start_head[used]
    copies.leave_plain(automaton, used, after, begun)
    start_head[used] = begun
    more = np.array(list(_walk_copies(ways, automaton, copies)), np.int64).reshape(-1, 3)
    return SplitArcs(
        tail=np.concatenate([*tails, more[:, 0]]).astype(np.int32),
        head=np.concatenate([*heads, more[:, 1]]).astype(np.int32),
        directed=np.concatenate([*names, more[:, 2]]).astype(np.int32),
        node_of=np.array(copies.node_of, np.int32),
        start_head=start_head,
    )


def _walk_copies(ways: Directed, automaton: _Automaton, copies: _Copies) -> Iterable[tuple[int, int, int]]:
    """Arcs out of copies in the midst of forbidden sequences, as far as one gets to such: tail, head, segment."""
    leaving = defaultdict(list)
    nodes = {int(ways.head[inner]) for inner in automaton.inner}
    near = np.isin(ways.tail, np.array(list(nodes), np.int64))
    for directed in np.flatnonzero((ways.is_open | ways.is_end) & near).tolist():
        leaving[int(ways.tail[directed])].append(directed)
    while copies.waiting:
        state, phase, number = copies.waiting.popleft()
        for directed in leaving[copies.node_of[number]]:
            following = automaton.step(state, directed)
            if following is None or (phase == IN and ways.is_open[directed]):
                continue
            after = STREET if ways.is_open[directed] else IN if phase == STREET else phase
            yield number, copies.find(following, after, int(ways.head[directed])), directed


class _Copies:
    """Numbers of the copies that there are."""

    def __init__(self, ways: Directed, node_count: int) -> None:
        numbers = np.arange(node_count, dtype=np.int32)
        self.node_of: list[int] = numbers.tolist()
        is_public = np.zeros(node_count, bool)
        is_public[ways.tail[ways.is_open]] = is_public[ways.head[ways.is_open]] = True
        is_entered = np.zeros(node_count, bool)
        is_entered[ways.head[ways.is_end & ~ways.is_open]] = True
        self.plain = np.full((3, node_count), -1, np.int32)
        self.plain[STREET] = np.where(is_public, numbers, -1)
        self.plain[OUT] = np.where(is_public, -1, numbers)
        self._number(OUT, np.flatnonzero(is_public & is_entered))
        self._number(IN, np.flatnonzero(is_entered))
        self.waiting: deque[tuple[int, int, int]] = deque()
        self._special: dict[tuple[int, int], int] = {}

    def _number(self, phase: int, nodes: Ints) -> None:
        self.plain[phase, nodes] = len(self.node_of) + np.arange(len(nodes))
        self.node_of.extend(nodes.tolist())

    def plain_of(self, phase: Ints, node: Ints) -> Ints:
        """Copies in no forbidden sequence."""
        return self.plain[phase, node]

    def leave_plain(self, automaton: _Automaton, directed: Ints, phase: Ints, head: Ints) -> None:
        """Give arcs that begin a forbidden sequence the copy that remembers it as their head."""
        for place in np.flatnonzero(np.isin(directed, automaton.first)):
            state = automaton.step(0, int(directed[place]))
            if state:
                head[place] = self.find(state, int(phase[place]), self.node_of[head[place]])

    def find(self, state: int, phase: int, node: int) -> int:
        """The copy of a node in a state; new ones wait for their arcs."""
        if not state:
            return int(self.plain[phase, node])
        number = self._special.setdefault((state, phase), len(self.node_of))
        if number == len(self.node_of):
            self.node_of.append(node)
            self.waiting.append((state, phase, number))
        return number


class _Automaton:
    """States are proper beginnings of forbidden sequences; 0 is the empty one."""

    def __init__(self, forbidden: Iterable[tuple[int, ...]]) -> None:
        self._next: list[dict[int, int]] = [{}]
        self._fatal: list[set[int]] = [set()]
        self.inner: list[int] = []
        for sequence in sorted(forbidden):
            state = 0
            for directed in sequence[:-1]:
                if directed not in self._next[state]:
                    self._next[state][directed] = len(self._next)
                    self._next.append({})
                    self._fatal.append(set())
                    self.inner.append(directed)
                state = self._next[state][directed]
            self._fatal[state].add(sequence[-1])
        self.first = np.array(list(self._next[0]), np.int64)
        self._shorter = [0] * len(self._next)
        self._find_shorter()

    def _find_shorter(self) -> None:
        """For every state the longest other one that ends alike."""
        waiting = deque(self._next[0].values())
        while waiting:
            state = waiting.popleft()
            shorter = self._shorter[state]
            self._fatal[state] |= self._fatal[shorter]
            for directed, following in self._next[state].items():
                self._shorter[following] = self._go(shorter, directed)
                waiting.append(following)

    def _go(self, state: int, directed: int) -> int:
        while state and directed not in self._next[state]:
            state = self._shorter[state]
        return self._next[state].get(directed, 0)

    def step(self, state: int, directed: int) -> int | None:
        """The state after one more segment; None where that is forbidden."""
        return None if directed in self._fatal[state] else self._go(state, directed)


def shut(nodes: Ints, ways: Directed) -> set[tuple[int, ...]]:
    """Sequences that nobody passes who must turn back at these nodes."""
    is_allowed = ways.is_open | ways.is_end
    arriving = np.flatnonzero(is_allowed & np.isin(ways.head, nodes))
    leaving = defaultdict(list)
    for directed in np.flatnonzero(is_allowed & np.isin(ways.tail, nodes)).tolist():
        leaving[int(ways.tail[directed])].append(directed)
    return {(a, b) for a in arriving.tolist() for b in leaving[int(ways.head[a])] if b != a ^ 1}
